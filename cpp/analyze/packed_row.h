// Rows as the analysis compares them: all components of a pixel in one number, of 4:2:0 luma alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "picture/picture.h"

namespace aicodec {

template <typename T>
void pack_samples(const PictureView& picture, uint32_t y, std::span<uint32_t> out) {
  const size_t planes = picture.format.layout == Layout::kYuv420 ? 1 : 3;
  std::fill(out.begin(), out.end(), 0u);
  for (size_t k = 0; k < planes; ++k) {
    const T* row = picture.planes[k].template row<const T>(y);
    for (uint32_t x = 0; x < picture.width; ++x) out[x] |= uint32_t{row[x]} << (10 * k);
  }
}

// `out` has the picture's width.
inline void pack_row(const PictureView& picture, uint32_t y, std::span<uint32_t> out) {
  if (picture.format.sample_bytes() == 1)
    pack_samples<uint8_t>(picture, y, out);
  else
    pack_samples<uint16_t>(picture, y, out);
}

}  // namespace aicodec
