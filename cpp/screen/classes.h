// What the models of residuals share: the median predictor, and values in classes.
#pragma once

#include <algorithm>
#include <cstdint>

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

// Magnitudes in eight classes; with the sign in sixteen. From a table: what is asked for varies too much for
// a processor to guess its way through comparisons.
struct Magnitudes {
  uint8_t of[34];
};
inline constexpr Magnitudes kMagnitudes = [] {
  Magnitudes classes{};
  for (int a = 0; a < 34; ++a)
    classes.of[a] = static_cast<uint8_t>(a < 3 ? a : a < 5 ? 3 : a < 9 ? 4 : a < 17 ? 5 : a < 33 ? 6 : 7);
  return classes;
}();
constexpr int magnitude(int value) {
  const int a = value < 0 ? -value : value;
  return kMagnitudes.of[a < 33 ? a : 33];
}
constexpr int signed_magnitude(int value) { return value < 0 ? 8 + magnitude(value) : magnitude(value); }

}  // namespace aicodec::screen
