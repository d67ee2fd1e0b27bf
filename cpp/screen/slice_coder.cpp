#include "screen/slice_coder.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"

namespace aicodec::screen {

namespace {

// The first row of a slice in a sheet; of the one after the last the sheet's height.
int first_row(const ScreenShape& shape, int sheet, const SliceCuts& cuts, int number) {
  const uint32_t luma = slice_top(shape.format, shape.height, number, cuts);
  return static_cast<int>(sheet > 0 ? (luma + 1) / 2 : luma);
}

}  // namespace

SliceCoder::SliceCoder(const ScreenShape& shape, const ModelSettings& models, int below,
                       const SliceCuts& cuts, int number)
    : shape_(shape) {
  for (int sheet = 0; sheet < sheet_count(shape.format); ++sheet)
    sheets_.emplace_back(sheet_shape(shape.format, shape.width, shape.height, sheet),
                         first_row(shape, sheet, cuts, number), first_row(shape, sheet, cuts, number + 1),
                         models, below);
}

void SliceCoder::cut(std::vector<SliceCoder>& others, const SliceCuts& cuts, unsigned threads) {
  parallel_for(2 * others.size(), threads, [&](size_t i) {
    SliceCoder& other = others[i / 2];
    for (size_t sheet = 0; sheet < sheets_.size(); ++sheet) {
      if (i % 2 == 0)
        other.sheets_[sheet].inherit_colours(sheets_[sheet]);
      else
        other.sheets_[sheet].inherit_rest(sheets_[sheet]);
    }
  });
  for (SliceCoder& other : others) {
    std::copy_n(repeat_, std::size(repeat_), other.repeat_);
    other.repeats_ = repeats_;
  }
  for (size_t sheet = 0; sheet < sheets_.size(); ++sheet)
    sheets_[sheet].narrow(first_row(shape_, static_cast<int>(sheet), cuts, 1));
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
