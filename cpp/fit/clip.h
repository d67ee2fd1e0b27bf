// What a program is fitted to: the frames' own inputs and pictures, and pixels of theirs with the colours
// that they should have.
#pragma once

#include <vector>

#include "shader/frame.h"

namespace aicodec::fit {

struct Clip {
  uint32_t width = 0, height = 0;
  uint32_t max_value = 255;
  std::vector<shader::Frame> frames;
};

// Pixels, in groups of `group` neighbours in the list: a residual is the mean over a group. `group` divides
// kBlock, and the list is a multiple of it.
struct Samples {
  std::vector<uint32_t> x, y, frame;
  std::vector<float> colours;  // three each, 0 to 1
  std::vector<float> weights;  // of the groups
  uint32_t group = 1;

  size_t size() const { return x.size(); }
};

}  // namespace aicodec::fit
