#include "screen/subpixel.h"

#include <algorithm>

#include "screen/lanes.h"

namespace aicodec::screen {
namespace {

// In 2^-6.
alignas(16) constexpr int16_t kFilters[kSteps][kTaps] = {
    {0, 0, 0, 64, 0, 0, 0, 0},        {0, 1, -3, 63, 4, -2, 1, 0},      {-1, 2, -5, 62, 8, -3, 1, 0},
    {-1, 3, -8, 60, 13, -4, 1, 0},    {-1, 4, -10, 58, 17, -5, 1, 0},   {-1, 4, -11, 52, 26, -8, 3, -1},
    {-1, 3, -9, 47, 31, -10, 4, -1},  {-1, 4, -11, 45, 34, -10, 4, -1}, {-1, 4, -11, 40, 40, -11, 4, -1},
    {-1, 4, -10, 34, 45, -11, 4, -1}, {-1, 4, -10, 31, 47, -9, 3, -1},  {-1, 3, -8, 26, 52, -11, 4, -1},
    {0, 1, -5, 17, 58, -10, 4, -1},   {0, 1, -4, 13, 60, -8, 3, -1},    {0, 1, -3, 8, 62, -5, 2, -1},
    {0, 1, -2, 4, 63, -3, 1, 0}};

constexpr int kSide = 16;  // of what is filtered at once

// Of eight lanes at once: taps times the lanes, summed up and rounded.
class Filter {
 public:
  explicit Filter(const int16_t* taps) {
#if defined(__SSE2__)
    for (int i = 0; i < kTaps; i += 2)
      taps_[i / 2] = _mm_set1_epi32(static_cast<int>(
          static_cast<uint16_t>(taps[i]) | static_cast<uint32_t>(static_cast<uint16_t>(taps[i + 1])) << 16));
#else
    std::copy_n(taps, kTaps, taps_);
#endif
  }

  // `in(i)` gives the lanes of tap i.
  template <int Shift, typename In>
  Lanes apply(const In& in) const {
#if defined(__SSE2__)
    __m128i low = _mm_set1_epi32(1 << (Shift - 1));
    __m128i high = low;
    for (int i = 0; i < kTaps; i += 2) {
      const Lanes a = in(i), b = in(i + 1);
      low = _mm_add_epi32(low, _mm_madd_epi16(_mm_unpacklo_epi16(a.v, b.v), taps_[i / 2]));
      high = _mm_add_epi32(high, _mm_madd_epi16(_mm_unpackhi_epi16(a.v, b.v), taps_[i / 2]));
    }
    return {_mm_packs_epi32(_mm_srai_epi32(low, Shift), _mm_srai_epi32(high, Shift))};
#else
    int sums[8];
    std::fill_n(sums, 8, 1 << (Shift - 1));
    for (int i = 0; i < kTaps; ++i) {
      const Lanes a = in(i);
      for (int j = 0; j < 8; ++j) sums[j] += taps_[i] * a.v[j];
    }
    return each_lane([&](int j) { return sums[j] >> Shift; });
#endif
  }

 private:
#if defined(__SSE2__)
  __m128i taps_[kTaps / 2];
#else
  int taps_[kTaps];
#endif
};

}  // namespace

// First across, to sixteenths of a sample's step, then down.
void interpolate(const int16_t* from, ptrdiff_t stride, uint8_t fraction, int height, int max_value,
                 int16_t (*to)[kSide]) {
  const Filter across(kFilters[fraction % kSteps]);
  const Filter down(kFilters[fraction / kSteps]);
  const Lanes top = all_lanes(max_value);
  alignas(16) int16_t rows[kSide + kTaps - 1][kSide];
  for (int half = 0; half < kSide; half += 8) {
    for (int r = 0; r < height + kTaps - 1; ++r) {
      const int16_t* at = from + (r - kTapsBefore) * stride + half - kTapsBefore;
      store_lanes(rows[r] + half, across.apply<2>([&](int i) { return load_anywhere(at + i); }));
    }
    for (int r = 0; r < height; ++r) {
      const Lanes values = down.apply<10>([&](int i) { return load_lanes(rows[r + i] + half); });
      store_lanes(to[r] + half, clamped(values, all_lanes(0), top));
    }
  }
}

void look_between(const Raster& reference, const SheetShape& shape, int x, int y, Vector vector, bool average,
                  Pixel* out, ptrdiff_t stride) {
  constexpr int kSeen = kLookedAt + kTaps - 1;
  static_assert(kSeen == kSide);
  const int left = x + vector.dx - 1 - kTapsBefore;
  const int top = y + vector.dy - 1 - kTapsBefore;
  const bool inside = left >= 0 && top >= 0 && left + kSeen <= shape.width && top + kSeen <= shape.height;
  Pixel at_sides[kSeen][kSeen];
  for (int r = 0; r < kSeen && !inside; ++r)
    for (int c = 0; c < kSeen; ++c)
      at_sides[r][c] =
          *reference.at(std::clamp(left + c, 0, shape.width - 1), std::clamp(top + r, 0, shape.height - 1));
  Pixel pixels[kLookedAt][kLookedAt] = {};
  for (int k = 0; k < shape.components; ++k) {
    alignas(16) int16_t samples[kSeen][kSeen + 8];
    alignas(16) int16_t between[kLookedAt][kSide];
    for (int r = 0; r < kSeen; ++r) {
      const Pixel* row = inside ? reference.at(left, top + r) : at_sides[r];
      for (int half = 0; half < kSeen; half += 8)
        store_lanes(samples[r] + half, ten_bits(row + half, 10 * k));
      store_lanes(samples[r] + kSeen, all_lanes(0));
    }
    interpolate(&samples[kTapsBefore][kTapsBefore], kSeen + 8, vector.fraction, kLookedAt, shape.max_value,
                between);
    for (int r = 0; r < kLookedAt; ++r)
      for (int c = 0; c < kLookedAt; ++c) {
        const int before = component(out[r * stride + c], k);
        const int value = average ? (between[r][c] + before + 1) >> 1 : between[r][c];
        pixels[r][c] |= from_component(value, k);
      }
  }
  for (int r = 0; r < kLookedAt; ++r) std::copy_n(pixels[r], kLookedAt, out + r * stride);
}

}  // namespace aicodec::screen
