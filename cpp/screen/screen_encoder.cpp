#include "screen/screen_encoder.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/parallel.h"
#include "bits/range_coder.h"
#include "screen/first_frames.h"
#include "screen/planner.h"

namespace aicodec {

using namespace screen;

namespace {

// Older frames that fit into a quarter of a gigabyte.
int saved_frames(const ScreenShape& shape) {
  const uint64_t bytes =
      (uint64_t{shape.width} + 2 * kBorder) * (uint64_t{shape.height} + 2 * kBorder) * sizeof(Pixel);
  return static_cast<int>(std::clamp<uint64_t>((uint64_t{1} << 28) / bytes, 2, kMaxSaved));
}

LayerHeader choose_header(const ScreenShape& shape, const ScreenSettings& settings) {
  LayerHeader header;
  header.saved = saved_frames(shape);
  header.models.near = static_cast<int>(settings.near);
  header.models.all_voters = settings.preset == ScreenPreset::kSlow;
  // Small pictures fill small tables.
  const int size = static_cast<int>(std::bit_width(uint64_t{shape.width} * shape.height)) - 2;
  const int most = settings.preset == ScreenPreset::kFast     ? 16
                   : settings.preset == ScreenPreset::kMedium ? 18
                                                              : 20;
  header.models.colour_bits = std::clamp(size, 10, most);
  header.models.residual_bits = std::clamp(size - 4, 6, most - 4);
  return header;
}

// So many frames tell how residuals are best coded.
constexpr size_t kTrialFrames = 6;
// A frame is cut in two where at least this many of its pixels are coded, and one in so many: one core is
// then too slow for 30 frames a second at 1920x1080.
constexpr uint64_t kPixelsWorthCutting = 12000;
constexpr uint64_t kShareWorthCutting = 48;
// Nor is one where they take less than an eighth of a bit each: what all contexts know is drawn quickly.
constexpr uint64_t kSixteenthsWorthCutting = 2;
// From so many coded pixels on there are four slices instead of two: with three one of two threads would
// wait.
constexpr uint64_t kPixelsForFour = 400000;
// Work is in two nanoseconds. So much for each pixel of the canvas is 80 ms at 1920x1080: longer than that
// nobody shall wait for a frame, so that slices begin with the second one.
constexpr uint64_t kTooMuchWork = 20;
// Borders move where the slice with most work has this part of it less then, and two milliseconds at
// 1920x1080, which is what moving takes on two threads.
constexpr uint64_t kWorthMoving = 32;
constexpr uint64_t kLeastWorthMoving = 2;
// Nor do they where all work is less than 33 ms of one core at 1920x1080: text costs a tenth more when it is
// drawn by a slice that has not seen it yet.
constexpr uint64_t kWorkWorthMoving = 8;
// One way of leading residuals is surely better if strips take a fortieth less that way.
constexpr uint64_t kClearlyLess = 40;
constexpr uint64_t kSixteenthsPerByte = 128;
// In how many of 256 pixels a block differs for which a vector in full is tried: the ways that are tried.
constexpr int kReluctant = 160;
constexpr int kEager = 64;
// With `slow` few voters are an alternative up to so many bytes.
constexpr uint64_t kSmallSize = 1 << 16;
// What the first frames teach serves all slices.
constexpr uint64_t kLeastTogether = 4;

// How many pixels are coded as such in a frame, of late: after one more frame.
uint64_t load_after(uint64_t load, uint64_t literals) { return (3 * load + literals) / 4; }
bool is_dense_load(uint64_t load, const ScreenShape& shape) {
  return load > kPixelsWorthCutting && load * kShareWorthCutting > uint64_t{shape.width} * shape.height;
}

}  // namespace

struct ScreenEncoder::Input {
  std::shared_ptr<Frame> source;
  std::shared_ptr<Frame> below;
  std::vector<uint8_t> kept;
};

struct ScreenEncoder::State {
  State(const ScreenShape& layer_shape, const LayerHeader& layer_header, unsigned thread_count,
        const PlannerSettings& settings, const std::vector<SharedFrame>& pictures, bool has_below);

  ScreenShape shape;
  LayerHeader header;
  unsigned threads;
  History history;
  std::vector<SliceCoder> slices;
  std::vector<RangeEncoder> streams;
  std::vector<Planner> planners;         // per sheet
  std::vector<std::vector<Plan>> plans;  // per slice and sheet
  uint64_t frames = 0;
  std::shared_ptr<Frame> last;  // the source of the frame before
  bool may_cut = true;
  size_t first_count = 1;      // of slices from the second frame on
  uint64_t load = 0;           // pixels coded as such in a frame, of late
  uint64_t cost = 0;           // what a frame takes, in sixteenths of a bit, of late
  uint64_t spent_before = 0;   // the last frame
  std::vector<uint64_t> work;  // of decoding, by unit of rows, of late

  void code(const Input& input);
  // Whether many pixels of the last frames were coded, and whether those frames were slow to decode.
  bool is_dense() const;
  bool is_busy() const { return is_dense() && cost > load * kSixteenthsWorthCutting; }
  // Before a frame: begins slices if so, or moves the borders between them.
  void cut_if_busy();
  void cut(const std::vector<uint32_t>& units);
  void move_if_uneven();
  std::vector<uint32_t> balanced(size_t count) const;
  uint64_t most_work(const std::vector<uint32_t>& units) const;
  uint64_t all_work() const { return std::accumulate(work.begin(), work.end(), uint64_t{0}); }
  uint64_t area() const { return uint64_t{shape.width} * shape.height; }
  // After a frame, of which so many pixels were coded as such.
  void measure_load(uint64_t literals);
  void measure_work();
  // Of all streams so far, in sixteenths of a bit.
  uint64_t spent() const;
  Bytes finish();

  // See ScreenEncoder::work().
  void count_work();
  uint64_t counted_work = 0;
};

ScreenEncoder::States ScreenEncoder::start(bool rich, bool first_leads, std::optional<int> few_voters) const {
  std::vector<SharedFrame> pictures;
  for (const auto& picture : dictionary_) {
    auto frame = make_frame(picture->view());
    // Far above the numbers that the segment's own frames get.
    frame->number = 0xFFFFFFFF - pictures.size();
    pictures.push_back(std::move(frame));
  }
  LayerHeader header = choose_header(shape_, settings_);
  header.models.rich = rich;
  header.models.first_leads = first_leads;
  header.models.all_voters &= !few_voters.has_value();
  const ToleranceSettings tolerance{header.models.near, static_cast<int>(settings_.edge),
                                    static_cast<int>(settings_.flat)};
  std::vector<PlannerSettings> ways = {{tolerance, few_voters.value_or(kReluctant)}};
  if (settings_.preset == ScreenPreset::kSlow && !few_voters.has_value()) ways.push_back({tolerance, kEager});
  States states;
  for (const PlannerSettings& way : ways)
    states.push_back(std::make_unique<State>(shape_, header, settings_.threads, way, pictures, has_below_));
  for (const auto& state : states) state->may_cut = settings_.preset != ScreenPreset::kSlow;
  return states;
}

ScreenEncoder::State::State(const ScreenShape& layer_shape, const LayerHeader& layer_header,
                            unsigned thread_count, const PlannerSettings& settings,
                            const std::vector<SharedFrame>& pictures, bool has_below)
    : shape(layer_shape),
      header(layer_header),
      threads(thread_count),
      history(make_frame(shape.format, shape.width, shape.height), header.saved, pictures, has_below) {
  const int sheets = sheet_count(shape.format);
  slices.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kAll);
  streams.resize(1);
  plans.assign(1, std::vector<Plan>(static_cast<size_t>(sheets)));
  work.resize(slice_units(shape.format, shape.height));
  for (int sheet = 0; sheet < sheets; ++sheet)
    planners.emplace_back(sheet_shape(shape.format, shape.width, shape.height, sheet), settings);
  for (const SharedFrame& picture : pictures)
    for (size_t sheet = 0; sheet < planners.size(); ++sheet)
      planners[sheet].learn(picture->sheets[sheet], picture->number);
}

ScreenEncoder::ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below,
                             const Dictionary& dictionary)
    : shape_(shape), settings_(settings), has_below_(has_below), dictionary_(dictionary) {
  if (settings_.first_leads)
    states_ = start(settings_.rich || settings_.preset == ScreenPreset::kSlow, *settings_.first_leads);
}

ScreenEncoder::~ScreenEncoder() = default;

Status ScreenEncoder::add(const PictureView& source, const PictureView* below,
                          std::span<const uint8_t> kept) {
  const bool fits =
      source.format == shape_.format && source.width == shape_.width && source.height == shape_.height;
  if (!fits || has_below_ != (below != nullptr) || (below != nullptr && !below->same_shape(source)))
    return Error::kWrongPicture;
  const auto units = [](uint32_t side) { return (side + kKeptUnit - 1) / kKeptUnit; };
  if (!kept.empty() && (!has_below_ || kept.size() != size_t{units(source.width)} * units(source.height)))
    return Error::kWrongPicture;
  Input input{loaded(source), below != nullptr ? loaded(*below) : nullptr, {kept.begin(), kept.end()}};
  if (!states_.empty()) {
    code(input, states_, settings_.threads);
    drop_few_voters();
    return Ok{};
  }
  waiting_.push_back(std::move(input));
  if (waiting_.size() == kTrialFrames) decide();
  return Ok{};
}

std::shared_ptr<Frame> ScreenEncoder::loaded(const PictureView& picture) {
  const auto is_free = [](const std::shared_ptr<Frame>& frame) { return frame.use_count() == 1; };
  const auto free = std::find_if(frames_.begin(), frames_.end(), is_free);
  if (free == frames_.end()) return frames_.emplace_back(make_frame(picture));
  std::shared_ptr<Frame> frame = *free;
  std::erase_if(frames_, is_free);
  load_frame(picture, *frame);
  return frame;
}

ScreenEncoder::States ScreenEncoder::try_out(bool rich, bool first_leads, std::optional<int> few_voters,
                                             const State* trial) const {
  States states = start(rich, first_leads, few_voters);
  if (trial != nullptr)
    for (const auto& state : states) {
      state->work = trial->work;
      state->first_count = trial->slices.size();
    }
  for (const Input& input : waiting_) code(input, states, settings_.threads);
  return states;
}

bool ScreenEncoder::may_be_dense() const {
  uint64_t load = 0;
  for (size_t i = 1; i < waiting_.size(); ++i) {
    uint64_t changed = 0;
    for (size_t sheet = 0; sheet < waiting_[i].source->sheets.size(); ++sheet)
      changed += changed_pixels(waiting_[i].source->sheets[sheet], waiting_[i - 1].source->sheets[sheet]);
    load = load_after(load, changed);
  }
  return is_dense_load(load, shape_);
}

// Both ways of leading residuals, on strips of what was held back.
ScreenEncoder::Outlook ScreenEncoder::outlook() const {
  Outlook outlook{!may_be_dense(), {}};
  const bool is_small = !is_worth_sampling(shape_.height) || waiting_.empty() || !waiting_[0].kept.empty();
  if (settings_.preset != ScreenPreset::kFast || is_small || !dictionary_.empty()) return outlook;
  std::vector<Input> strips;
  for (const Input& input : waiting_)
    strips.push_back({sampled(*input.source), input.below ? sampled(*input.below) : nullptr, {}});
  ScreenShape shape = shape_;
  shape.height = static_cast<uint32_t>(strips[0].source->sheets[0].height());
  uint64_t spent[2] = {};
  bool is_dense = false;
  for (const bool first_leads : {false, true}) {
    ScreenSettings settings = settings_;
    settings.first_leads = first_leads;
    settings.rich = outlook.rich;
    ScreenEncoder encoder(shape, settings, has_below_, {});
    for (const Input& input : strips) code(input, encoder.states_, settings_.threads);
    spent[first_leads] = encoder.states_[0]->spent();
    is_dense = is_dense_load(encoder.states_[0]->load * shape_.height / shape.height, shape_);
  }
  outlook.rich = !is_dense;
  const auto [less, more] = std::minmax(spent[0], spent[1]);
  if ((more - less) * kClearlyLess > more) outlook.first_leads = spent[1] < spent[0];
  return outlook;
}

// Rich models of residuals are for pictures that a decoder has time for: whether it has comes out when they
// are coded, and is guessed before. Which way of leading residuals is better depends on how many colours
// there are: where no guess says, both are tried.
void ScreenEncoder::decide() {
  const bool is_slow = settings_.preset == ScreenPreset::kSlow;
  const bool has_leads = sheet_shape(shape_.format, shape_.width, shape_.height, 0).components > 1;
  const Outlook guess = has_leads ? outlook() : Outlook{!may_be_dense(), false};
  const bool first_leads = guess.first_leads.value_or(false);
  bool rich = is_slow || guess.rich;
  states_ = try_out(rich, first_leads);
  if (!is_slow && states_[0]->is_dense() == rich) {
    rich = !rich;
    states_ = try_out(rich, first_leads);
  }
  if (!guess.first_leads.has_value()) {
    States others = try_out(rich, true);
    if (others[0]->spent() < states_[0]->spent()) states_ = std::move(others);
  }
  // What turned out to be far too slow does not wait for slices until it does so again.
  const State& trial = *states_[0];
  if (trial.slices.size() > 1 && trial.all_work() > trial.area() * kTooMuchWork)
    states_ = try_out(rich, trial.header.models.first_leads, {}, &trial);
  if (is_slow && size() < kSmallSize) {
    const int way = states_[0]->spent() < states_[1]->spent() ? kReluctant : kEager;
    States few = try_out(rich, states_[0]->header.models.first_leads, way);
    states_.push_back(std::move(few[0]));
    drop_few_voters();
  }
  waiting_.clear();
}

// All voters learn slower: what is small is smaller with few.
void ScreenEncoder::drop_few_voters() {
  if (settings_.preset != ScreenPreset::kSlow || states_.back()->header.models.all_voters) return;
  const uint64_t spent = states_.back()->spent();
  uint64_t least = kSmallSize * kSixteenthsPerByte;
  for (size_t i = 0; i + 1 < states_.size(); ++i) least = std::min(least, states_[i]->spent());
  if (spent >= least) states_.pop_back();
}

void ScreenEncoder::code(const Input& input, States& states, unsigned threads) {
  parallel_for(states.size(), threads, [&](size_t i) { states[i]->code(input); });
}

void ScreenEncoder::State::code(const Input& input) {
  if (input.below) history.set_below(input.below);
  cut_if_busy();
  bool repeat = true;
  for (size_t i = 0; i < planners.size(); ++i)
    repeat &= !planners[i].prepare(input.source->sheets[i], last ? &last->sheets[i] : nullptr,
                                   history.slots(), static_cast<int>(i), input.kept);
  std::vector<References> references;
  for (size_t sheet = 0; sheet < planners.size(); ++sheet)
    references.push_back(history.references(static_cast<int>(sheet)));
  parallel_for(slices.size(), threads, [&](size_t i) {
    if (!repeat)
      for (size_t sheet = 0; sheet < planners.size(); ++sheet)
        planners[sheet].plan(slices[i].sheets()[sheet], history.below(), plans[i][sheet]);
    slices[i].code_frame(streams[i], references, &plans[i], input.source.get(), repeat);
  });
  ++frames;
  last = input.source;
  Changed changed;
  for (const SliceCoder& slice : slices) changed += slice.changed();
  measure_load(changed.literals);
  count_work();
  if (changed.pixels == 0) return;
  auto drawn = history.blank();
  for (const SliceCoder& slice : slices) slice.copy_to(*drawn);
  history.push(std::move(drawn), changed);
  for (Planner& planner : planners) planner.finish(history.slots()[0]->number);
}

bool ScreenEncoder::State::is_dense() const { return is_dense_load(load, shape); }

// Where so many slices have equal parts of the work.
std::vector<uint32_t> ScreenEncoder::State::balanced(size_t count) const {
  const uint64_t sum = all_work();
  std::vector<uint32_t> units;
  uint64_t before = 0;
  uint32_t unit = 0;
  for (size_t i = 1; i < count; ++i) {
    // At least one unit for this slice and for each that follows; the one that has the border in it goes
    // where most of it belongs.
    before += work[unit++];
    while (unit < work.size() - (count - i) && (before + work[unit] / 2) * count < sum * i)
      before += work[unit++];
    units.push_back(unit);
  }
  return units;
}

// The work of the slice that has most.
uint64_t ScreenEncoder::State::most_work(const std::vector<uint32_t>& units) const {
  uint64_t most = 0;
  size_t unit = 0;
  for (size_t i = 0; i <= units.size(); ++i) {
    const size_t end = i < units.size() ? units[i] : work.size();
    uint64_t sum = 0;
    for (; unit < end; ++unit) sum += work[unit];
    most = std::max(most, sum);
  }
  return most;
}

// Slices learn from fewer pixels: they cost bytes. But they let another core help to decode.
void ScreenEncoder::State::cut_if_busy() {
  if (slices.size() > 1) return move_if_uneven();
  if (!may_cut) return;
  if (frames == 1 && first_count > 1) return cut(balanced(first_count));
  if (frames < kLeastTogether || !is_busy()) return;
  const size_t count = std::min(load < kPixelsForFour ? size_t{2} : size_t{4}, work.size());
  if (count > 1) cut(balanced(count));
}

void ScreenEncoder::State::cut(const std::vector<uint32_t>& units) {
  header.cuts = {frames, units};
  const size_t count = units.size() + 1;
  std::vector<SliceCoder> others;
  for (size_t i = 1; i < count; ++i)
    others.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kNone);
  SliceCoder::cut(slices, std::move(others), header.cuts, threads);
  streams.resize(slices.size());
  plans.resize(slices.size(), plans[0]);
}

void ScreenEncoder::State::move_if_uneven() {
  if (all_work() < area() * kWorkWorthMoving) return;
  const std::vector<uint32_t>& now = header.moves.empty() ? header.cuts.units : header.moves.back().units;
  std::vector<uint32_t> better = balanced(slices.size());
  const uint64_t most = most_work(now);
  const uint64_t gained = most - std::min(most, most_work(better));
  if (gained < most / kWorthMoving || gained * kLeastWorthMoving < area()) return;
  header.moves.push_back({frames, std::move(better)});
  SliceCoder::move(slices, header.moves.back(), threads);
}

void ScreenEncoder::State::measure_load(uint64_t literals) {
  const uint64_t now = spent();
  if (frames > 1) {
    load = load_after(load, literals);
    cost = (3 * cost + now - spent_before) / 4;
    measure_work();
  }
  spent_before = now;
}

void ScreenEncoder::State::measure_work() {
  std::vector<uint64_t> now(work.size());
  for (const SliceCoder& slice : slices)
    for (size_t i = 0; i < slice.sheets().size(); ++i) {
      const SheetCoder& sheet = slice.sheets()[i];
      const size_t cells = slice_unit(shape.format) / kCell / (i + 1);
      const size_t top = static_cast<size_t>(sheet.top()) / kCell;
      for (size_t row = 0; row < sheet.work_by_row().size(); ++row)
        now[(top + row) / cells] += sheet.work_by_row()[row];
    }
  for (size_t unit = 0; unit < work.size(); ++unit) work[unit] = (work[unit] + now[unit]) / 2;
}

uint64_t ScreenEncoder::State::spent() const {
  uint64_t sum = 0;
  for (const RangeEncoder& stream : streams) sum += stream.spent();
  return sum;
}

// Two threads share the slices of a frame: it takes at least half of the whole, and the busiest slice. The
// models of `slow` take 1.4 times as long.
void ScreenEncoder::State::count_work() {
  constexpr uint64_t kTenthsMoreIfSlow = 4;
  uint64_t sum = 0, most = 0;
  for (const SliceCoder& slice : slices) {
    uint64_t mine = 0;
    for (const SheetCoder& sheet : slice.sheets())
      mine = std::accumulate(sheet.work_by_row().begin(), sheet.work_by_row().end(), mine);
    if (header.models.all_voters) mine += mine * kTenthsMoreIfSlow / 10;
    sum += mine;
    most = std::max(most, mine);
  }
  if (frames > 1) counted_work += std::max(most, sum / 2);
}

Bytes ScreenEncoder::State::finish() {
  ByteWriter out;
  write_layer_header(out, header);
  for (size_t i = 0; i < streams.size(); ++i) {
    const Bytes stream = streams[i].finish();
    if (i + 1 < streams.size())
      out.block(stream);
    else
      out.raw(stream);
  }
  return out.take();
}

bool ScreenEncoder::is_dense() const { return !states_.empty() && states_[0]->is_dense(); }

uint64_t ScreenEncoder::size() const {
  uint64_t least = states_.empty() ? 0 : UINT64_MAX;
  for (const auto& state : states_) least = std::min(least, state->spent() / kSixteenthsPerByte);
  return least;
}

uint64_t ScreenEncoder::work() const {
  const auto by_size = [](const auto& a, const auto& b) { return a->spent() < b->spent(); };
  return states_.empty() ? 0 : (*std::min_element(states_.begin(), states_.end(), by_size))->counted_work;
}

Result<Picture> ScreenEncoder::drawn() const {
  if (states_.size() != 1 || states_[0]->frames == 0) return Error::kNoFrame;
  Picture picture(shape_.format, shape_.width, shape_.height);
  const Frame& frame = *states_[0]->history.slots()[0];
  for (int sheet = 0; sheet < sheet_count(shape_.format); ++sheet) {
    const Raster& raster = frame.sheets[static_cast<size_t>(sheet)];
    store_sheet(raster, 0, sheet, 0, raster.height(), picture);
  }
  return picture;
}

Bytes ScreenEncoder::finish() {
  if (states_.empty()) decide();
  Bytes best;
  for (const auto& state : states_) {
    Bytes payload = state->finish();
    if (best.empty() || payload.size() < best.size()) best = std::move(payload);
  }
  return best;
}

}  // namespace aicodec
