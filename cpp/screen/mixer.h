// Logistic mixing: the weighted sum of stretched probabilities, and the step by which the weights learn from
// the bit that came. Sixteen-bit integers throughout, so that it takes a handful of SSE2 instructions; the
// plain loops say what they do and give the same numbers.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aicodec::screen {

// A stretched probability per predictor; those that are not used are zero. Count: a multiple of 8.
template <int Count>
struct alignas(16) MixInputs {
  int16_t x[Count] = {};

  // Eight from the i-th on. Written one by one, they would have to be in memory before they can be read as
  // one.
  void set_eight(int i, const int* values) {
#if defined(__SSE2__)
    const auto four = [&](int at) {
      uint64_t packed = 0;
      for (int k = 3; k >= 0; --k) packed = packed << 16 | static_cast<uint16_t>(values[at + k]);
      return _mm_cvtsi64_si128(static_cast<int64_t>(packed));
    };
    _mm_store_si128(reinterpret_cast<__m128i*>(x + i), _mm_unpacklo_epi64(four(0), four(4)));
#else
    for (int k = 0; k < 8; ++k) x[i + k] = static_cast<int16_t>(values[k]);
#endif
  }
};

// Weights in 2^-14.
template <int Count>
struct alignas(16) MixWeights {
  int16_t w[Count] = {};
};
inline constexpr int kWeightBits = 14;

// The sum of weights times inputs, stretched. Sums of eight are brought to scale on their own, so that
// nothing overflows.
template <int Weights, int Count>
int mix(const MixWeights<Weights>& weights, const MixInputs<Count>& inputs) {
  static_assert(Count % 8 == 0 && Weights >= Count);
#if defined(__SSE2__)
  __m128i sum = _mm_setzero_si128();
  for (int i = 0; i < Count; i += 8) {
    const __m128i w = _mm_load_si128(reinterpret_cast<const __m128i*>(weights.w + i));
    const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(inputs.x + i));
    sum = _mm_add_epi32(sum, _mm_srai_epi32(_mm_madd_epi16(w, x), 4));
  }
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
  return _mm_cvtsi128_si32(sum) >> (kWeightBits - 4);
#else
  int32_t sum = 0;
  for (int i = 0; i < Count; i += 2) {
    const int32_t pair = weights.w[i] * inputs.x[i] + weights.w[i + 1] * inputs.x[i + 1];
    sum += pair >> 4;
  }
  return sum >> (kWeightBits - 4);
#endif
}

// Moves every weight by a quarter of input times error, in 2^-14, saturating. `error` is bit minus
// probability in 2^-15.
template <int Weights, int Count>
void learn(MixWeights<Weights>& weights, const MixInputs<Count>& inputs, int error) {
#if defined(__SSE2__)
  const __m128i e = _mm_set1_epi16(static_cast<int16_t>(error));
  const __m128i one = _mm_set1_epi16(1);
  for (int i = 0; i < Count; i += 8) {
    __m128i* w = reinterpret_cast<__m128i*>(weights.w + i);
    const __m128i x = _mm_load_si128(reinterpret_cast<const __m128i*>(inputs.x + i));
    const __m128i step = _mm_srai_epi16(_mm_add_epi16(_mm_mulhi_epi16(x, e), one), 1);
    _mm_store_si128(w, _mm_adds_epi16(_mm_load_si128(w), step));
  }
#else
  for (int i = 0; i < Count; ++i) {
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
