// What the models of residuals share: the median predictor, and values in classes.
#pragma once

#include <algorithm>

// Kernel files (base/isa.h) have functions of their own.
#if defined(AICODEC_KERNELS)
namespace aicodec::screen::AICODEC_KERNELS {
#else
namespace aicodec::screen {
#endif

// `a + b - c`, kept between a and b.
inline int median(int a, int b, int c) {
  const int high = std::max(a, b);
  const int low = std::min(a, b);
  return c >= high ? low : c <= low ? high : a + b - c;
}

// Magnitudes in eight classes; with the sign in sixteen.
constexpr int magnitude(int value) {
  const int a = value < 0 ? -value : value;
  return a < 3 ? a : a < 5 ? 3 : a < 9 ? 4 : a < 17 ? 5 : a < 33 ? 6 : 7;
}
constexpr int signed_magnitude(int value) { return value < 0 ? 8 + magnitude(value) : magnitude(value); }

}  // namespace aicodec::screen
