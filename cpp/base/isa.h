// Which instruction set the kernels run with. A kernel file is compiled once per set, each time into its own
// namespace with the set's flags, and offers one table of function pointers; pick() chooses a table.
// Kernel files include nothing that could emit an inline function shared with other files (no <vector>,
// no <algorithm>): the linker might keep the copy made for the larger set and crash an older machine. What
// headers define for kernels and other files alike, they define in either's namespace (screen/lanes.h).
#pragma once

#include <cstdint>

namespace aicodec {

enum class Isa : uint8_t { kBase, kAvx2, kAvx512 };

// The best set that this machine and this build have, or what the environment variable AICODEC_ISA
// (base|avx2|avx512) asks for where the machine has it. Decided once per process.
Isa active_isa();

// "base", "avx2" or "avx512".
const char* isa_name(Isa isa);

}  // namespace aicodec

#if defined(AICODEC_X86)
#define AICODEC_DECLARE_KERNELS(Table, name) \
  namespace base {                           \
  extern const Table name;                   \
  }                                          \
  namespace avx2 {                           \
  extern const Table name;                   \
  }                                          \
  namespace avx512 {                         \
  extern const Table name;                   \
  }
#define AICODEC_PICK_KERNELS(name) \
  (active_isa() == Isa::kAvx512 ? avx512::name : active_isa() == Isa::kAvx2 ? avx2::name : base::name)
#else
#define AICODEC_DECLARE_KERNELS(Table, name) \
  namespace base {                           \
  extern const Table name;                   \
  }
#define AICODEC_PICK_KERNELS(name) (base::name)
#endif
