// One slice: a band of rows of every sheet with models and a range coder of its own, so that slices are drawn
// in parallel. The first frames are one slice, from which all others inherit.
#pragma once

#include "screen/history.h"
#include "screen/layer_header.h"
#include "screen/screen_layer.h"

namespace aicodec::screen {

// What reference 0 is before anything is drawn.
inline std::shared_ptr<Frame> first_reference(const LayerHeader& header, const ScreenShape& shape) {
  return make_frame(shape.format, shape.width, shape.height, header.on_ground ? header.ground : Ground{});
}

class SliceCoder {
 public:
  enum class Rows { kAll, kNone };
  SliceCoder(const ScreenShape& shape, const ModelSettings& models, int below, Rows rows);

  // Before the first frame.
  void start_from(const Ground& ground) {
    for (size_t i = 0; i < sheets_.size(); ++i) sheets_[i].start_from(ground[i]);
  }

  std::vector<SheetCoder>& sheets() { return sheets_; }
  const std::vector<SheetCoder>& sheets() const { return sheets_; }

  // Codes the next frame. `references`: per sheet. An encoder gives a plan and a source raster per sheet, and
  // whether nothing changes; a decoder null. False: see SheetCoder::code_frame.
  template <typename Coder>
  bool code_frame(Coder& coder, const std::vector<References>& references, std::vector<Plan>* plans,
                  const Frame* source, bool repeat) {
    changed_ = {};
    repeat = coder.bit(repeat_[repeats_ & 255], repeat);
    repeats_ = repeats_ << 1 | static_cast<uint32_t>(repeat);
    for (size_t i = 0; i < sheets_.size(); ++i) {
      if (repeat) {
        sheets_[i].repeat_frame();
        continue;
      }
      if (!sheets_[i].code_frame(coder, references[i], plans != nullptr ? &(*plans)[i] : nullptr,
                                 source != nullptr ? &source->sheets[i] : nullptr,
                                 i > 0 ? &sheets_[0] : nullptr))
        return false;
      changed_ += sheets_[i].changed();
    }
    return true;
  }
  const Changed& changed() const { return changed_; }
  // Puts the slice's rows into a frame, with the border beside them, above the first and below the last one.
  void copy_to(Frame& frame) const;

  // Ends the time of one slice: `others`, coders as new, go on from what the only one in `slices` has
  // learned, and become slices with their part of its rows. Copies on up to `threads` threads.
  static void cut(std::vector<SliceCoder>& slices, std::vector<SliceCoder> others, const SliceCuts& cuts,
                  unsigned threads);
  // Moves the borders between the slices, which keep what they have learned.
  static void move(std::vector<SliceCoder>& slices, const SliceCuts& cuts, unsigned threads);

 private:
  ScreenShape shape_;
  std::vector<SheetCoder> sheets_;
  BitModel repeat_[256];
  uint32_t repeats_ = 0;
  Changed changed_;
};

}  // namespace aicodec::screen
