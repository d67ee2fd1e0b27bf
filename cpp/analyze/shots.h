// Where the encoder starts a new segment: finds the cuts of a video while its frames stream by. A segment
// decodes alone, so a boundary costs bytes unless the picture is new anyway; a boundary missed at a real cut
// costs more, since one stack of layers must then explain two scenes.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "analyze/thumbnail.h"
#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// Push frames in order; answers are indices of frames that start a segment, ascending, each reported once,
// as soon as it is final. Frame 0 always starts one and is never reported.
//
// A boundary is a cut: most of the picture is explained neither by motion nor by what the last frames did
// anyway. Flashes of up to kFlash frames, pans, noise, scrolling and fades are none. A cut that comes fewer
// than min_length frames after the last boundary is dropped, so only the video's last segment can be shorter.
// No segment is longer than max_length: one without cuts is ended in the last quarter of that span at the
// frame that differs most from the one before it (the latest such, so static video gets full segments), and
// so that min_length frames are left before the next cut.
//
// A cut at frame c is reported by push() of frame c + kLookahead at the latest, a forced boundary when frame
// start + max_length + min_length + kLookahead is pushed: a caller that buffers the current segment holds at
// most that many frames. Not safe to use from several threads at once.
class ShotDetector {
 public:
  static constexpr uint32_t kFlash = 4;  // frames that a flash may last
  static constexpr uint32_t kCalm = 4;   // frames after a cut that must be calmer than the cut
  static constexpr uint32_t kLookahead = kFlash + kCalm;

  // Precondition: 1 <= min_length <= max_length, in frames.
  ShotDetector(uint32_t min_length, uint32_t max_length);

  // The boundaries that became final; kWrongPicture if `picture` has another size than the first one. Formats
  // may vary.
  Result<std::vector<uint64_t>> push(const PictureView& picture);
  // The boundaries still open, now that the video has ended. Afterwards the detector is as new.
  std::vector<uint64_t> finish();

 private:
  // A frame against the one before it.
  struct Step {
    Change change;
    bool fade = false;
  };

  const Step& step(uint64_t frame) const { return steps_[frame - first_step_]; }
  Step& step(uint64_t frame) { return steps_[frame - first_step_]; }
  const Thumbnail& thumbnail(uint64_t frame) const {
    return thumbnails_[frame - (pushed_ - thumbnails_.size())];
  }
  void examine(uint64_t frame);
  void absorb_flash(uint64_t frame);
  bool is_fade(uint64_t frame) const;
  bool is_cut(uint64_t frame) const;
  void decide(uint64_t frame, std::vector<uint64_t>& starts);
  void split_long(uint64_t end, std::vector<uint64_t>& starts);

  uint32_t min_length_, max_length_;
  uint32_t width_ = 0, height_ = 0;  // of the first picture
  uint64_t pushed_ = 0;              // frames so far
  uint64_t start_ = 0;               // first frame of the current segment
  uint64_t first_step_ = 0;
  std::deque<Step> steps_;            // of frames first_step_ .. pushed_ - 1
  std::deque<Thumbnail> thumbnails_;  // of the last kFlash + 4 frames
};

}  // namespace aicodec
