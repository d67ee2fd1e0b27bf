// XPSNR: PSNR whose block errors are weighted by how visible an error is there, with the numbers of FFmpeg's
// xpsnr filter.
#pragma once

#include <array>
#include <vector>

#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// Compares a clip frame by frame. Method: Helmrich, Bosse, Schwarz, Marpe and Wiegand, "A study of the
// extended perceptually weighted peak signal-to-noise ratio (XPSNR) for video compression with different
// resolutions and bit depths", ITU Journal 3(1), 2020; the block weight is the inverse of the reference's
// spatial plus temporal activity. Where the paper leaves a choice we do as FFmpeg's filter: the "luma" of an
// RGB picture is its G plane; before the first frame all samples are 0. A picture under 2025 pixels, on which
// that filter stops, has weight 1.
class Xpsnr {
 public:
  using Planes = std::array<double, 3>;

  // `frame_rate` in whole frames per second, rounded down: from 32 on, temporal activity is a second
  // difference.
  Xpsnr(PixelFormat format, uint32_t width, uint32_t height, uint32_t frame_rate);

  // The XPSNR of the next frame, in dB by plane; infinity for a plane without (weighted) error. Frames must
  // come in order. Fails with kWrongPicture if a picture has another shape. Does not depend on `threads` (0:
  // one per core).
  Result<Planes> add(const PictureView& reference, const PictureView& distorted, unsigned threads = 1);

  // Over all frames so far, in dB by plane: of the mean of the square roots of the weighted errors.
  Planes average() const;
  uint64_t frames() const { return frames_; }

 private:
  struct Block {
    uint32_t x, y, width, height;
  };

  void load(const ConstPlane& luma, std::vector<int16_t>& into) const;
  double weight(const Block& block) const;
  double spatial_activity(const Block& block, uint32_t left, uint32_t top, uint32_t right,
                          uint32_t bottom) const;
  double temporal_activity(const Block& block) const;
  void smooth_weights();
  void weigh_blocks(unsigned threads);
  double weighted_error(const ConstPlane& a, const ConstPlane& b, unsigned threads) const;
  double to_db(double root_sum, double db_sum, uint64_t frames, int plane) const;

  PixelFormat format_;
  uint32_t width_, height_, frame_rate_;
  uint32_t block_, columns_ = 0, rows_ = 0;
  // Activity is measured on half-size samples in pictures over 2048x1152.
  uint32_t step_;
  double scale_;
  // Luma of this frame and of the two before, with kBorder samples around.
  ptrdiff_t stride_;
  std::vector<int16_t> now_, before_, older_;
  std::vector<double> weights_;
  Planes root_sums_{}, db_sums_{};
  uint64_t frames_ = 0;
};

}  // namespace aicodec
