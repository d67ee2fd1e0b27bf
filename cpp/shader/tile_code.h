// From a schedule to threaded code: places in the arena for all values, and the handler of each step.
#pragma once

#include <vector>

#include "shader/schedule.h"

namespace aicodec::shader {

// Where values of lower levels stand: an offset for each node, kNowhere for those that none reads.
inline constexpr uint32_t kNowhere = ~uint32_t{0};

struct TileProgram {
  std::vector<TileCode> code;
  std::vector<uint32_t> exports;  // offsets of the roots' values
  uint32_t end = 0;               // of the arena's part that it uses
};

// Values get places from offset `begin` on; samples are emitted at `samples` and one strip of uint16 on.
TileProgram make_tile_program(const Schedule& schedule, const TileKernels& kernels,
                              const std::vector<uint32_t>& scalars, uint32_t begin, uint32_t samples);

}  // namespace aicodec::shader
