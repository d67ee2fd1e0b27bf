#include "metrics/ms_ssim.h"

#include <cmath>
#include <vector>

#include "metrics/bands.h"
#include "metrics/pixel_kernels.h"

namespace aicodec {
namespace {

constexpr uint32_t kWindow = 11;
constexpr int kScales = 5;
constexpr double kExponents[kScales] = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
// Taken off every sample, so that variances do not lose digits to the mean.
constexpr float kOffset = 0.5f;
constexpr uint32_t kGrain = 16;

// Luma in -0.5..0.5. Each row has one readable sample more than the width, equal to the last.
struct LumaPlane {
  uint32_t width = 0, height = 0;
  std::vector<float> samples;

  LumaPlane(uint32_t w, uint32_t h) : width(w), height(h), samples(size_t{w + 1} * h) {}
  float* row(uint32_t y) { return samples.data() + size_t{y} * (width + 1); }
  const float* row(uint32_t y) const { return samples.data() + size_t{y} * (width + 1); }
};

template <typename T>
void read_row(const PictureView& view, uint32_t y, float scale, uint32_t width, float* out) {
  const T* first = view.planes[0].row<T>(y);
  if (view.format.is_yuv()) {
    for (uint32_t x = 0; x < width; ++x) out[x] = float(first[x]) * scale - kOffset;
    return;
  }
  const T *green = view.planes[1].row<T>(y), *blue = view.planes[2].row<T>(y);
  for (uint32_t x = 0; x < width; ++x)
    out[x] =
        (0.299f * float(first[x]) + 0.587f * float(green[x]) + 0.114f * float(blue[x])) * scale - kOffset;
}

LumaPlane luma_of(const PictureView& view, unsigned threads) {
  LumaPlane luma(std::max(view.width, kWindow), std::max(view.height, kWindow));
  const float scale = 1.0f / float(view.format.max_value());
  for_bands(luma.height, kGrain, threads, [&](uint32_t begin, uint32_t end) {
    for (uint32_t y = begin; y < end; ++y) {
      const uint32_t from = std::min(y, view.height - 1);
      float* row = luma.row(y);
      if (view.format.sample_bytes() == 2)
        read_row<uint16_t>(view, from, scale, view.width, row);
      else
        read_row<uint8_t>(view, from, scale, view.width, row);
      std::fill(row + view.width, row + luma.width + 1, row[view.width - 1]);
    }
  });
  return luma;
}

LumaPlane halved(const LumaPlane& in, const PixelKernels& kernels) {
  LumaPlane out((in.width + 1) / 2, (in.height + 1) / 2);
  for (uint32_t y = 0; y < out.height; ++y) {
    float* row = out.row(y);
    kernels.halve(in.row(2 * y), in.row(std::min(2 * y + 1, in.height - 1)), row, out.width);
    row[out.width] = row[out.width - 1];
  }
  return out;
}

struct ScaleMeans {
  double structure, full;
};

ScaleMeans compare(const LumaPlane& a, const LumaPlane& b, const PixelKernels& kernels, unsigned threads) {
  const uint32_t rows = a.height - kWindow + 1, columns = a.width - kWindow + 1;
  std::vector<float> structure(rows), full(rows);
  for_bands(rows, kGrain, threads, [&](uint32_t begin, uint32_t end) {
    std::vector<float> scratch(size_t{5} * a.width);
    const float *a_rows[kWindow], *b_rows[kWindow];
    for (uint32_t y = begin; y < end; ++y) {
      for (uint32_t k = 0; k < kWindow; ++k) {
        a_rows[k] = a.row(y + k);
        b_rows[k] = b.row(y + k);
      }
      kernels.ms_ssim_row(a_rows, b_rows, scratch.data(), columns, kOffset, &structure[y], &full[y]);
    }
  });
  ScaleMeans sums{0, 0};
  for (uint32_t y = 0; y < rows; ++y) {
    sums.structure += structure[y];
    sums.full += full[y];
  }
  const double windows = double(rows) * columns;
  return {sums.structure / windows, sums.full / windows};
}

int scales_for(uint32_t side) {
  int scales = 1;
  for (; scales < kScales && (side + 1) / 2 >= kWindow; ++scales) side = (side + 1) / 2;
  return scales;
}

}  // namespace

Result<double> ms_ssim(const PictureView& reference, const PictureView& distorted, unsigned threads) {
  if (!reference.same_shape(distorted)) return Error::kWrongPicture;
  const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
  LumaPlane a = luma_of(reference, threads), b = luma_of(distorted, threads);
  const int scales = scales_for(std::min(a.width, a.height));
  double exponents = 0, product = 1;
  for (int i = 0; i < scales; ++i) exponents += kExponents[i];
  for (int i = 0; i < scales; ++i) {
    if (i > 0) {
      a = halved(a, kernels);
      b = halved(b, kernels);
    }
    const ScaleMeans means = compare(a, b, kernels, threads);
    const double term = i + 1 == scales ? means.full : means.structure;
    product *= std::pow(std::max(term, 0.0), kExponents[i] / exponents);
  }
  return product;
}

}  // namespace aicodec
