// Logistic mixing: the weighted sum of sixteen stretched probabilities, and the step by which the weights
// learn from the bit that came. Sixteen-bit integers throughout, so that it takes a handful of SSE2
// instructions; the plain loops say what they do and give the same numbers.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aicodec::screen {

inline constexpr int kMixed = 16;

// A stretched probability per predictor; those that are not used are zero.
struct alignas(32) MixInputs {
  int16_t x[kMixed] = {};
};

// Weights in 2^-14.
struct alignas(32) MixWeights {
  int16_t w[kMixed];
};
inline constexpr int kWeightBits = 14;

// The sum of weights times inputs, stretched.
inline int mix(const MixWeights& weights, const MixInputs& inputs) {
#if defined(__SSE2__)
  const __m128i* w = reinterpret_cast<const __m128i*>(weights.w);
  const __m128i* x = reinterpret_cast<const __m128i*>(inputs.x);
  __m128i sum = _mm_add_epi32(_mm_madd_epi16(_mm_load_si128(w), _mm_load_si128(x)),
                              _mm_madd_epi16(_mm_load_si128(w + 1), _mm_load_si128(x + 1)));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
  return _mm_cvtsi128_si32(sum) >> kWeightBits;
#else
  int32_t sum = 0;
  for (int i = 0; i < kMixed; ++i) sum += weights.w[i] * inputs.x[i];
  return sum >> kWeightBits;
#endif
}

// Moves every weight by a quarter of input times error, in 2^-14, saturating. `error` is bit minus
// probability in 2^-15.
inline void learn(MixWeights& weights, const MixInputs& inputs, int error) {
#if defined(__SSE2__)
  const __m128i e = _mm_set1_epi16(static_cast<int16_t>(error));
  const __m128i one = _mm_set1_epi16(1);
  for (int half = 0; half < 2; ++half) {
    __m128i* w = reinterpret_cast<__m128i*>(weights.w) + half;
    const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(inputs.x) + half);
    const __m128i step = _mm_srai_epi16(_mm_add_epi16(_mm_mulhi_epi16(x, e), one), 1);
    _mm_store_si128(w, _mm_adds_epi16(_mm_load_si128(w), step));
  }
#else
  for (int i = 0; i < kMixed; ++i) {
    const int moved = weights.w[i] + (((inputs.x[i] * error >> 16) + 1) >> 1);
    weights.w[i] = static_cast<int16_t>(moved < -32768 ? -32768 : moved > 32767 ? 32767 : moved);
  }
#endif
}

// bit minus probability (in 2^-16), as learn() takes it.
inline int mix_error(bool bit, uint32_t probability) {
  return ((bit ? 65535 : 0) - static_cast<int>(probability)) >> 1;
}

}  // namespace aicodec::screen
