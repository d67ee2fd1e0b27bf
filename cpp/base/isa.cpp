#include "base/isa.h"

#include <cstdlib>
#include <cstring>
#include <initializer_list>

namespace aicodec {
namespace {

Isa best_isa() {
#if defined(AICODEC_X86)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
    return Isa::kAvx512;
  if (__builtin_cpu_supports("avx2")) return Isa::kAvx2;
#endif
  return Isa::kBase;
}

Isa choose_isa() {
  const Isa best = best_isa();
  const char* wish = std::getenv("AICODEC_ISA");
  if (wish == nullptr) return best;
  for (const Isa isa : {Isa::kBase, Isa::kAvx2, Isa::kAvx512})
    if (std::strcmp(wish, isa_name(isa)) == 0 && isa <= best) return isa;
  return best;
}

}  // namespace

Isa active_isa() {
  static const Isa isa = choose_isa();
  return isa;
}

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kBase:
      return "base";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "base";
}

}  // namespace aicodec
