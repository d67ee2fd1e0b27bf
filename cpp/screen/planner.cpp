#include "screen/planner.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace aicodec::screen {
namespace {

// Whether a row of a cell is the same in both.
bool same_cell_row(const Pixel* a, const Pixel* b) {
  static_assert(kCell * sizeof(Pixel) == 4 * sizeof(uint64_t));
  uint64_t one[4], other[4];
  std::memcpy(one, a, sizeof(one));
  std::memcpy(other, b, sizeof(other));
  return ((one[0] ^ other[0]) | (one[1] ^ other[1]) | (one[2] ^ other[2]) | (one[3] ^ other[3])) == 0;
}

// How many of a row's pixels differ: cell by cell, in loops of known length.
int differing(const Pixel* a, const Pixel* b, int width) {
  int count = 0;
  int i = 0;
  for (; i + kCell <= width; i += kCell)
    for (int j = 0; j < kCell; ++j) count += a[i + j] != b[i + j];
  for (; i < width; ++i) count += a[i] != b[i];
  return count;
}

}  // namespace

Planner::Planner(const SheetShape& shape, const PlannerSettings& settings, Pixel ground)
    : shape_(shape),
      settings_(settings),
      ground_(ground),
      columns_((shape.width + kCell - 1) / kCell),
      rows_((shape.height + kCell - 1) / kCell),
      index_(shape.width, shape.height),
      motion_(shape),
      tolerance_(shape, settings.tolerance),
      changed_(static_cast<size_t>(columns_) * static_cast<size_t>(rows_)) {}

bool Planner::equal(const Raster& other, int x, int y, int dx, int dy, int width, int height) const {
  for (int row = y; row < y + height; ++row) {
    const Pixel* a = frame_->at(x, row);
    const Pixel* b = other.at(x + dx, row + dy);
    if (width == kCell ? same_cell_row(a, b)
                       : std::memcmp(a, b, static_cast<size_t>(width) * sizeof(Pixel)) == 0)
      continue;
    if (tolerance_.exact()) return false;
    for (int i = 0; i < width; ++i)
      if (!is_near(a[i], b[i], tolerance_.at(x + i, row))) return false;
  }
  return true;
}

int Planner::mismatches(const Raster& other, int x, int y, int dx, int dy, int width, int height,
                        int limit) const {
  int count = 0;
  for (int row = y; row < y + height && count < limit; ++row) {
    const Pixel* a = frame_->at(x, row);
    const Pixel* b = other.at(x + dx, row + dy);
    if (tolerance_.exact())
      count += differing(a, b, width);
    else
      for (int i = 0; i < width; ++i) count += !is_near(a[i], b[i], tolerance_.at(x + i, row));
  }
  return count;
}

// How many pixels have a colour that none of those around and none in the reference has: ranking, which asks
// for such colours, only adds to the cost of their residuals.
int Planner::novel_pixels(Vector vector, int x, int y, int width, int height) const {
  const Raster& reference = *references_[vector.reference];
  const ptrdiff_t stride = frame_->stride();
  int count = 0;
  for (int row = y; row < y + height; ++row) {
    const Pixel* p = frame_->at(x, row);
    const Pixel* r = reference.at(x + vector.dx, row + vector.dy);
    for (int i = 0; i < width; ++i) {
      const Pixel v = p[i];
      count += (v != p[i - 1]) & (v != p[i - stride]) & (v != p[i - stride - 1]) & (v != p[i - stride + 1]) &
               (v != r[i]);
    }
  }
  return count;
}

Planner::Novelty Planner::novelty_of_root(int left, int top) const {
  Novelty result;
  for (int row = top; row < std::min(top + kRootCells, rows_); ++row)
    for (int column = left; column < std::min(left + kRootCells, columns_); ++column) {
      if (!changed(column, row) || is_kept(column, row)) continue;
      const int x = column * kCell;
      const int y = row * kCell;
      const int width = std::min(kCell, shape_.width - x);
      const int height = std::min(kCell, shape_.height - y);
      result.novel += novel_pixels({}, x, y, width, height);
      result.pixels += width * height;
    }
  return result;
}

// Whether the frame is camera footage, in which most pixels have a colour of their own, or has so much of it
// that blocks are to choose.
bool Planner::looks_natural() const {
  const bool has_colours = shape_.components == 3;
  const auto is_natural = [&](const Novelty& n) {
    return n.novel * 100 > n.pixels * (has_colours ? 70 : 20);
  };
  Novelty all;
  int64_t in_natural_roots = 0;
  for (int row = 0; row < rows_; row += kRootCells)
    for (int column = 0; column < columns_; column += kRootCells) {
      const Novelty root = novelty_of_root(column, row);
      all.novel += root.novel;
      all.pixels += root.pixels;
      if (is_natural(root)) in_natural_roots += root.pixels;
    }
  return is_natural(all) || (has_colours && in_natural_roots * 4 > all.pixels);
}

void Planner::learn(const Raster& picture, uint64_t number) {
  frame_ = &picture;
  std::fill(changed_.begin(), changed_.end(), uint8_t{1});
  index_.hash(picture, changed_);
  finish(number);
}

// What is kept is compared with the canvas below, all else with the source.
bool Planner::is_unchanged(int x, int y) const {
  const int width = std::min(kCell, shape_.width - x);
  const int height = std::min(kCell, shape_.height - y);
  if (!is_kept(x / kCell, y / kCell)) return equal(*references_[0], x, y, 0, 0, width, height);
  for (int row = y; row < y + height; ++row)
    if (std::memcmp(references_[0]->at(x, row), references_.back()->at(x, row),
                    static_cast<size_t>(width) * sizeof(Pixel)) != 0)
      return false;
  return true;
}

// Whether the source is what it was, where errors allowed in the root follow from: then what was drawn is
// still near enough.
bool Planner::repeats(int column, int row) const {
  if (kept_before_ || !kept_.empty()) return false;
  const int x = column * kCell - 1;
  const int right = std::min((column + kRootCells) * kCell, shape_.width) + 1;
  const int bottom = std::min((row + kRootCells) * kCell, shape_.height) + 1;
  for (int y = row * kCell - 1; y < bottom; ++y)
    if (std::memcmp(frame_->at(x, y), before_->at(x, y), static_cast<size_t>(right - x) * sizeof(Pixel)) != 0)
      return false;
  return true;
}

// Finds the cells of a root that changed.
void Planner::compare(int column, int row) {
  if (tolerance_.exact() && kept_.empty()) {
    compare_exactly(column, row);
    return;
  }
  const bool same = repeats(column, row);
  if (!same) tolerance_.measure(*frame_, column * kCell, row * kCell);
  for (int r = row; r < std::min(row + kRootCells, rows_); ++r)
    for (int c = column; c < std::min(column + kRootCells, columns_); ++c)
      changed_[cell(c, r)] = !same && !is_unchanged(c * kCell, r * kCell);
}

// The same, for cells that are only skipped if not a sample changed.
void Planner::compare_exactly(int column, int row) {
  const int cells = std::min(kRootCells, columns_ - column);
  for (int r = row; r < std::min(row + kRootCells, rows_); ++r) {
    uint8_t* changed = &changed_[cell(column, r)];
    std::fill_n(changed, cells, uint8_t{0});
    for (int y = r * kCell; y < std::min((r + 1) * kCell, shape_.height); ++y) {
      // Beyond the right side both have the same border.
      const Pixel* now = frame_->at(column * kCell, y);
      const Pixel* then = references_[0]->at(column * kCell, y);
      if (std::memcmp(now, then, static_cast<size_t>(cells * kCell) * sizeof(Pixel)) == 0) continue;
      for (int c = 0; c < cells; ++c)
        if (!same_cell_row(now + c * kCell, then + c * kCell)) changed[c] = 1;
    }
  }
}

// Roots that are nothing but ground are skipped. Others cost more as blocks than as pixels.
void Planner::look_for_ground(int column, int row) {
  if (!tolerance_.exact()) tolerance_.measure(*frame_, column * kCell, row * kCell);
  const int width = std::min(kRootCells * kCell, shape_.width - column * kCell);
  bool is_ground = true;
  for (int y = row * kCell; is_ground && y < std::min((row + kRootCells) * kCell, shape_.height); ++y) {
    const Pixel* const pixels = frame_->at(column * kCell, y);
    is_ground = std::all_of(pixels, pixels + width, [&](Pixel pixel) { return pixel == ground_; });
  }
  for (int r = row; r < std::min(row + kRootCells, rows_); ++r)
    for (int c = column; c < std::min(column + kRootCells, columns_); ++c)
      changed_[cell(c, r)] = !is_ground || is_kept(c, r);
}

bool Planner::prepare(const Raster& frame, const Raster* before, const History& history, int sheet,
                      std::span<const uint8_t> kept) {
  frame_ = &frame;
  before_ = before;
  first_ = history.is_empty();
  kept_before_ = !kept_.empty();
  kept_ = kept;
  kept_cells_ = sheet == 0 ? static_cast<int>(kKeptUnit) / kCell : 1;
  kept_columns_ = static_cast<size_t>((columns_ + kept_cells_ - 1) / kept_cells_);
  ++frames_;
  references_.clear();
  numbers_.clear();
  for (const SharedFrame& slot : history.slots()) {
    references_.push_back(slot ? &slot->sheets[static_cast<size_t>(sheet)] : nullptr);
    numbers_.push_back(slot ? slot->number : 0);
  }
  for (int row = 0; row < rows_; row += kRootCells)
    for (int column = 0; column < columns_; column += kRootCells) {
      if (first_)
        look_for_ground(column, row);
      else
        compare(column, row);
    }
  if (std::find(changed_.begin(), changed_.end(), uint8_t{1}) == changed_.end()) return false;
  // Where a video stands still or not is noise: once a frame is coded at all, what is kept is copied.
  for (int row = 0; row < rows_ && !kept_.empty(); ++row)
    for (int column = 0; column < columns_; ++column)
      if (is_kept(column, row)) changed_[cell(column, row)] = 1;
  index_.hash(frame, changed_);
  // Photo blocks know no tolerance but an even one.
  natural_ = settings_.tolerance.edge == 0 && looks_natural();
  if (natural_ && !first_) {
    const auto reference = [&](int number) {
      return number < 0 ? nullptr : references_[static_cast<size_t>(number)];
    };
    motion_.prepare(frame, *references_[0], reference(history.older()), reference(history.below()));
  }
  return true;
}

std::optional<Vector> Planner::look_up(int x, int y) const {
  const std::optional<Place> place = index_.find(x, y);
  if (!place) return std::nullopt;
  const int dx = place->x - x;
  const int dy = place->y - y;
  if (std::max(std::abs(dx), std::abs(dy)) >= kVectorLimit) return std::nullopt;
  const auto vector = [&](size_t slot) { return Vector{dx, dy, static_cast<uint8_t>(slot)}; };
  size_t named = references_.size();
  for (size_t i = 0; i < references_.size() && named == references_.size(); ++i)
    if (references_[i] != nullptr && numbers_[i] == place->frame) named = i;
  if (named < references_.size() && equal(*references_[named], x, y, dx, dy, kCell, kCell))
    return vector(named);
  for (size_t i = 0; i < references_.size(); ++i)
    if (references_[i] != nullptr && i != named && equal(*references_[i], x, y, dx, dy, kCell, kCell))
      return vector(i);
  return std::nullopt;
}

void Planner::finish(uint64_t number) {
  const int across = shape_.width - kCell + 1;
  for (int y = 0; y + kCell <= shape_.height; ++y) {
    const int row = y / kCell;
    const int next_row = std::min((y + kCell - 1) / kCell, rows_ - 1);
    const uint8_t* const here = &changed_[cell(0, row)];
    const uint8_t* const under = &changed_[cell(0, next_row)];
    const auto reaches_changed = [&](int column) {
      const int next = std::min(column + 1, columns_ - 1);
      return (here[column] | under[column] | here[next] | under[next]) != 0;
    };
    for (int column = 0; column < columns_; ++column) {
      const int first = column;
      while (column < columns_ && reaches_changed(column)) ++column;
      index_.insert(*frame_, first * kCell, std::min(column * kCell, across), y, number);
    }
  }
}

}  // namespace aicodec::screen
