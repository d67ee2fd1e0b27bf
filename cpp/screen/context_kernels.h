// Kernels of colour_model.cpp, one table per instruction set: what colour contexts see of rows that are
// complete is summed up for several pixels at once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace aicodec::screen {

// What a pixel is multiplied with, by where it is seen from the one that is coded.
struct PlaceFactors {
  uint32_t of[35];
};
constexpr PlaceFactors place_factors() {
  PlaceFactors factors{};
  uint32_t factor = 1;
  for (uint32_t& each : factors.of) each = factor *= 0x85EBCA6Bu;
  return factors;
}
inline constexpr PlaceFactors kPlaceFactors = place_factors();

// Of neighbouring pixels, each the sum of its pixels times their factors, modulo 2^32: of the one above, of
// three, of eight and of fifteen above, and of those three with five of the reference.
struct AboveSums {
  static constexpr uint32_t kPixels = 8;
  uint32_t north[kPixels], three[kPixels], eight[kPixels], fifteen[kPixels], around[kPixels];
};

struct ContextKernels {
  // Of `count` times kPixels pixels from `here` on. All that they see has the same stride.
  void (*sum_above)(const uint32_t* here, const uint32_t* reference, ptrdiff_t stride, AboveSums* sums,
                    int count);
};

AICODEC_DECLARE_KERNELS(ContextKernels, kContextKernels)

}  // namespace aicodec::screen
