// Multi-scale structural similarity of luma.
#pragma once

#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// MS-SSIM as in Wang, Simoncelli and Bovik, "Multiscale structural similarity for image quality assessment",
// Asilomar 2003: five scales, each halved by the mean of 2x2 samples; at each the contrast-structure term
// over all 11x11 Gaussian windows (sigma 1.5) that lie inside the picture, averaged, and at the last the full
// SSIM; their product with exponents 0.0448, 0.2856, 0.3001, 0.2363, 0.1333 and C1 = 0.01^2, C2 = 0.03^2 on a
// range of 0..1. Luma is plane 0 of a YCbCr picture, and 0.299 R + 0.587 G + 0.114 B of an RGB one. A
// negative mean counts as 0. Pictures with a side under 176 have room for fewer scales: the exponents of
// those that fit are scaled to sum 1. A side under 11 is extended to 11 by repeating its last sample. Fails
// with kWrongPicture if the shapes differ. The result does not depend on `threads` (0: one per core).
Result<double> ms_ssim(const PictureView& reference, const PictureView& distorted, unsigned threads = 1);

}  // namespace aicodec
