// The loops of ssimulacra2_kernels.h, written for the compiler to vectorise; see base/isa.h for how they are
// built. Columns are blurred first, into rows that fit the L1 cache, with the products of samples made on the
// way.
#include "metrics/ssimulacra2_kernels.h"

namespace aicodec::AICODEC_KERNELS {
namespace {

// One instruction where the set has it; without it two roundings, not a library call.
inline float multiply_add(float a, float b, float c) {
#if defined(__FMA__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

inline float magnitude(float v) { return v < 0 ? -v : v; }
inline float positive(float v) { return v > 0 ? v : 0; }

// Centre and the four taps on either side. The centre is what the others, as rounded, leave of 1: where the
// sum is not 1, a flat area has variance.
constexpr float kTaps[kBlurReach + 1] = {
    float(1 - 2 * (double(0.212928592f) + 0.109335373f + 0.0360111147f + 0.00941436781f)), 0.212928592f,
    0.109335373f, 0.0360111147f, 0.00941436781f};

constexpr float kC2 = 0.0009f;

// A step of third order from r towards v^(-1/3).
inline float nearer(float v, float r) {
  const float h = multiply_add(-v * r, r * r, 1.0f);
  return multiply_add(r * h, multiply_add(h, 2.0f / 9.0f, 1.0f / 3.0f), r);
}

// The cube root of 0.003 < v < 2 within one or two units in the last place, without a division: the inverse
// cube root's exponent is read off v's bits. (Steps in a loop would keep the loop over pixels from being
// vectorised.)
inline float cube_root(float v) {
  const int32_t guess = 0x54a1f800 - int32_t(float(__builtin_bit_cast(int32_t, v)) * (1.0f / 3.0f));
  const float r = nearer(v, nearer(v, __builtin_bit_cast(float, guess)));
  return v * r * r;
}

template <typename T>
void look_up(const T* in, const float* table, float* out, uint32_t n) {
  for (uint32_t x = 0; x < n; ++x) out[x] = table[in[x]];
}

void to_xyb(const float* r, const float* g, const float* b, float* out_x, float* out_y, float* out_b,
            uint32_t n) {
  constexpr float kBias = 0.0037930732552754493f, kBiasRoot = 0.155954201f;
  constexpr float kB0 = 0.24342268924547819f, kB1 = 0.20476744424496821f;
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) {
    const float red = r[x], green = g[x], blue = b[x];
    const float long_wave =
        multiply_add(0.3f, red, multiply_add(0.622f, green, multiply_add(0.078f, blue, kBias)));
    const float middle =
        multiply_add(0.23f, red, multiply_add(0.692f, green, multiply_add(0.078f, blue, kBias)));
    const float short_wave =
        multiply_add(kB0, red, multiply_add(kB1, green, multiply_add(1 - kB0 - kB1, blue, kBias)));
    const float l = cube_root(long_wave) - kBiasRoot, m = cube_root(middle) - kBiasRoot;
    const float s = cube_root(short_wave) - kBiasRoot;
    const float luma = 0.5f * (l + m);
    out_x[x] = multiply_add(7.0f, l - m, 0.42f);
    out_y[x] = luma + 0.01f;
    out_b[x] = (s - luma) + 0.55f;
  }
}

// A row in `scratch` with kBlurReach samples of 0 on either side.
inline float* padded_row(float* scratch, uint32_t index, uint32_t n) {
  float* row = scratch + index * (n + 2 * kBlurReach) + kBlurReach;
  for (uint32_t i = 1; i <= kBlurReach; ++i) row[-int32_t(i)] = row[n - 1 + i] = 0;
  return row;
}

// The blurred value at `at`, from a row whose columns are blurred.
inline float across(const float* at) {
  float sum = kTaps[0] * at[0];
  for (int k = 1; k <= int(kBlurReach); ++k) sum = multiply_add(kTaps[k], at[-k] + at[k], sum);
  return sum;
}

struct Window {
  const float* rows[kBlurRows];

  explicit Window(const float* const* from) {
    for (uint32_t i = 0; i < kBlurRows; ++i) rows[i] = from[i];
  }
  float down(uint32_t x) const {
    float sum = kTaps[0] * rows[kBlurReach][x];
    for (uint32_t k = 1; k <= kBlurReach; ++k)
      sum = multiply_add(kTaps[k], rows[kBlurReach - k][x] + rows[kBlurReach + k][x], sum);
    return sum;
  }
  // Of the products with `other`: the same operations whatever the two are, so that identical pictures have
  // identical variances and covariances, and with them no error at all.
  float down_products(const Window& other, uint32_t x) const {
    float sum = kTaps[0] * (rows[kBlurReach][x] * other.rows[kBlurReach][x]);
    for (uint32_t k = 1; k <= kBlurReach; ++k) {
      const uint32_t i = kBlurReach - k, j = kBlurReach + k;
      sum = multiply_add(kTaps[k], multiply_add(rows[i][x], other.rows[i][x], rows[j][x] * other.rows[j][x]),
                         sum);
    }
    return sum;
  }
};

void blur_columns(const Window& in, float* __restrict out, uint32_t n) {
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) out[x] = in.down(x);
}

inline float edge(float sample, float mean) { return 1 + magnitude(sample - mean); }

void edges(const float* const* rows, float* scratch, float* out, uint32_t n) {
  float* means = padded_row(scratch, 0, n);
  blur_columns(Window(rows), means, n);
  const float* row = rows[kBlurReach];
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) out[x] = edge(row[x], across(means + x));
}

void mean_and_variance(const float* const* rows, float* scratch, float* out_mean, float* out_variance,
                       uint32_t n) {
  float* __restrict means = padded_row(scratch, 0, n);
  float* __restrict squares = padded_row(scratch, 1, n);
  const Window in(rows);
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) {
    means[x] = in.down(x);
    squares[x] = in.down_products(in, x);
  }
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) {
    const float mu = across(means + x);
    out_mean[x] = mu;
    out_variance[x] = across(squares + x) - mu * mu;
  }
}

inline float fourth(float v) { return (v * v) * (v * v); }

void compare(const float* const* reference, const float* const* distorted, float* scratch,
             const float* mean_1, const float* variance_1, uint32_t n, ErrorSums* sums) {
  float* __restrict means = padded_row(scratch, 0, n);
  float* __restrict squares = padded_row(scratch, 1, n);
  float* __restrict products = padded_row(scratch, 2, n);
  const Window ref(reference), dist(distorted);
#pragma omp simd
  for (uint32_t x = 0; x < n; ++x) {
    means[x] = dist.down(x);
    squares[x] = dist.down_products(dist, x);
    products[x] = dist.down_products(ref, x);
  }
  const float *ref_row = reference[kBlurReach], *dist_row = distorted[kBlurReach];
  float ssim = 0, ssim_4 = 0, ringing = 0, ringing_4 = 0, blurring = 0, blurring_4 = 0;
#pragma omp simd reduction(+ : ssim, ssim_4, ringing, ringing_4, blurring, blurring_4)
  for (uint32_t x = 0; x < n; ++x) {
    const float mu_1 = mean_1[x], mu_2 = across(means + x);
    const float variance_2 = across(squares + x) - mu_2 * mu_2;
    const float covariance = across(products + x) - mu_1 * mu_2;
    const float closeness = 1 - (mu_1 - mu_2) * (mu_1 - mu_2);
    const float structure = (2 * covariance + kC2) / ((variance_1[x] + variance_2) + kC2);
    const float error = positive(1 - closeness * structure);
    ssim += error;
    ssim_4 += fourth(error);
    const float change = edge(dist_row[x], mu_2) / edge(ref_row[x], mu_1) - 1;
    const float more = positive(change), less = positive(-change);
    ringing += more;
    ringing_4 += fourth(more);
    blurring += less;
    blurring_4 += fourth(less);
  }
  *sums = {ssim, ssim_4, ringing, ringing_4, blurring, blurring_4};
}

void compare_edges(const float* reference, const float* const* distorted, float* scratch, uint32_t n,
                   ErrorSums* sums) {
  float* means = padded_row(scratch, 0, n);
  blur_columns(Window(distorted), means, n);
  const float* dist_row = distorted[kBlurReach];
  float ringing = 0, ringing_4 = 0, blurring = 0, blurring_4 = 0;
#pragma omp simd reduction(+ : ringing, ringing_4, blurring, blurring_4)
  for (uint32_t x = 0; x < n; ++x) {
    const float change = edge(dist_row[x], across(means + x)) / reference[x] - 1;
    const float more = positive(change), less = positive(-change);
    ringing += more;
    ringing_4 += fourth(more);
    blurring += less;
    blurring_4 += fourth(less);
  }
  *sums = {0, 0, ringing, ringing_4, blurring, blurring_4};
}

}  // namespace

extern const Ssimulacra2Kernels kSsimulacra2Kernels;
const Ssimulacra2Kernels kSsimulacra2Kernels = {
    look_up<uint8_t>, look_up<uint16_t>, to_xyb, edges, mean_and_variance, compare, compare_edges,
};

}  // namespace aicodec::AICODEC_KERNELS
