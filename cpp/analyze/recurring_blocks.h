// Which pictures of a file's dictionary hold content of a frame: what decides whether a frame becomes one of
// them, and which of them a segment lists. A statistic, not a search: it samples, and nothing but size
// depends on it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "picture/picture.h"

namespace aicodec {

// Pictures are added and get the numbers 0, 1, ... up to kMaxPictures - 1. A frame's blocks on the grid of
// 16x16 are looked up by hash among blocks at all places of those pictures, so that content which moved is
// found. Blocks of one colour do not count. Of large pictures only blocks whose hash ends with enough zero
// bits are looked at, on both sides the same ones. In 4:2:0 the hash is of luma alone.
class RecurringBlocks {
 public:
  static constexpr uint32_t kBlock = 16;
  static constexpr size_t kMaxPictures = 16;

  // Precondition: fewer than kMaxPictures so far. kWrongPicture for another shape than the first picture's.
  Status add(const PictureView& picture);
  size_t size() const { return hashes_.size(); }
  // For each set of pictures (bit i: picture i): how many of the frame's blocks are in just these. The set 0
  // counts the blocks that are new.
  Result<std::map<uint32_t, uint64_t>> find(const PictureView& frame) const;

 private:
  bool fits(const PictureView& picture) const;

  PixelFormat format_;
  uint32_t width_ = 0, height_ = 0;
  std::vector<std::vector<uint64_t>> hashes_;  // of each picture, sorted
};

}  // namespace aicodec
