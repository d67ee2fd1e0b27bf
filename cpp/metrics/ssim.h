// Structural similarity on overlapping 8x8 windows, with the numbers of FFmpeg's ssim filter.
#pragma once

#include <array>

#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// Mean SSIM of each plane (Wang, Bovik, Sheikh and Simoncelli, IEEE Trans. Image Processing 13(4), 2004) over
// flat 8x8 windows at every fourth row and column, C1 = (0.01 * max)^2, C2 = (0.03 * max)^2 and sample
// variances, as FFmpeg's ssim filter defines it; rows and columns past the last whole 4x4 block are left out.
// A plane with a side under 8 samples, for which that filter has no value, is extended to 8 by repeating its
// last row and column. Fails with kWrongPicture if the shapes differ. The result does not depend on `threads`
// (0: one per core).
Result<std::array<double, 3>> ssim(const PictureView& reference, const PictureView& distorted,
                                   unsigned threads = 1);

// The mean of the planes' values weighted by their number of samples: the filter's "All".
double ssim_all(const std::array<double, 3>& planes, const PictureView& shape);

}  // namespace aicodec
