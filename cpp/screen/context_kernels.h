// Kernels of colour_model.cpp, one table per instruction set. Most of what a pixel's contexts see is there
// before the row is coded: it is looked at for several pixels at once.
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

// What contexts know of the pixels of a row before the first of them is coded, a row of numbers each.
struct RowContexts {
  // Sums of pixels times their factors, modulo 2^32: of the one above, of four (three in the row above, and
  // the one above them), of eight and of fifteen above, and of those three with five of the reference.
  uint32_t *north, *four, *eight, *fifteen, *around;
  // Which pixels are like the one above: those that tell a voter's trust, whether all are that make a place
  // flat, and from bit kFlatPlaces on those that tell flat places apart.
  uint32_t* like_north;
  static constexpr uint32_t kLikeNortheast = 1 << 2, kLikeNorthwest = 1 << 3, kLikeNorthNorth = 1 << 5;
  static constexpr uint32_t kLikeReference = 1 << 6, kFlat = 1 << 7;
  static constexpr int kFlatPlaces = 8;
};

struct ContextKernels {
  static constexpr int kPixels = 8;
  // Of `count` pixels from `here` on, a multiple of kPixels. The rasters have the same stride, and their
  // pixels are not among the contexts.
  void (*look)(const uint32_t* here, const uint32_t* reference, const uint32_t* background, ptrdiff_t stride,
               const RowContexts& contexts, int count);
};

AICODEC_DECLARE_KERNELS(ContextKernels, kContextKernels)

}  // namespace aicodec::screen
