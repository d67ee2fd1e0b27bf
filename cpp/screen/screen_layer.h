// The `screen` layer for the stack: draws a segment's frames, in order, from a payload.
#pragma once

#include <memory>
#include <vector>

#include "bits/bytes.h"
#include "picture/picture.h"

namespace aicodec {

struct ScreenShape {
  PixelFormat format;
  uint32_t width = 0;
  uint32_t height = 0;
};

// Pictures of the file that a segment may copy from, of the canvas's shape; at most 16.
using Dictionary = std::vector<std::shared_ptr<const Picture>>;

class ScreenDecoder {
 public:
  // `payload` must outlive the decoder. `has_below` tells whether the canvas holds the layers below when
  // draw() is called. Errors: kTruncated, kBadValue, kTooLarge, kWrongPicture (a dictionary picture of
  // another shape).
  static Result<std::unique_ptr<ScreenDecoder>> create(ByteSpan payload, ScreenShape shape, uint64_t frames,
                                                       bool has_below, const Dictionary& dictionary);
  ~ScreenDecoder();

  // Draws the next frame over `canvas`, slices on up to `threads` threads. After an error the decoder gives
  // the same error again.
  Status draw(Picture& canvas, unsigned threads);

 private:
  struct State;
  explicit ScreenDecoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace aicodec
