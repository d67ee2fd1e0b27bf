#include "screen/sheet_coder.h"

#include <cstring>

namespace aicodec::screen {

SheetCoder::SheetCoder(const SheetShape& shape, int top, int bottom, const ModelSettings& settings, int below)
    : shape_(shape),
      top_(top),
      below_(below),
      current_(shape.width, bottom - top),
      background_(shape.width, bottom - top),
      marks_(shape.width, bottom - top, kAsReference),
      blocks_((shape.width + kCell - 1) / kCell, (bottom - top + kCell - 1) / kCell),
      before_(blocks_),
      ages_(static_cast<size_t>(blocks_.columns()) * static_cast<size_t>(blocks_.rows()), kOldest),
      colours_(shape, settings),
      escapes_(shape, settings),
      photos_(shape, settings.near) {}

void SheetCoder::inherit_rest(const SheetCoder& whole) {
  take_rows(whole, top_ - whole.top_, top_ - whole.top_ + rows());
  flags_ = whole.flags_;
  vectors_ = whole.vectors_;
  recent_ = whole.recent_;
  escapes_ = whole.escapes_;
  photos_ = whole.photos_;
  photos_.forget_rows();
  costs_ = whole.costs_;
}

void SheetCoder::narrow(int bottom) {
  take_rows(*this, 0, bottom);
  photos_.forget_rows();
}

// Of `whole`, which may be this coder, the pixels and blocks of rows [top, bottom).
void SheetCoder::take_rows(const SheetCoder& whole, int top, int bottom) {
  const auto first = top / kCell;
  const auto last = (bottom + kCell - 1) / kCell;
  const auto columns = whole.blocks_.columns();
  current_ = whole.current_.rows(top, bottom);
  background_ = whole.background_.rows(top, bottom);
  marks_ = BasicRaster<uint8_t>(shape_.width, bottom - top, kAsReference);
  ages_ = Ages(whole.ages_.begin() + first * columns, whole.ages_.begin() + last * columns);
  blocks_ = whole.blocks_.rows(first, last);
  before_ = blocks_;
}

bool SheetCoder::inside(int column, int row, int cells, Vector vector) const {
  const int left = column * kCell + vector.dx;
  const int top = top_ + row * kCell + vector.dy;
  const int right = std::min((column + cells) * kCell, shape_.width) + vector.dx;
  const int bottom = top_ + std::min((row + cells) * kCell, rows()) + vector.dy;
  return left >= 0 && top >= 0 && right <= shape_.width && bottom <= shape_.height;
}

uint32_t SheetCoder::guide_at(const SheetCoder& luma, int x, int y) {
  // Beyond an odd side lies the border.
  const Pixel* at = luma.current_.at(2 * x, 2 * y);
  const ptrdiff_t stride = luma.current_.stride();
  return hash_in(hash_in(hash_in(hash_in(11, at[0]), at[1]), at[stride]), at[stride + 1]);
}

// The map becomes that of the frame before; the new one is all skipped until blocks say otherwise.
void SheetCoder::next_map() {
  std::swap(blocks_, before_);
  blocks_.fill(0, 0, std::max(blocks_.columns(), blocks_.rows()), Block{});
}

// Marks are those of the frame being drawn: a pixel that is not coded is as its reference says. Copied blocks
// are final; literal ones start from their reference.
void SheetCoder::fill_from_history(const References& references) {
  for (int y = 0; y < rows(); ++y)
    std::memset(marks_.at(0, y), kAsReference, static_cast<size_t>(shape_.width));
  changed_ = {};
  for (int row = 0; row < blocks_.rows(); ++row)
    for (int column = 0; column < blocks_.columns(); ++column) {
      const Block& block = blocks_.at(column, row);
      if (block.mode == Mode::kSkip) continue;
      const int x = column * kCell;
      const int width = std::min(kCell, shape_.width - x);
      const int bottom = std::min(row * kCell + kCell, rows());
      const uint64_t pixels = static_cast<uint64_t>(width) * static_cast<uint64_t>(bottom - row * kCell);
      changed_.pixels += pixels;
      if (has_pixels(block.mode)) changed_.literals += pixels;
      if (block.vector == Vector{}) continue;
      const Raster& reference = *references[block.vector.reference];
      for (int y = row * kCell; y < bottom; ++y)
        std::memcpy(current_.at(x, y), reference.at(x + block.vector.dx, top_ + y + block.vector.dy),
                    static_cast<size_t>(width) * sizeof(Pixel));
    }
}

void SheetCoder::finish_frame(const Raster& previous) {
  for (int row = 0; row < blocks_.rows(); ++row)
    for (int column = 0; column < blocks_.columns(); ++column) {
      uint8_t& age = ages_[static_cast<size_t>(row) * blocks_.columns() + static_cast<size_t>(column)];
      if (blocks_.at(column, row).mode == Mode::kSkip) {
        if (age < kOldest) ++age;
        continue;
      }
      age = 0;
      const int bottom = std::min(row * kCell + kCell, rows());
      for (int y = row * kCell; y < bottom; ++y) {
        const Pixel* now = current_.at(column * kCell, y);
        const Pixel* then = previous.at(column * kCell, top_ + y);
        Pixel* background = background_.at(column * kCell, y);
        // Beyond the right side all three have the same border. A loop of known length is vectorised best.
        for (int x = 0; x < kCell; ++x) background[x] = now[x] != then[x] ? then[x] : background[x];
      }
    }
}

void SheetCoder::repeat_frame() {
  next_map();
  for (uint8_t& age : ages_)
    if (age < kOldest) ++age;
  changed_ = {};
  spent_by_row_.clear();
}

}  // namespace aicodec::screen
