// The `screen` layer's decoder: draws frames block by block, exactly as they were coded. It knows nothing of
// files: whoever owns the stack (segment/decoder.h) hands in the payload and the pictures that the payload
// may copy from.
#pragma once

#include <memory>
#include <vector>

#include "bits/bytes.h"
#include "picture/picture.h"

namespace aicodec {

struct ScreenShape {
  PixelFormat format;
  uint32_t width = 0, height = 0;
};

// Pictures of the canvas's shape that blocks may be copied from, besides the frames of the segment itself.
using Dictionary = std::vector<std::shared_ptr<const Picture>>;

class ScreenDecoder {
 public:
  virtual ~ScreenDecoder() = default;
  // `payload` and `dictionary` must outlive it. Errors for hostile bytes.
  static Result<std::unique_ptr<ScreenDecoder>> create(ByteSpan payload, ScreenShape shape, uint64_t frames,
                                                       bool has_below, const Dictionary& dictionary);
  // Draws the next frame over `canvas`, which holds the layers below (undefined samples if has_below is
  // false).
  virtual Status draw(Picture& canvas, unsigned threads) = 0;
};

}  // namespace aicodec
