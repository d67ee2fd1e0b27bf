// The twelve predictors of a residual, for all components at once, and how far off each of them was at the
// three nearest pixels.
#pragma once

#include <cstdint>

#include "screen/site.h"

namespace aicodec::screen {

// Four components of one pixel as it is predicted, the last unused: two pixels fill a vector.
using Components = int16_t[4];

struct Predictions {
  static constexpr int kPredictors = 12;

  // By predictor and component; in RGB, components but the one that leads are their distance from it.
  alignas(16) Components values[kPredictors];
  // Twice what it erred at the left and at the upper pixel, once what it erred at the upper right one;
  // without a sign.
  alignas(16) Components errors[kPredictors];
  // Of the median predictor, at the left and at the upper pixel.
  alignas(16) Components median_errors[4];

  int value(int predictor, int k) const { return values[predictor][k]; }
  int error(int predictor, int k) const { return static_cast<uint16_t>(errors[predictor][k]); }
  int west_error(int k) const { return median_errors[0][k]; }
  int north_error(int k) const { return median_errors[2][k]; }
};

// `by_lead`: components are predicted by their distance from component `lead`.
void predict(const Site& site, int lead, bool by_lead, Predictions& result);

}  // namespace aicodec::screen
