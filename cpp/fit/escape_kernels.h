// How long points of a plane take to escape under z^2 + c, one table of loops per instruction set
// (base/isa.h). The operations are those of the shader programs that recognise/escape.py writes: the counts
// are what these draw.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace aicodec::fit {

// Where a picture lies in the plane: pixel (x, y) is the point (x * pitch + left, y * pitch + top).
struct EscapeView {
  float left = 0, top = 0, pitch = 0;
  bool julia = false;  // c is (re, im) everywhere, and not the point
  float re = 0, im = 0;
  float bailout = 4;  // the square of the distance that counts as escaped
};

struct EscapeKernels {
  // The turns, at most 255, of the first n points of row y.
  void (*row)(const EscapeView& view, uint32_t y, uint32_t n, uint8_t* out);
};

AICODEC_DECLARE_KERNELS(EscapeKernels, kEscapeKernels)

}  // namespace aicodec::fit
