#include "metrics/greatest_error.h"

#include <algorithm>
#include <cstring>

namespace aicodec {
namespace {

// Of one row; a loop that compilers turn into vector instructions.
template <typename Sample>
uint32_t error_of(const Sample* a, const Sample* b, uint32_t width) {
  Sample greatest = 0;
  for (uint32_t x = 0; x < width; ++x) {
    const Sample error = static_cast<Sample>(a[x] > b[x] ? a[x] - b[x] : b[x] - a[x]);
    greatest = std::max(greatest, error);
  }
  return greatest;
}

}  // namespace

Result<uint32_t> greatest_error(const PictureView& reference, const PictureView& distorted) {
  if (!reference.same_shape(distorted)) return Error::kWrongPicture;
  const size_t sample = reference.format.sample_bytes();
  uint32_t greatest = 0;
  for (size_t p = 0; p < 3; ++p) {
    const ConstPlane& a = reference.planes[p];
    const ConstPlane& b = distorted.planes[p];
    for (uint32_t y = 0; y < a.height; ++y) {
      if (std::memcmp(a.row<uint8_t>(y), b.row<uint8_t>(y), a.width * sample) == 0) continue;
      greatest = std::max(greatest, sample == 2 ? error_of(a.row<uint16_t>(y), b.row<uint16_t>(y), a.width)
                                                : error_of(a.row<uint8_t>(y), b.row<uint8_t>(y), a.width));
    }
  }
  return greatest;
}

}  // namespace aicodec
