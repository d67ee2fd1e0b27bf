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
// Eight pairs of words, the i-th at pair(i).
template <typename Pair>
void load_pairs(Pair pair, Words& firsts, Words& seconds) {
  const auto two = [&](int i) {
    return _mm_unpacklo_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(pair(i))),
                              _mm_loadl_epi64(reinterpret_cast<const __m128i*>(pair(i + 1))));
  };
  const __m128i a = two(0), b = two(2), c = two(4), d = two(6);
  firsts = {_mm_unpacklo_epi64(a, b), _mm_unpacklo_epi64(c, d)};
  seconds = {_mm_unpackhi_epi64(a, b), _mm_unpackhi_epi64(c, d)};
}
template <typename Pair>
void store_pairs(Pair pair, Words firsts, Words seconds) {
  const auto two = [&](int i, __m128i pairs) {
    _mm_storel_epi64(reinterpret_cast<__m128i*>(pair(i)), pairs);
    _mm_storel_epi64(reinterpret_cast<__m128i*>(pair(i + 1)), _mm_unpackhi_epi64(pairs, pairs));
  };
  two(0, _mm_unpacklo_epi32(firsts.low, seconds.low));
  two(2, _mm_unpackhi_epi32(firsts.low, seconds.low));
  two(4, _mm_unpacklo_epi32(firsts.high, seconds.high));
  two(6, _mm_unpackhi_epi32(firsts.high, seconds.high));
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
template <typename Pair>
void load_pairs(Pair pair, Words& firsts, Words& seconds) {
  firsts = each_word([&](int i) { return pair(i)[0]; });
  seconds = each_word([&](int i) { return pair(i)[1]; });
}
template <typename Pair>
void store_pairs(Pair pair, Words firsts, Words seconds) {
  for (int i = 0; i < 8; ++i) {
    pair(i)[0] = firsts.v[i];
    pair(i)[1] = seconds.v[i];
  }
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
