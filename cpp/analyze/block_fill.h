// Pictures put together from blocks of two, and the filling of holes: what a video layer is given where
// another layer draws.
#pragma once

#include "analyze/photo_map.h"

namespace aicodec {

// `base` with those cells of `other` that `flags` has set. Both pictures have the shape that the flags are
// for.
void put_blocks(const PictureView& other, const BlockFlags& flags, Picture& base);

// Gives each cell that `flags` does not set the sample of each plane that is commonest in it: the ground
// under letters and lines, next to nothing for AV1, which moves with what it belongs to.
void fill_blocks(const BlockFlags& flags, Picture& picture);

// 1 for each cell in which the pictures, of one shape, are the same.
BlockFlags equal_blocks(const PictureView& a, const PictureView& b);

}  // namespace aicodec
