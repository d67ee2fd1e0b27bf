// The one measure that near-lossless coding promises something about: how far a sample is off at most.
#pragma once

#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// The greatest difference between two samples at the same place, 0 for equal pictures. Fails with
// kWrongPicture if the shapes differ.
Result<uint32_t> greatest_error(const PictureView& reference, const PictureView& distorted);

}  // namespace aicodec
