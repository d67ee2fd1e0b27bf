// Decides how each block of a frame is coded: what is skipped, what copied from where, and where pixels have
// to be coded, compared with what.
#pragma once

#include <span>

#include "screen/block_index.h"
#include "screen/history.h"
#include "screen/motion_search.h"
#include "screen/slice_coder.h"
#include "screen/tolerance.h"

namespace aicodec::screen {

// What is below is kept by squares of so many pixels of the canvas: a block even where chroma is halved.
inline constexpr uint32_t kKeptUnit = 16;

struct PlannerSettings {
  ToleranceSettings tolerance;
  // A 16x16 block must differ in so many pixels from the previous frame before a vector in full is tried for
  // it.
  int worth_a_vector = 160;
};

// Plans for one sheet. prepare() looks at a whole frame; plan() can then run for all slices at once; finish()
// ends the frame.
class Planner {
 public:
  // `ground`: the sheet's colour before anything is drawn.
  Planner(const SheetShape& shape, const PlannerSettings& settings, Pixel ground);

  // Enters a dictionary picture's blocks, which the history knows under `number`. Call before the first
  // frame.
  void learn(const Raster& picture, uint64_t number);
  // `frame` is what is to be coded and must live until finish(), `before` what was before it, null for the
  // first one. False if nothing changed since the previous frame (reference 0). `kept`, if it is not empty,
  // says for each unit of kKeptUnit whether the last reference is kept there; it must live until finish(),
  // too.
  bool prepare(const Raster& frame, const Raster* before, const History& history, int sheet,
               std::span<const uint8_t> kept = {});
  void plan(const SheetCoder& coder, int below, Plan& plan) const;
  // The frame will be known in the history under `number`.
  void finish(uint64_t number);

 private:
  friend class SlicePlanner;
  bool equal(const Raster& other, int x, int y, int dx, int dy, int width, int height) const;
  int mismatches(const Raster& other, int x, int y, int dx, int dy, int width, int height, int limit) const;
  // Of the changed cells of a root, or of several, that are not kept from below.
  struct Novelty {
    int64_t novel = 0;
    int64_t pixels = 0;
  };
  Novelty novelty_of_root(int column, int row) const;
  bool looks_natural() const;
  bool is_unchanged(int x, int y) const;
  bool repeats(int column, int row) const;
  void compare(int column, int row);
  void compare_exactly(int column, int row);
  void look_for_ground(int column, int row);
  bool is_kept(int column, int row) const {
    return !kept_.empty() && kept_[static_cast<size_t>(row / kept_cells_) * kept_columns_ +
                                   static_cast<size_t>(column / kept_cells_)] != 0;
  }
  int novel_pixels(Vector vector, int x, int y, int width, int height) const;

  std::optional<Vector> look_up(int x, int y) const;
  size_t cell(int column, int row) const {
    return static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column);
  }
  bool changed(int column, int row) const { return changed_[cell(column, row)] != 0; }

  SheetShape shape_;
  PlannerSettings settings_;
  Pixel ground_;
  int columns_;
  int rows_;
  BlockIndex index_;
  MotionSearch motion_;
  Tolerance tolerance_;
  std::vector<uint8_t> changed_;  // per cell
  const Raster* frame_ = nullptr;
  const Raster* before_ = nullptr;
  std::vector<const Raster*> references_;
  std::vector<uint64_t> numbers_;
  std::span<const uint8_t> kept_;
  bool kept_before_ = false;  // whether any was, in the frame before
  int kept_cells_ = 1;        // a unit's side in cells
  size_t kept_columns_ = 0;
  bool first_ = true;
  uint32_t frames_ = 0;
  bool natural_ = false;
};

}  // namespace aicodec::screen
