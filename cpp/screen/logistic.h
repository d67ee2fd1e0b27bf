// The logistic domain in which predictions are mixed: squash(x) = 2^16 / (1 + e^(-x / 256)) and its inverse,
// as integer tables (docs/bitstream.md defines them; every decoder must have the same).
#pragma once

#include <cstdint>

namespace aicodec::screen {

// Stretched probabilities lie in [-kMaxStretch, kMaxStretch]: 2^-16 is not farther out.
inline constexpr int kMaxStretch = 2840;

struct LogisticTables {
  int16_t stretch[65536];
  uint16_t squash[2 * kMaxStretch + 1];
  int16_t rough[4096];
  uint16_t safe[2 * kMaxStretch + 1];
};
extern const LogisticTables kLogistic;

// `probability` in 2^-16, 1..65535.
inline int stretch(uint32_t probability) { return kLogistic.stretch[probability]; }
// The same from the probability's twelve upper bits: a table that the nearest cache holds, for what is looked
// up many times a pixel.
inline int rough_stretch(uint32_t probability) { return kLogistic.rough[probability >> 4]; }
// The probability in 2^-16 at `x`, which is clamped to the tables' ends.
inline uint32_t squash(int x) {
  x = x < -kMaxStretch ? -kMaxStretch : x > kMaxStretch ? kMaxStretch : x;
  return kLogistic.squash[x + kMaxStretch];
}
// The same kept off the ends, where a surprise would cost without bound.
inline uint32_t safe_squash(int x) {
  x = x < -kMaxStretch ? -kMaxStretch : x > kMaxStretch ? kMaxStretch : x;
  return kLogistic.safe[x + kMaxStretch];
}

}  // namespace aicodec::screen
