// Eight 16-bit numbers that are computed with at once: two pixels with four components each, the last of them
// unused. Plain loops give the same numbers where there is no SSE2.
#pragma once

#include <algorithm>
#include <cstdint>

#include "screen/pixel.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aicodec::screen {

// Four components of one pixel as it is predicted, the last unused.
using Components = int16_t[4];

#if defined(__SSE2__)

struct Lanes {
  __m128i v;

  static Lanes load(const Components* two) { return {_mm_load_si128(reinterpret_cast<const __m128i*>(two))}; }
  void store(Components* two) const { _mm_store_si128(reinterpret_cast<__m128i*>(two), v); }

  Lanes operator+(Lanes b) const { return {_mm_add_epi16(v, b.v)}; }
  Lanes operator-(Lanes b) const { return {_mm_sub_epi16(v, b.v)}; }
  Lanes half() const { return {_mm_srai_epi16(v, 1)}; }
};
inline Lanes least(Lanes a, Lanes b) { return {_mm_min_epi16(a.v, b.v)}; }
inline Lanes greatest(Lanes a, Lanes b) { return {_mm_max_epi16(a.v, b.v)}; }
// Without a sign, up to 65535.
inline Lanes sum_to_limit(Lanes a, Lanes b) { return {_mm_adds_epu16(a.v, b.v)}; }
// A new pair of one pixel of either; of `a` the first or the second, and so of `b`.
inline Lanes first_first(Lanes a, Lanes b) { return {_mm_unpacklo_epi64(a.v, b.v)}; }
inline Lanes second_second(Lanes a, Lanes b) { return {_mm_unpackhi_epi64(a.v, b.v)}; }
inline Lanes second_first(Lanes a, Lanes b) {
  return {_mm_castpd_si128(_mm_shuffle_pd(_mm_castsi128_pd(a.v), _mm_castsi128_pd(b.v), 1))};
}

#else

struct Lanes {
  int16_t v[8];

  static Lanes load(const Components* two) {
    Lanes result;
    for (int i = 0; i < 8; ++i) result.v[i] = two[i / 4][i % 4];
    return result;
  }
  void store(Components* two) const {
    for (int i = 0; i < 8; ++i) two[i / 4][i % 4] = v[i];
  }

  Lanes operator+(Lanes b) const {
    for (int i = 0; i < 8; ++i) b.v[i] = static_cast<int16_t>(v[i] + b.v[i]);
    return b;
  }
  Lanes operator-(Lanes b) const {
    for (int i = 0; i < 8; ++i) b.v[i] = static_cast<int16_t>(v[i] - b.v[i]);
    return b;
  }
  Lanes half() const {
    Lanes result;
    for (int i = 0; i < 8; ++i) result.v[i] = static_cast<int16_t>(v[i] >> 1);
    return result;
  }
};
inline Lanes least(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) b.v[i] = std::min(a.v[i], b.v[i]);
  return b;
}
inline Lanes greatest(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) b.v[i] = std::max(a.v[i], b.v[i]);
  return b;
}
inline Lanes sum_to_limit(Lanes a, Lanes b) {
  for (int i = 0; i < 8; ++i) {
    const int sum = static_cast<uint16_t>(a.v[i]) + static_cast<uint16_t>(b.v[i]);
    b.v[i] = static_cast<int16_t>(static_cast<uint16_t>(std::min(sum, 65535)));
  }
  return b;
}
inline Lanes joined(Lanes a, int from_a, Lanes b, int from_b) {
  Lanes result;
  for (int i = 0; i < 4; ++i) {
    result.v[i] = a.v[from_a * 4 + i];
    result.v[4 + i] = b.v[from_b * 4 + i];
  }
  return result;
}
inline Lanes first_first(Lanes a, Lanes b) { return joined(a, 0, b, 0); }
inline Lanes second_second(Lanes a, Lanes b) { return joined(a, 1, b, 1); }
inline Lanes second_first(Lanes a, Lanes b) { return joined(a, 1, b, 0); }

#endif

inline Lanes clamped(Lanes a, Lanes low, Lanes high) { return greatest(low, least(a, high)); }
// |a - b|, without a sign.
inline Lanes distance(Lanes a, Lanes b) { return greatest(a - b, b - a); }

}  // namespace aicodec::screen
