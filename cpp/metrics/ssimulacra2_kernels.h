// Row kernels of ssimulacra2.cpp, one table per instruction set (base/isa.h). float32; the sets differ in the
// last digits. The blur is the one of libjxl's metric, a Gaussian of sigma 1.5 as a cosine series over +-5
// samples (Charalampidis 2016): written as a recursion there, it is the symmetric filter of 9 taps that we
// apply directly, which vectorises along rows and does not gather rounding errors. Samples outside the
// picture count as 0.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace aicodec {

// Samples that the blur reaches to either side, and rows that one blurred row needs.
inline constexpr uint32_t kBlurReach = 4;
inline constexpr uint32_t kBlurRows = 2 * kBlurReach + 1;

// What a comparison adds up over one row of one plane: sums of the error and of its fourth power.
struct ErrorSums {
  float ssim, ssim_4;
  float ringing, ringing_4;
  float blurring, blurring_4;
};

// `rows` points to kBlurRows rows, the middle one being the row in question; `scratch` holds 3 * (n + 2 *
// kBlurReach) floats.
struct Ssimulacra2Kernels {
  // out[x] = table[in[x]].
  void (*look_up_8)(const uint8_t* in, const float* table, float* out, uint32_t n);
  void (*look_up_16)(const uint16_t* in, const float* table, float* out, uint32_t n);
  // Linear RGB to the metric's XYB, which lies in about 0..1.
  void (*to_xyb)(const float* r, const float* g, const float* b, float* x, float* y, float* b_y, uint32_t n);
  // 1 + |row - blurred row|: how much edge there is.
  void (*edges)(const float* const* rows, float* scratch, float* edges, uint32_t n);
  // The blurred row, and the blurred square less the square of that.
  void (*mean_and_variance)(const float* const* rows, float* scratch, float* mean, float* variance,
                            uint32_t n);
  // Reference and distorted rows, with the reference's own mean and variance.
  void (*compare)(const float* const* reference, const float* const* distorted, float* scratch,
                  const float* mean, const float* variance, uint32_t n, ErrorSums* sums);
  // As compare() without the SSIM sums (0), for which the reference's edges() are enough.
  void (*compare_edges)(const float* edges, const float* const* distorted, float* scratch, uint32_t n,
                        ErrorSums* sums);
};

AICODEC_DECLARE_KERNELS(Ssimulacra2Kernels, kSsimulacra2Kernels)

}  // namespace aicodec
