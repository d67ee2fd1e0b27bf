#include "screen/layer_encoder.h"

#include <algorithm>

#include "base/parallel.h"

namespace aicodec::screen {
namespace {

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
// With so much for each pixel of the canvas a frame that comes suddenly takes 60 to 80 ms at 1920x1080, and
// not the 46 that one like those before would take: memory is cold. Slices begin with such a frame.
constexpr uint64_t kTooMuchAtOnce = 11;
// 60 frames a second at 1920x1080 leave so much time for a pixel of the canvas, and four milliseconds are
// always there: of what takes longer richer models have to save a tenth.
constexpr uint64_t kWorkWithoutTime = 4;
constexpr uint64_t kWorkInAnyTime = 1 << 21;
// And 30 frames a second, on a machine that has a slow day.
constexpr uint64_t kWorkInTime = 7;
// Borders move where the slice with most work has this part of it less then, and two milliseconds at
// 1920x1080, which is what moving takes on two threads.
constexpr uint64_t kWorthMoving = 32;
constexpr uint64_t kLeastWorthMoving = 2;
// Nor do they where all work is less than 33 ms of one core at 1920x1080: text costs a tenth more when it is
// drawn by a slice that has not seen it yet.
constexpr uint64_t kWorkWorthMoving = 8;
// Of a frame that may take too long at once, one in so many pixels is coded, and so many times what was of
// late; it takes no more than so many times what all before it took.
constexpr uint64_t kShareThatMayTakeLong = 32;
constexpr uint64_t kMuchMore = 4;
constexpr uint64_t kMostNews = 2;
// What all contexts know (a sixteenth of a bit for each pixel) is drawn quickly, and in slices at twice the
// bytes.
bool tells_news(uint64_t sixteenths, uint64_t pixels) { return sixteenths > pixels; }
// What the first frames teach that are no repeats serves all slices.
constexpr uint64_t kLeastTogether = 4;

}  // namespace

LayerEncoder::LayerEncoder(const ScreenShape& layer_shape, const LayerHeader& layer_header,
                           unsigned thread_count, const PlannerSettings& settings,
                           const std::vector<SharedFrame>& pictures, bool has_below)
    : shape(layer_shape),
      header(layer_header),
      threads(thread_count),
      history(first_reference(header, shape), header.saved, pictures, has_below) {
  const int sheets = sheet_count(shape.format);
  slices.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kAll);
  slices[0].start_from(header.ground);
  streams.resize(1);
  plans.assign(1, std::vector<Plan>(static_cast<size_t>(sheets)));
  work.resize(slice_units(shape.format, shape.height));
  for (int sheet = 0; sheet < sheets; ++sheet)
    planners.emplace_back(sheet_shape(shape.format, shape.width, shape.height, sheet), settings,
                          header.ground[static_cast<size_t>(sheet)]);
  for (const SharedFrame& picture : pictures)
    for (size_t sheet = 0; sheet < planners.size(); ++sheet)
      planners[sheet].learn(picture->sheets[sheet], picture->number);
}

Status LayerEncoder::code(const LayerInput& input) {
  if (input.below) history.set_below(input.below);
  bool repeat = true;
  for (size_t i = 0; i < planners.size(); ++i)
    repeat &= !planners[i].prepare(input.source->sheets[i], last ? &last->sheets[i] : nullptr, history,
                                   static_cast<int>(i), input.kept);
  if (!repeat) {
    cut_if_busy();
    plan();
  }
  const bool sound = !repeat && may_be_sudden() ? code_or_cut(input) : code_slices(input, repeat);
  if (!sound) return Error::kBadValue;
  ++frames;
  lessons += !repeat;
  last = input.source;
  Changed changed;
  for (const SliceCoder& slice : slices) changed += slice.changed();
  measure_load(changed.literals);
  if (changed.pixels == 0) return Ok{};
  auto drawn = history.blank();
  for (const SliceCoder& slice : slices) slice.copy_to(*drawn);
  history.push(std::move(drawn), changed);
  for (Planner& planner : planners) planner.finish(history.slots()[0]->number);
  return Ok{};
}

void LayerEncoder::plan() {
  parallel_for(slices.size(), threads, [&](size_t i) {
    for (size_t sheet = 0; sheet < planners.size(); ++sheet)
      planners[sheet].plan(slices[i].sheets()[sheet], history.below(), plans[i][sheet]);
  });
}

bool LayerEncoder::code_slices(const LayerInput& input, bool repeat) {
  std::vector<References> references;
  for (size_t sheet = 0; sheet < planners.size(); ++sheet)
    references.push_back(history.references(static_cast<int>(sheet)));
  std::vector<uint8_t> sound(slices.size());
  parallel_for(slices.size(), threads, [&](size_t i) {
    sound[i] = slices[i].code_frame(streams[i], references, &plans[i], input.source.get(), repeat);
  });
  return std::find(sound.begin(), sound.end(), 0) == sound.end();
}

// Whether coding the planned frame has to show how long it takes: only where many more pixels are to be coded
// than of late, since that takes a copy of all models.
bool LayerEncoder::may_be_sudden() const {
  if (!may_cut || !may_cut_at_once || slices.size() > 1 || frames == 0 || work.size() < 2) return false;
  uint64_t pixels = 0;
  for (const Plan& sheet : plans[0]) pixels += sheet.pixels;
  return pixels > kPixelsWorthCutting && pixels * kShareThatMayTakeLong > area() && pixels > kMuchMore * load;
}

// What a frame takes shows when it is coded.
bool LayerEncoder::code_or_cut(const LayerInput& input) {
  models_before = slices[0];
  stream_before = streams[0];
  const uint64_t taken = spent();
  if (!code_slices(input, false)) return false;
  uint64_t all = 0, most = 0;
  std::vector<uint64_t> now = work_of_frame(all, most);
  // Models that have hardly learned anything before are not taught apart, nor for what is drawn quickly.
  const uint64_t news = spent() - taken;
  const uint64_t pixels = slices[0].changed().literals;
  if (all <= area() * kTooMuchAtOnce || news > kMostNews * taken || !tells_news(news, pixels)) return true;
  slices[0] = std::move(*models_before);
  models_before.reset();
  streams[0] = std::move(stream_before);
  work = std::move(now);
  cut(balanced(2));
  plan();
  return code_slices(input, false);
}

bool LayerEncoder::is_dense() const {
  return load > kPixelsWorthCutting && load * kShareWorthCutting > area();
}

bool LayerEncoder::has_been_slow() const {
  const uint64_t time = std::max(area() * kWorkWithoutTime, kWorkInAnyTime);
  return frames > 1 && counted_work > time * (frames - 1);
}

bool LayerEncoder::has_been_too_slow() const {
  return has_been_slow() && counted_work > area() * kWorkInTime * (frames - 1);
}

bool LayerEncoder::is_busy() const { return is_dense() && cost > load * kSixteenthsWorthCutting; }

bool LayerEncoder::is_far_too_slow() const { return slices.size() > 1 && all_work() > area() * kTooMuchWork; }

bool LayerEncoder::has_been_far_too_slow() const {
  return may_cut && area() > kPixelsWorthCutting && most_at_once > area() * kTooMuchAtOnce;
}

// Where so many slices have equal parts of the work.
std::vector<uint32_t> LayerEncoder::balanced(size_t count) const {
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
uint64_t LayerEncoder::most_work(const std::vector<uint32_t>& units) const {
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
void LayerEncoder::cut_if_busy() {
  if (slices.size() > 1) return move_if_uneven();
  if (!may_cut) return;
  if (lessons == 1 && first_count > 1) return cut(balanced(first_count));
  if (lessons < kLeastTogether || !is_busy()) return;
  const size_t count = std::min(load < kPixelsForFour ? size_t{2} : size_t{4}, work.size());
  if (count > 1) cut(balanced(count));
}

void LayerEncoder::cut(const std::vector<uint32_t>& units) {
  header.cuts = {frames, units};
  const size_t count = units.size() + 1;
  std::vector<SliceCoder> others;
  for (size_t i = 1; i < count; ++i)
    others.emplace_back(shape, header.models, history.below(), SliceCoder::Rows::kNone);
  SliceCoder::cut(slices, std::move(others), header.cuts, threads);
  streams.resize(slices.size());
  plans.resize(slices.size(), plans[0]);
}

void LayerEncoder::move_if_uneven() {
  if (all_work() < area() * kWorkWorthMoving) return;
  const std::vector<uint32_t>& now = header.moves.empty() ? header.cuts.units : header.moves.back().units;
  std::vector<uint32_t> better = balanced(slices.size());
  const uint64_t most = most_work(now);
  const uint64_t gained = most - std::min(most, most_work(better));
  if (gained < most / kWorthMoving || gained * kLeastWorthMoving < area()) return;
  header.moves.push_back({frames, std::move(better)});
  SliceCoder::move(slices, header.moves.back(), threads);
}

void LayerEncoder::measure_load(uint64_t literals) {
  const uint64_t now = spent();
  if (frames > 1) {
    load = (3 * load + literals) / 4;
    cost = (3 * cost + now - spent_before) / 4;
    measure_work();
  }
  spent_before = now;
}

std::vector<uint64_t> LayerEncoder::work_of_frame(uint64_t& all, uint64_t& most) const {
  constexpr uint64_t kTenthsMoreIfSlow = 4;  // the models of `slow` take 1.4 times as long
  std::vector<uint64_t> now(work.size());
  all = most = 0;
  for (const SliceCoder& slice : slices) {
    uint64_t mine = 0;
    for (size_t i = 0; i < slice.sheets().size(); ++i) {
      const SheetCoder& sheet = slice.sheets()[i];
      const size_t cells = slice_unit(shape.format) / kCell / (i + 1);
      size_t row = static_cast<size_t>(sheet.top()) / kCell;
      for (const uint64_t spent_there : sheet.work_by_row()) {
        now[row++ / cells] += spent_there;
        mine += spent_there;
      }
    }
    if (header.models.all_voters) mine += mine * kTenthsMoreIfSlow / 10;
    all += mine;
    most = std::max(most, mine);
  }
  return now;
}

// Two threads share a frame's slices, so it takes at least half of all, and the busiest slice.
void LayerEncoder::measure_work() {
  uint64_t all = 0, most = 0;
  const std::vector<uint64_t> now = work_of_frame(all, most);
  for (size_t unit = 0; unit < work.size(); ++unit) work[unit] = (work[unit] + now[unit]) / 2;
  const uint64_t taken = std::max(most, all / 2);
  counted_work += taken;
  most_at_once = std::max(most_at_once, taken);
}

uint64_t LayerEncoder::spent() const {
  uint64_t sum = 0;
  for (const RangeEncoder& stream : streams) sum += stream.spent();
  return sum;
}

Bytes LayerEncoder::finish() {
  ByteWriter out;
  write_layer_header(out, header, shape.format);
  for (size_t i = 0; i < streams.size(); ++i) {
    const Bytes stream = streams[i].finish();
    if (i + 1 < streams.size())
      out.block(stream);
    else
      out.raw(stream);
  }
  return out.take();
}

}  // namespace aicodec::screen
