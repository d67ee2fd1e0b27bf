#include "screen/slice_coder.h"

#include <cstring>

namespace aicodec::screen {

SliceCoder::SliceCoder(PixelFormat format, uint32_t width, uint32_t height, const ModelSettings& models,
                       int below) {
  for (int sheet = 0; sheet < sheet_count(format); ++sheet) {
    const SheetShape shape = sheet_shape(format, width, height, sheet);
    sheets_.emplace_back(shape, 0, shape.height, models, below);
  }
}

std::vector<SliceCoder> SliceCoder::cut(PixelFormat format, uint32_t height, const SliceCuts& cuts) && {
  std::vector<SliceCoder> slices(static_cast<size_t>(cuts.slices()));
  for (int i = cuts.slices() - 1; i >= 0; --i) {
    SliceCoder& slice = slices[static_cast<size_t>(i)];
    for (size_t sheet = 0; sheet < sheets_.size(); ++sheet) {
      const auto row = [&](int number) {
        const uint32_t luma = slice_top(format, height, number, cuts);
        return static_cast<int>(sheet > 0 ? (luma + 1) / 2 : luma);
      };
      SheetCoder& whole = sheets_[sheet];
      const int top = row(i), bottom = row(i + 1);
      slice.sheets_.push_back(i > 0 ? whole.part(top, bottom) : std::move(whole).part(top, bottom));
    }
    std::copy_n(repeat_, std::size(repeat_), slice.repeat_);
    slice.repeats_ = repeats_;
  }
  return slices;
}

void SliceCoder::copy_to(Frame& frame) const {
  for (size_t i = 0; i < sheets_.size(); ++i) {
    const Raster& rows = sheets_[i].current();
    for (int y = 0; y < rows.height(); ++y)
      std::memcpy(frame.sheets[i].at(0, sheets_[i].top() + y), rows.at(0, y),
                  static_cast<size_t>(rows.width()) * sizeof(Pixel));
  }
}

}  // namespace aicodec::screen
