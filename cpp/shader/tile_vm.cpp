#include "shader/tile_vm.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <map>
#include <mutex>
#include <new>

#include "base/float_env.h"
#include "base/parallel.h"
#include "shader/late_roots.h"
#include "shader/tile_code.h"

namespace aicodec::shader {
namespace {

constexpr uint32_t kAlignment = 64;
// A scalar fills one vector of the widest set, all lanes equal.
constexpr uint32_t kScalarBytes = 64;
// At most the strip of the smallest set: a task's rows are one strip of the program for rows.
constexpr uint32_t kRowsPerTask = 32;

const TileKernels& kernels() { return AICODEC_PICK_KERNELS(kTileKernels); }

struct FreeArena {
  void operator()(char* bytes) const { ::operator delete[](bytes, std::align_val_t{kAlignment}); }
};
using Arena = std::unique_ptr<char, FreeArena>;

Arena make_arena(size_t bytes) {
  char* const arena = static_cast<char*>(::operator new[](bytes, std::align_val_t{kAlignment}));
  std::memset(arena, 0, bytes);
  return Arena(arena);
}

void put_scalar(char* arena, uint32_t place, uint32_t bits) {
  for (uint32_t i = 0; i < kScalarBytes; i += 4) std::memcpy(arena + place + i, &bits, 4);
}
uint32_t lane(const char* arena, uint32_t place, uint32_t number) {
  uint32_t bits;
  std::memcpy(&bits, arena + place + size_t{4} * number, 4);
  return bits;
}

TileState* state_of(char* arena) { return reinterpret_cast<TileState*>(arena); }

bool is_scalar(const Node& node) {
  return node.kind == Node::Kind::kConstant ||
         (node.kind == Node::Kind::kInput && node.level == Level::kFrame);
}

// A graph as threaded code, with the layout of the arena that it runs in.
struct Compiled {
  struct Scalar {
    uint32_t place;
    Node node;  // a constant or an input
  };
  std::vector<Scalar> scalars;
  // Places where the frame's and the rows' values stand for the levels above, in the order of the exports.
  std::vector<uint32_t> frame_values, row_values, root_values;
  TileProgram frame, row, column, pixel;
  uint32_t samples = 0;       // where those of a strip go that is wider than the picture
  uint32_t scalar_bytes = 0;  // of the arena: what all tasks begin with
  uint32_t arena_bytes = 0;

  uint32_t strip() const { return kernels().vector_bytes / 4 * kVectors; }

  void set_up(char* arena, const Frame& input, const Picture& rgb) const;
  void draw_rows(char* arena, Picture& rgb, uint32_t first, uint32_t end) const;
  void draw_column(char* arena, Picture& rgb, uint32_t first, uint32_t end) const;
  void draw_narrow(char* arena, Picture& rgb, uint32_t first, uint32_t end) const;
  void run_pixels(char* arena, uint32_t first, uint32_t end) const;
};

void Compiled::set_up(char* arena, const Frame& input, const Picture& rgb) const {
  TileState& state = *state_of(arena);
  state.width = rgb.width();
  state.height = rgb.height();
  state.max_value = rgb.format().max_value();
  for (size_t p = 0; p < 3; ++p) {
    state.below[p] = {input.below.planes[p].data, input.below.planes[p].stride};
    state.prev[p] = {input.prev.planes[p].data, input.prev.planes[p].stride};
  }
  const auto value = [&](const Node& node) {
    if (node.kind == Node::Kind::kConstant) return node.detail;
    const auto number = [](float v) { return std::bit_cast<uint32_t>(v); };
    switch (Input(node.detail)) {
      case Input::kT:
        return number(input.t);
      case Input::kWidth:
        return number(float(rgb.width()));
      case Input::kHeight:
        return number(float(rgb.height()));
      case Input::kFrame:
        return input.number;
      case Input::kStep:
        return input.step;
      default:
        return number(input.parameters[node.detail - size_t(Input::kParameter)]);
    }
  };
  for (const Scalar& scalar : scalars) put_scalar(arena, scalar.place, value(scalar.node));
  kernels().run(frame.code.data(), arena);
  // All of them before one is put down: the places where they were computed are other ones.
  for (size_t i = 0; i < frame_values.size(); ++i)
    put_scalar(arena, frame_values[i], lane(arena, frame.exports[i], 0));
}

// Column by column of strips, so that what is the same all along a column is computed once. The last column
// begins where it has room, and draws some pixels again.
void Compiled::draw_rows(char* arena, Picture& rgb, uint32_t first, uint32_t end) const {
  const TileKernels& kernel = kernels();
  TileState& state = *state_of(arena);
  const uint32_t wide = strip(), last = std::max(rgb.width(), wide) - wide;
  state.first_row = state.origin = first;
  kernel.run(row.code.data(), arena);
  state.row_from = row.exports.data();
  state.row_to = row_values.data();
  state.row_values = row_values.size();
  for (uint32_t x = 0; x < rgb.width(); x += wide) {
    state.x = state.origin = std::min(x, last);
    kernel.run(column.code.data(), arena);
    if (rgb.width() < wide)
      draw_narrow(arena, rgb, first, end);
    else
      draw_column(arena, rgb, first, end);
  }
}

void Compiled::draw_column(char* arena, Picture& rgb, uint32_t first, uint32_t end) const {
  TileState& state = *state_of(arena);
  for (int p = 0; p < 3; ++p) {
    state.column[p] = rgb.plane(p).data + size_t{state.x} * rgb.format().sample_bytes();
    state.stride[p] = rgb.plane(p).stride;
  }
  run_pixels(arena, first, end);
}

// Of a picture that one strip reaches beyond.
void Compiled::draw_narrow(char* arena, Picture& rgb, uint32_t first, uint32_t end) const {
  TileState& state = *state_of(arena);
  for (int p = 0; p < 3; ++p) {
    state.column[p] = reinterpret_cast<uint8_t*>(arena) + samples + uint32_t(p) * strip() * 2;
    state.stride[p] = 0;
  }
  const size_t bytes = rgb.width() * rgb.format().sample_bytes();
  for (uint32_t y = first; y < end; ++y) {
    run_pixels(arena, y, y + 1);
    for (int p = 0; p < 3; ++p) std::memcpy(rgb.plane(p).row<uint8_t>(y), state.column[p], bytes);
  }
}

void Compiled::run_pixels(char* arena, uint32_t first, uint32_t end) const {
  TileState& state = *state_of(arena);
  state.y = first - 1;
  state.end_row = end;
  kernels().run(&pixel.code.back(), arena);
}

// `roots` are evaluated with the frame's values, and stand in places of their own afterwards.
Compiled compile(const Graph& graph, const std::vector<int>& outputs, const std::vector<int>& roots) {
  Compiled made;
  const auto only = [&](const std::vector<int>& from, Level level) {
    std::vector<int> some;
    for (const int n : from) {
      const Node& node = graph.nodes[size_t(n)];
      if (node.level == level && !is_scalar(node) && std::find(some.begin(), some.end(), n) == some.end())
        some.push_back(n);
    }
    return some;
  };
  // From above: what a level needs of those below is what these have to compute.
  const Schedule pixel = make_schedule(graph, Level::kPixel, outputs);
  const std::vector<int> rows = only(pixel.imports, Level::kRow);
  const std::vector<int> columns = only(pixel.imports, Level::kColumn);
  const Schedule row = make_schedule(graph, Level::kRow, rows);
  const Schedule column = make_schedule(graph, Level::kColumn, columns);
  std::vector<int> below = roots;
  for (const Schedule* above : {&pixel, &row, &column})
    below.insert(below.end(), above->imports.begin(), above->imports.end());
  const std::vector<int> frames = only(below, Level::kFrame);
  const Schedule frame = make_schedule(graph, Level::kFrame, frames);
  below.insert(below.end(), frame.imports.begin(), frame.imports.end());

  uint32_t end = (uint32_t(sizeof(TileState)) + kAlignment - 1) / kAlignment * kAlignment;
  Places places;
  places.scalars.assign(graph.nodes.size(), kNowhere);
  places.strips = places.scalars;
  for (const int n : below) {
    if (places.scalars[size_t(n)] != kNowhere || graph.nodes[size_t(n)].level == Level::kColumn) continue;
    places.scalars[size_t(n)] = end;
    end += kScalarBytes;
    if (is_scalar(graph.nodes[size_t(n)]))
      made.scalars.push_back({places.scalars[size_t(n)], graph.nodes[size_t(n)]});
  }
  for (const int n : frames) made.frame_values.push_back(places.scalars[size_t(n)]);
  for (const int n : rows) made.row_values.push_back(places.scalars[size_t(n)]);
  for (const int n : roots) made.root_values.push_back(places.scalars[size_t(n)]);
  made.scalar_bytes = made.samples = end;
  end += 3 * made.strip() * 2;
  end = (end + kAlignment - 1) / kAlignment * kAlignment;
  made.frame = make_tile_program(frame, kernels(), places, end);
  // The values of rows and columns wait where they were computed while pixels are drawn; the frame's are
  // copied away before.
  made.row = make_tile_program(row, kernels(), places, end);
  made.column = make_tile_program(column, kernels(), places, made.row.end);
  for (size_t i = 0; i < columns.size(); ++i) places.strips[size_t(columns[i])] = made.column.exports[i];
  made.pixel = make_tile_program(pixel, kernels(), places, made.column.end);
  made.arena_bytes = std::max(made.frame.end, made.pixel.end) + kAlignment;
  return made;
}

bool is_choice(const Graph& graph, const Node& node) {
  return node.kind == Node::Kind::kOperation && (node.op == Op::kSelect || node.op == Op::kSelectInt) &&
         node.level > Level::kFrame && graph.nodes[size_t(node.in[0])].level == Level::kFrame;
}

// The graph with the values that are chosen in place of the choices.
Graph decided(const Graph& graph, const std::vector<int>& conditions, const std::vector<bool>& truths) {
  Graph made = graph;
  const auto chosen = [&](int n) {
    while (n >= 0 && is_choice(graph, graph.nodes[size_t(n)])) {
      const Node& choice = graph.nodes[size_t(n)];
      const auto found = std::find(conditions.begin(), conditions.end(), choice.in[0]);
      n = choice.in[truths[size_t(found - conditions.begin())] ? 1 : 2];
    }
    return n;
  };
  const auto all = [&](auto& nodes) { std::transform(nodes.begin(), nodes.end(), nodes.begin(), chosen); };
  for (Node& node : made.nodes) all(node.in);
  for (GraphLoop& loop : made.loops) {
    all(loop.initial);
    all(loop.next);
    for (GraphLoop::Break& out : loop.breaks) {
      out.condition = chosen(out.condition);
      all(out.values);
    }
  }
  all(made.outputs);
  return made;
}

}  // namespace

// The program's code; one for each outcome of the choices that hold for a whole frame, so that only what is
// chosen is evaluated.
class TileVm::Programs {
 public:
  explicit Programs(const Program& program) : graph_(with_late_roots(build_graph(program))) {
    for (const Node& node : graph_.nodes) {
      if (!is_choice(graph_, node)) continue;
      if (std::find(conditions_.begin(), conditions_.end(), node.in[0]) == conditions_.end())
        conditions_.push_back(node.in[0]);
    }
    whole_ = std::make_shared<Compiled>(compile(graph_, outputs(graph_), {}));
    if (!conditions_.empty()) deciding_ = compile(graph_, {}, conditions_);
  }

  const Compiled& whole() const { return *whole_; }

  std::shared_ptr<const Compiled> code_for(const Frame& frame, const Picture& rgb) {
    if (conditions_.empty()) return whole_;
    const Arena arena = make_arena(deciding_.arena_bytes);
    deciding_.set_up(arena.get(), frame, rgb);
    std::vector<bool> truths;
    for (const uint32_t place : deciding_.root_values) truths.push_back(lane(arena.get(), place, 0) != 0);
    const std::lock_guard lock(mutex_);
    const auto found = made_.find(truths);
    if (found != made_.end()) return found->second;
    if (made_.size() >= kMaxOutcomes) return whole_;
    const Graph graph = decided(graph_, conditions_, truths);
    return made_[truths] = std::make_shared<Compiled>(compile(graph, outputs(graph), {}));
  }

 private:
  static constexpr size_t kMaxOutcomes = 32;
  static std::vector<int> outputs(const Graph& graph) { return {graph.outputs.begin(), graph.outputs.end()}; }

  Graph graph_;
  std::vector<int> conditions_;
  Compiled deciding_;
  std::shared_ptr<const Compiled> whole_;
  std::mutex mutex_;
  std::map<std::vector<bool>, std::shared_ptr<const Compiled>> made_;
};

TileVm::TileVm(const Program& program) : programs_(std::make_unique<Programs>(program)) {}
TileVm::~TileVm() = default;
TileVm::TileVm(TileVm&&) noexcept = default;
TileVm& TileVm::operator=(TileVm&&) noexcept = default;

std::array<size_t, 4> TileVm::steps() const {
  const Compiled& code = programs_->whole();
  return {code.frame.code.size(), code.row.code.size(), code.column.code.size(), code.pixel.code.size()};
}

void TileVm::draw(const Frame& frame, Picture& rgb, unsigned threads) const {
  const FloatEnvironment exact;
  const std::shared_ptr<const Compiled> code = programs_->code_for(frame, rgb);
  const Arena first = make_arena(code->arena_bytes);
  code->set_up(first.get(), frame, rgb);
  const uint32_t tasks = (rgb.height() + kRowsPerTask - 1) / kRowsPerTask;
  std::atomic<uint32_t> next{0};
  parallel_for(std::min(tasks, worker_count(threads)), threads, [&](size_t) {
    const FloatEnvironment exact_here;
    const Arena arena = make_arena(code->arena_bytes);
    std::memcpy(arena.get(), first.get(), code->scalar_bytes);
    for (uint32_t task = next++; task < tasks; task = next++) {
      const uint32_t begin = task * kRowsPerTask;
      code->draw_rows(arena.get(), rgb, begin, std::min(begin + kRowsPerTask, rgb.height()));
    }
  });
}

}  // namespace aicodec::shader
