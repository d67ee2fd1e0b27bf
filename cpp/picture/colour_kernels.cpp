// The loops of colour_kernels.h, written for the compiler to vectorise; see base/isa.h for how they are
// built.
#include "picture/colour_kernels.h"

#include <cstddef>

#if defined(__SSSE3__)
#include <immintrin.h>
#endif

namespace aicodec::AICODEC_KERNELS {
namespace {

constexpr int32_t kHalf = 1 << 15;

inline int32_t clamp(int32_t v, int32_t top) { return v < 0 ? 0 : v > top ? top : v; }

// Four times the chroma between two rows.
template <typename T>
inline int16_t tall(T near, T far) {
  return int16_t(3 * near + far);
}

template <typename T>
void upsample(const T* __restrict near, const T* __restrict far, int16_t* __restrict out,
              uint32_t chroma_width, bool centred) {
  const size_t last = chroma_width - 1;
  const int16_t left = tall(near[0], far[0]), right = tall(near[last], far[last]);
  if (centred) {
    out[0] = int16_t(4 * left);
    int16_t* __restrict const shifted = out + 1;
    for (size_t i = 0; i < last; ++i) {
      const int16_t a = tall(near[i], far[i]), b = tall(near[i + 1], far[i + 1]);
      shifted[2 * i] = int16_t(3 * a + b);
      shifted[2 * i + 1] = int16_t(a + 3 * b);
    }
    out[2 * last + 1] = int16_t(4 * right);
  } else {
    for (size_t i = 0; i < last; ++i) {
      const int16_t a = tall(near[i], far[i]), b = tall(near[i + 1], far[i + 1]);
      out[2 * i] = int16_t(4 * a);
      out[2 * i + 1] = int16_t(2 * (a + b));
    }
    out[2 * last] = out[2 * last + 1] = int16_t(4 * right);
  }
}

template <typename T>
void scale(const T* __restrict in, int16_t* __restrict out, uint32_t width) {
  for (size_t x = 0; x < width; ++x) out[x] = int16_t(in[x] * 16);
}

#if defined(__AVX2__)
// Sixteen pixels of to_rgb() below, by hand for one instruction that compilers do not find: it multiplies
// pairs of 16-bit numbers and adds the two products.
class SixteenPixels {
 public:
  SixteenPixels(const ToRgb& gains, int32_t whole, int32_t rest)
      : y_offset_(_mm256_set1_epi16(int16_t(gains.y_offset))),
        c_offset_(_mm256_set1_epi16(int16_t(gains.c_offset))),
        whole_(_mm256_set1_epi16(int16_t(whole))),
        red_(pair(rest, gains.red_cr)),
        green_cr_(pair(rest, gains.green_cr)),
        green_cb_(pair(gains.green_cb, kHalf / 2)),
        blue_(pair(rest, gains.blue_cb)) {}

  void operator()(const uint8_t* y, const int16_t* cb, const int16_t* cr, uint8_t* r, uint8_t* g,
                  uint8_t* b) const {
    const __m256i samples = _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(y)));
    const __m256i luma = _mm256_sub_epi16(samples, y_offset_), base = _mm256_mullo_epi16(luma, whole_);
    const __m256i u = chroma(cb), v = chroma(cr), two = _mm256_set1_epi16(2), half = _mm256_set1_epi32(kHalf);
    const __m256i yv_low = _mm256_unpacklo_epi16(luma, v), yv_high = _mm256_unpackhi_epi16(luma, v);
    const __m256i yu_low = _mm256_unpacklo_epi16(luma, u), yu_high = _mm256_unpackhi_epi16(luma, u);
    const __m256i u_low = _mm256_unpacklo_epi16(u, two), u_high = _mm256_unpackhi_epi16(u, two);
    const auto sum = [](__m256i a, __m256i gain, __m256i rest) {
      return _mm256_srai_epi32(_mm256_add_epi32(_mm256_madd_epi16(a, gain), rest), 16);
    };
    store(base, sum(yv_low, red_, half), sum(yv_high, red_, half), r);
    store(base, sum(yv_low, green_cr_, _mm256_madd_epi16(u_low, green_cb_)),
          sum(yv_high, green_cr_, _mm256_madd_epi16(u_high, green_cb_)), g);
    store(base, sum(yu_low, blue_, half), sum(yu_high, blue_, half), b);
  }

 private:
  static __m256i pair(int32_t low, int32_t high) {
    return _mm256_set1_epi32(int32_t(uint32_t(high) << 16 | uint16_t(low)));
  }
  __m256i chroma(const int16_t* c) const {
    return _mm256_sub_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(c)), c_offset_);
  }
  static void store(__m256i base, __m256i low, __m256i high, uint8_t* out) {
    const __m256i levels = _mm256_add_epi16(base, _mm256_packs_epi32(low, high));
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packus_epi16(levels, levels), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm256_castsi256_si128(bytes));
  }

  __m256i y_offset_, c_offset_, whole_, red_, green_cr_, green_cb_, blue_;
};
#endif

// Products of 16-bit factors are several times cheaper than of 32-bit ones. Gain is int16_t where all gains
// fit, which they do unless 8-bit samples become 10-bit ones. The luma gain, which never fits, is split into
// whole * 2^16 + rest: the first part passes the shift unchanged, so that the sum is the same.
template <typename In, typename Out, typename Gain>
void to_rgb(const In* __restrict y, const int16_t* __restrict cb, const int16_t* __restrict cr,
            Out* __restrict r, Out* __restrict g, Out* __restrict b, uint32_t width, const ToRgb& gains) {
  const int16_t whole = int16_t((gains.y_gain + kHalf) >> 16), y_offset = int16_t(gains.y_offset);
  const int16_t c_offset = int16_t(gains.c_offset), top = int16_t(gains.max_value);
  const Gain rest = Gain(gains.y_gain - whole * 65536), red_cr = Gain(gains.red_cr);
  const Gain green_cb = Gain(gains.green_cb), green_cr = Gain(gains.green_cr), blue_cb = Gain(gains.blue_cb);
  const auto level = [top](int16_t base, int32_t sum) {
    const int16_t v = int16_t(base + int16_t(sum >> 16));
    const int16_t low = v < 0 ? int16_t{0} : v;
    return Out(low > top ? top : low);
  };
  size_t x = 0;
#if defined(__AVX2__)
  if constexpr (sizeof(In) == 1 && sizeof(Out) == 1) {
    const SixteenPixels convert(gains, whole, rest);
    for (; x + 16 <= width; x += 16) convert(y + x, cb + x, cr + x, r + x, g + x, b + x);
  }
#endif
  for (; x < width; ++x) {
    const int16_t luma = int16_t(y[x] - y_offset), base = int16_t(whole * luma);
    const int16_t u = int16_t(cb[x] - c_offset), v = int16_t(cr[x] - c_offset);
    const int32_t fine = int32_t{rest} * luma + kHalf;
    r[x] = level(base, fine + int32_t{red_cr} * v);
    g[x] = level(base, fine + int32_t{green_cb} * u + int32_t{green_cr} * v);
    b[x] = level(base, fine + int32_t{blue_cb} * u);
  }
}

#if defined(__SSSE3__)
// By hand, since compilers make this twice as slow as the rest of the conversion.
inline void interleave_16_pixels(const uint8_t* r, const uint8_t* g, const uint8_t* b, uint8_t* out) {
  const __m128i red = _mm_loadu_si128(reinterpret_cast<const __m128i*>(r));
  const __m128i green = _mm_loadu_si128(reinterpret_cast<const __m128i*>(g));
  const __m128i blue = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b));
  constexpr char kNo = -1;  // a byte that another colour fills
  const auto put = [=](int block, __m128i order_r, __m128i order_g, __m128i order_b) {
    const __m128i mixed =
        _mm_or_si128(_mm_or_si128(_mm_shuffle_epi8(red, order_r), _mm_shuffle_epi8(green, order_g)),
                     _mm_shuffle_epi8(blue, order_b));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out) + block, mixed);
  };
  put(0, _mm_setr_epi8(0, kNo, kNo, 1, kNo, kNo, 2, kNo, kNo, 3, kNo, kNo, 4, kNo, kNo, 5),
      _mm_setr_epi8(kNo, 0, kNo, kNo, 1, kNo, kNo, 2, kNo, kNo, 3, kNo, kNo, 4, kNo, kNo),
      _mm_setr_epi8(kNo, kNo, 0, kNo, kNo, 1, kNo, kNo, 2, kNo, kNo, 3, kNo, kNo, 4, kNo));
  put(1, _mm_setr_epi8(kNo, kNo, 6, kNo, kNo, 7, kNo, kNo, 8, kNo, kNo, 9, kNo, kNo, 10, kNo),
      _mm_setr_epi8(5, kNo, kNo, 6, kNo, kNo, 7, kNo, kNo, 8, kNo, kNo, 9, kNo, kNo, 10),
      _mm_setr_epi8(kNo, 5, kNo, kNo, 6, kNo, kNo, 7, kNo, kNo, 8, kNo, kNo, 9, kNo, kNo));
  put(2, _mm_setr_epi8(kNo, 11, kNo, kNo, 12, kNo, kNo, 13, kNo, kNo, 14, kNo, kNo, 15, kNo, kNo),
      _mm_setr_epi8(kNo, kNo, 11, kNo, kNo, 12, kNo, kNo, 13, kNo, kNo, 14, kNo, kNo, 15, kNo),
      _mm_setr_epi8(10, kNo, kNo, 11, kNo, kNo, 12, kNo, kNo, 13, kNo, kNo, 14, kNo, kNo, 15));
}
#endif

template <typename T>
void interleave(const T* __restrict r, const T* __restrict g, const T* __restrict b, T* __restrict out,
                uint32_t width) {
  size_t x = 0;
#if defined(__SSSE3__)
  if constexpr (sizeof(T) == 1)
    for (; x + 16 <= width; x += 16) interleave_16_pixels(r + x, g + x, b + x, out + 3 * x);
#endif
  for (; x < width; ++x) {
    out[3 * x] = r[x];
    out[3 * x + 1] = g[x];
    out[3 * x + 2] = b[x];
  }
}

template <typename T>
void deinterleave(const T* __restrict in, T* __restrict r, T* __restrict g, T* __restrict b, uint32_t width) {
  for (size_t x = 0; x < width; ++x) {
    r[x] = in[3 * x];
    g[x] = in[3 * x + 1];
    b[x] = in[3 * x + 2];
  }
}

void dot(const int32_t* __restrict r, const int32_t* __restrict g, const int32_t* __restrict b,
         const int32_t* weights, int32_t offset, int32_t max_value, uint16_t* __restrict out,
         uint32_t width) {
  const int32_t wr = weights[0], wg = weights[1], wb = weights[2];
  for (size_t x = 0; x < width; ++x)
    out[x] = uint16_t(clamp(((wr * r[x] + wg * g[x] + wb * b[x] + kHalf) >> 16) + offset, max_value));
}

void narrow(const uint16_t* __restrict in, uint8_t* __restrict out, uint32_t width) {
  for (size_t x = 0; x < width; ++x) out[x] = uint8_t(clamp((in[x] + 2) >> 2, 255));
}

}  // namespace

extern const ColourKernels kColourKernels;
const ColourKernels kColourKernels = {
    upsample<uint8_t>,
    upsample<uint16_t>,
    scale<uint8_t>,
    scale<uint16_t>,
    to_rgb<uint8_t, uint8_t, int16_t>,
    to_rgb<uint16_t, uint8_t, int16_t>,
    to_rgb<uint8_t, uint16_t, int32_t>,
    to_rgb<uint16_t, uint16_t, int16_t>,
    interleave<uint8_t>,
    interleave<uint16_t>,
    deinterleave<uint8_t>,
    deinterleave<uint16_t>,
    dot,
    narrow,
};

}  // namespace aicodec::AICODEC_KERNELS
