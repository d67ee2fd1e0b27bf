// The frames that a segment may copy from: the one before, a few recent ones, some saved from longer ago,
// those of the file's dictionary, and the canvas below. What is kept follows from what the frames changed, by
// one rule for encoder and decoder.
#pragma once

#include <memory>
#include <vector>

#include "screen/sheet_coder.h"

namespace aicodec::screen {

// A frame as rasters, one for each sheet.
struct Frame {
  std::vector<Raster> sheets;
  // Tells frames of a history apart (the encoder's index of blocks names them so).
  uint64_t number = 0;
};
using SharedFrame = std::shared_ptr<const Frame>;

std::shared_ptr<Frame> make_frame(PixelFormat format, uint32_t width, uint32_t height,
                                  const Ground& ground = {});
std::shared_ptr<Frame> make_frame(const PictureView& picture);
// Into a frame as make_frame() makes them for such pictures.
void load_frame(const PictureView& picture, Frame& frame);

class History {
 public:
  static constexpr int kRecent = 4;

  // References: the previous frame, kRecent recent ones, `saved` older ones, the dictionary, and then the
  // canvas below if there is one.
  History(std::shared_ptr<Frame> first, int saved, std::vector<SharedFrame> dictionary, bool has_below);

  // The number of the reference that is the canvas below, or -1.
  int below() const { return has_below_ ? static_cast<int>(slots_.size()) - 1 : -1; }
  void set_below(SharedFrame frame) { slots_.back() = std::move(frame); }
  const std::vector<SharedFrame>& slots() const { return slots_; }
  // The number of the frame before the previous one, or -1.
  int older() const;
  // Whether no frame has been pushed yet.
  bool is_empty() const { return pushed_ == 0; }
  References references(int sheet) const;

  // A frame to draw the next one into: as large as the others, samples and borders of no meaning.
  std::shared_ptr<Frame> blank();
  // Makes `frame` the previous one. `changed` sums all sheets and slices.
  void push(std::shared_ptr<Frame> frame, const Changed& changed);

 private:
  void put(size_t slot, SharedFrame frame);

  std::vector<SharedFrame> slots_;
  std::vector<std::shared_ptr<Frame>> spare_;
  bool has_below_;
  size_t saved_;
  size_t next_recent_ = 0;
  size_t next_saved_ = 0;
  uint64_t area_ = 0;
  uint64_t literals_since_ = 0;
  uint64_t pushed_ = 0;
};

}  // namespace aicodec::screen
