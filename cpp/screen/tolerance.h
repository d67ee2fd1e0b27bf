// How far off an encoder may leave every pixel: evenly, or by the contrast around it.
#pragma once

#include "screen/raster.h"

namespace aicodec::screen {

struct ToleranceSettings {
  // Every sample may be off by so much.
  int near = 0;
  // Or, if not zero: by half of the range that its component has in the nine pixels around, at most so much.
  // The colours of flat areas stay what they are, and edges hide errors.
  int edge = 0;
  // And then every sample by so much, as where a program below draws flat areas a little differently.
  int flat = 0;
};

class Tolerance {
 public:
  Tolerance(const SheetShape& shape, const ToleranceSettings& settings);

  bool exact() const { return settings_.near == 0 && settings_.edge == 0; }
  // Looks at one root of the quadtree, whose first pixel is (left, top), in the frame to be coded.
  void measure(const Raster& frame, int left, int top);
  // Of a pixel in a root that was measured in this frame.
  int at(int x, int y) const { return settings_.edge > 0 ? *map_.at(x, y) : settings_.near; }

 private:
  SheetShape shape_;
  ToleranceSettings settings_;
  BasicRaster<uint8_t> map_;
};

}  // namespace aicodec::screen
