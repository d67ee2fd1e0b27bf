#include "metrics/ssim.h"

#include <vector>

#include "metrics/bands.h"
#include "metrics/pixel_kernels.h"

namespace aicodec {
namespace {

constexpr uint32_t kGrain = 8;

// The rows of sums of one band, in one allocation.
class SumRows {
 public:
  SumRows(uint32_t rows, uint32_t blocks) : blocks_(blocks), storage_(size_t{4} * rows * blocks) {}
  BlockSums row(uint32_t y) {
    int32_t* at = storage_.data() + size_t{4} * y * blocks_;
    return {at, at + blocks_, at + 2 * size_t{blocks_}, at + 3 * size_t{blocks_}};
  }

 private:
  uint32_t blocks_;
  std::vector<int32_t> storage_;
};

void sum_blocks(const PixelKernels& kernels, const ConstPlane& a, const ConstPlane& b, bool wide,
                uint32_t row, uint32_t blocks, const BlockSums& out) {
  if (wide)
    kernels.block_sums_16(a.row<uint16_t>(4 * row), a.stride / 2, b.row<uint16_t>(4 * row), b.stride / 2,
                          blocks, out);
  else
    kernels.block_sums_8(a.row<uint8_t>(4 * row), a.stride, b.row<uint8_t>(4 * row), b.stride, blocks, out);
}

double ssim_of(const ConstPlane& a, const ConstPlane& b, PixelFormat format, unsigned threads) {
  const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
  const bool wide = format.sample_bytes() == 2;
  const uint32_t blocks = a.width / 4, rows = a.height / 4;
  // On sums of 64 samples, rounded to integers as the filter does.
  const double max = format.max_value();
  const double c1 = double(int64_t(0.01 * 0.01 * max * max * 64 + 0.5));
  const double c2 = double(int64_t(0.03 * 0.03 * max * max * 64 * 63 + 0.5));
  std::vector<double> sums(rows - 1);
  for_bands(rows - 1, kGrain, threads, [&](uint32_t begin, uint32_t end) {
    SumRows two(2, blocks);
    sum_blocks(kernels, a, b, wide, begin, blocks, two.row(begin % 2));
    for (uint32_t y = begin; y < end; ++y) {
      sum_blocks(kernels, a, b, wide, y + 1, blocks, two.row((y + 1) % 2));
      sums[y] = kernels.window_ssim(two.row(y % 2), two.row((y + 1) % 2), blocks - 1, c1, c2);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total / (double(rows - 1) * (blocks - 1));
}

// A copy of a small plane, extended to at least 8x8 samples.
template <typename T>
ConstPlane extended(const ConstPlane& plane, std::vector<uint8_t>& storage) {
  const uint32_t width = std::max(plane.width, 8u), height = std::max(plane.height, 8u);
  storage.resize(size_t{width} * height * sizeof(T));
  for (uint32_t y = 0; y < height; ++y) {
    const T* in = plane.row<T>(std::min(y, plane.height - 1));
    T* out = reinterpret_cast<T*>(storage.data()) + size_t{y} * width;
    for (uint32_t x = 0; x < width; ++x) out[x] = in[std::min(x, plane.width - 1)];
  }
  return {storage.data(), ptrdiff_t(width * sizeof(T)), width, height};
}

}  // namespace

Result<std::array<double, 3>> ssim(const PictureView& reference, const PictureView& distorted,
                                   unsigned threads) {
  if (!reference.same_shape(distorted)) return Error::kWrongPicture;
  const bool wide = reference.format.sample_bytes() == 2;
  std::array<double, 3> result;
  for (int i = 0; i < 3; ++i) {
    ConstPlane a = reference.planes[i], b = distorted.planes[i];
    std::vector<uint8_t> a_storage, b_storage;
    if (a.width < 8 || a.height < 8) {
      a = wide ? extended<uint16_t>(a, a_storage) : extended<uint8_t>(a, a_storage);
      b = wide ? extended<uint16_t>(b, b_storage) : extended<uint8_t>(b, b_storage);
    }
    result[i] = ssim_of(a, b, reference.format, threads);
  }
  return result;
}

double ssim_all(const std::array<double, 3>& planes, const PictureView& shape) {
  double sum = 0, samples = 0;
  for (int i = 0; i < 3; ++i) {
    const double size = double(shape.planes[i].width) * shape.planes[i].height;
    sum += planes[i] * size;
    samples += size;
  }
  return sum / samples;
}

}  // namespace aicodec
