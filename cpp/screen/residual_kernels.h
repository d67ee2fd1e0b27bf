// Kernels of ResidualModel: what is around a pixel, how it is predicted, and which lines its residuals open.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"
#include "screen/odds_kernels.h"

namespace aicodec::screen {

// Where a pixel lies and what of it is coded. In RGB, components but the one that leads are predicted by
// their distance from it.
struct Sight {
  const uint32_t* here;
  const uint32_t* reference;
  ptrdiff_t stride;
  int components;
  int leaders;  // of the components the first so many may lead
  bool by_lead;
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

// The twelve predictors for all components, and how far off they were nearby.
struct Predictions {
  static constexpr int kPredictors = 12;
  // Slots come in pairs, one for each of the eight contexts; some are empty.
  static constexpr int kSlots = 16;
  static constexpr int kSlotOf[kPredictors] = {7, 11, 6, 15, 0, 1, 12, 8, 9, 10, 14, 13};

  // By component and slot.
  alignas(32) int16_t values[3][kSlots];
  // Twice what it erred at the left and at the upper pixel, once what it erred at the upper right one;
  // without a sign.
  alignas(32) uint16_t errors[3][kSlots];
  // Of the median predictor, at the left pixel and, from the ninth number on, at the upper one.
  alignas(32) int16_t median_errors[16];
  // Of the components that are coded: a blend of the predictors, weighted by how well they did nearby, and
  // the least of their errors.
  int blends[3];
  int least_errors[3];

  int value(int predictor, int k) const { return values[k][kSlotOf[predictor]]; }
  int error(int predictor, int k) const { return errors[k][kSlotOf[predictor]]; }
  int west_error(int k) const { return median_errors[k]; }
  int north_error(int k) const { return median_errors[8 + k]; }
};

// What the few contexts of one component's residual see besides its predictions.
struct TurnSight {
  int component;
  uint32_t seed;
  int centre;  // the value that is expected, as predictions count
  uint32_t value;
  uint32_t error_class;
  uint32_t first;    // of the component that leads; for that one, the error class
  uint32_t by_line;  // and the same residual, or nothing
  uint32_t around;
  uint32_t low, high;
  uint32_t guide;
  uint32_t before;     // the residual before
  bool waits;          // which is not known yet
  uint32_t late_hash;  // of the context that sees it
};

struct ResidualKernels {
  void (*look_around)(const Sight& sight, Span& span, Predictions& predictions);
  // Finds the contexts' lines, of 2^bits each, and asks for them: not for the last one if it waits.
  void (*open)(const Predictions& predictions, TurnSight& turn, int bits, OpenOdds& open);
};

AICODEC_DECLARE_KERNELS(ResidualKernels, kResidualKernels)

}  // namespace aicodec::screen
