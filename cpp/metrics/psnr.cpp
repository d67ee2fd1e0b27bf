#include "metrics/psnr.h"

#include <vector>

#include "metrics/bands.h"
#include "metrics/pixel_kernels.h"

namespace aicodec {
namespace {

constexpr uint32_t kGrain = 64;

double mse_of(const ConstPlane& a, const ConstPlane& b, bool wide, unsigned threads) {
  const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
  std::vector<uint64_t> rows(a.height);
  for_bands(a.height, kGrain, threads, [&](uint32_t begin, uint32_t end) {
    for (uint32_t y = begin; y < end; ++y)
      rows[y] = wide ? kernels.sse_16(a.row<uint16_t>(y), b.row<uint16_t>(y), a.width)
                     : kernels.sse_8(a.row<uint8_t>(y), b.row<uint8_t>(y), a.width);
  });
  uint64_t sum = 0;
  for (const uint64_t row : rows) sum += row;
  return double(sum) / (double(a.width) * a.height);
}

}  // namespace

Result<std::array<double, 3>> plane_mse(const PictureView& reference, const PictureView& distorted,
                                        unsigned threads) {
  if (!reference.same_shape(distorted)) return Error::kWrongPicture;
  std::array<double, 3> mse;
  for (int i = 0; i < 3; ++i)
    mse[i] = mse_of(reference.planes[i], distorted.planes[i], reference.format.sample_bytes() == 2, threads);
  return mse;
}

Result<PictureView> as_rgb(const PictureView& view, const Colour& colour, Picture& storage,
                           unsigned threads) {
  if (!view.format.is_yuv()) return view;
  storage = Picture({Layout::kRgb, view.format.bit_depth}, view.width, view.height);
  AICODEC_TRY(convert(view, colour, storage, threads));
  return storage.view();
}

Result<double> rgb_mse(const PictureView& reference, const PictureView& distorted, const Colour& colour,
                       unsigned threads) {
  if (!reference.same_shape(distorted)) return Error::kWrongPicture;
  Picture reference_storage, distorted_storage;
  const auto a = as_rgb(reference, colour, reference_storage, threads);
  if (!a.ok()) return a.error();
  const auto b = as_rgb(distorted, colour, distorted_storage, threads);
  if (!b.ok()) return b.error();
  const auto planes = plane_mse(a.value(), b.value(), threads);
  if (!planes.ok()) return planes.error();
  return (planes.value()[0] + planes.value()[1] + planes.value()[2]) / 3;
}

}  // namespace aicodec
