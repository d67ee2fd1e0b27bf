// Kernel of ResidualModel: what is around a pixel, and what all predictors say of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace aicodec::screen {

// Where a pixel lies and what of it is coded. In RGB, components but the one that leads are predicted by
// their distance from it.
struct Sight {
  const uint32_t* here = nullptr;
  const uint32_t* reference = nullptr;
  ptrdiff_t stride = 0;
  uint32_t guide = 0;  // stands for the luma at a chroma pixel
  int components = 3;
  int leaders = 3;  // of the components the first so many may lead
  int max_value = 255;
  bool rgb = false;
};

// The neighbourhood's widest component, the two colours at the ends of its range, and the order in which the
// components are coded.
struct Span {
  uint32_t low, high;
  int low_value, high_value;
  int order[3];
  int lead() const { return order[0]; }
  int width() const { return high_value - low_value; }
};

// What is seen around a pixel: the span, the twelve predictors for all components, and how far off these were
// nearby.
struct Surroundings {
  static constexpr int kPredictors = 12;
  // Slots come in pairs, one for each of the eight contexts; some are empty.
  static constexpr int kSlots = 16;
  static constexpr int kSlotOf[kPredictors] = {7, 11, 6, 15, 0, 1, 12, 8, 9, 10, 14, 13};

  Span span;
  // By component and slot.
  alignas(32) int16_t values[3][kSlots];
  // Twice what it erred at the left and at the upper pixel, once what it erred at the upper right one;
  // without a sign.
  alignas(32) uint16_t errors[3][kSlots];
  // Of the median predictor, at the left pixel and, from the ninth number on, at the upper one.
  alignas(32) int16_t median_errors[16];
  // Of the components that are coded: a blend of the predictors, weighted by how well they did nearby, and
  // the least of their errors, also in eight classes.
  int blends[3];
  int least_errors[3];
  int error_classes[3];
  // Where six pixels lie between the ends of the span, in eighths; in flat surroundings, how far they are off
  // the value that is expected of the component that leads. Four bits each: left, two to the left, above,
  // above left, above right, two above.
  uint32_t around;

  int value(int predictor, int k) const { return values[k][kSlotOf[predictor]]; }
  int error(int predictor, int k) const { return errors[k][kSlotOf[predictor]]; }
  int west_error(int k) const { return median_errors[k]; }
  int north_error(int k) const { return median_errors[8 + k]; }
};

struct ResidualKernels {
  void (*look_around)(const Sight& sight, Surroundings& surroundings);
};

AICODEC_DECLARE_KERNELS(ResidualKernels, kResidualKernels)

}  // namespace aicodec::screen
