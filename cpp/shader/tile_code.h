// From a schedule to threaded code: places in the arena for all values, and the handler of each step.
#pragma once

#include <vector>

#include "shader/schedule.h"

namespace aicodec::shader {

inline constexpr uint32_t kNowhere = ~uint32_t{0};

// Where the values of other levels stand: offsets by node, kNowhere for those that none reads.
struct Places {
  std::vector<uint32_t> scalars;  // one vector, all lanes equal
  std::vector<uint32_t> strips;   // a value for each pixel of the strip
};

struct TileProgram {
  std::vector<TileCode> code;
  std::vector<uint32_t> exports;  // offsets of the roots' values
  uint32_t end = 0;               // of the arena's part that it uses
};

// Values get places from offset `begin` on.
TileProgram make_tile_program(const Schedule& schedule, const TileKernels& kernels, const Places& others,
                              uint32_t begin);

}  // namespace aicodec::shader
