// Pixels between those of a reference, for photo blocks whose vectors have fractions.
#pragma once

#include "screen/block.h"
#include "screen/raster.h"

namespace aicodec::screen {

// A pixel between others is weighted from eight a side, of which three come before the one that it follows.
inline constexpr int kTaps = 8;
inline constexpr int kTapsBefore = 3;

// The samples at `fraction` (see Vector) right of and below those of `width` (up to 16) by `height` from
// `from` on. Sees kTapsBefore samples before and kTaps - 1 - kTapsBefore after them, and up to 16 across.
void interpolate(const int16_t* from, ptrdiff_t stride, uint8_t fraction, int height, int max_value,
                 int16_t (*to)[16]);

// What photo pixels of a cell look at: its 8x8 pixels in the reference, the row above them and the column to
// the left.
inline constexpr int kLookedAt = kCell + 1;

// Into `out`, for the cell whose first pixel is (x, y). Precondition: `vector` leads inside the reference.
// Samples beyond its sides are as those at them. With `average` the mean of that and of what is in `out`.
void look_between(const Raster& reference, const SheetShape& shape, int x, int y, Vector vector, bool average,
                  Pixel* out, ptrdiff_t stride);

}  // namespace aicodec::screen
