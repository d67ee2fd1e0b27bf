// One slice: a band of rows of every sheet with models and a range coder of its own, so that slices are drawn
// in parallel.
#pragma once

#include "screen/history.h"
#include "screen/layer_header.h"

namespace aicodec::screen {

class SliceCoder {
 public:
  SliceCoder(PixelFormat format, uint32_t width, uint32_t height, int slice, const LayerHeader& header,
             int below) {
    const uint32_t top = slice_top(format, height, slice, header.slices);
    const uint32_t bottom = slice_top(format, height, slice + 1, header.slices);
    for (int sheet = 0; sheet < sheet_count(format); ++sheet) {
      const SheetShape shape = sheet_shape(format, width, height, sheet);
      const bool halved = sheet > 0;
      sheets_.emplace_back(shape, static_cast<int>(halved ? (top + 1) / 2 : top),
                           static_cast<int>(halved ? (bottom + 1) / 2 : bottom), header.models, below);
    }
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
  // Puts the slice's rows into a frame.
  void copy_to(Frame& frame) const;

 private:
  std::vector<SheetCoder> sheets_;
  BitModel repeat_[256];
  uint32_t repeats_ = 0;
  Changed changed_;
};

}  // namespace aicodec::screen
