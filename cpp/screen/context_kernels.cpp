// The loop of context_kernels.h, written for the compiler to vectorise; see base/isa.h for how it is built.
#include "screen/context_kernels.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

inline uint32_t bit(bool set, int place) { return uint32_t{set} << place; }

inline void look_at_eight(const uint32_t* here, const uint32_t* reference, const uint32_t* background,
                          ptrdiff_t stride, RowContexts* __restrict contexts) {
  using C = RowContexts;
  const uint32_t* const above = here - stride;
  const uint32_t* const second = above - stride;
  const uint32_t* const third = second - stride;
  const uint32_t* const below = here + stride;
  const uint32_t* const before = reference - stride;
  const uint32_t* const after = reference + stride;
  constexpr auto f = kPlaceFactors;
  for (ptrdiff_t x = 0; x < ptrdiff_t{C::kPixels}; ++x) {
    const uint32_t north = f.of[1] * above[x];
    const uint32_t three = north + f.of[2] * above[x - 1] + f.of[3] * above[x + 1];
    const uint32_t eight = three + f.of[6] * second[x] + f.of[7] * second[x + 1] + f.of[8] * second[x - 1] +
                           f.of[9] * above[x + 2] + f.of[10] * above[x - 2];
    contexts->north[x] = north;
    contexts->three[x] = three;
    contexts->eight[x] = eight;
    contexts->fifteen[x] = eight + f.of[12] * second[x + 2] + f.of[13] * second[x - 2] + f.of[14] * above[x + 3] +
                           f.of[15] * above[x - 3] + f.of[17] * third[x] + f.of[18] * third[x - 1] +
                           f.of[19] * third[x + 1];
    contexts->around[x] = three + f.of[21] * reference[x] + f.of[22] * reference[x + 1] + f.of[23] * after[x] +
                          f.of[24] * reference[x - 1] + f.of[25] * before[x];
  }
  for (ptrdiff_t x = 0; x < ptrdiff_t{C::kPixels}; ++x) {
    const uint32_t n = above[x];
    const bool ne = n == above[x + 1], nw = n == above[x - 1], nn = n == second[x], p = n == reference[x];
    const bool flat = ne & nw & nn & p & (n == above[x + 2]) & (n == above[x - 2]) & (n == here[x + 1]) &
                      (n == below[x]) & (n == reference[x + 1]) & (n == after[x]);
    const uint32_t places = bit(n == below[x + 1], 1) | bit(n == second[x + 2], 2) | bit(n == after[x + 1], 3) |
                            bit(n == background[x], 4) | bit(n == here[x + 2], 6) | bit(n == third[x], 7) |
                            bit(n == above[x + 4], 8) | bit(n == below[x + stride], 9);
    contexts->like_north[x] = (ne ? C::kLikeNortheast : 0) | (nw ? C::kLikeNorthwest : 0) |
                              (nn ? C::kLikeNorthNorth : 0) | (p ? C::kLikeReference : 0) |
                              (flat ? C::kFlat : 0) | places << C::kFlatPlaces;
  }
}

void look(const uint32_t* here, const uint32_t* reference, const uint32_t* background, ptrdiff_t stride,
          RowContexts* contexts, int count) {
  for (ptrdiff_t x = 0; count > 0; --count, x += RowContexts::kPixels)
    look_at_eight(here + x, reference + x, background + x, stride, contexts++);
}

}  // namespace

extern const ContextKernels kContextKernels;
const ContextKernels kContextKernels = {look};

}  // namespace aicodec::screen::AICODEC_KERNELS
