#include "screen/screen_encoder.h"

#include <algorithm>

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
  header.models.near = static_cast<int>(settings.near);
  header.saved = saved_frames(shape);
  // Small pictures fill small tables.
  const uint64_t area = uint64_t{shape.width} * shape.height;
  const int size = std::clamp(static_cast<int>(std::bit_width(area)) - 2, 10, 18);
  header.models.colour_bits = size;
  header.models.residual_bits = std::clamp(size - 4, 6, 14);
  return header;
}

}  // namespace

struct ScreenEncoder::State {
  ScreenShape shape;
  LayerHeader header;
  History history;
  std::vector<SliceCoder> slices;
  std::vector<RangeEncoder> streams;
  std::vector<Planner> planners;         // per sheet
  std::vector<std::vector<Plan>> plans;  // per slice and sheet
  uint64_t frames = 0;
};

ScreenEncoder::ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below,
                             const Dictionary& dictionary) {
  std::vector<SharedFrame> pictures;
  for (const auto& picture : dictionary) {
    auto frame = make_frame(picture->view());
    // Far above the numbers that the segment's own frames get.
    frame->number = 0xFFFFFFFF - pictures.size();
    pictures.push_back(std::move(frame));
  }
  const LayerHeader header = choose_header(shape, settings);
  state_ = std::make_unique<State>(
      State{shape,
            header,
            History(make_frame(shape.format, shape.width, shape.height), header.saved, pictures, has_below),
            {},
            {},
            {},
            {},
            0});
  const int sheets = sheet_count(shape.format);
  for (int i = 0; i < header.slices; ++i) {
    state_->slices.emplace_back(shape.format, shape.width, shape.height, i, header, state_->history.below());
    state_->streams.emplace_back();
    state_->plans.emplace_back(static_cast<size_t>(sheets));
  }
  for (int sheet = 0; sheet < sheets; ++sheet)
    state_->planners.emplace_back(sheet_shape(shape.format, shape.width, shape.height, sheet),
                                  PlannerSettings{header.models.near});
  for (const SharedFrame& picture : pictures)
    for (size_t sheet = 0; sheet < state_->planners.size(); ++sheet)
      state_->planners[sheet].learn(picture->sheets[sheet], picture->number);
}

ScreenEncoder::~ScreenEncoder() = default;

Status ScreenEncoder::add(const PictureView& source, const PictureView* below) {
  State& s = *state_;
  const bool fits =
      source.format == s.shape.format && source.width == s.shape.width && source.height == s.shape.height;
  const bool wants_below = s.history.below() >= 0;
  if (!fits || wants_below != (below != nullptr) || (below != nullptr && !below->same_shape(source)))
    return Error::kWrongPicture;
  if (wants_below) s.history.set_below(make_frame(*below));
  const auto frame = make_frame(source);
  bool repeat = true;
  for (size_t i = 0; i < s.planners.size(); ++i)
    repeat &= !s.planners[i].prepare(frame->sheets[i], s.history.slots(), static_cast<int>(i), s.frames == 0);
  std::vector<References> references;
  for (int sheet = 0; sheet < sheet_count(s.shape.format); ++sheet)
    references.push_back(s.history.references(sheet));
  Changed changed;
  for (size_t i = 0; i < s.slices.size(); ++i) {
    SliceCoder& slice = s.slices[i];
    if (!repeat)
      for (size_t j = 0; j < s.planners.size(); ++j)
        s.planners[j].plan(slice.sheets()[j], s.history.below(), s.plans[i][j]);
    slice.code_frame(s.streams[i], references, &s.plans[i], frame.get(), repeat);
    changed.pixels += slice.changed().pixels;
    changed.literals += slice.changed().literals;
  }
  ++s.frames;
  if (changed.pixels == 0) return Ok{};
  auto drawn = s.history.blank();
  for (const SliceCoder& slice : s.slices) slice.copy_to(*drawn);
  s.history.push(std::move(drawn), changed);
  for (Planner& planner : s.planners) planner.finish(s.history.slots()[0]->number);
  return Ok{};
}

Bytes ScreenEncoder::finish() {
  State& s = *state_;
  ByteWriter out;
  write_layer_header(out, s.header);
  for (size_t i = 0; i < s.streams.size(); ++i) {
    const Bytes stream = s.streams[i].finish();
    if (i + 1 < s.streams.size())
      out.block(stream);
    else
      out.raw(stream);
  }
  return out.take();
}

}  // namespace aicodec
