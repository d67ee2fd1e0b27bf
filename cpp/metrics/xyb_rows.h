// The source of SSIMULACRA2's rows: takes a picture, or the scale above, row by row through linear RGB to
// XYB, keeps only the rows that one blurred row needs, and hands the halved picture down to the next scale.
#pragma once

#include <cstring>
#include <memory>
#include <vector>

#include "metrics/ssimulacra2_kernels.h"
#include "picture/picture.h"

namespace aicodec {

// A plane of floats, not initialised; each row has one sample more than `width`, for an odd one's neighbour.
class FloatPlane {
 public:
  FloatPlane() = default;
  FloatPlane(uint32_t width, uint32_t height)
      : stride_(stride_of(width)),
        own_(std::make_unique_for_overwrite<float[]>(stride_ * height)),
        samples_(own_.get()) {}
  // In memory of somebody else's, size_of(width, height) floats that outlive the plane.
  FloatPlane(uint32_t width, float* samples) : stride_(stride_of(width)), samples_(samples) {}

  static size_t size_of(uint32_t width, uint32_t height) { return stride_of(width) * height; }
  float* row(uint32_t y) { return samples_ + y * stride_; }
  const float* row(uint32_t y) const { return samples_ + y * stride_; }

 private:
  static size_t stride_of(uint32_t width) { return (size_t{width} + 16) & ~size_t{15}; }

  size_t stride_ = 0;
  std::unique_ptr<float[]> own_;
  float* samples_ = nullptr;
};

// A picture in linear RGB.
struct LinearPicture {
  uint32_t width = 0, height = 0;
  FloatPlane planes[3];

  LinearPicture() = default;
  LinearPicture(uint32_t w, uint32_t h)
      : width(w), height(h), planes{FloatPlane(w, h), FloatPlane(w, h), FloatPlane(w, h)} {}
};

// sRGB code values of `bit_depth` bits to linear light.
std::vector<float> srgb_table(uint8_t bit_depth);

// Where a band of rows comes from: the samples of a kRgb picture at the first scale (`samples` set, with
// their table), the scale's linear picture at the others.
struct RowSource {
  const PictureView* samples = nullptr;
  const float* table = nullptr;
  const LinearPicture* linear = nullptr;
  uint32_t width = 0, height = 0;
};

// The XYB rows around the one being worked on, as it moves down a band.
class XybRows {
 public:
  // Rows [begin, end) of `source` will be asked for in order; `begin` is even. `halved`, if not null,
  // receives the rows of the next scale that come from these.
  XybRows(const RowSource& source, uint32_t begin, uint32_t end, LinearPicture* halved);

  // The kBlurRows rows of `plane` around row y, with rows of 0 outside the picture. Valid until the next call
  // of move_to(). Precondition: move_to(y).
  void window(int plane, uint32_t y, const float** rows) const;
  void move_to(uint32_t y);

 private:
  static constexpr uint32_t kSlots = 16;

  void make_row(uint32_t y);
  void halve_pair(uint32_t y);
  float* slot(int plane, uint32_t y) { return xyb_.data() + (plane * kSlots + y % kSlots) * stride_; }
  const float* slot(int plane, uint32_t y) const { return const_cast<XybRows*>(this)->slot(plane, y); }
  float* linear_row(int plane, uint32_t y) { return linear_.data() + (plane * 2 + y % 2) * stride_; }

  const Ssimulacra2Kernels& kernels_;
  RowSource source_;
  uint32_t begin_, end_, next_;
  LinearPicture* halved_;
  size_t stride_;
  std::vector<float> xyb_, linear_, zero_;
};

}  // namespace aicodec
