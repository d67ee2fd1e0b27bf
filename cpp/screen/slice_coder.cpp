#include "screen/slice_coder.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/parallel.h"

namespace aicodec::screen {

namespace {

// The first row of a slice in a sheet; of the one after the last the sheet's height.
int first_row(const ScreenShape& shape, int sheet, const SliceCuts& cuts, int number) {
  const uint32_t luma = slice_top(shape.format, shape.height, number, cuts);
  return static_cast<int>(sheet > 0 ? (luma + 1) / 2 : luma);
}

}  // namespace

SliceCoder::SliceCoder(const ScreenShape& shape, const ModelSettings& models, int below, Rows rows)
    : shape_(shape) {
  for (int number = 0; number < sheet_count(shape.format); ++number) {
    const SheetShape sheet = sheet_shape(shape.format, shape.width, shape.height, number);
    sheets_.emplace_back(sheet, rows == Rows::kAll ? sheet.height : 0, models, below);
  }
}

void SliceCoder::cut(std::vector<SliceCoder>& slices, std::vector<SliceCoder> others, const SliceCuts& cuts,
                     unsigned threads) {
  const SliceCoder& whole = slices[0];
  parallel_for(2 * others.size(), threads, [&](size_t i) {
    SliceCoder& other = others[i / 2];
    for (size_t sheet = 0; sheet < whole.sheets_.size(); ++sheet) {
      if (i % 2 == 0)
        other.sheets_[sheet].inherit_colours(whole.sheets_[sheet]);
      else
        other.sheets_[sheet].inherit_rest(whole.sheets_[sheet]);
    }
  });
  for (SliceCoder& other : others) {
    std::copy_n(whole.repeat_, std::size(whole.repeat_), other.repeat_);
    other.repeats_ = whole.repeats_;
  }
  std::move(others.begin(), others.end(), std::back_inserter(slices));
  move(slices, cuts, threads);
}

void SliceCoder::move(std::vector<SliceCoder>& slices, const SliceCuts& cuts, unsigned threads) {
  std::vector<std::vector<SheetRows>> rows(slices.size());
  parallel_for(slices.size(), threads, [&](size_t i) {
    const ScreenShape& shape = slices[i].shape_;
    for (size_t k = 0; k < slices[i].sheets_.size(); ++k) {
      const int sheet = static_cast<int>(k);
      const int number = static_cast<int>(i);
      SheetRows& part =
          rows[i].emplace_back(slices[i].sheets_[k].shape().width, first_row(shape, sheet, cuts, number),
                               first_row(shape, sheet, cuts, number + 1));
      for (const SliceCoder& slice : slices) slice.sheets_[k].give_rows(part);
    }
  });
  for (size_t i = 0; i < slices.size(); ++i)
    for (size_t sheet = 0; sheet < rows[i].size(); ++sheet)
      slices[i].sheets_[sheet].take_rows(std::move(rows[i][sheet]));
}

void SliceCoder::copy_to(Frame& frame) const {
  for (size_t i = 0; i < sheets_.size(); ++i) {
    const Raster& rows = sheets_[i].current();
    Raster& sheet = frame.sheets[i];
    const int top = sheets_[i].top();
    const int first = top == 0 ? -kBorder : 0;
    const int end = rows.height() + (top + rows.height() == sheet.height() ? kBorder : 0);
    std::memcpy(sheet.at(-kBorder, top + first), rows.at(-kBorder, first),
                static_cast<size_t>(end - first) * static_cast<size_t>(sheet.stride()) * sizeof(Pixel));
  }
}

}  // namespace aicodec::screen
