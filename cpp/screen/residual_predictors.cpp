#include "screen/residual_predictors.h"

#include "screen/lanes.h"

namespace aicodec::screen {
namespace {

// The pixels around, in the domain of prediction.
struct Window {
  // Rows y, y - 1, y - 2, y - 3; columns from x - 4 on. Of row y those before x.
  alignas(16) Components near[4][8];
  // Of the reference rows y, y - 1, y - 2; columns from x - 2 on.
  alignas(16) Components reference[3][4];
};

// Four pixels from `pixels` on.
void convert(const Pixel* pixels, int lead, uint32_t others, Components* out) {
#if defined(__SSE2__)
  const __m128i p = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
  const __m128i mask = _mm_set1_epi32(1023);
  const __m128i base = _mm_and_si128(_mm_srl_epi32(p, _mm_cvtsi32_si128(10 * lead)), mask);
  const auto less = [&](__m128i values, uint32_t which) {
    const __m128i both = _mm_or_si128(base, _mm_slli_epi32(base, 16));
    return _mm_sub_epi16(values, _mm_and_si128(both, _mm_set1_epi32(static_cast<int>(which))));
  };
  const __m128i second = _mm_and_si128(_mm_slli_epi32(p, 6), _mm_slli_epi32(mask, 16));
  const __m128i two = less(_mm_or_si128(_mm_and_si128(p, mask), second),
                           (others & 1 ? 0xFFFFu : 0) | (others & 2 ? 0xFFFF0000u : 0));
  const __m128i third = less(_mm_and_si128(_mm_srli_epi32(p, 20), mask), others & 4 ? 0xFFFFu : 0);
  _mm_store_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi32(two, third));
  _mm_store_si128(reinterpret_cast<__m128i*>(out + 2), _mm_unpackhi_epi32(two, third));
#else
  for (int i = 0; i < 4; ++i)
    for (int k = 0; k < 4; ++k)
      out[i][k] = static_cast<int16_t>(
          k == 3 ? 0 : component(pixels[i], k) - (others >> k & 1 ? component(pixels[i], lead) : 0));
#endif
}

Window window_at(const Site& s, int lead, bool by_lead) {
  Window window;
  const uint32_t others = by_lead ? 7u & ~(1u << lead) : 0;
  for (int row = 0; row < 4; ++row) {
    const Pixel* pixels = s.here - row * s.stride - 4;
    convert(pixels, lead, others, window.near[row]);
    if (row > 0) convert(pixels + 4, lead, others, window.near[row] + 4);
  }
  for (int row = 0; row < 3; ++row)
    convert(s.reference - row * s.stride - 2, lead, others, window.reference[row]);
  return window;
}

inline Lanes half(Lanes a) { return shift_right<1>(a); }

// Two neighbouring pixels, of which the first is in that column.
inline Lanes pair(const Components* row, int column) {
  if (column % 2 == 0) return load_lanes(row + column);
  return upper_lower(load_lanes(row + column - 1), load_lanes(row + column + 1));
}

// What the predictors say of two pixels: the first lies X right of, and Y above the one that is coded.
template <int X, int Y>
inline void predict_two(const Window& window, Lanes* out) {
  const auto at = [&](int dx, int dy) { return pair(window.near[Y - dy], 4 + X + dx); };
  const auto reference = [&](int dx, int dy) { return pair(window.reference[Y - dy], 2 + X + dx); };
  const Lanes w = at(-1, 0), n = at(0, -1), nw = at(-1, -1), ne = at(1, -1), nn = at(0, -2);
  const Lanes ww = at(-2, 0), nww = at(-2, -1), nee = at(2, -1), nne = at(1, -2);
  const Lanes p = reference(0, 0);
  out[0] = w;
  out[1] = n;
  out[2] = w + n - nw;
  out[3] = clamped(out[2], min_of(w, n), max_of(w, n));
  out[4] = p;
  out[5] = p + half(w - reference(-1, 0) + n - reference(0, -1));
  out[6] = w + ne - n;
  out[7] = n + n - nn;
  out[8] = w + w - ww;
  // An edge moves on by as much per row as before; its coverage is counted over five columns.
  const Lanes row_above = nww + nw + n + ne + nee;
  const Lanes row_before = at(-2, -2) + at(-1, -2) + nn + nne + at(2, -2);
  out[9] = row_above + row_above - row_before - w - ww - ne - nee;
  out[10] = half(w + n) + shift_right<2>(ne - nw);
  out[11] = n + ne - nne;
}

}  // namespace

void predict(const Site& site, int lead, bool by_lead, Predictions& result) {
  constexpr int kCount = Predictions::kPredictors;
  const Window window = window_at(site, lead, by_lead);
  // The left pixel and this one; the upper and the upper right one.
  Lanes here[kCount], above[kCount];
  predict_two<-1, 0>(window, here);
  predict_two<0, 1>(window, above);
  const Lanes west = upper_upper(here[0], here[0]);
  const Lanes north = load_lanes(window.near[1] + 4);
  const auto error = [&](int i) {
    const Lanes d = distance(above[i], north);
    const Lanes twice = sum_to_limit(distance(here[i], west), d);
    return sum_to_limit(sum_to_limit(twice, twice), upper_upper(d, d));
  };
  for (int i = 0; i < kCount; i += 2) {
    store_lanes(result.values + i, upper_upper(here[i], here[i + 1]));
    store_lanes(result.errors + i, lower_lower(error(i), error(i + 1)));
  }
  store_lanes(result.median_errors, west - here[3]);
  store_lanes(result.median_errors + 2, north - above[3]);
}

}  // namespace aicodec::screen
