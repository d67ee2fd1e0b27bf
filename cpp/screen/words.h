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
// All ones where they are equal, or a signed a > b, else 0.
inline Words is_equal(Words a, Words b) {
  return {_mm_cmpeq_epi32(a.low, b.low), _mm_cmpeq_epi32(a.high, b.high)};
}
inline Words is_greater(Words a, Words b) {
  return {_mm_cmpgt_epi32(a.low, b.low), _mm_cmpgt_epi32(a.high, b.high)};
}
// Of `a` where the mask is all ones, of `b` where it is 0.
inline Words select(Words mask, Words a, Words b) {
  const auto half = [](__m128i m, __m128i x, __m128i y) {
    return _mm_or_si128(_mm_and_si128(m, x), _mm_andnot_si128(m, y));
  };
  return {half(mask.low, a.low, b.low), half(mask.high, a.high, b.high)};
}
template <int Bits>
Words shift_left(Words a) {
  return {_mm_slli_epi32(a.low, Bits), _mm_slli_epi32(a.high, Bits)};
}
template <int Bits>
Words shift_right(Words a) {
  return {_mm_srli_epi32(a.low, Bits), _mm_srli_epi32(a.high, Bits)};
}
// The sixth to last words are others.
inline Words with_last(Words a, uint32_t sixth, uint32_t seventh, uint32_t last) {
  const __m128i others =
      _mm_set_epi32(static_cast<int>(last), static_cast<int>(seventh), static_cast<int>(sixth), 0);
  return {a.low, _mm_castps_si128(_mm_move_ss(_mm_castsi128_ps(others), _mm_castsi128_ps(a.high)))};
}
// Four columns of five rows, each of four words aligned to sixteen bytes, the i-th at row(i). What a column
// holds besides its five words is of no use.
template <typename Row>
void load_columns(Row row, Words (&columns)[4]) {
  const auto load = [&](int i) { return _mm_load_si128(reinterpret_cast<const __m128i*>(row(i))); };
  const __m128i a = load(0), b = load(1), c = load(2), d = load(3), e = load(4);
  const __m128i ab01 = _mm_unpacklo_epi32(a, b), ab23 = _mm_unpackhi_epi32(a, b);
  const __m128i cd01 = _mm_unpacklo_epi32(c, d), cd23 = _mm_unpackhi_epi32(c, d);
  columns[0] = {_mm_unpacklo_epi64(ab01, cd01), e};
  columns[1] = {_mm_unpackhi_epi64(ab01, cd01), _mm_shuffle_epi32(e, 1)};
  columns[2] = {_mm_unpacklo_epi64(ab23, cd23), _mm_shuffle_epi32(e, 2)};
  columns[3] = {_mm_unpackhi_epi64(ab23, cd23), _mm_shuffle_epi32(e, 3)};
}
template <typename Row>
void store_columns(Row row, const Words (&columns)[4]) {
  const auto store = [&](int i, __m128i v) { _mm_store_si128(reinterpret_cast<__m128i*>(row(i)), v); };
  const auto pairs = [&](int i, auto unpack) { return unpack(columns[i], columns[i + 1]); };
  const auto low = [](Words x, Words y) { return _mm_unpacklo_epi32(x.low, y.low); };
  const auto high = [](Words x, Words y) { return _mm_unpackhi_epi32(x.low, y.low); };
  const auto fifth = [](Words x, Words y) { return _mm_unpacklo_epi32(x.high, y.high); };
  store(0, _mm_unpacklo_epi64(pairs(0, low), pairs(2, low)));
  store(1, _mm_unpackhi_epi64(pairs(0, low), pairs(2, low)));
  store(2, _mm_unpacklo_epi64(pairs(0, high), pairs(2, high)));
  store(3, _mm_unpackhi_epi64(pairs(0, high), pairs(2, high)));
  store(4, _mm_unpacklo_epi64(pairs(0, fifth), pairs(2, fifth)));
}
// Signed; 0 where that is negative.
template <int Bits>
Words shift_right_positive(Words a) {
  const auto half = [](__m128i v) {
    return _mm_andnot_si128(_mm_srai_epi32(v, 31), _mm_srai_epi32(v, Bits));
  };
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
inline Words is_greater(Words a, Words b) {
  return each_word(
      [&](int i) { return static_cast<int32_t>(a.v[i]) > static_cast<int32_t>(b.v[i]) ? 0xFFFFFFFF : 0; });
}
inline Words select(Words mask, Words a, Words b) {
  return each_word([&](int i) { return (a.v[i] & mask.v[i]) | (b.v[i] & ~mask.v[i]); });
}
template <int Bits>
Words shift_left(Words a) {
  return each_word([&](int i) { return a.v[i] << Bits; });
}
template <int Bits>
Words shift_right(Words a) {
  return each_word([&](int i) { return a.v[i] >> Bits; });
}
inline Words with_last(Words a, uint32_t sixth, uint32_t seventh, uint32_t last) {
  a.v[5] = sixth;
  a.v[6] = seventh;
  a.v[7] = last;
  return a;
}
template <typename Row>
void load_columns(Row row, Words (&columns)[4]) {
  for (int k = 0; k < 4; ++k) columns[k] = each_word([&](int i) { return i < 5 ? row(i)[k] : 0; });
}
template <typename Row>
void store_columns(Row row, const Words (&columns)[4]) {
  for (int i = 0; i < 5; ++i)
    for (int k = 0; k < 4; ++k) row(i)[k] = columns[k].v[i];
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
