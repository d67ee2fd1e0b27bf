#include "screen/screen_encoder.h"

#include <algorithm>
#include <iterator>
#include <numeric>

#include "base/parallel.h"
#include "bits/range_coder.h"
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
// So many coded pixels are worth a slice more.
constexpr uint64_t kPixelsPerSlice = 200000;
constexpr uint64_t kUsefulSlices = 4;
// A bit takes a decoder as long as two or three pixels that all contexts know.
constexpr uint64_t kSixteenthsPerPixelTime = 6;
// What the first frames teach serves all slices.
constexpr uint64_t kLeastTogether = 4;

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
  uint64_t load = 0;           // pixels coded as such in a frame, of late
  uint64_t cost = 0;           // what a frame takes, in sixteenths of a bit, of late
  uint64_t spent_before = 0;   // the last frame
  std::vector<uint64_t> rows;  // the time it takes to decode, by unit of rows, while there is one slice

  void code(const Input& input);
  // Whether many pixels of the last frames were coded, and whether those frames were slow to decode.
  bool is_dense() const;
  bool is_busy() const { return is_dense() && cost > load * kSixteenthsWorthCutting; }
  // Before a frame: begins slices if so.
  void cut_if_busy();
  // After a frame, of which so many pixels were coded as such.
  void measure_load(uint64_t literals);
  // Of all streams so far, in sixteenths of a bit.
  uint64_t spent() const;
  Bytes finish();

  // See ScreenEncoder::work().
  void count_work();
  uint64_t counted_work = 0;
  std::vector<uint64_t> spent_by_slice;
};

ScreenEncoder::States ScreenEncoder::start(bool rich, bool first_leads) const {
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
  const ToleranceSettings tolerance{header.models.near, static_cast<int>(settings_.edge),
                                    static_cast<int>(settings_.flat)};
  std::vector<PlannerSettings> ways = {{tolerance, 160}};
  if (settings_.preset == ScreenPreset::kSlow) ways.push_back({tolerance, 64});
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
  slices.emplace_back(shape, header.models, history.below());
  streams.resize(1);
  plans.assign(1, std::vector<Plan>(static_cast<size_t>(sheets)));
  rows.resize(slice_units(shape.format, shape.height));
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
  Input input{
      make_frame(source), below != nullptr ? make_frame(*below) : nullptr, {kept.begin(), kept.end()}};
  if (!states_.empty()) {
    code(input, states_, settings_.threads);
    return Ok{};
  }
  waiting_.push_back(std::move(input));
  if (waiting_.size() == kTrialFrames) decide();
  return Ok{};
}

ScreenEncoder::States ScreenEncoder::try_out(bool rich, bool first_leads) const {
  States states = start(rich, first_leads);
  for (const Input& input : waiting_) code(input, states, settings_.threads);
  return states;
}

// Rich models of residuals are for pictures that a decoder has time for. Which way of leading residuals is
// better depends on how many colours there are: both are tried.
void ScreenEncoder::decide() {
  bool rich = settings_.preset == ScreenPreset::kSlow;
  states_ = try_out(rich, false);
  if (!rich && !states_[0]->is_dense()) {
    rich = true;
    states_ = try_out(rich, false);
  }
  if (sheet_shape(shape_.format, shape_.width, shape_.height, 0).components > 1) {
    States others = try_out(rich, true);
    if (others[0]->spent() < states_[0]->spent()) states_ = std::move(others);
  }
  waiting_.clear();
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

bool ScreenEncoder::State::is_dense() const {
  const uint64_t area = uint64_t{shape.width} * shape.height;
  return load > kPixelsWorthCutting && load * kShareWorthCutting > area;
}

// Slices learn from fewer pixels: they cost bytes. But they let another core help to decode.
void ScreenEncoder::State::cut_if_busy() {
  if (!may_cut || slices.size() > 1 || frames < kLeastTogether || !is_busy()) return;
  const size_t count = std::min({load / kPixelsPerSlice + 2, kUsefulSlices, uint64_t{rows.size()}});
  if (count == 1) return;
  const uint64_t sum = std::accumulate(rows.begin(), rows.end(), uint64_t{0});
  header.cuts.frame = frames;
  uint64_t before = 0;
  uint32_t unit = 0;
  for (size_t i = 1; i < count; ++i) {
    // At least one unit for this slice and for each that follows; the one that has the border in it goes
    // where most of it belongs.
    before += rows[unit++];
    while (unit < rows.size() - (count - i) && (before + rows[unit] / 2) * count < sum * i)
      before += rows[unit++];
    header.cuts.units.push_back(unit);
  }
  std::vector<SliceCoder> others;
  for (int i = 1; i < header.cuts.slices(); ++i)
    others.emplace_back(shape, header.models, history.below(), header.cuts, i);
  slices[0].cut(others, header.cuts, threads);
  std::move(others.begin(), others.end(), std::back_inserter(slices));
  streams.resize(slices.size());
  plans.resize(slices.size(), plans[0]);
}

void ScreenEncoder::State::measure_load(uint64_t literals) {
  const uint64_t now = spent();
  if (frames > 1) {
    load = (3 * load + literals) / 4;
    cost = (3 * cost + now - spent_before) / 4;
  }
  spent_before = now;
  if (slices.size() > 1) return;
  for (uint64_t& row : rows) row -= row / 4;
  for (size_t i = 0; i < slices[0].sheets().size(); ++i) {
    const SheetCoder& sheet = slices[0].sheets()[i];
    const size_t cells = slice_unit(shape.format) / kCell / (i + 1);
    for (size_t row = 0; row < sheet.spent_by_row().size(); ++row) {
      uint64_t pixels = 0;
      for (int column = 0; column < sheet.blocks().columns(); ++column)
        if (has_pixels(sheet.blocks().at(column, static_cast<int>(row)).mode)) pixels += kCell * kCell;
      rows[row / cells] += pixels + sheet.spent_by_row()[row] / kSixteenthsPerPixelTime;
    }
  }
}

uint64_t ScreenEncoder::State::spent() const {
  uint64_t sum = 0;
  for (const RangeEncoder& stream : streams) sum += stream.spent();
  return sum;
}

// Two threads share the slices of a frame: it takes at least half of the whole, and the busiest slice. The
// models of `slow` take 1.4 times as long.
void ScreenEncoder::State::count_work() {
  constexpr uint64_t kSixteenthsPerCodedPixel = 6;
  constexpr uint64_t kTenthsMoreIfSlow = 4;
  spent_by_slice.resize(slices.size());
  uint64_t sum = 0, most = 0;
  for (size_t i = 0; i < slices.size(); ++i) {
    const uint64_t spent_now = streams[i].spent() - spent_by_slice[i];
    uint64_t mine = slices[i].changed().literals + spent_now / kSixteenthsPerCodedPixel;
    if (header.models.all_voters) mine += mine * kTenthsMoreIfSlow / 10;
    spent_by_slice[i] += spent_now;
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
  constexpr uint64_t kSixteenthsPerByte = 128;
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
