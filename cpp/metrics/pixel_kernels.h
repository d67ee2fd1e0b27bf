// Row kernels of PSNR, SSIM, XPSNR and MS-SSIM, one table per instruction set (base/isa.h). The first three
// work on integers and give the same sums with every set; MS-SSIM works on float32 and differs in the last
// digits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/isa.h"

namespace aicodec {

// SSIM block sums of one row of 4x4 blocks, each array with one entry per block: samples of either picture,
// squares of both together, products.
struct BlockSums {
  int32_t* reference;
  int32_t* distorted;
  int32_t* squares;
  int32_t* products;
};

struct PixelKernels {
  // Sum of squared differences of n samples.
  uint64_t (*sse_8)(const uint8_t* a, const uint8_t* b, uint32_t n);
  uint64_t (*sse_16)(const uint16_t* a, const uint16_t* b, uint32_t n);
  // Sums of `blocks` 4x4 blocks that lie side by side; strides in samples.
  void (*block_sums_8)(const uint8_t* a, ptrdiff_t a_stride, const uint8_t* b, ptrdiff_t b_stride,
                       uint32_t blocks, const BlockSums& out);
  void (*block_sums_16)(const uint16_t* a, ptrdiff_t a_stride, const uint16_t* b, ptrdiff_t b_stride,
                        uint32_t blocks, const BlockSums& out);
  // SSIM, summed over the `windows` 8x8 windows between two rows of windows + 1 blocks each.
  double (*window_ssim)(const BlockSums& top, const BlockSums& bottom, uint32_t windows, double c1,
                        double c2);
  // XPSNR: sum over n samples of the magnitude of the 3x3 high-pass.
  uint64_t (*high_pass)(const int16_t* row, ptrdiff_t stride, uint32_t n);
  // XPSNR: sum over n samples of |now - before| and of |now - 2 before + older|.
  uint64_t (*difference_1)(const int16_t* now, const int16_t* before, uint32_t n);
  uint64_t (*difference_2)(const int16_t* now, const int16_t* before, const int16_t* older, uint32_t n);
  // MS-SSIM: blurs 11 rows of both pictures (n + 10 samples each, values less a constant `offset`) and adds
  // up the structure and the full SSIM term of n windows. `scratch` holds 5 * (n + 10) floats.
  void (*ms_ssim_row)(const float* const* a, const float* const* b, float* scratch, uint32_t n, float offset,
                      float* structure, float* full);
  // Mean of 2x2 samples; the input rows have 2 * n samples.
  void (*halve)(const float* top, const float* bottom, float* out, uint32_t n);
};

AICODEC_DECLARE_KERNELS(PixelKernels, kPixelKernels)

}  // namespace aicodec
