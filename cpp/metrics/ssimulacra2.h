// SSIMULACRA2, the metric that the encoder's quality search aims at: a reference is prepared once and
// compared with as many attempts as the search makes.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "metrics/large_memory.h"
#include "metrics/xyb_rows.h"
#include "picture/colour.h"
#include "picture/picture.h"

namespace aicodec {

// Everything about the reference picture that comparisons need, for each of up to six scales.
//
// The metric is SSIMULACRA 2 version 2.1 by Jon Sneyers (Cloudinary), defined by ssimulacra2.cc in libjxl's
// tools: 100 is identical, 90 is visually lossless, 70 high quality, negative scores are possible. Code
// values are read as sRGB whatever Colour's transfer says; YCbCr is converted to RGB of its own depth by
// picture/colour.h first.
//
// We differ from libjxl's program in the blur only, whose recursion in float32 there gathers rounding errors
// (ssimulacra2_kernels.h): they make its scores lower than ours, where the score is near 70 by 0 to 0.2
// points on camera pictures and up to 1.7 on drawn ones with large flat areas, near 90 by 0 to 0.4 and up
// to 2.1. Ours is within 0.05 of the same formulas in float64.
//
// A picture with a side under 8, which libjxl refuses, is extended to 8 by repeating its last row and column.
// As in libjxl, a picture has the scales up to the first whose side is under 8, and one that has fewer than
// six uses the weights in their order without gaps.
class Ssimulacra2Reference {
 public:
  // Fails as convert() does. Uses up to `threads` threads (0: one per core).
  static Result<Ssimulacra2Reference> create(const PictureView& reference, const Colour& colour,
                                             unsigned threads = 1);

  // Prepares another picture of the same shape (else kWrongPicture) in the same memory, which takes half the
  // time of create(). No compare() may be under way.
  Status replace(const PictureView& reference, unsigned threads = 1);

  // The score of `distorted`, a picture of the reference's shape (else kWrongPicture). Any number of threads
  // may call it at once; the result does not depend on `threads` (0: one per core).
  Result<double> compare(const PictureView& distorted, unsigned threads = 1) const;

 private:
  // What is kept of one plane at one scale: for SSIM its samples, means and variances, otherwise, if any
  // weight looks at it, how much edge there is. The rest is empty.
  struct PlaneStatistics {
    bool ssim = false, edges_only = false;
    FloatPlane samples, mean, variance, edges;
  };
  struct Scale {
    uint32_t width = 0, height = 0;
    PlaneStatistics planes[3];
  };

  Ssimulacra2Reference() = default;
  bool has_shape(const PictureView& view) const {
    return view.format == format_ && view.width == width_ && view.height == height_;
  }
  void choose_planes();
  void place_planes();
  void prepare(const PictureView& rgb, unsigned threads);

  PixelFormat format_;
  uint32_t width_ = 0, height_ = 0;
  Colour colour_;
  std::vector<Scale> scales_;
  LargeFloats memory_;  // of all planes
};

}  // namespace aicodec
