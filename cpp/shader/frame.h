// What a program sees besides its own values when a frame is drawn.
#pragma once

#include <span>

#include "picture/picture.h"

namespace aicodec::shader {

// Pictures are RGB, of the size and depth of the one that is drawn; one without data reads as 0 everywhere.
struct Frame {
  float t = 0;
  uint32_t number = 0;  // in the file
  uint32_t step = 0;    // in the segment
  std::span<const float> parameters;
  PictureView below;
  PictureView prev;
};

}  // namespace aicodec::shader
