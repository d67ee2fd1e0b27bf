#include "screen/planner.h"

#include <algorithm>
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

Planner::Planner(const SheetShape& shape, const PlannerSettings& settings)
    : shape_(shape),
      settings_(settings),
      columns_((shape.width + kCell - 1) / kCell),
      rows_((shape.height + kCell - 1) / kCell),
      index_(shape.width, shape.height),
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

// Whether the frame is camera footage: then most pixels have a colour of their own.
bool Planner::looks_natural() const {
  int64_t novel = 0;
  int64_t pixels = 0;
  for (int row = 0; row < rows_; ++row)
    for (int column = 0; column < columns_; ++column) {
      if (!changed(column, row)) continue;
      const int x = column * kCell;
      const int y = row * kCell;
      const int width = std::min(kCell, shape_.width - x);
      const int height = std::min(kCell, shape_.height - y);
      novel += novel_pixels({}, x, y, width, height);
      pixels += width * height;
    }
  return novel * 100 > pixels * (shape_.components == 3 ? 70 : 20);
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
  if (!is_kept(x / kCell, y / kCell)) return !first_ && equal(*references_[0], x, y, 0, 0, width, height);
  for (int row = y; row < y + height; ++row)
    if (std::memcmp(references_[0]->at(x, row), references_.back()->at(x, row),
                    static_cast<size_t>(width) * sizeof(Pixel)) != 0)
      return false;
  return true;
}

// Whether the source is what it was, where errors allowed in the root follow from: then what was drawn is
// still near enough.
bool Planner::repeats(int column, int row) const {
  if (first_ || kept_before_ || !kept_.empty()) return false;
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
    std::fill_n(changed, cells, uint8_t{first_});
    if (first_) continue;
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

bool Planner::prepare(const Raster& frame, const Raster* before, const std::vector<SharedFrame>& slots,
                      int sheet, std::span<const uint8_t> kept) {
  frame_ = &frame;
  before_ = before;
  first_ = before == nullptr;
  kept_before_ = !kept_.empty();
  kept_ = kept;
  kept_cells_ = sheet == 0 ? static_cast<int>(kKeptUnit) / kCell : 1;
  kept_columns_ = static_cast<size_t>((columns_ + kept_cells_ - 1) / kept_cells_);
  ++frames_;
  references_.clear();
  numbers_.clear();
  for (const SharedFrame& slot : slots) {
    references_.push_back(slot ? &slot->sheets[static_cast<size_t>(sheet)] : nullptr);
    numbers_.push_back(slot ? slot->number : 0);
  }
  for (int row = 0; row < rows_; row += kRootCells)
    for (int column = 0; column < columns_; column += kRootCells) compare(column, row);
  if (std::find(changed_.begin(), changed_.end(), uint8_t{1}) == changed_.end()) return false;
  // Where a video stands still or not is noise: once a frame is coded at all, what is kept is copied.
  for (int row = 0; row < rows_ && !kept_.empty(); ++row)
    for (int column = 0; column < columns_; ++column)
      if (is_kept(column, row)) changed_[cell(column, row)] = 1;
  index_.hash(frame, changed_);
  // Photo blocks know no tolerance but an even one.
  natural_ = settings_.tolerance.edge == 0 && looks_natural();
  return true;
}

std::optional<Vector> Planner::look_up(int x, int y) const {
  const std::optional<Place> place = index_.find(x, y);
  if (!place) return std::nullopt;
  const int dx = place->x - x;
  const int dy = place->y - y;
  const auto vector = [&](size_t slot) {
    return Vector{static_cast<int16_t>(dx), static_cast<int16_t>(dy), static_cast<uint8_t>(slot)};
  };
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

// Plans one slice of the sheet.
class SlicePlanner {
 public:
  SlicePlanner(const Planner& planner, const SheetCoder& coder, int below, Plan& plan)
      : planner_(planner),
        coder_(coder),
        below_(below),
        plan_(plan),
        columns_(coder.blocks().columns()),
        rows_(coder.blocks().rows()),
        map_(columns_, rows_),
        recent_(coder.recent()) {}

  void run() {
    plan_.reset(columns_, rows_);
    for (int row = 0; row < rows_; row += kRootCells)
      for (int column = 0; column < columns_; column += kRootCells) decide({0, column, row});
  }

 private:
  static constexpr int kKeptFound = 8;

  using Area = Planner::Area;
  Area area(const Node& node) const {
    const int x = node.column * kCell;
    const int y = node.row * kCell;
    const int side = node.cells() * kCell;
    return {x, coder_.top() + y, std::min(side, coder_.shape().width - x), std::min(side, coder_.rows() - y)};
  }
  bool exact(const Node& node, const Area& a, Vector v) const {
    // Before the first frame there is only black: it costs next to nothing as pixels, and more as blocks.
    if (planner_.first_ && v.reference == 0) return false;
    return planner_.references_[v.reference] != nullptr &&
           coder_.inside(node.column, node.row, node.cells(), v) &&
           planner_.equal(*planner_.references_[v.reference], a.x, a.y, v.dx, v.dy, a.width, a.height);
  }
  int mismatches(const Node& node, const Area& a, Vector v, int limit) const {
    if (planner_.references_[v.reference] == nullptr ||
        !coder_.inside(node.column, node.row, node.cells(), v))
      return limit;
    return planner_.mismatches(*planner_.references_[v.reference], a.x, a.y, v.dx, v.dy, a.width, a.height,
                               limit);
  }

  // Decides for the node and all under it; whether it is one block then (not split).
  const PlannedNode& decide(const Node& node) {
    PlannedNode& planned = plan_.at(node, columns_);
    if (node.column >= columns_ || node.row >= rows_) return planned;
    bool changed = false;
    bool some_kept = false;
    bool all_kept = true;
    for (int y = node.row; y < std::min(node.row + node.cells(), rows_); ++y)
      for (int x = node.column; x < std::min(node.column + node.cells(), columns_); ++x) {
        changed |= planner_.changed(x, y + coder_.top() / kCell);
        const bool kept = planner_.is_kept(x, y + coder_.top() / kCell);
        some_kept |= kept;
        all_kept &= kept;
      }
    if (!changed) return planned;
    if (all_kept) {
      set(node, planned, Mode::kCopy, {0, 0, static_cast<uint8_t>(below_)});
      return planned;
    }
    const Area a = area(node);
    if (!some_kept) {
      if (const std::optional<Vector> vector = find_copy(node, a)) {
        set(node, planned, Mode::kCopy, *vector);
        return planned;
      }
    }
    if (node.level == kLevels - 1) {
      const Vector vector = best_literal(node, a);
      set(node, planned, is_photo(node, a, vector) ? Mode::kPhoto : Mode::kLiteral, vector);
      return planned;
    }
    const int half = node.cells() / 2;
    bool alike = true;
    const Block* first = nullptr;
    for (int i = 0; i < 4; ++i) {
      const Node child{node.level + 1, node.column + (i & 1) * half, node.row + (i >> 1) * half};
      if (child.column >= columns_ || child.row >= rows_) continue;
      const PlannedNode& below = decide(child);
      if (first == nullptr) first = &below.block;
      alike &= !below.split && has_pixels(below.block.mode) && below.block.mode == first->mode &&
               below.block.vector == first->vector;
    }
    if (alike) {
      planned.block = *first;
      planned.block.level = static_cast<uint8_t>(node.level);
      map_.fill(node.column, node.row, node.cells(), planned.block);
    } else {
      planned.split = true;
    }
    return planned;
  }

  // In camera footage, photo or literal, whichever has been cheaper for blocks with as many novel pixels. Now
  // and then the other is tried, a region at a time, so that the figures stay true.
  bool is_photo(const Node& node, const Area& a, Vector vector) {
    if (!planner_.natural_) return false;
    const int pixels = a.width * a.height;
    const int novel = planner_.novel_pixels(vector, a.x, a.y, a.width, a.height);
    const int novelty = PixelCosts::novelty_class(novel, pixels);
    plan_.novelty[static_cast<size_t>(node.row) * static_cast<size_t>(columns_) +
                  static_cast<size_t>(node.column)] = static_cast<uint8_t>(novelty);
    const PixelCosts& costs = coder_.costs();
    const uint32_t region = static_cast<uint32_t>(node.row / 4 * 31 + node.column / 4);
    if (!costs.known(true, novelty)) return true;
    if (!costs.known(false, novelty)) {
      // A trial, where there is something to gain.
      const bool gains =
          novelty == 0 || (novelty == PixelCosts::kClasses - 1 && costs.is_dear(true, novelty));
      return !(gains && region % 8 == planner_.frames_ % 8);
    }
    const bool photo = costs.photo_is_cheaper(novelty);
    return (region + planner_.frames_) % 97 == 0 ? !photo : photo;
  }

  void set(const Node& node, PlannedNode& planned, Mode mode, Vector vector) {
    planned.block = {mode, static_cast<uint8_t>(node.level), vector};
    map_.fill(node.column, node.row, node.cells(), planned.block);
    if (vector != Vector{}) recent_.push(vector);
  }

  std::optional<Vector> find_copy(const Node& node, const Area& a) {
    const CandidateVectors known = candidate_vectors(node, false, map_, coder_.blocks(), recent_, below_);
    for (int i = 0; i < known.count; ++i)
      if (exact(node, a, known.vectors[static_cast<size_t>(i)])) return known.vectors[static_cast<size_t>(i)];
    const int xs[5] = {a.x, a.x + a.width - kCell, a.x, a.x + a.width - kCell, a.x + a.width / 2 - kCell / 2};
    const int ys[5] = {a.y, a.y, a.y + a.height - kCell, a.y + a.height - kCell,
                       a.y + a.height / 2 - kCell / 2};
    for (int i = 0; i < (node.level == kLevels - 1 ? 1 : 5); ++i) {
      if (xs[i] < 0 || ys[i] < 0 || xs[i] + kCell > coder_.shape().width ||
          ys[i] + kCell > coder_.shape().height)
        continue;
      const std::optional<Vector> found = planner_.look_up(xs[i], ys[i]);
      if (!found) continue;
      if (worth_a_new_vector(node, a) && exact(node, a, *found)) return found;
      if (node.level > 0) found_[static_cast<size_t>(found_count_++ % kKeptFound)] = *found;
    }
    return std::nullopt;
  }
  // A vector in full costs about three bytes; small differences from the previous frame are cheaper as
  // pixels.
  bool worth_a_new_vector(const Node& node, const Area& a) const {
    if (node.level < 2) return true;
    return mismatches(node, a, {}, 1000) >=
           (node.level == kLevels - 1 ? 65 : planner_.settings_.worth_a_vector);
  }

  Vector best_literal(const Node& node, const Area& a) {
    Vector best;
    if (planner_.first_) return best;
    int least = mismatches(node, a, best, 1000);
    const auto consider = [&](Vector vector, int penalty) {
      const int count = mismatches(node, a, vector, least) + penalty;
      if (count < least) {
        least = count;
        best = vector;
      }
    };
    for (const Block* block : {&map_.at(node.column - 1, node.row), &map_.at(node.column, node.row - 1)})
      if (block->mode != Mode::kSkip) consider(block->vector, 0);
    for (int i = 0; i < recent_.count(); ++i) consider(recent_[i], 16);
    for (int i = 0; i < std::min(found_count_, kKeptFound); ++i) consider(found_[static_cast<size_t>(i)], 52);
    return best;
  }

  const Planner& planner_;
  const SheetCoder& coder_;
  int below_;
  Plan& plan_;
  int columns_;
  int rows_;
  BlockMap map_;
  RecentVectors recent_;
  std::array<Vector, kKeptFound> found_{};
  int found_count_ = 0;
};

void Planner::plan(const SheetCoder& coder, int below, Plan& plan) const {
  plan.tolerance = &tolerance_;
  SlicePlanner(*this, coder, below, plan).run();
}

}  // namespace aicodec::screen
