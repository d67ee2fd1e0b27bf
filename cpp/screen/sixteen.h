// Sixteen 16-bit integers at once, for kernel files: AVX2's instructions, or Lanes twice. A half is what no
// instruction here reaches beyond, so that either way gives the same numbers.
#pragma once

#include "screen/lanes.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace aicodec::screen::AICODEC_KERNELS {

#if defined(__AVX2__)

struct Sixteen {
  __m256i v;

  static Sixteen all(int value) { return {_mm256_set1_epi16(static_cast<int16_t>(value))}; }
};

inline Sixteen load_sixteen(const void* from) {
  return {_mm256_loadu_si256(static_cast<const __m256i*>(from))};
}
inline void store_sixteen(void* to, Sixteen a) { _mm256_storeu_si256(static_cast<__m256i*>(to), a.v); }
inline Sixteen sixteen_of(Lanes low, Lanes high) { return {_mm256_set_m128i(high.v, low.v)}; }
inline Lanes low_half(Sixteen a) { return {_mm256_castsi256_si128(a.v)}; }
inline Lanes high_half(Sixteen a) { return {_mm256_extracti128_si256(a.v, 1)}; }
inline Sixteen all_words(uint32_t value) { return {_mm256_set1_epi32(static_cast<int>(value))}; }
inline Sixteen operator+(Sixteen a, Sixteen b) { return {_mm256_add_epi16(a.v, b.v)}; }
inline Sixteen operator-(Sixteen a, Sixteen b) { return {_mm256_sub_epi16(a.v, b.v)}; }
inline Sixteen operator&(Sixteen a, Sixteen b) { return {_mm256_and_si256(a.v, b.v)}; }
inline Sixteen operator|(Sixteen a, Sixteen b) { return {_mm256_or_si256(a.v, b.v)}; }
inline Sixteen operator^(Sixteen a, Sixteen b) { return {_mm256_xor_si256(a.v, b.v)}; }
inline Sixteen add_within(Sixteen a, Sixteen b) { return {_mm256_adds_epi16(a.v, b.v)}; }
inline Sixteen sum_to_limit(Sixteen a, Sixteen b) { return {_mm256_adds_epu16(a.v, b.v)}; }
inline Sixteen max_of(Sixteen a, Sixteen b) { return {_mm256_max_epi16(a.v, b.v)}; }
inline Sixteen min_of(Sixteen a, Sixteen b) { return {_mm256_min_epi16(a.v, b.v)}; }
inline Sixteen absolute(Sixteen a) { return {_mm256_abs_epi16(a.v)}; }
inline Sixteen is_greater(Sixteen a, Sixteen b) { return {_mm256_cmpgt_epi16(a.v, b.v)}; }
inline Sixteen is_equal(Sixteen a, Sixteen b) { return {_mm256_cmpeq_epi16(a.v, b.v)}; }
inline Sixteen high_product(Sixteen a, Sixteen b) { return {_mm256_mulhi_epu16(a.v, b.v)}; }
inline Sixteen high_signed_product(Sixteen a, Sixteen b) { return {_mm256_mulhi_epi16(a.v, b.v)}; }
template <int Bits>
Sixteen shift_left(Sixteen a) {
  return {_mm256_slli_epi16(a.v, Bits)};
}
template <int Bits>
Sixteen shift_right(Sixteen a) {
  return {_mm256_srai_epi16(a.v, Bits)};
}
template <int Bits>
Sixteen shift_right_unsigned(Sixteen a) {
  return {_mm256_srli_epi16(a.v, Bits)};
}
// Of 32-bit words.
template <int Bits>
Sixteen shift_words_left(Sixteen a) {
  return {_mm256_slli_epi32(a.v, Bits)};
}
inline Sixteen shift_words_right(Sixteen a, int bits) {
  return {_mm256_srl_epi32(a.v, _mm_cvtsi32_si128(bits))};
}
// Words from 0 to 32767 as 16-bit numbers: in either half the four of `a`, then the four of `b`.
inline Sixteen narrow_words(Sixteen a, Sixteen b) { return {_mm256_packs_epi32(a.v, b.v)}; }
// The products of neighbours, added: eight words.
inline Sixteen sums_of_products(Sixteen a, Sixteen b) { return {_mm256_madd_epi16(a.v, b.v)}; }
inline Sixteen inverse_squares(Sixteen errors) {
  const auto eight = [](__m256i wide) {
    const __m256 distance = _mm256_add_ps(_mm256_cvtepi32_ps(wide), _mm256_set1_ps(2));
    return _mm256_cvttps_epi32(_mm256_div_ps(_mm256_set1_ps(65536), _mm256_mul_ps(distance, distance)));
  };
  const __m256i zero = _mm256_setzero_si256();
  return {_mm256_packs_epi32(eight(_mm256_unpacklo_epi16(errors.v, zero)),
                             eight(_mm256_unpackhi_epi16(errors.v, zero)))};
}
// In either half those of `a` and `b` by turns: numbers, words or pairs of words, from the half's first or
// second part.
inline Sixteen mix_low(Sixteen a, Sixteen b) { return {_mm256_unpacklo_epi16(a.v, b.v)}; }
inline Sixteen mix_high(Sixteen a, Sixteen b) { return {_mm256_unpackhi_epi16(a.v, b.v)}; }
inline Sixteen mix_words_low(Sixteen a, Sixteen b) { return {_mm256_unpacklo_epi32(a.v, b.v)}; }
inline Sixteen mix_words_high(Sixteen a, Sixteen b) { return {_mm256_unpackhi_epi32(a.v, b.v)}; }
inline Sixteen mix_pairs_low(Sixteen a, Sixteen b) { return {_mm256_unpacklo_epi64(a.v, b.v)}; }
inline Sixteen mix_pairs_high(Sixteen a, Sixteen b) { return {_mm256_unpackhi_epi64(a.v, b.v)}; }
// In either half the second part of `a`, then the first of `b`.
inline Sixteen middle(Sixteen a, Sixteen b) { return {_mm256_alignr_epi8(b.v, a.v, 8)}; }
inline Sixteen low_halves(Sixteen a, Sixteen b) { return {_mm256_permute2x128_si256(a.v, b.v, 0x20)}; }
inline Sixteen high_halves(Sixteen a, Sixteen b) { return {_mm256_permute2x128_si256(a.v, b.v, 0x31)}; }

#else

struct Sixteen {
  Lanes low, high;

  static Sixteen all(int value) { return {Lanes::all(value), Lanes::all(value)}; }
};

inline Sixteen load_sixteen(const void* from) {
  return {load_anywhere(from), load_anywhere(static_cast<const int16_t*>(from) + 8)};
}
inline void store_sixteen(void* to, Sixteen a) {
  store_lanes(to, a.low);
  store_lanes(static_cast<int16_t*>(to) + 8, a.high);
}
inline Sixteen sixteen_of(Lanes low, Lanes high) { return {low, high}; }
inline Lanes low_half(Sixteen a) { return a.low; }
inline Lanes high_half(Sixteen a) { return a.high; }
inline Sixteen all_words(uint32_t value) { return {all_lane_words(value), all_lane_words(value)}; }
inline Sixteen operator+(Sixteen a, Sixteen b) { return {a.low + b.low, a.high + b.high}; }
inline Sixteen operator-(Sixteen a, Sixteen b) { return {a.low - b.low, a.high - b.high}; }
inline Sixteen operator&(Sixteen a, Sixteen b) { return {a.low & b.low, a.high & b.high}; }
inline Sixteen operator|(Sixteen a, Sixteen b) { return {a.low | b.low, a.high | b.high}; }
inline Sixteen operator^(Sixteen a, Sixteen b) { return {a.low ^ b.low, a.high ^ b.high}; }
inline Sixteen absolute(Sixteen a) {
  return {max_of(a.low, all_lanes(0) - a.low), max_of(a.high, all_lanes(0) - a.high)};
}
inline Sixteen inverse_squares(Sixteen errors) {
  return {inverse_squares(errors.low), inverse_squares(errors.high)};
}
template <int Bits>
Sixteen shift_left(Sixteen a) {
  return {shift_left<Bits>(a.low), shift_left<Bits>(a.high)};
}
template <int Bits>
Sixteen shift_right(Sixteen a) {
  return {shift_right<Bits>(a.low), shift_right<Bits>(a.high)};
}
template <int Bits>
Sixteen shift_right_unsigned(Sixteen a) {
  return {shift_right_unsigned<Bits>(a.low), shift_right_unsigned<Bits>(a.high)};
}
template <int Bits>
Sixteen shift_words_left(Sixteen a) {
  return {shift_words_left<Bits>(a.low), shift_words_left<Bits>(a.high)};
}
inline Sixteen shift_words_right(Sixteen a, int bits) {
  return {shift_words_right(a.low, bits), shift_words_right(a.high, bits)};
}
inline Sixteen low_halves(Sixteen a, Sixteen b) { return {a.low, b.low}; }
inline Sixteen high_halves(Sixteen a, Sixteen b) { return {a.high, b.high}; }

#define AICODEC_IN_HALVES(operation)                             \
  inline Sixteen operation(Sixteen a, Sixteen b) {               \
    return {operation(a.low, b.low), operation(a.high, b.high)}; \
  }
AICODEC_IN_HALVES(add_within)
AICODEC_IN_HALVES(sum_to_limit)
AICODEC_IN_HALVES(max_of)
AICODEC_IN_HALVES(min_of)
AICODEC_IN_HALVES(is_greater)
AICODEC_IN_HALVES(is_equal)
AICODEC_IN_HALVES(high_product)
AICODEC_IN_HALVES(high_signed_product)
AICODEC_IN_HALVES(narrow_words)
AICODEC_IN_HALVES(sums_of_products)
AICODEC_IN_HALVES(mix_low)
AICODEC_IN_HALVES(mix_high)
AICODEC_IN_HALVES(mix_words_low)
AICODEC_IN_HALVES(mix_words_high)
#undef AICODEC_IN_HALVES
inline Sixteen mix_pairs_low(Sixteen a, Sixteen b) {
  return {lower_lower(a.low, b.low), lower_lower(a.high, b.high)};
}
inline Sixteen mix_pairs_high(Sixteen a, Sixteen b) {
  return {upper_upper(a.low, b.low), upper_upper(a.high, b.high)};
}
inline Sixteen middle(Sixteen a, Sixteen b) {
  return {upper_lower(a.low, b.low), upper_lower(a.high, b.high)};
}

#endif

}  // namespace aicodec::screen::AICODEC_KERNELS
