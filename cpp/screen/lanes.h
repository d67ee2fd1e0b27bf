// Eight 16-bit integers at once: a handful of SSE2's instructions, and the plain loops that say what they do
// and give the same numbers.
#pragma once

#include <cstdint>

#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#else
#include <algorithm>
#include <bit>
#include <utility>
#endif

// Kernel files (base/isa.h) have Lanes of their own.
#if defined(AICODEC_KERNELS)
namespace aicodec::screen::AICODEC_KERNELS {
#else
namespace aicodec::screen {
#endif

#if defined(__SSE2__)

struct Lanes {
  __m128i v;

  static Lanes all(int value) { return {_mm_set1_epi16(static_cast<int16_t>(value))}; }
};

// `from` and `to` are aligned to sixteen bytes.
inline Lanes load_lanes(const void* from) { return {_mm_load_si128(static_cast<const __m128i*>(from))}; }
inline void store_lanes(void* to, Lanes a) { _mm_store_si128(static_cast<__m128i*>(to), a.v); }
// The same, from anywhere.
inline Lanes load_anywhere(const void* from) { return {_mm_loadu_si128(static_cast<const __m128i*>(from))}; }
// Two words of 32 bits from anywhere, or two given ones, and zeros.
inline Lanes load_two_words(const uint32_t* from) {
  return {_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))};
}
inline Lanes two_words(uint32_t a, uint32_t b) {
  return {_mm_cvtsi64_si128(static_cast<int64_t>(a | uint64_t{b} << 32))};
}
// Four words of 32 bits.
inline Lanes all_lane_words(uint32_t value) { return {_mm_set1_epi32(static_cast<int>(value))}; }
inline Lanes operator+(Lanes a, Lanes b) { return {_mm_add_epi16(a.v, b.v)}; }
inline Lanes operator-(Lanes a, Lanes b) { return {_mm_sub_epi16(a.v, b.v)}; }
inline Lanes add_words(Lanes a, Lanes b) { return {_mm_add_epi32(a.v, b.v)}; }
inline Lanes operator&(Lanes a, Lanes b) { return {_mm_and_si128(a.v, b.v)}; }
inline Lanes operator|(Lanes a, Lanes b) { return {_mm_or_si128(a.v, b.v)}; }
inline Lanes operator^(Lanes a, Lanes b) { return {_mm_xor_si128(a.v, b.v)}; }
// Saturating, signed.
inline Lanes add_within(Lanes a, Lanes b) { return {_mm_adds_epi16(a.v, b.v)}; }
inline Lanes max_of(Lanes a, Lanes b) { return {_mm_max_epi16(a.v, b.v)}; }
inline Lanes min_of(Lanes a, Lanes b) { return {_mm_min_epi16(a.v, b.v)}; }
// Without a sign, up to 65535.
inline Lanes sum_to_limit(Lanes a, Lanes b) { return {_mm_adds_epu16(a.v, b.v)}; }
#if defined(__SSE4_1__)
inline Lanes min_unsigned(Lanes a, Lanes b) { return {_mm_min_epu16(a.v, b.v)}; }
inline int least_unsigned(Lanes a) { return _mm_extract_epi16(_mm_minpos_epu16(a.v), 0); }
#else
inline Lanes min_unsigned(Lanes a, Lanes b) { return {_mm_sub_epi16(a.v, _mm_subs_epu16(a.v, b.v))}; }
inline int least_unsigned(Lanes a) {
  a = min_unsigned(a, {_mm_shuffle_epi32(a.v, 0x4E)});
  a = min_unsigned(a, {_mm_shuffle_epi32(a.v, 0xB1)});
  a = min_unsigned(a, {_mm_srli_epi32(a.v, 16)});
  return _mm_extract_epi16(a.v, 0);
}
#endif
// Four lanes of either: of `a` the lower or the upper ones, and so of `b`.
inline Lanes lower_lower(Lanes a, Lanes b) { return {_mm_unpacklo_epi64(a.v, b.v)}; }
inline Lanes upper_upper(Lanes a, Lanes b) { return {_mm_unpackhi_epi64(a.v, b.v)}; }
inline Lanes upper_lower(Lanes a, Lanes b) {
  return {_mm_castpd_si128(_mm_shuffle_pd(_mm_castsi128_pd(a.v), _mm_castsi128_pd(b.v), 1))};
}
// Of both by turns: numbers, or words, from the first or the second half.
inline Lanes mix_low(Lanes a, Lanes b) { return {_mm_unpacklo_epi16(a.v, b.v)}; }
inline Lanes mix_high(Lanes a, Lanes b) { return {_mm_unpackhi_epi16(a.v, b.v)}; }
inline Lanes mix_words_low(Lanes a, Lanes b) { return {_mm_unpacklo_epi32(a.v, b.v)}; }
inline Lanes mix_words_high(Lanes a, Lanes b) { return {_mm_unpackhi_epi32(a.v, b.v)}; }
// Words from 0 to 32767 as 16-bit numbers, those of `a` first.
inline Lanes narrow_words(Lanes a, Lanes b) { return {_mm_packs_epi32(a.v, b.v)}; }
// All ones where a > b, or where a == b, else 0.
inline Lanes is_greater(Lanes a, Lanes b) { return {_mm_cmpgt_epi16(a.v, b.v)}; }
inline Lanes is_equal(Lanes a, Lanes b) { return {_mm_cmpeq_epi16(a.v, b.v)}; }
// The upper half of the product of unsigned numbers.
inline Lanes high_product(Lanes a, Lanes b) { return {_mm_mulhi_epu16(a.v, b.v)}; }
// The upper half of the product of signed numbers.
inline Lanes high_signed_product(Lanes a, Lanes b) { return {_mm_mulhi_epi16(a.v, b.v)}; }
// The products of neighbours, added: four words.
inline Lanes sums_of_products(Lanes a, Lanes b) { return {_mm_madd_epi16(a.v, b.v)}; }
template <int Bits>
Lanes shift_left(Lanes a) {
  return {_mm_slli_epi16(a.v, Bits)};
}
template <int Bits>
Lanes shift_right(Lanes a) {
  return {_mm_srai_epi16(a.v, Bits)};
}
template <int Bits>
Lanes shift_right_unsigned(Lanes a) {
  return {_mm_srli_epi16(a.v, Bits)};
}
template <int Bits>
Lanes shift_words_left(Lanes a) {
  return {_mm_slli_epi32(a.v, Bits)};
}
inline Lanes shift_words_right(Lanes a, int bits) { return {_mm_srl_epi32(a.v, _mm_cvtsi32_si128(bits))}; }
// Lane i's highest bit as bit i.
inline uint32_t signs(Lanes a) {
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(a.v, _mm_setzero_si128())));
}

template <int Lane>
int lane(Lanes a) {
  return static_cast<int16_t>(_mm_extract_epi16(a.v, Lane));
}
// Lane 2 in the place of lane 3.
inline Lanes second_as_third(Lanes a) { return {_mm_shufflelo_epi16(a.v, _MM_SHUFFLE(2, 2, 1, 0))}; }
// Lane i of the j-th becomes lane j of the i-th.
inline void transpose(Lanes (&rows)[8]) {
  __m128i pairs[8];
  for (int i = 0; i < 4; ++i) {
    pairs[2 * i] = _mm_unpacklo_epi16(rows[2 * i].v, rows[2 * i + 1].v);
    pairs[2 * i + 1] = _mm_unpackhi_epi16(rows[2 * i].v, rows[2 * i + 1].v);
  }
  for (int half = 0; half < 2; ++half) {
    const __m128i low01 = _mm_unpacklo_epi32(pairs[half], pairs[2 + half]);
    const __m128i low23 = _mm_unpackhi_epi32(pairs[half], pairs[2 + half]);
    const __m128i high01 = _mm_unpacklo_epi32(pairs[4 + half], pairs[6 + half]);
    const __m128i high23 = _mm_unpackhi_epi32(pairs[4 + half], pairs[6 + half]);
    rows[4 * half] = {_mm_unpacklo_epi64(low01, high01)};
    rows[4 * half + 1] = {_mm_unpackhi_epi64(low01, high01)};
    rows[4 * half + 2] = {_mm_unpacklo_epi64(low23, high23)};
    rows[4 * half + 3] = {_mm_unpackhi_epi64(low23, high23)};
  }
}
// Bits [shift, shift + 10) of eight words, anywhere in memory.
inline Lanes ten_bits(const uint32_t* words, int shift) {
  const auto four = [&](int at) {
    const __m128i loaded = _mm_loadu_si128(reinterpret_cast<const __m128i*>(words + at));
    return _mm_and_si128(_mm_srl_epi32(loaded, _mm_cvtsi32_si128(shift)), _mm_set1_epi32(1023));
  };
  return {_mm_packs_epi32(four(0), four(4))};
}
// 2^16 / (e + 2)^2 of numbers without a sign, rounded down. The quotient of floats is off by less than what
// it lies below the next whole number.
inline Lanes inverse_squares(Lanes errors) {
  const auto four = [](__m128i wide) {
    const __m128 distance = _mm_add_ps(_mm_cvtepi32_ps(wide), _mm_set1_ps(2));
    return _mm_cvttps_epi32(_mm_div_ps(_mm_set1_ps(65536), _mm_mul_ps(distance, distance)));
  };
  const __m128i zero = _mm_setzero_si128();
  return {
      _mm_packs_epi32(four(_mm_unpacklo_epi16(errors.v, zero)), four(_mm_unpackhi_epi16(errors.v, zero)))};
}
// Of lanes that are not negative, each 255 at most.
inline int sum_of_bytes(Lanes a) {
  const __m128i zero = _mm_setzero_si128();
  return _mm_cvtsi128_si32(_mm_sad_epu8(_mm_packus_epi16(a.v, zero), zero));
}

#else

struct Lanes {
  int16_t v[8];

  static Lanes all(int value) {
    Lanes result;
    std::fill_n(result.v, 8, static_cast<int16_t>(value));
    return result;
  }
};

template <typename Operation>
Lanes each_lane(Operation operation) {
  Lanes result;
  for (int i = 0; i < 8; ++i) result.v[i] = static_cast<int16_t>(operation(i));
  return result;
}
template <typename Operation>
Lanes each_word(Operation operation) {
  Lanes result;
  for (int i = 0; i < 4; ++i) {
    const uint32_t word = operation(i);
    result.v[2 * i] = static_cast<int16_t>(word);
    result.v[2 * i + 1] = static_cast<int16_t>(word >> 16);
  }
  return result;
}
inline uint32_t word_of(Lanes a, int i) {
  return static_cast<uint16_t>(a.v[2 * i]) | static_cast<uint32_t>(static_cast<uint16_t>(a.v[2 * i + 1]))
                                                 << 16;
}
inline Lanes load_lanes(const void* from) {
  return each_lane([&](int i) { return static_cast<const int16_t*>(from)[i]; });
}
inline Lanes load_anywhere(const void* from) { return load_lanes(from); }
inline void store_lanes(void* to, Lanes a) { std::copy_n(a.v, 8, static_cast<int16_t*>(to)); }
inline Lanes load_two_words(const uint32_t* from) {
  return each_word([&](int i) { return i < 2 ? from[i] : 0; });
}
inline Lanes two_words(uint32_t a, uint32_t b) {
  return each_word([&](int i) { return i == 0 ? a : i == 1 ? b : 0; });
}
inline Lanes all_lane_words(uint32_t value) {
  return each_word([&](int) { return value; });
}
inline Lanes add_words(Lanes a, Lanes b) {
  return each_word([&](int i) { return word_of(a, i) + word_of(b, i); });
}
inline Lanes min_unsigned(Lanes a, Lanes b) {
  return each_lane(
      [&](int i) { return std::min(static_cast<uint16_t>(a.v[i]), static_cast<uint16_t>(b.v[i])); });
}
inline int least_unsigned(Lanes a) {
  int least = 65535;
  for (const int16_t value : a.v) least = std::min<int>(least, static_cast<uint16_t>(value));
  return least;
}
inline Lanes operator+(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] + b.v[i]; });
}
inline Lanes operator-(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] - b.v[i]; });
}
inline Lanes operator&(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] & b.v[i]; });
}
inline Lanes operator|(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] | b.v[i]; });
}
inline Lanes operator^(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] ^ b.v[i]; });
}
inline Lanes add_within(Lanes a, Lanes b) {
  return each_lane([&](int i) { return std::clamp(a.v[i] + b.v[i], -32768, 32767); });
}
inline Lanes max_of(Lanes a, Lanes b) {
  return each_lane([&](int i) { return std::max(a.v[i], b.v[i]); });
}
inline Lanes min_of(Lanes a, Lanes b) {
  return each_lane([&](int i) { return std::min(a.v[i], b.v[i]); });
}
inline Lanes sum_to_limit(Lanes a, Lanes b) {
  return each_lane(
      [&](int i) { return std::min(static_cast<uint16_t>(a.v[i]) + static_cast<uint16_t>(b.v[i]), 65535); });
}
inline Lanes four_of_either(Lanes a, int from_a, Lanes b, int from_b) {
  return each_lane([&](int i) { return i < 4 ? a.v[from_a + i] : b.v[from_b + i - 4]; });
}
inline Lanes lower_lower(Lanes a, Lanes b) { return four_of_either(a, 0, b, 0); }
inline Lanes upper_upper(Lanes a, Lanes b) { return four_of_either(a, 4, b, 4); }
inline Lanes upper_lower(Lanes a, Lanes b) { return four_of_either(a, 4, b, 0); }
inline Lanes mix_low(Lanes a, Lanes b) {
  return each_lane([&](int i) { return (i % 2 == 0 ? a : b).v[i / 2]; });
}
inline Lanes mix_high(Lanes a, Lanes b) {
  return each_lane([&](int i) { return (i % 2 == 0 ? a : b).v[4 + i / 2]; });
}
inline Lanes mix_words_low(Lanes a, Lanes b) {
  return each_word([&](int i) { return word_of(i % 2 == 0 ? a : b, i / 2); });
}
inline Lanes mix_words_high(Lanes a, Lanes b) {
  return each_word([&](int i) { return word_of(i % 2 == 0 ? a : b, 2 + i / 2); });
}
inline Lanes narrow_words(Lanes a, Lanes b) {
  return each_lane([&](int i) { return word_of(i < 4 ? a : b, i % 4); });
}
inline Lanes is_greater(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] > b.v[i] ? -1 : 0; });
}
inline Lanes is_equal(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] == b.v[i] ? -1 : 0; });
}
inline Lanes high_product(Lanes a, Lanes b) {
  return each_lane(
      [&](int i) { return (uint32_t{static_cast<uint16_t>(a.v[i])} * static_cast<uint16_t>(b.v[i])) >> 16; });
}
inline Lanes high_signed_product(Lanes a, Lanes b) {
  return each_lane([&](int i) { return a.v[i] * b.v[i] >> 16; });
}
inline Lanes sums_of_products(Lanes a, Lanes b) {
  return each_word([&](int i) {
    return static_cast<uint32_t>(a.v[2 * i] * b.v[2 * i]) +
           static_cast<uint32_t>(a.v[2 * i + 1] * b.v[2 * i + 1]);
  });
}
template <int Bits>
Lanes shift_left(Lanes a) {
  return each_lane([&](int i) { return static_cast<uint16_t>(a.v[i]) << Bits; });
}
template <int Bits>
Lanes shift_right(Lanes a) {
  return each_lane([&](int i) { return a.v[i] >> Bits; });
}
template <int Bits>
Lanes shift_right_unsigned(Lanes a) {
  return each_lane([&](int i) { return static_cast<uint16_t>(a.v[i]) >> Bits; });
}
template <int Bits>
Lanes shift_words_left(Lanes a) {
  return each_word([&](int i) { return word_of(a, i) << Bits; });
}
inline Lanes shift_words_right(Lanes a, int bits) {
  return each_word([&](int i) { return word_of(a, i) >> bits; });
}
inline uint32_t signs(Lanes a) {
  uint32_t result = 0;
  for (int i = 0; i < 8; ++i) result |= static_cast<uint32_t>(a.v[i] < 0) << i;
  return result;
}
template <int Lane>
int lane(Lanes a) {
  return a.v[Lane];
}
inline Lanes second_as_third(Lanes a) {
  return each_lane([&](int i) { return a.v[i == 3 ? 2 : i]; });
}
inline void transpose(Lanes (&rows)[8]) {
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < j; ++i) std::swap(rows[j].v[i], rows[i].v[j]);
}
inline Lanes ten_bits(const uint32_t* words, int shift) {
  return each_lane([&](int i) { return words[i] >> shift & 1023; });
}
inline Lanes inverse_squares(Lanes errors) {
  return each_lane([&](int i) {
    const uint32_t distance = static_cast<uint16_t>(errors.v[i]) + 2u;
    return distance > 256 ? 0 : 65536 / (distance * distance);
  });
}
inline int sum_of_bytes(Lanes a) {
  int sum = 0;
  for (const int16_t value : a.v) sum += std::min<int>(value, 255);
  return sum;
}

#endif

inline Lanes all_lanes(int value) { return Lanes::all(value); }
inline Lanes clamped(Lanes a, Lanes low, Lanes high) { return max_of(low, min_of(a, high)); }
inline Lanes distance(Lanes a, Lanes b) { return max_of(a - b, b - a); }

// The mean of `values`, weighted by 1 + 2^15 / (e + 2)^2 for each one's error e (0 to 2^15 - 3) and rounded
// to the nearest. The square's reciprocal is read from the bits of a float (exact at powers of two, straight
// in between), so that it takes no table and no division.
inline int blend(Lanes values, Lanes errors) {
  constexpr uint32_t kOne = 127u << 23;
  constexpr uint32_t kTop = 3 * kOne + (15u << 23);
#if defined(__SSE2__)
  const __m128i zero = _mm_setzero_si128();
  const __m128i distance = _mm_add_epi16(errors.v, _mm_set1_epi16(2));
  const auto four = [&](__m128i wide) {
    const __m128i bits = _mm_castps_si128(_mm_cvtepi32_ps(wide));
    const __m128i inverse = _mm_sub_epi32(_mm_set1_epi32(static_cast<int>(kTop)), _mm_add_epi32(bits, bits));
    return _mm_cvttps_epi32(_mm_castsi128_ps(inverse));
  };
  const __m128i weights = _mm_add_epi16(
      _mm_packs_epi32(four(_mm_unpacklo_epi16(distance, zero)), four(_mm_unpackhi_epi16(distance, zero))),
      _mm_set1_epi16(1));
  const __m128i sums = _mm_madd_epi16(weights, values.v);
  const __m128i totals = _mm_madd_epi16(weights, _mm_set1_epi16(1));
  const __m128i halves = _mm_add_epi32(_mm_unpacklo_epi32(sums, totals), _mm_unpackhi_epi32(sums, totals));
  const __m128i both = _mm_add_epi32(halves, _mm_shuffle_epi32(halves, 0x4E));
  const uint64_t packed = static_cast<uint64_t>(_mm_cvtsi128_si64(both));
  const int32_t sum = static_cast<int32_t>(packed);
  const int32_t total = static_cast<int32_t>(packed >> 32);
#else
  int32_t sum = 0;
  int32_t total = 0;
  for (int i = 0; i < 8; ++i) {
    const uint32_t bits = std::bit_cast<uint32_t>(static_cast<float>(errors.v[i] + 2));
    const int32_t weight = 1 + static_cast<int32_t>(std::bit_cast<float>(kTop - 2 * bits));
    sum += weight * values.v[i];
    total += weight;
  }
#endif
  const int32_t shifted = sum + (total >> 1);
  return shifted / total - (shifted % total < 0);
}

}  // namespace aicodec::screen
