#include <algorithm>
#include <array>

#include "screen/planner.h"

namespace aicodec::screen {

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
    plan_.pixels = 0;
    for (int row = 0; row < rows_; row += kRootCells)
      for (int column = 0; column < columns_; column += kRootCells) decide({0, column, row});
    for (int row = 0; row < rows_; ++row)
      for (int column = 0; column < columns_; ++column)
        if (has_pixels(map_.at(column, row).mode)) plan_.pixels += kCell * kCell;
  }

 private:
  static constexpr int kKeptFound = 8;

  Area area(const Node& node) const {
    const int x = node.column * kCell;
    const int y = node.row * kCell;
    const int side = node.cells() * kCell;
    return {x, coder_.top() + y, std::min(side, coder_.shape().width - x), std::min(side, coder_.rows() - y)};
  }
  bool exact(const Node& node, const Area& a, Vector v) const {
    // Before anything is drawn there is only one colour: it costs next to nothing as pixels, and more as
    // blocks.
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
      if (!is_photo(node, a, vector))
        set(node, planned, Mode::kLiteral, vector);
      else if (planner_.first_)
        set(node, planned, Mode::kPhoto, vector);
      else
        set(node, planned, Mode::kPhoto, moved_, moved_second_);
      return planned;
    }
    if (planner_.natural_ && !planner_.first_) {
      if (node.level == 0) rough_ = planner_.motion_.look_around(a.x, a.y);
      if (node.level == kLevels - 2) find_motion(node, a);
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
               below.block.same_places(*first);
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

  // What photo blocks of the area are compared with.
  void find_motion(const Node& node, const Area& a) {
    const CandidateVectors candidates =
        candidate_vectors(node, Mode::kPhoto, map_, coder_.blocks(), recent_, below_);
    const Vector likely[] = {rough_, vector_of(candidates.expected, 0), moved_};
    moved_ = planner_.motion_.find(a, likely, candidates, below_);
    moved_second_ = planner_.motion_.find_second(
        a, moved_, second_candidates(node, moved_, map_, coder_.blocks()), below_);
  }

  void set(const Node& node, PlannedNode& planned, Mode mode, Vector vector,
           std::optional<Vector> second = {}) {
    planned.block = {mode, static_cast<uint8_t>(node.level), vector, second};
    map_.fill(node.column, node.row, node.cells(), planned.block);
    if (mode != Mode::kPhoto && vector != Vector{}) recent_.push(vector);
  }

  std::optional<Vector> find_copy(const Node& node, const Area& a) {
    const CandidateVectors known =
        candidate_vectors(node, Mode::kCopy, map_, coder_.blocks(), recent_, below_);
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
      if (block->mode != Mode::kSkip) consider(block->vector.whole(), 0);
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
  Vector rough_;  // of the root
  Vector moved_;  // of 16x16 pixels
  std::optional<Vector> moved_second_;
  std::array<Vector, kKeptFound> found_{};
  int found_count_ = 0;
};

void Planner::plan(const SheetCoder& coder, int below, Plan& plan) const {
  plan.tolerance = &tolerance_;
  plan.natural = natural_;
  SlicePlanner(*this, coder, below, plan).run();
}

}  // namespace aicodec::screen
