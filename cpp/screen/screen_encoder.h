// Encodes a segment's frames as a `screen` layer.
#pragma once

#include "screen/screen_layer.h"

namespace aicodec {

enum class ScreenPreset : uint8_t { kFast, kMedium, kSlow };

struct ScreenSettings {
  ScreenPreset preset = ScreenPreset::kMedium;
  // The greatest error of a sample; 0 keeps every one.
  uint32_t near = 0;
};

class ScreenEncoder {
 public:
  // Preconditions: a valid shape; at most 16 dictionary pictures, of that shape.
  ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below, const Dictionary& dictionary);
  ~ScreenEncoder();

  // Codes the next frame. `below` is the canvas as the lower layers leave it, null where there are none.
  // kWrongPicture where a picture has another shape.
  Status add(const PictureView& source, const PictureView* below);
  // The layer's payload; the encoder is used up.
  Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aicodec
