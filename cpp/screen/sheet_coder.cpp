#include "screen/sheet_coder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "screen/subpixel.h"

namespace aicodec::screen {

SheetRows::SheetRows(int width, int first, int end)
    : top(first),
      current(width, end - first),
      background(width, end - first),
      blocks((width + kCell - 1) / kCell, (end - first + kCell - 1) / kCell),
      ages(static_cast<size_t>(blocks.columns()) * static_cast<size_t>(blocks.rows()), kOldest) {}

SheetCoder::SheetCoder(const SheetShape& shape, int rows, const ModelSettings& settings, int below)
    : shape_(shape),
      below_(below),
      rich_(settings.rich),
      colours_(shape, settings),
      escapes_(shape, settings),
      photos_(shape, settings.near) {
  take_rows(SheetRows(shape.width, 0, rows));
}

void SheetCoder::inherit_rest(const SheetCoder& other) {
  flags_ = other.flags_;
  vectors_ = other.vectors_;
  recent_ = other.recent_;
  escapes_ = other.escapes_;
  photos_ = other.photos_;
  costs_ = other.costs_;
}

void SheetCoder::give_rows(SheetRows& rows) const {
  const int first = std::max(top_, rows.top);
  const int end = std::min(top_ + current_.height(), rows.top + rows.current.height());
  for (int y = first; y < end; ++y) {
    std::copy_n(current_.at(0, y - top_), shape_.width, rows.current.at(0, y - rows.top));
    std::copy_n(background_.at(0, y - top_), shape_.width, rows.background.at(0, y - rows.top));
  }
  const int columns = blocks_.columns();
  for (int y = first / kCell; y * kCell < end; ++y) {
    const int from = y - top_ / kCell;
    const int to = y - rows.top / kCell;
    std::copy_n(ages_.begin() + from * columns, columns, rows.ages.begin() + to * columns);
    for (int x = 0; x < columns; ++x) rows.blocks.at(x, to) = blocks_.at(x, from);
  }
}

void SheetCoder::take_rows(SheetRows rows) {
  top_ = rows.top;
  current_ = std::move(rows.current);
  background_ = std::move(rows.background);
  marks_ = BasicRaster<uint8_t>(shape_.width, current_.height(), kAsReference);
  blocks_ = std::move(rows.blocks);
  before_ = blocks_;
  ages_ = std::move(rows.ages);
  photos_.forget_rows();
}

bool SheetCoder::inside(int column, int row, int cells, Vector vector) const {
  const int left = column * kCell + vector.dx;
  const int top = top_ + row * kCell + vector.dy;
  const int right = std::min((column + cells) * kCell, shape_.width) + vector.dx;
  const int bottom = top_ + std::min((row + cells) * kCell, rows()) + vector.dy;
  return left >= 0 && top >= 0 && right <= shape_.width && bottom <= shape_.height;
}

void SheetCoder::look_at_photos(int cell_row, const References& references) {
  seen_.resize(static_cast<size_t>(seen_stride() * kLookedAt));
  const int y = top_ + cell_row * kCell;
  for (int column = 0; column < blocks_.columns(); ++column) {
    const Block& block = blocks_.at(column, cell_row);
    if (block.mode != Mode::kPhoto || !is_between(block)) continue;
    const auto look = [&](int reference, Vector vector, bool average) {
      look_between(*references[static_cast<size_t>(reference)], shape_, column * kCell, y, vector, average,
                   &seen_[static_cast<size_t>(column * kSeenCell)], seen_stride());
    };
    look(block.vector.reference, block.vector, false);
    if (block.second) look(references.older, *block.second, true);
  }
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
      if (block.vector == Vector{} && !references.is_first) continue;
      const Raster& reference = *references[block.vector.reference];
      for (int y = row * kCell; y < bottom; ++y)
        std::memcpy(current_.at(x, y), reference.at(x + block.vector.dx, top_ + y + block.vector.dy),
                    static_cast<size_t>(width) * sizeof(Pixel));
    }
}

// Of pixels of a row that were coded with so many sixteenths of a bit. Weights fit the time that dense clips'
// rows take, in two nanoseconds; where pixels take hardly a bit, most of them are drawn at once.
uint64_t SheetCoder::work_of(Mode mode, int y, int left, int right, uint64_t spent) const {
  if (mode == Mode::kPhoto) return 28 * static_cast<uint64_t>(shape_.components * (right - left)) + spent / 6;
  const uint8_t* marks = marks_.at(0, y);
  uint64_t escaped = 0;
  for (int x = left; x < right; ++x) escaped += (marks[x] & kEscaped) != 0;
  const uint64_t pixels = static_cast<uint64_t>(right - left);
  if (rich_) return 64 * pixels + 370 * escaped + 3 * spent;
  return std::min(80 * pixels, 40 * pixels + 6 * spent) + 200 * escaped + spent * 5 / 4;
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
  work_by_row_.clear();
}

}  // namespace aicodec::screen
