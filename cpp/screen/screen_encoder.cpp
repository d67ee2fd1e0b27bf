#include "screen/screen_encoder.h"

#include <algorithm>
#include <bit>

#include "base/parallel.h"
#include "screen/first_frames.h"
#include "screen/layer_encoder.h"

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

// So many frames that are unlike the one before tell how residuals are best coded.
constexpr int kTrialFrames = 6;
// One way of leading residuals is surely better if strips take a fortieth less that way.
constexpr uint64_t kClearlyLess = 40;
// Rich models are worth their time where they save a thirty-second, and where a decoder has no time a tenth.
constexpr uint64_t kLess = 32;
constexpr uint64_t kMuchLess = 10;
constexpr uint64_t kSixteenthsPerByte = 128;
// Where a decoder falls behind, tables of at most so many bits: it waits less for memory.
constexpr int kSmallColourBits = 16;
constexpr int kSmallResidualBits = 11;
// In how many of 256 pixels a block differs for which a vector in full is tried: the ways that are tried.
constexpr int kReluctant = 160;
constexpr int kEager = 64;
// With `slow` few voters are an alternative up to so many bytes, and to mixing by all where a decoder has no
// time: there they learn more of noise in the end, but are up to an eighth behind at first.
constexpr uint64_t kSmallSize = 1 << 16;
constexpr uint64_t kBehind = 8;

bool is_same(const SharedFrame& one, const SharedFrame& other) {
  return one == other || (one && other && has_same_pixels(*one, *other));
}

}  // namespace

ScreenEncoder::States ScreenEncoder::start(const Models& models) const {
  std::vector<SharedFrame> pictures;
  for (const auto& picture : dictionary_) {
    auto frame = make_frame(picture->view());
    // Far above the numbers that the segment's own frames get.
    frame->number = 0xFFFFFFFF - pictures.size();
    pictures.push_back(std::move(frame));
  }
  LayerHeader header = choose_header(shape_, settings_);
  header.ground = ground_.value_or(Ground{});
  header.models.rich = models.rich;
  header.models.first_leads = models.first_leads;
  header.on_ground = models.on_ground;
  header.models.all_voters &= !models.few_voters.has_value();
  if (models.small_tables) {
    header.models.colour_bits = std::min(header.models.colour_bits, kSmallColourBits);
    header.models.residual_bits = std::min(header.models.residual_bits, kSmallResidualBits);
  }
  const ToleranceSettings tolerance{header.models.near, static_cast<int>(settings_.edge),
                                    static_cast<int>(settings_.flat)};
  std::vector<PlannerSettings> ways = {{tolerance, models.few_voters.value_or(kReluctant)}};
  if (settings_.preset == ScreenPreset::kSlow && !models.few_voters.has_value())
    ways.push_back({tolerance, kEager});
  States states;
  for (const PlannerSettings& way : ways)
    states.push_back(
        std::make_unique<LayerEncoder>(shape_, header, settings_.threads, way, pictures, has_below_));
  for (const auto& state : states) state->may_cut = settings_.preset != ScreenPreset::kSlow;
  return states;
}

ScreenEncoder::ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below,
                             const Dictionary& dictionary)
    : shape_(shape), settings_(settings), has_below_(has_below), dictionary_(dictionary) {}

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
  LayerInput input{loaded(source), below != nullptr ? loaded(*below) : nullptr, {kept.begin(), kept.end()}};
  if (!ground_) AICODEC_TRY(begin(input));
  if (!states_.empty()) {
    AICODEC_TRY(code(input, states_, settings_.threads));
    drop_few_voters();
    return Ok{};
  }
  hold_back(std::move(input));
  return unlike_ == kTrialFrames ? decide() : Ok{};
}

// Colours on a ground are better compared with it or not, which only coding them tells.
Status ScreenEncoder::choose_ground(const LayerInput& first, Models& models) const {
  if (settings_.preset == ScreenPreset::kFast || has_below_ || ground_ == Ground{}) return Ok{};
  uint64_t spent[2] = {};
  for (const bool on_ground : {false, true}) {
    models.on_ground = on_ground;
    States states = start(models);
    states.resize(1);
    AICODEC_TRY(code(first, states, settings_.threads));
    spent[on_ground] = states[0]->spent();
  }
  models.on_ground = spent[1] < spent[0];
  return Ok{};
}

Status ScreenEncoder::begin(const LayerInput& first) {
  ground_ = ground_of(*first.source);
  if (!settings_.first_leads) return Ok{};
  Models models;
  models.rich = settings_.preset == ScreenPreset::kSlow;
  models.first_leads = *settings_.first_leads;
  AICODEC_TRY(choose_ground(first, models));
  states_ = start(models);
  return Ok{};
}

// A repeat takes no memory: many recordings begin with seconds of them.
void ScreenEncoder::hold_back(LayerInput input) {
  const LayerInput* last = waiting_.empty() ? nullptr : &waiting_.back();
  const bool repeats = last != nullptr && is_same(input.source, last->source) &&
                       is_same(input.below, last->below) && input.kept == last->kept;
  if (repeats)
    input = *last;
  else
    ++unlike_;
  waiting_.push_back(std::move(input));
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

Result<ScreenEncoder::States> ScreenEncoder::try_out(const Models& models, const LayerEncoder* trial) const {
  States states = start(models);
  for (const auto& state : states) {
    // What is to be compared has slices in the same frames.
    state->may_cut_at_once = trial != nullptr;
    if (trial == nullptr || !trial->is_far_too_slow()) continue;
    state->work = trial->work;
    state->first_count = trial->slices.size();
  }
  for (const LayerInput& input : waiting_) AICODEC_TRY(code(input, states, settings_.threads));
  for (const auto& state : states) state->may_cut_at_once = true;
  return states;
}

// Both ways of leading residuals, on strips of what was held back.
Result<std::optional<bool>> ScreenEncoder::clear_lead() const {
  using Lead = std::optional<bool>;
  if (sheet_shape(shape_.format, shape_.width, shape_.height, 0).components == 1) return Lead(false);
  const bool is_small = !is_worth_sampling(shape_.height) || waiting_.empty() || !waiting_[0].kept.empty();
  if (settings_.preset != ScreenPreset::kFast || is_small || !dictionary_.empty()) return Lead();
  std::vector<LayerInput> strips;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const LayerInput& input = waiting_[i];
    if (i > 0 && input.source == waiting_[i - 1].source && input.below == waiting_[i - 1].below)
      strips.push_back(strips.back());
    else
      strips.push_back({sampled(*input.source), input.below ? sampled(*input.below) : nullptr, {}});
  }
  ScreenShape shape = shape_;
  shape.height = static_cast<uint32_t>(strips[0].source->sheets[0].height());
  uint64_t spent[2] = {};
  for (const bool first_leads : {false, true}) {
    ScreenSettings settings = settings_;
    settings.first_leads = first_leads;
    ScreenEncoder encoder(shape, settings, has_below_, {});
    AICODEC_TRY(encoder.begin(strips[0]));
    encoder.states_[0]->may_cut_at_once = false;
    for (const LayerInput& input : strips) AICODEC_TRY(code(input, encoder.states_, settings_.threads));
    spent[first_leads] = encoder.states_[0]->spent();
  }
  const auto [less, more] = std::minmax(spent[0], spent[1]);
  if ((more - less) * kClearlyLess <= more) return Lead();
  return Lead(spent[1] < spent[0]);
}

// Rich models save more in the first frames than in all, and take longer: they have to save enough.
bool ScreenEncoder::is_worth_time(const LayerEncoder& rich, const LayerEncoder& lean) const {
  if (settings_.preset == ScreenPreset::kSlow) return rich.spent() < lean.spent();
  const uint64_t enough = rich.has_been_slow() ? kMuchLess : kLess;
  return rich.spent() * enough < lean.spent() * (enough - 1);
}

// How residuals are best led, whether rich models are worth it, and whether a decoder will keep up, comes out
// when the first frames are coded so.
Status ScreenEncoder::decide() {
  const bool is_slow = settings_.preset == ScreenPreset::kSlow;
  const auto clear = clear_lead();
  if (!clear.ok()) return clear.error();
  Models best;
  best.first_leads = clear.value().value_or(false);
  // Codes all so, and goes on with it if it is better than what there is.
  const auto attempt = [&](const Models& models, const LayerEncoder* trial, const auto& is_better) {
    Result<States> states = try_out(models, trial);
    if (!states.ok()) return Status(states.error());
    if (!is_better(*states.value()[0])) return Status(Ok{});
    states_ = std::move(states).value();
    best = models;
    return Status(Ok{});
  };
  const auto always = [](const LayerEncoder&) { return true; };
  if (!waiting_.empty()) AICODEC_TRY(choose_ground(waiting_[0], best));
  AICODEC_TRY(attempt(best, nullptr, always));
  Models other = best;
  if (settings_.preset != ScreenPreset::kFast) {
    other.rich = true;
    AICODEC_TRY(attempt(other, nullptr,
                        [&](const LayerEncoder& state) { return is_worth_time(state, *states_[0]); }));
  }
  if (!clear.value().has_value()) {
    other = best;
    other.first_leads = true;
    AICODEC_TRY(attempt(other, nullptr,
                        [&](const LayerEncoder& state) { return state.spent() < states_[0]->spent(); }));
  }
  other = best;
  if (!waiting_.empty() && (best.rich || best.first_leads != clear.value().value_or(false)))
    AICODEC_TRY(choose_ground(waiting_[0], other));
  if (other.on_ground != best.on_ground) AICODEC_TRY(attempt(other, nullptr, always));
  const LayerEncoder& trial = *states_[0];
  other = best;
  other.small_tables = !is_slow && trial.has_been_too_slow();
  // What turned out to be far too slow does not wait for slices until it does so again.
  if (other.small_tables || trial.is_far_too_slow() || trial.has_been_far_too_slow())
    AICODEC_TRY(attempt(other, &trial, always));
  is_dense_ = is_slow && states_[0]->has_been_slow();
  if (is_slow && (is_dense_ || size() < kSmallSize)) {
    other = best;
    other.rich &= !is_dense_;
    other.few_voters = states_[0]->spent() < states_[1]->spent() ? kReluctant : kEager;
    Result<States> few = try_out(other);
    if (!few.ok()) return few.error();
    states_.push_back(std::move(few.value()[0]));
    drop_few_voters();
  }
  waiting_.clear();
  return Ok{};
}

// All voters learn slower: what is small is smaller with few.
void ScreenEncoder::drop_few_voters() {
  if (settings_.preset != ScreenPreset::kSlow || states_.back()->header.models.all_voters) return;
  uint64_t spent = states_.back()->spent();
  if (is_dense_) spent -= spent / kBehind;
  uint64_t least = is_dense_ ? UINT64_MAX : kSmallSize * kSixteenthsPerByte;
  for (size_t i = 0; i + 1 < states_.size(); ++i) least = std::min(least, states_[i]->spent());
  if (spent >= least) states_.pop_back();
}

Status ScreenEncoder::code(const LayerInput& input, States& states, unsigned threads) {
  std::vector<Status> results(states.size(), Ok{});
  parallel_for(states.size(), threads, [&](size_t i) { results[i] = states[i]->code(input); });
  for (const Status& result : results) AICODEC_TRY(result);
  return Ok{};
}

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

Result<Bytes> ScreenEncoder::finish() {
  if (states_.empty()) AICODEC_TRY(decide());
  Bytes best;
  for (const auto& state : states_) {
    Bytes payload = state->finish();
    if (best.empty() || payload.size() < best.size()) best = std::move(payload);
  }
  return best;
}

}  // namespace aicodec
