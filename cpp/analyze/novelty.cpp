#include "analyze/novelty.h"

#include <vector>

namespace aicodec {
namespace {

// One row's pixels, all components of a pixel in one number.
template <typename T>
void load_row(const PictureView& picture, int planes, uint32_t y, std::vector<uint32_t>& out) {
  for (uint32_t x = 0; x < picture.width; ++x) out[x] = 0;
  for (int k = 0; k < planes; ++k) {
    const T* row = picture.planes[static_cast<size_t>(k)].template row<const T>(y);
    for (uint32_t x = 0; x < picture.width; ++x) out[x] |= uint32_t{row[x]} << (10 * k);
  }
}

}  // namespace

double novelty(const PictureView& picture) {
  if (picture.width < 3 || picture.height < 2) return 0;
  const int planes = picture.format.layout == Layout::kYuv420 ? 1 : 3;
  std::vector<uint32_t> above(picture.width), here(picture.width);
  uint64_t count = 0;
  for (uint32_t y = 0; y < picture.height; ++y) {
    std::swap(above, here);
    if (picture.format.sample_bytes() == 1)
      load_row<uint8_t>(picture, planes, y, here);
    else
      load_row<uint16_t>(picture, planes, y, here);
    if (y == 0) continue;
    for (uint32_t x = 1; x + 1 < picture.width; ++x) {
      const uint32_t v = here[x];
      count += (v != here[x - 1]) & (v != above[x - 1]) & (v != above[x]) & (v != above[x + 1]);
    }
  }
  return static_cast<double>(count) /
         (static_cast<double>(picture.width - 2) * static_cast<double>(picture.height - 1));
}

}  // namespace aicodec
