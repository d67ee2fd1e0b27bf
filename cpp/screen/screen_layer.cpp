#include "screen/screen_layer.h"

#include "screen/blocks.h"

namespace aicodec {
namespace {

using namespace screen;

class BlockDecoder final : public ScreenDecoder {
 public:
  BlockDecoder(ByteSpan coded, uint32_t near, ScreenShape shape, uint64_t frames, bool has_below,
               const Dictionary& dictionary)
      : coder_(coded),
        near_(near),
        frames_(frames),
        has_below_(has_below),
        dictionary_(dictionary),
        previous_(shape.format, shape.width, shape.height) {}

  Status draw(Picture& canvas, unsigned) override {
    if (drawn_ == frames_) return Error::kNoFrame;
    if (!canvas.view().same_shape(previous_.view())) return Error::kWrongPicture;
    for (uint32_t y = 0; y < canvas.height(); y += kBlock)
      for (uint32_t x = 0; x < canvas.width(); x += kBlock) AICODEC_TRY(draw_block(canvas, x, y));
    if (++drawn_ == frames_) AICODEC_TRY(coder_.finish());
    return previous_.copy_from(canvas.view());
  }

 private:
  Status draw_block(Picture& canvas, uint32_t x, uint32_t y) {
    const uint64_t mode = models_.mode[std::min<uint64_t>(last_, 2)].code(coder_, 0);
    if (coder_.overrun()) return Error::kTruncated;
    last_ = mode;
    if (mode == kLiteral) {
      code_literal(coder_, models_, canvas, nullptr, has_below_, x, y, near_);
      return coder_.overrun() ? Status(Error::kTruncated) : Status(Ok{});
    }
    if (mode == kBelow) return has_below_ ? Status(Ok{}) : Status(Error::kBadValue);
    if (mode == kPrevious) {
      if (drawn_ == 0) return Error::kBadValue;
      copy_block(canvas, previous_.view(), x, y);
      return Ok{};
    }
    if (mode - kFirstPicture >= dictionary_.size()) return Error::kBadValue;
    copy_block(canvas, dictionary_[mode - kFirstPicture]->view(), x, y);
    return Ok{};
  }

  RangeDecoder coder_;
  Models models_;
  uint32_t near_;
  uint64_t frames_, drawn_ = 0, last_ = 0;
  bool has_below_;
  const Dictionary& dictionary_;
  Picture previous_;
};

}  // namespace

Result<std::unique_ptr<ScreenDecoder>> ScreenDecoder::create(ByteSpan payload, ScreenShape shape,
                                                             uint64_t frames, bool has_below,
                                                             const Dictionary& dictionary) {
  AICODEC_TRY(check_size(shape.width, shape.height));
  ByteReader in(payload);
  const uint32_t near = static_cast<uint32_t>(in.varint_up_to(64));
  AICODEC_TRY(in.status());
  return std::unique_ptr<ScreenDecoder>(std::make_unique<BlockDecoder>(payload.subspan(in.position()), near,
                                                                       shape, frames, has_below, dictionary));
}

}  // namespace aicodec
