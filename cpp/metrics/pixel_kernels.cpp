// The loops of pixel_kernels.h, written for the compiler to vectorise; see base/isa.h for how they are built.
#include "metrics/pixel_kernels.h"

namespace aicodec::AICODEC_KERNELS {
namespace {

inline int32_t magnitude(int32_t v) { return v < 0 ? -v : v; }
inline uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }

// 4096 squares of 10-bit differences fit 32 bits.
constexpr uint32_t kSseRun = 4096;

template <typename T>
uint64_t sse(const T* a, const T* b, uint32_t n) {
  uint64_t total = 0;
  for (uint32_t begin = 0; begin < n; begin += kSseRun) {
    const uint32_t end = begin + smaller(kSseRun, n - begin);
    uint32_t sum = 0;
    for (uint32_t x = begin; x < end; ++x) {
      const int32_t d = int32_t(a[x]) - int32_t(b[x]);
      sum += uint32_t(d * d);
    }
    total += sum;
  }
  return total;
}

template <typename T>
void block_sums(const T* a, ptrdiff_t a_stride, const T* b, ptrdiff_t b_stride, uint32_t blocks,
                const BlockSums& out) {
  for (uint32_t i = 0; i < blocks; ++i) {
    int32_t s1 = 0, s2 = 0, squares = 0, products = 0;
    for (uint32_t y = 0; y < 4; ++y)
      for (uint32_t x = 0; x < 4; ++x) {
        const int32_t p = a[y * a_stride + 4 * i + x], q = b[y * b_stride + 4 * i + x];
        s1 += p;
        s2 += q;
        squares += p * p + q * q;
        products += p * q;
      }
    out.reference[i] = s1;
    out.distorted[i] = s2;
    out.squares[i] = squares;
    out.products[i] = products;
  }
}

double window_ssim(const BlockSums& top, const BlockSums& bottom, uint32_t windows, double c1, double c2) {
  const auto window = [](const int32_t* t, const int32_t* b, uint32_t i) {
    return t[i] + t[i + 1] + b[i] + b[i + 1];
  };
  double total = 0;
  for (uint32_t i = 0; i < windows; ++i) {
    // Integers below 2^53: exact.
    const double s1 = window(top.reference, bottom.reference, i),
                 s2 = window(top.distorted, bottom.distorted, i);
    const double variances = 64.0 * window(top.squares, bottom.squares, i) - s1 * s1 - s2 * s2;
    const double covariance = 64.0 * window(top.products, bottom.products, i) - s1 * s2;
    total += (2 * s1 * s2 + c1) * (2 * covariance + c2) / ((s1 * s1 + s2 * s2 + c1) * (variances + c2));
  }
  return total;
}

uint64_t high_pass(const int16_t* row, ptrdiff_t stride, uint32_t n) {
  const int16_t *above = row - stride, *below = row + stride;
  uint32_t sum = 0;
  for (int32_t x = 0; x < int32_t(n); ++x)
    sum += uint32_t(magnitude(12 * row[x] - 2 * (row[x - 1] + row[x + 1] + above[x] + below[x]) -
                              above[x - 1] - above[x + 1] - below[x - 1] - below[x + 1]));
  return sum;
}

uint64_t difference_1(const int16_t* now, const int16_t* before, uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t x = 0; x < n; ++x) sum += uint32_t(magnitude(now[x] - before[x]));
  return sum;
}

uint64_t difference_2(const int16_t* now, const int16_t* before, const int16_t* older, uint32_t n) {
  uint32_t sum = 0;
  for (uint32_t x = 0; x < n; ++x) sum += uint32_t(magnitude(now[x] - 2 * before[x] + older[x]));
  return sum;
}

// The Gaussian of sigma 1.5 on 11 samples: its centre and the five taps on either side. The centre is what
// the others, as rounded, leave of 1: where the sum is not 1, a flat area has variance.
constexpr float kGauss[6] = {
    float(1 - 2 * (double(0.21300554f) + 0.10936069f + 0.036000773f + 0.0075987582f + 0.0010283801f)),
    0.21300554f,
    0.10936069f,
    0.036000773f,
    0.0075987582f,
    0.0010283801f};

inline float gauss(const float* in) {
  float sum = kGauss[0] * in[5];
  for (int k = 1; k < 6; ++k) sum += kGauss[k] * (in[5 - k] + in[5 + k]);
  return sum;
}

void ms_ssim_row(const float* const* a, const float* const* b, float* scratch, uint32_t n, float offset,
                 float* structure, float* full) {
  const uint32_t wide = n + 10;
  float *mean_a = scratch, *mean_b = mean_a + wide, *aa = mean_b + wide, *bb = aa + wide, *ab = bb + wide;
  for (uint32_t x = 0; x < wide; ++x) mean_a[x] = mean_b[x] = aa[x] = bb[x] = ab[x] = 0;
  for (int k = 0; k < 11; ++k) {
    const float weight = kGauss[k < 5 ? 5 - k : k - 5];
    const float *p = a[k], *q = b[k];
#pragma omp simd
    for (uint32_t x = 0; x < wide; ++x) {
      mean_a[x] += weight * p[x];
      mean_b[x] += weight * q[x];
      aa[x] += weight * p[x] * p[x];
      bb[x] += weight * q[x] * q[x];
      ab[x] += weight * p[x] * q[x];
    }
  }
  constexpr float kC1 = 0.01f * 0.01f, kC2 = 0.03f * 0.03f;
  float structures = 0, fulls = 0;
#pragma omp simd reduction(+ : structures, fulls)
  for (uint32_t x = 0; x < n; ++x) {
    const float p = gauss(mean_a + x), q = gauss(mean_b + x);
    const float variances = gauss(aa + x) - p * p + (gauss(bb + x) - q * q);
    const float covariance = gauss(ab + x) - p * q;
    const float cs = (2 * covariance + kC2) / (variances + kC2);
    const float light_a = p + offset, light_b = q + offset;
    structures += cs;
    fulls += cs * (2 * light_a * light_b + kC1) / (light_a * light_a + light_b * light_b + kC1);
  }
  *structure = structures;
  *full = fulls;
}

void halve(const float* top, const float* bottom, float* out, uint32_t n) {
  for (uint32_t x = 0; x < n; ++x)
    out[x] = 0.25f * (top[2 * x] + top[2 * x + 1] + (bottom[2 * x] + bottom[2 * x + 1]));
}

}  // namespace

extern const PixelKernels kPixelKernels;
const PixelKernels kPixelKernels = {
    sse<uint8_t>, sse<uint16_t>, block_sums<uint8_t>, block_sums<uint16_t>, window_ssim,
    high_pass,    difference_1,  difference_2,        ms_ssim_row,          halve,
};

}  // namespace aicodec::AICODEC_KERNELS
