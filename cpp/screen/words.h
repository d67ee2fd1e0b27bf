// Eight 32-bit integers at once, for pixels and the odds of colours: SSE2's instructions, and the plain loops
// that say what they do and give the same numbers.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace aicodec::screen {

#if defined(__SSE2__)

struct Words {
  __m128i low, high;
};

// `from` and `to` are aligned to sixteen bytes.
inline Words load_words(const uint32_t* from) {
  const __m128i* const halves = reinterpret_cast<const __m128i*>(from);
  return {_mm_load_si128(halves), _mm_load_si128(halves + 1)};
}
inline void store_words(uint32_t* to, Words a) {
  __m128i* const halves = reinterpret_cast<__m128i*>(to);
  _mm_store_si128(halves, a.low);
  _mm_store_si128(halves + 1, a.high);
}
// The `at`-th and the one after it, of eight arrays.
inline void load_pairs(uint32_t* const (&from)[8], int at, Words& firsts, Words& seconds) {
  const auto four = [&](int i, __m128i& first, __m128i& second) {
    const auto pair = [&](int k) {
      return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from[i + k] + at));
    };
    const __m128i a = _mm_unpacklo_epi32(pair(0), pair(1));
    const __m128i b = _mm_unpacklo_epi32(pair(2), pair(3));
    first = _mm_unpacklo_epi64(a, b);
    second = _mm_unpackhi_epi64(a, b);
  };
  four(0, firsts.low, seconds.low);
  four(4, firsts.high, seconds.high);
}
// From where they were written one by one: they need not be in memory before they are read as one.
inline Words words_of(const uint32_t* values) {
  const auto four = [&](int i) {
    const auto pair = [&](int k) {
      return _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(values[k])),
                                _mm_cvtsi32_si128(static_cast<int>(values[k + 1])));
    };
    return _mm_unpacklo_epi64(pair(i), pair(i + 2));
  };
  return {four(0), four(4)};
}
inline Words all_words(uint32_t value) {
  const __m128i half = _mm_set1_epi32(static_cast<int>(value));
  return {half, half};
}
inline Words operator+(Words a, Words b) {
  return {_mm_add_epi32(a.low, b.low), _mm_add_epi32(a.high, b.high)};
}
inline Words operator-(Words a, Words b) {
  return {_mm_sub_epi32(a.low, b.low), _mm_sub_epi32(a.high, b.high)};
}
inline Words operator&(Words a, Words b) {
  return {_mm_and_si128(a.low, b.low), _mm_and_si128(a.high, b.high)};
}
inline Words operator|(Words a, Words b) {
  return {_mm_or_si128(a.low, b.low), _mm_or_si128(a.high, b.high)};
}
// All ones where they are equal, else 0.
inline Words is_equal(Words a, Words b) {
  return {_mm_cmpeq_epi32(a.low, b.low), _mm_cmpeq_epi32(a.high, b.high)};
}
// Signed; 0 where that is negative.
template <int Bits>
Words shift_right_positive(Words a) {
  const auto half = [](__m128i v) { return _mm_andnot_si128(_mm_srai_epi32(v, 31), _mm_srai_epi32(v, Bits)); };
  return {half(a.low), half(a.high)};
}
inline uint32_t sum_of(Words a) {
  const __m128i four = _mm_add_epi32(a.low, a.high);
  const __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xB1))));
}
// Word i's highest bit as bit i, and the i-th of `b` as bit 8 + i.
inline uint32_t signs(Words a, Words b) {
  return static_cast<uint32_t>(
      _mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a.low, a.high), _mm_packs_epi32(b.low, b.high))));
}
inline uint32_t signs(Words a) {
  const __m128i halves = _mm_packs_epi32(a.low, a.high);
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_packs_epi16(halves, _mm_setzero_si128())));
}

#else

struct Words {
  uint32_t v[8];
};

template <typename Operation>
Words each_word(Operation operation) {
  Words result;
  for (int i = 0; i < 8; ++i) result.v[i] = static_cast<uint32_t>(operation(i));
  return result;
}
inline Words load_words(const uint32_t* from) {
  return each_word([&](int i) { return from[i]; });
}
inline void store_words(uint32_t* to, Words a) {
  for (int i = 0; i < 8; ++i) to[i] = a.v[i];
}
inline void load_pairs(uint32_t* const (&from)[8], int at, Words& firsts, Words& seconds) {
  firsts = each_word([&](int i) { return from[i][at]; });
  seconds = each_word([&](int i) { return from[i][at + 1]; });
}
inline Words words_of(const uint32_t* values) { return load_words(values); }
inline Words all_words(uint32_t value) {
  return each_word([&](int) { return value; });
}
inline Words operator+(Words a, Words b) {
  return each_word([&](int i) { return a.v[i] + b.v[i]; });
}
inline Words operator-(Words a, Words b) {
  return each_word([&](int i) { return a.v[i] - b.v[i]; });
}
inline Words operator&(Words a, Words b) {
  return each_word([&](int i) { return a.v[i] & b.v[i]; });
}
inline Words operator|(Words a, Words b) {
  return each_word([&](int i) { return a.v[i] | b.v[i]; });
}
inline Words is_equal(Words a, Words b) {
  return each_word([&](int i) { return a.v[i] == b.v[i] ? 0xFFFFFFFF : 0; });
}
template <int Bits>
Words shift_right_positive(Words a) {
  return each_word([&](int i) { return a.v[i] >> 31 ? 0 : a.v[i] >> Bits; });
}
inline uint32_t sum_of(Words a) {
  uint32_t sum = 0;
  for (const uint32_t each : a.v) sum += each;
  return sum;
}
inline uint32_t signs(Words a) {
  uint32_t result = 0;
  for (int i = 0; i < 8; ++i) result |= (a.v[i] >> 31) << i;
  return result;
}
inline uint32_t signs(Words a, Words b) { return signs(a) | signs(b) << 8; }

#endif

}  // namespace aicodec::screen
