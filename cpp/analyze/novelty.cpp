#include "analyze/novelty.h"

#include <vector>

#include "analyze/packed_row.h"

namespace aicodec {
double novelty(const PictureView& picture) {
  if (picture.width < 3 || picture.height < 2) return 0;
  std::vector<uint32_t> above(picture.width), here(picture.width);
  uint64_t count = 0;
  for (uint32_t y = 0; y < picture.height; ++y) {
    std::swap(above, here);
    pack_row(picture, y, here);
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
