// One slice: a band of rows of every sheet with models and a range coder of its own, so that slices are drawn
// in parallel. The first frames are one slice, from which all others inherit.
#pragma once

#include "screen/history.h"
#include "screen/layer_header.h"
#include "screen/screen_layer.h"

namespace aicodec::screen {

class SliceCoder {
 public:
  // The rows of one slice; without cuts all rows.
  SliceCoder(const ScreenShape& shape, const ModelSettings& models, int below, const SliceCuts& cuts = {},
             int number = 0);
  // Ends the time of one slice: this one, of all rows, keeps the first slice's, and `others` (coders of the
  // further slices, as new) go on from what it has learned. Copies on up to `threads` threads.
  void cut(std::vector<SliceCoder>& others, const SliceCuts& cuts, unsigned threads);

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
  // Puts the slice's rows into a frame.
  void copy_to(Frame& frame) const;

 private:
  ScreenShape shape_;
  std::vector<SheetCoder> sheets_;
  BitModel repeat_[256];
  uint32_t repeats_ = 0;
  Changed changed_;
};

}  // namespace aicodec::screen
