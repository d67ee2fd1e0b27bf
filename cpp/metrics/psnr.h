// Mean squared errors, from which the caller pools PSNR: of one frame psnr(mse), of a clip psnr(mean of the
// MSEs), as FFmpeg's psnr filter reports both.
#pragma once

#include <array>

#include "base/result.h"
#include "picture/colour.h"
#include "picture/picture.h"

namespace aicodec {

// Mean squared error of each plane, in squared code values. Fails with kWrongPicture if the shapes differ.
// Uses up to `threads` threads (0: one per core); the result does not depend on their number.
Result<std::array<double, 3>> plane_mse(const PictureView& reference, const PictureView& distorted,
                                        unsigned threads = 1);

// Mean squared error over all R, G and B samples; YCbCr pictures are converted to RGB of their own depth
// first, as `colour` says. Errors as plane_mse() and convert().
Result<double> rgb_mse(const PictureView& reference, const PictureView& distorted, const Colour& colour,
                       unsigned threads = 1);

// `view` as a kRgb picture of its own depth: as it is, or converted into `storage`, which must outlive the
// result.
Result<PictureView> as_rgb(const PictureView& view, const Colour& colour, Picture& storage, unsigned threads);

}  // namespace aicodec
