#include "screen/screen_encoder.h"

#include "screen/blocks.h"

namespace aicodec {

using namespace screen;

struct ScreenEncoder::State {
  ScreenSettings settings;
  bool has_below;
  Dictionary dictionary;
  Picture canvas, previous;
  RangeEncoder coder;
  Models models;
  uint64_t frames = 0, last = 0;

  static bool equal(const PictureView& a, const PictureView& b, uint32_t x, uint32_t y) {
    return for_rows(a.planes, b, x, y,
                    [](const uint8_t* p, const uint8_t* q, size_t n) { return std::memcmp(p, q, n) == 0; });
  }

  uint64_t mode_of(const PictureView& source, const PictureView* below, uint32_t x, uint32_t y) const {
    if (below && equal(source, *below, x, y)) return kBelow;
    if (frames > 0 && equal(source, previous.view(), x, y)) return kPrevious;
    for (size_t i = 0; i < dictionary.size(); ++i)
      if (equal(source, dictionary[i]->view(), x, y)) return kFirstPicture + i;
    return kLiteral;
  }

  void code_block(const PictureView& source, const PictureView* below, uint32_t x, uint32_t y) {
    const uint64_t mode = mode_of(source, below, x, y);
    models.mode[std::min<uint64_t>(last, 2)].code(coder, mode);
    last = mode;
    if (mode == kPrevious) copy_block(canvas, previous.view(), x, y);
    if (mode >= kFirstPicture) copy_block(canvas, dictionary[mode - kFirstPicture]->view(), x, y);
    if (mode == kLiteral) code_literal(coder, models, canvas, &source, has_below, x, y, settings.near);
  }
};

ScreenEncoder::ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below,
                             Dictionary dictionary)
    : state_(std::make_unique<State>()) {
  state_->settings = settings;
  state_->has_below = has_below;
  state_->dictionary = std::move(dictionary);
  state_->canvas = Picture(shape.format, shape.width, shape.height);
  state_->previous = Picture(shape.format, shape.width, shape.height);
}

ScreenEncoder::~ScreenEncoder() = default;
ScreenEncoder::ScreenEncoder(ScreenEncoder&&) noexcept = default;

Status ScreenEncoder::add(const PictureView& source, const PictureView* below) {
  State& s = *state_;
  if (!source.same_shape(s.canvas.view()) || (below != nullptr) != s.has_below) return Error::kWrongPicture;
  if (below) AICODEC_TRY(s.canvas.copy_from(*below));
  for (uint32_t y = 0; y < source.height; y += kBlock)
    for (uint32_t x = 0; x < source.width; x += kBlock) s.code_block(source, below, x, y);
  ++s.frames;
  return s.previous.copy_from(s.canvas.view());
}

Bytes ScreenEncoder::finish() {
  ByteWriter out;
  out.varint(state_->settings.near);
  out.raw(state_->coder.finish());
  return out.take();
}

}  // namespace aicodec
