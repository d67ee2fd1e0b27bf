#include "metrics/xpsnr.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "metrics/pixel_kernels.h"

namespace aicodec {
namespace {

// The widest filter reaches 3 samples out of the picture when a side is odd.
constexpr uint32_t kBorder = 4;
constexpr uint32_t kSecondDifferenceRate = 32;
constexpr double kTemporalGain = 2;
constexpr uint64_t kSmoothedPixels = 640 * 480;

// The 6x6 high-pass of the 2x2 samples at `at`, by symmetry from sums of equal coefficients.
int32_t half_size_high_pass(const int16_t* at, ptrdiff_t stride) {
  const auto s = [=](int x, int y) { return int32_t(at[y * stride + x]); };
  const int32_t centre = s(0, 0) + s(1, 0) + s(0, 1) + s(1, 1);
  const int32_t sides = s(0, -1) + s(1, -1) + s(0, 2) + s(1, 2) + s(-1, 0) + s(2, 0) + s(-1, 1) + s(2, 1);
  const int32_t corners = s(-1, -1) + s(2, -1) + s(-1, 2) + s(2, 2);
  int32_t rim = 0;
  for (int i = -1; i <= 2; ++i) rim += s(i, -2) + s(i, 3) + s(-2, i) + s(3, i);
  return 12 * centre - 3 * sides - 2 * corners - rim;
}

int32_t sum_2x2(const int16_t* at, ptrdiff_t stride) { return at[0] + at[1] + at[stride] + at[stride + 1]; }

uint64_t block_sse(const PixelKernels& kernels, const ConstPlane& a, const ConstPlane& b, bool wide,
                   uint32_t left, uint32_t top, uint32_t width, uint32_t height) {
  uint64_t sum = 0;
  for (uint32_t y = top; y < top + height; ++y)
    sum += wide ? kernels.sse_16(a.row<uint16_t>(y) + left, b.row<uint16_t>(y) + left, width)
                : kernels.sse_8(a.row<uint8_t>(y) + left, b.row<uint8_t>(y) + left, width);
  return sum;
}

}  // namespace

Xpsnr::Xpsnr(PixelFormat format, uint32_t width, uint32_t height, uint32_t frame_rate)
    : format_(format), width_(width), height_(height), frame_rate_(frame_rate) {
  const double uhd_ratio = double(width) * height / (3840.0 * 2160.0);
  block_ = 4 * uint32_t(32.0 * std::sqrt(uhd_ratio) + 0.5);
  if (block_ > 0) {
    columns_ = (width + block_ - 1) / block_;
    rows_ = (height + block_ - 1) / block_;
  }
  step_ = uint64_t{width} * height > 2048 * 1152 ? 2 : 1;
  // 16 stands for the gain of the high-pass.
  scale_ =
      std::sqrt(16.0 * double(1 << (2 * format.bit_depth - 9)) / std::sqrt(std::max(0.00001, uhd_ratio)));
  stride_ = width + 2 * kBorder;
  for (auto* samples : {&now_, &before_, &older_}) samples->resize(size_t(stride_) * (height + 2 * kBorder));
  weights_.resize(size_t{columns_} * rows_);
}

void Xpsnr::load(const ConstPlane& luma, std::vector<int16_t>& into) const {
  for (uint32_t y = 0; y < height_ + 2 * kBorder; ++y) {
    const uint32_t from = std::min(std::max(y, kBorder) - kBorder, height_ - 1);
    int16_t* out = into.data() + y * stride_ + kBorder;
    if (format_.sample_bytes() == 2)
      std::copy_n(luma.row<uint16_t>(from), width_, out);
    else
      std::copy_n(luma.row<uint8_t>(from), width_, out);
    std::fill(out - kBorder, out, out[0]);
    std::fill(out + width_, out + width_ + kBorder, out[width_ - 1]);
  }
}

// Sum of the high-pass over [left, right) x [top, bottom) of the block, in its own coordinates.
double Xpsnr::spatial_activity(const Block& block, uint32_t left, uint32_t top, uint32_t right,
                               uint32_t bottom) const {
  const int16_t* origin = now_.data() + (block.y + kBorder) * stride_ + block.x + kBorder;
  uint64_t sum = 0;
  if (step_ == 1) {
    const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
    for (uint32_t y = top; y < bottom; ++y)
      sum += kernels.high_pass(origin + y * stride_ + left, stride_, right - left);
  } else if (right > 12) {  // the filter leaves narrower blocks without spatial activity
    for (uint32_t y = top; y < bottom; y += 2)
      for (uint32_t x = left; x < right; x += 2)
        sum += uint64_t(std::abs(half_size_high_pass(origin + y * stride_ + x, stride_)));
  }
  return double(sum);
}

double Xpsnr::temporal_activity(const Block& block) const {
  const size_t origin = (block.y + kBorder) * stride_ + block.x + kBorder;
  const int16_t *now = now_.data() + origin, *before = before_.data() + origin,
                *older = older_.data() + origin;
  const bool second = frame_rate_ >= kSecondDifferenceRate;
  uint64_t sum = 0;
  if (step_ == 1) {
    const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
    for (uint32_t y = 0; y < block.height; ++y, now += stride_, before += stride_, older += stride_)
      sum += second ? kernels.difference_2(now, before, older, block.width)
                    : kernels.difference_1(now, before, block.width);
  } else {
    for (uint32_t y = 0; y < block.height; y += 2)
      for (uint32_t x = 0; x < block.width; x += 2) {
        const ptrdiff_t at = y * stride_ + x;
        const int32_t a = sum_2x2(now + at, stride_), b = sum_2x2(before + at, stride_);
        sum += uint64_t(std::abs(second ? a - 2 * b + sum_2x2(older + at, stride_) : a - b));
      }
  }
  return kTemporalGain * double(sum);
}

double Xpsnr::weight(const Block& block) const {
  const uint32_t left = block.x > 0 ? 0 : step_, top = block.y > 0 ? 0 : step_;
  const uint32_t cut_x = block.x + block.width < width_ ? 0 : step_;
  const uint32_t cut_y = block.y + block.height < height_ ? 0 : step_;
  if (block.width <= left + cut_x || block.height <= top + cut_y) return 1;
  const uint32_t right = block.width - cut_x, bottom = block.height - cut_y;
  double activity =
      spatial_activity(block, left, top, right, bottom) / (double(right - left) * double(bottom - top));
  activity += temporal_activity(block) / (double(block.width) * block.height);
  return 1.0 / std::max(activity, double(1 << (format_.bit_depth - 6)));
}

// Lowers a weight to the largest of its left, right and upper neighbours', block by block as the filter does:
// each is visited when its right neighbour's weight is known (in the last column: with no right one).
void Xpsnr::smooth_weights() {
  const size_t count = weights_.size();
  for (size_t i = 1; i <= count; ++i) {
    const size_t at = i - 1;
    const bool row_end = i % columns_ == 0;
    if (i == count) {
      // The last block: left and upper neighbour, where there is more than one row and column before it.
      if (at > columns_)
        weights_[at] = std::min(weights_[at], std::max(weights_[at - 1], weights_[at - columns_]));
      break;
    }
    double limit = row_end ? (i > 1 ? weights_[i - 2] : 0) : weights_[i];
    if (!row_end && i % columns_ > 1) limit = std::max(limit, weights_[i - 2]);
    if (i > columns_) limit = std::max(limit, weights_[at - columns_]);
    weights_[at] = std::min(weights_[at], limit);
  }
}

void Xpsnr::weigh_blocks(unsigned threads) {
  parallel_for(rows_, threads, [&](size_t row) {
    const uint32_t y = uint32_t(row) * block_;
    for (uint32_t column = 0; column < columns_; ++column) {
      const uint32_t x = column * block_;
      weights_[row * columns_ + column] =
          weight({x, y, std::min(block_, width_ - x), std::min(block_, height_ - y)});
    }
  });
  if (uint64_t{width_} * height_ <= kSmoothedPixels) smooth_weights();
}

double Xpsnr::weighted_error(const ConstPlane& a, const ConstPlane& b, unsigned threads) const {
  const PixelKernels& kernels = AICODEC_PICK_KERNELS(kPixelKernels);
  const bool wide = format_.sample_bytes() == 2;
  if (block_ == 0) return double(block_sse(kernels, a, b, wide, 0, 0, a.width, a.height));
  const uint32_t block_x = uint32_t(uint64_t{block_} * a.width / width_);
  const uint32_t block_y = uint32_t(uint64_t{block_} * a.height / height_);
  const uint32_t columns = (a.width + block_x - 1) / block_x, rows = (a.height + block_y - 1) / block_y;
  std::vector<double> errors(size_t{columns} * rows);
  parallel_for(rows, threads, [&](size_t row) {
    const uint32_t y = uint32_t(row) * block_y, height = std::min(block_y, a.height - y);
    for (uint32_t column = 0; column < columns; ++column) {
      const uint32_t x = column * block_x;
      const size_t at = row * columns + column;
      errors[at] = double(block_sse(kernels, a, b, wide, x, y, std::min(block_x, a.width - x), height)) *
                   weights_[std::min(at, weights_.size() - 1)];
    }
  });
  double sum = 0;
  for (const double error : errors) sum += error;
  return std::floor(std::max(sum * scale_, 0.0) + 0.5);
}

double Xpsnr::to_db(double root_sum, double db_sum, uint64_t frames, int plane) const {
  if (frames == 0) return std::numeric_limits<double>::infinity();
  if (root_sum < double(frames)) return db_sum / double(frames);
  const double mean = root_sum / double(frames), max = format_.max_value();
  const double samples = double(format_.plane_side(plane, width_)) * format_.plane_side(plane, height_);
  return 10.0 * std::log10(samples * max * max / (mean * mean));
}

Result<Xpsnr::Planes> Xpsnr::add(const PictureView& reference, const PictureView& distorted,
                                 unsigned threads) {
  const bool fits = reference.format == format_ && reference.width == width_ && reference.height == height_;
  if (!fits || !reference.same_shape(distorted)) return Error::kWrongPicture;
  if (block_ > 0) {
    load(reference.planes[format_.is_yuv() ? 0 : 1], now_);
    weigh_blocks(threads);
  }
  Planes result;
  for (int i = 0; i < 3; ++i) {
    const double root = std::sqrt(weighted_error(reference.planes[i], distorted.planes[i], threads));
    result[i] = to_db(root, std::numeric_limits<double>::infinity(), 1, i);
    root_sums_[i] += root;
    db_sums_[i] += result[i];
  }
  ++frames_;
  std::swap(older_, before_);
  std::swap(before_, now_);
  return result;
}

Xpsnr::Planes Xpsnr::average() const {
  Planes result;
  for (int i = 0; i < 3; ++i) result[i] = to_db(root_sums_[i], db_sums_[i], frames_, i);
  return result;
}

}  // namespace aicodec
