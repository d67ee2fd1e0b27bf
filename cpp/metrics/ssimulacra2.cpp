#include "metrics/ssimulacra2.h"

#include <algorithm>
#include <cmath>

#include "metrics/bands.h"
#include "metrics/psnr.h"

namespace aicodec {
namespace {

constexpr int kMaxScales = 6;
constexpr uint32_t kMinSide = 8;
// Rows of a band: enough that the blur's rows above and below, which bands make twice, matter little.
constexpr uint32_t kGrain = 32;

constexpr double kWeights[3 * kMaxScales * 6] = {
#include "metrics/ssimulacra2_weights.inl"
};

// The six weights of a plane at a scale: mean of SSIM, ringing and blurring errors, then their 4-norms.
const double* weights_of(int plane, size_t scale, size_t scales) {
  return kWeights + (plane * scales + scale) * 6;
}

size_t scales_for(uint32_t width, uint32_t height) {
  size_t count = 1;
  for (; count < kMaxScales && std::min(width, height) >= kMinSide; ++count) {
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  return count;
}

// `rgb`, or where a side is under kMinSide a copy in `storage` that repeats the last row and column.
PictureView extended(const PictureView& rgb, Picture& storage) {
  if (std::min(rgb.width, rgb.height) >= kMinSide) return rgb;
  storage = Picture(rgb.format, std::max(rgb.width, kMinSide), std::max(rgb.height, kMinSide));
  const size_t bytes = rgb.format.sample_bytes();
  for (int c = 0; c < 3; ++c) {
    const Plane to = storage.plane(c);
    for (uint32_t y = 0; y < to.height; ++y)
      for (uint32_t x = 0; x < to.width; ++x)
        std::memcpy(to.data + y * to.stride + x * bytes,
                    rgb.planes[c].data + std::min(y, rgb.height - 1) * rgb.planes[c].stride +
                        std::min(x, rgb.width - 1) * bytes,
                    bytes);
  }
  return storage.view();
}

// Walks `rgb` down the scales: work(scale, rows, begin, end) for bands of rows of each, on several threads.
template <typename Work>
void for_scales(const PictureView& rgb, size_t scales, unsigned threads, const Work& work) {
  const std::vector<float> table = srgb_table(rgb.format.bit_depth);
  LinearPicture linear;
  for (size_t scale = 0; scale < scales; ++scale) {
    const RowSource source = scale == 0 ? RowSource{&rgb, table.data(), nullptr, rgb.width, rgb.height}
                                        : RowSource{nullptr, nullptr, &linear, linear.width, linear.height};
    LinearPicture halved;
    if (scale + 1 < scales) halved = LinearPicture((source.width + 1) / 2, (source.height + 1) / 2);
    for_bands(source.height, kGrain, threads, [&](uint32_t begin, uint32_t end) {
      XybRows rows(source, begin, end, scale + 1 < scales ? &halved : nullptr);
      work(scale, rows, begin, end);
    });
    linear = std::move(halved);
  }
}

// Sum over the six weighted norms of one plane at one scale.
double weighted_norms(const std::vector<ErrorSums>& rows, double pixels, const double* weights) {
  double sums[6] = {};
  for (const ErrorSums& row : rows) {
    const float values[6] = {row.ssim, row.ringing, row.blurring, row.ssim_4, row.ringing_4, row.blurring_4};
    for (int i = 0; i < 6; ++i) sums[i] += values[i];
  }
  double total = 0;
  for (int i = 0; i < 6; ++i) {
    const double mean = sums[i] / pixels;
    total += weights[i] * (i < 3 ? mean : std::sqrt(std::sqrt(mean)));
  }
  return total;
}

// From the weighted sum to the scale of subjective scores.
double score_of(double sum) {
  const double e = sum * 0.9562382616834844;
  const double fitted =
      2.326765642916932 * e - 0.020884521182843837 * e * e + 6.248496625763138e-05 * e * e * e;
  return fitted > 0 ? 100.0 - 10.0 * std::pow(fitted, 0.6276336467831387) : 100.0;
}

}  // namespace

void Ssimulacra2Reference::choose_planes() {
  const size_t count = scales_for(std::max(width_, kMinSide), std::max(height_, kMinSide));
  scales_.resize(count);
  uint32_t width = std::max(width_, kMinSide), height = std::max(height_, kMinSide);
  for (size_t i = 0; i < count; ++i, width = (width + 1) / 2, height = (height + 1) / 2) {
    scales_[i].width = width;
    scales_[i].height = height;
    for (int c = 0; c < 3; ++c) {
      PlaneStatistics& plane = scales_[i].planes[c];
      const double* w = weights_of(c, i, count);
      plane.ssim = w[0] != 0 || w[3] != 0;
      plane.edges_only = !plane.ssim && (w[1] != 0 || w[2] != 0 || w[4] != 0 || w[5] != 0);
    }
  }
}

void Ssimulacra2Reference::place_planes() {
  const auto for_planes = [&](const auto& place) {
    for (Scale& scale : scales_)
      for (PlaneStatistics& plane : scale.planes) {
        if (plane.edges_only) place(scale, plane.edges);
        if (!plane.ssim) continue;
        place(scale, plane.samples);
        place(scale, plane.mean);
        place(scale, plane.variance);
      }
  };
  size_t total = 0;
  for_planes(
      [&](const Scale& scale, FloatPlane&) { total += FloatPlane::size_of(scale.width, scale.height); });
  memory_ = allocate_floats(total);
  float* next = memory_.get();
  for_planes([&](const Scale& scale, FloatPlane& plane) {
    plane = FloatPlane(scale.width, next);
    next += FloatPlane::size_of(scale.width, scale.height);
  });
}

void Ssimulacra2Reference::prepare(const PictureView& rgb, unsigned threads) {
  const Ssimulacra2Kernels& kernels = AICODEC_PICK_KERNELS(kSsimulacra2Kernels);
  for_scales(rgb, scales_.size(), threads, [&](size_t index, XybRows& rows, uint32_t begin, uint32_t end) {
    Scale& scale = scales_[index];
    std::vector<float> scratch(3 * (size_t{scale.width} + 2 * kBlurReach));
    const float* window[kBlurRows];
    for (uint32_t y = begin; y < end; ++y) {
      rows.move_to(y);
      for (int c = 0; c < 3; ++c) {
        PlaneStatistics& plane = scale.planes[c];
        if (!plane.ssim && !plane.edges_only) continue;
        rows.window(c, y, window);
        if (plane.edges_only) {
          kernels.edges(window, scratch.data(), plane.edges.row(y), scale.width);
          continue;
        }
        std::copy_n(window[kBlurReach], scale.width, plane.samples.row(y));
        kernels.mean_and_variance(window, scratch.data(), plane.mean.row(y), plane.variance.row(y),
                                  scale.width);
      }
    }
  });
}

Result<Ssimulacra2Reference> Ssimulacra2Reference::create(const PictureView& reference, const Colour& colour,
                                                          unsigned threads) {
  Ssimulacra2Reference result;
  result.format_ = reference.format;
  result.width_ = reference.width;
  result.height_ = reference.height;
  result.colour_ = colour;
  result.choose_planes();
  result.place_planes();
  AICODEC_TRY(result.replace(reference, threads));
  return result;
}

Status Ssimulacra2Reference::replace(const PictureView& reference, unsigned threads) {
  if (!has_shape(reference)) return Error::kWrongPicture;
  Picture storage, padded;
  const auto rgb = as_rgb(reference, colour_, storage, threads);
  if (!rgb.ok()) return rgb.error();
  prepare(extended(rgb.value(), padded), threads);
  return Ok{};
}

Result<double> Ssimulacra2Reference::compare(const PictureView& distorted, unsigned threads) const {
  if (!has_shape(distorted)) return Error::kWrongPicture;
  Picture storage, padded;
  const auto rgb = as_rgb(distorted, colour_, storage, threads);
  if (!rgb.ok()) return rgb.error();
  const Ssimulacra2Kernels& kernels = AICODEC_PICK_KERNELS(kSsimulacra2Kernels);
  std::vector<std::vector<ErrorSums>> sums(scales_.size() * 3);
  for (size_t i = 0; i < sums.size(); ++i) sums[i].resize(scales_[i / 3].height);
  for_scales(extended(rgb.value(), padded), scales_.size(), threads,
             [&](size_t index, XybRows& rows, uint32_t begin, uint32_t end) {
               const Scale& scale = scales_[index];
               std::vector<float> scratch(3 * (size_t{scale.width} + 2 * kBlurReach)), zero(scale.width);
               const float *window[kBlurRows], *reference[kBlurRows];
               for (uint32_t y = begin; y < end; ++y) {
                 rows.move_to(y);
                 for (int c = 0; c < 3; ++c) {
                   const PlaneStatistics& plane = scale.planes[c];
                   if (!plane.ssim && !plane.edges_only) continue;
                   rows.window(c, y, window);
                   ErrorSums* out = &sums[index * 3 + c][y];
                   if (plane.edges_only) {
                     kernels.compare_edges(plane.edges.row(y), window, scratch.data(), scale.width, out);
                     continue;
                   }
                   for (uint32_t i = 0; i < kBlurRows; ++i) {
                     const bool inside = y + i >= kBlurReach && y + i - kBlurReach < scale.height;
                     reference[i] = inside ? plane.samples.row(y + i - kBlurReach) : zero.data();
                   }
                   kernels.compare(reference, window, scratch.data(), plane.mean.row(y),
                                   plane.variance.row(y), scale.width, out);
                 }
               }
             });
  double total = 0;
  for (size_t i = 0; i < scales_.size(); ++i)
    for (int c = 0; c < 3; ++c)
      total += weighted_norms(sums[i * 3 + c], double(scales_[i].width) * scales_[i].height,
                              weights_of(c, i, scales_.size()));
  return score_of(total);
}

}  // namespace aicodec
