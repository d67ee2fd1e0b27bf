// Row kernels of colour.cpp, one table per instruction set. All arithmetic is on integers, so every set gives
// the same samples. Rows never alias.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace aicodec {

// YCbCr to RGB in fixed point: out = (y_gain * (Y - y_offset) + gains * chroma + 2^15) >> 16, where chroma
// rows hold 16 times the sample, less 16 times c_offset.
struct ToRgb {
  int32_t y_gain, y_offset, c_offset;
  int32_t red_cr, green_cb, green_cr, blue_cb;
  int32_t max_value;
};

// RGB to YCbCr: Y = ((r, g, b) . y + 2^15 >> 16) + y_offset, chroma likewise with gains for rows that hold 8
// times the sample.
struct FromRgb {
  int32_t y[3], cb[3], cr[3];
  int32_t y_offset, c_offset, max_value;
};

struct ColourKernels {
  // out[x] = 16 times the chroma at luma column x, from the chroma rows nearest (weight 3) and next (weight
  // 1). chroma_width samples in, 2 * chroma_width out (the caller leaves room for an odd width).
  void (*upsample_8)(const uint8_t* near, const uint8_t* far, int16_t* out, uint32_t chroma_width,
                     bool centred);
  void (*upsample_16)(const uint16_t* near, const uint16_t* far, int16_t* out, uint32_t chroma_width,
                      bool centred);
  // out[x] = 16 * in[x].
  void (*scale_8)(const uint8_t* in, int16_t* out, uint32_t width);
  void (*scale_16)(const uint16_t* in, int16_t* out, uint32_t width);
  // A row of Y and two of 16-fold chroma to three rows of RGB, whose samples fit the type of `r`.
  void (*to_rgb_8_8)(const uint8_t* y, const int16_t* cb, const int16_t* cr, uint8_t* r, uint8_t* g,
                     uint8_t* b, uint32_t width, const ToRgb& gains);
  void (*to_rgb_16_8)(const uint16_t* y, const int16_t* cb, const int16_t* cr, uint8_t* r, uint8_t* g,
                      uint8_t* b, uint32_t width, const ToRgb& gains);
  void (*to_rgb_8_16)(const uint8_t* y, const int16_t* cb, const int16_t* cr, uint16_t* r, uint16_t* g,
                      uint16_t* b, uint32_t width, const ToRgb& gains);
  void (*to_rgb_16_16)(const uint16_t* y, const int16_t* cb, const int16_t* cr, uint16_t* r, uint16_t* g,
                       uint16_t* b, uint32_t width, const ToRgb& gains);
  void (*interleave_8)(const uint8_t* r, const uint8_t* g, const uint8_t* b, uint8_t* out, uint32_t width);
  void (*interleave_16)(const uint16_t* r, const uint16_t* g, const uint16_t* b, uint16_t* out,
                        uint32_t width);
  void (*deinterleave_8)(const uint8_t* in, uint8_t* r, uint8_t* g, uint8_t* b, uint32_t width);
  void (*deinterleave_16)(const uint16_t* in, uint16_t* r, uint16_t* g, uint16_t* b, uint32_t width);
  // out = (weights . rgb + half >> 16) + offset, clamped to 0..max.
  void (*dot)(const int32_t* r, const int32_t* g, const int32_t* b, const int32_t* weights, int32_t offset,
              int32_t max_value, uint16_t* out, uint32_t width);
  // 10-bit to 8-bit YCbCr samples: (v + 2) >> 2, at most 255.
  void (*narrow)(const uint16_t* in, uint8_t* out, uint32_t width);
};

AICODEC_DECLARE_KERNELS(ColourKernels, kColourKernels)

}  // namespace aicodec
