// The loop of context_kernels.h, written for the compiler to vectorise; see base/isa.h for how it is built.
#include "screen/context_kernels.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

inline void sum_eight(const uint32_t* here, const uint32_t* reference, ptrdiff_t stride,
                      AboveSums* __restrict sums) {
  const uint32_t* const above = here - stride;
  const uint32_t* const second = above - stride;
  const uint32_t* const third = second - stride;
  const uint32_t* const before = reference - stride;
  const uint32_t* const after = reference + stride;
  constexpr auto f = kPlaceFactors;
  for (ptrdiff_t x = 0; x < ptrdiff_t{AboveSums::kPixels}; ++x) {
    const uint32_t north = f.of[1] * above[x];
    const uint32_t three = north + f.of[2] * above[x - 1] + f.of[3] * above[x + 1];
    const uint32_t eight = three + f.of[6] * second[x] + f.of[7] * second[x + 1] + f.of[8] * second[x - 1] +
                           f.of[9] * above[x + 2] + f.of[10] * above[x - 2];
    sums->north[x] = north;
    sums->three[x] = three;
    sums->eight[x] = eight;
    sums->fifteen[x] = eight + f.of[12] * second[x + 2] + f.of[13] * second[x - 2] + f.of[14] * above[x + 3] +
                       f.of[15] * above[x - 3] + f.of[17] * third[x] + f.of[18] * third[x - 1] +
                       f.of[19] * third[x + 1];
    sums->around[x] = three + f.of[21] * reference[x] + f.of[22] * reference[x + 1] + f.of[23] * after[x] +
                      f.of[24] * reference[x - 1] + f.of[25] * before[x];
  }
}

void sum_above(const uint32_t* here, const uint32_t* reference, ptrdiff_t stride, AboveSums* sums,
               int count) {
  for (; count > 0; --count, ++sums, here += AboveSums::kPixels, reference += AboveSums::kPixels)
    sum_eight(here, reference, stride, sums);
}

}  // namespace

extern const ContextKernels kContextKernels;
const ContextKernels kContextKernels = {sum_above};

}  // namespace aicodec::screen::AICODEC_KERNELS
