// The loop of context_kernels.h, written for the compiler to vectorise; see base/isa.h for how it is built.
#include "screen/context_kernels.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

inline uint32_t bit(bool set, int place) { return uint32_t{set} << place; }

inline void look_at_eight(const uint32_t* here, const uint32_t* reference, const uint32_t* background,
                          ptrdiff_t stride, uint32_t* __restrict north, uint32_t* __restrict four,
                          uint32_t* __restrict eight, uint32_t* __restrict fifteen,
                          uint32_t* __restrict around, uint32_t* __restrict like_north) {
  using R = RowContexts;
  const uint32_t* const above = here - stride;
  const uint32_t* const second = above - stride;
  const uint32_t* const third = second - stride;
  const uint32_t* const below = here + stride;
  const uint32_t* const before = reference - stride;
  const uint32_t* const after = reference + stride;
  constexpr auto f = kPlaceFactors;
  for (ptrdiff_t x = 0; x < ContextKernels::kPixels; ++x) {
    north[x] = f.of[1] * above[x];
    const uint32_t three = north[x] + f.of[2] * above[x - 1] + f.of[3] * above[x + 1];
    four[x] = three + f.of[6] * second[x];
    eight[x] = four[x] + f.of[7] * second[x + 1] + f.of[8] * second[x - 1] + f.of[9] * above[x + 2] +
               f.of[10] * above[x - 2];
    fifteen[x] = eight[x] + f.of[12] * second[x + 2] + f.of[13] * second[x - 2] + f.of[14] * above[x + 3] +
                 f.of[15] * above[x - 3] + f.of[17] * third[x] + f.of[18] * third[x - 1] +
                 f.of[19] * third[x + 1];
    around[x] = three + f.of[21] * reference[x] + f.of[22] * reference[x + 1] + f.of[23] * after[x] +
                f.of[24] * reference[x - 1] + f.of[25] * before[x];
  }
  for (ptrdiff_t x = 0; x < ContextKernels::kPixels; ++x) {
    const uint32_t n = above[x];
    const bool ne = n == above[x + 1], nw = n == above[x - 1], nn = n == second[x], p = n == reference[x];
    const bool flat = ne & nw & nn & p & (n == above[x + 2]) & (n == above[x - 2]) & (n == here[x + 1]) &
                      (n == below[x]) & (n == reference[x + 1]) & (n == after[x]);
    const uint32_t places = bit(n == below[x + 1], 1) | bit(n == second[x + 2], 2) |
                            bit(n == after[x + 1], 3) | bit(n == background[x], 4) |
                            bit(n == here[x + 2], 6) | bit(n == third[x], 7) | bit(n == above[x + 4], 8) |
                            bit(n == below[x + stride], 9);
    like_north[x] = (ne ? R::kLikeNortheast : 0) | (nw ? R::kLikeNorthwest : 0) |
                    (nn ? R::kLikeNorthNorth : 0) | (p ? R::kLikeReference : 0) | (flat ? R::kFlat : 0) |
                    places << R::kFlatPlaces;
  }
}

void look(const uint32_t* here, const uint32_t* reference, const uint32_t* background, ptrdiff_t stride,
          const RowContexts& contexts, int count) {
  for (ptrdiff_t x = 0; x < count; x += ContextKernels::kPixels)
    look_at_eight(here + x, reference + x, background + x, stride, contexts.north + x, contexts.four + x,
                  contexts.eight + x, contexts.fifteen + x, contexts.around + x, contexts.like_north + x);
}

}  // namespace

extern const ContextKernels kContextKernels;
const ContextKernels kContextKernels = {look};

}  // namespace aicodec::screen::AICODEC_KERNELS
