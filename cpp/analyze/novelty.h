// How much of a picture looks like camera footage.
#pragma once

#include "picture/picture.h"

namespace aicodec {

// The share of pixels (0 to 1) that have a colour which none of the four finished neighbours has: left,
// above, above left and above right. Noise makes it 0.2 to 0.75 in camera footage (luma alone, where chroma
// is halved); what a computer drew has below 0.1, with photographs in it up to 0.3.
double novelty(const PictureView& picture);

}  // namespace aicodec
