// The `screen` layer's encoder: takes the frames of a segment one by one and gives the layer's payload.
#pragma once

#include "screen/screen_layer.h"

namespace aicodec {

enum class ScreenPreset : uint8_t { kFast, kMedium, kSlow };

struct ScreenSettings {
  ScreenPreset preset = ScreenPreset::kMedium;
  uint32_t near = 0;  // the greatest error of a sample
};

class ScreenEncoder {
 public:
  ScreenEncoder(ScreenShape shape, ScreenSettings settings, bool has_below, Dictionary dictionary);
  ~ScreenEncoder();
  ScreenEncoder(ScreenEncoder&&) noexcept;
  // The next frame; `below` (or null when !has_below) is the canvas as the lower layers leave it.
  // kWrongPicture for another shape.
  Status add(const PictureView& source, const PictureView* below);
  // The layer's payload. Call once, after the last frame.
  Bytes finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace aicodec
