// What the pixel models see around the pixel that is coded next.
#pragma once

#include "screen/pixel.h"
#include "screen/raster.h"

namespace aicodec::screen {

// Marks of a pixel that is done.
inline constexpr uint8_t kAsReference = 1;  // it equals the reference's pixel
inline constexpr uint8_t kEscaped = 2;      // no ranked colour was right

// A place in the frame being drawn. Left of and above it stand finished pixels; right of and below it what
// the frame was filled with beforehand. All rasters but a photo pixel's reference have the same
// stride.
struct Site {
  const Pixel* here = nullptr;
  // The same place in the reference: the previous frame, moved, or the canvas below.
  const Pixel* reference = nullptr;
  // The last different colour at each place.
  const Pixel* background = nullptr;
  const uint8_t* marks = nullptr;
  ptrdiff_t stride = 0;
  // The column.
  uint32_t x = 0;
  // Of the reference, for photo pixels.
  ptrdiff_t reference_stride = 0;
  // Stands for the luma at a chroma pixel; else zero.
  uint32_t guide = 0;
  // How far off every sample may be, which only an encoder knows.
  int tolerance = 0;

  Pixel at(int dx, int dy) const { return here[dx + dy * stride]; }
  Pixel in_reference(int dx, int dy) const { return reference[dx + dy * stride]; }
  uint8_t mark(int dx, int dy) const { return marks[dx + dy * stride]; }
  // How many of the four finished neighbours escaped.
  int escaped_around() const {
    const auto escaped = [&](int dx, int dy) { return mark(dx, dy) & kEscaped; };
    return (escaped(-1, 0) + escaped(0, -1) + escaped(1, -1) + escaped(-1, -1)) / kEscaped;
  }
};

}  // namespace aicodec::screen
