// One sheet of one slice: its pixels, its models, and the coding of a frame of it. Encoder and decoder run
// the same template, so what one learns the other learns.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "screen/block_model.h"
#include "screen/colour_model.h"
#include "screen/photo_model.h"
#include "screen/raster.h"
#include "screen/residual_model.h"
#include "screen/tolerance.h"

namespace aicodec::screen {

// The frames that vectors refer to, whole sheets, by number; null where there is none yet. 0 is the previous
// frame.
struct References : std::vector<const Raster*> {
  int older = -1;  // the number of the frame before the previous one; -1 where there is none yet
  // Nothing has been drawn yet: what is skipped is ground, whatever reference 0 is.
  bool is_first = false;
};

// What the pixels of literal and of photo blocks have cost, by how many of a block's pixels have a colour of
// their own: an encoder chooses between them by that.
class PixelCosts {
 public:
  // Fewer than one in sixteen, then by quarters.
  static constexpr int kClasses = 5;
  static int novelty_class(int novel, int pixels) {
    return novel * 16 < pixels ? 0 : 1 + std::min(novel * 4 / pixels, 3);
  }

  void add(bool photo, int novelty, uint64_t bits, int pixels) {
    Sum& sum = sums_[photo][novelty];
    sum.bits += bits;
    sum.pixels += static_cast<uint64_t>(pixels);
    if (sum.pixels > (1u << 16)) {
      sum.bits /= 2;
      sum.pixels /= 2;
    }
  }
  bool known(bool photo, int novelty) const { return sums_[photo][novelty].pixels >= 2048; }
  // More than nine bits a pixel.
  bool is_dear(bool photo, int novelty) const {
    return sums_[photo][novelty].bits > sums_[photo][novelty].pixels * 144;
  }
  // A photo's pixels are decoded several times faster: they may take a thirty-second more.
  bool photo_is_cheaper(int novelty) const {
    const Sum& literal = sums_[0][novelty];
    const Sum& photo = sums_[1][novelty];
    return 32 * photo.bits * (literal.pixels + 1) < 33 * literal.bits * (photo.pixels + 1);
  }

 private:
  struct Sum {
    uint64_t bits = 0;
    uint64_t pixels = 0;
  };
  Sum sums_[2][kClasses];
};

// What an encoder has decided for every node of the tree.
struct PlannedNode {
  bool split = false;
  Block block;
};
struct Plan {
  std::array<std::vector<PlannedNode>, kLevels> nodes;
  const Tolerance* tolerance = nullptr;
  bool natural = false;          // blocks are photo or literal as their costs say
  std::vector<uint8_t> novelty;  // a class of PixelCosts for every cell
  uint64_t pixels = 0;           // to be coded as such, in whole cells

  static int side(int cells, int level) {
    return (cells + (kRootCells >> level) - 1) / (kRootCells >> level);
  }
  void reset(int columns, int rows) {
    for (int level = 0; level < kLevels; ++level)
      nodes[static_cast<size_t>(level)].assign(static_cast<size_t>(side(columns, level)) * side(rows, level),
                                               {});
    novelty.assign(static_cast<size_t>(columns) * static_cast<size_t>(rows), 0);
  }
  PlannedNode& at(const Node& node, int columns) {
    const int cells = node.cells();
    return nodes[static_cast<size_t>(node.level)]
                [static_cast<size_t>(node.row / cells) * side(columns, node.level) +
                 static_cast<size_t>(node.column / cells)];
  }
};

// How much of a frame was coded anew.
struct Changed {
  uint64_t pixels = 0;
  uint64_t literals = 0;

  Changed& operator+=(const Changed& other) {
    pixels += other.pixels;
    literals += other.literals;
    return *this;
  }
};

// What a slice's rows of a sheet are between two frames.
struct SheetRows {
  // As nothing has been drawn yet. `first` is a multiple of a cell's side, and so is `end` but at the bottom.
  SheetRows(int width, int first, int end);

  int top;
  Raster current;
  Raster background;
  BlockMap blocks;
  Ages ages;
};

class SheetCoder {
 public:
  // The first `rows` rows of a sheet. `below`: the number of the reference that is the canvas below, or -1.
  SheetCoder(const SheetShape& shape, int rows, const ModelSettings& settings, int below);

  // Where a sheet is cut, a coder of the same settings goes on with a copy of another's models. Colours are
  // most of what there is to copy, and may be copied beside the rest.
  void inherit_colours(const SheetCoder& other) { colours_ = other.colours_; }
  void inherit_rest(const SheetCoder& other);
  // Before the first frame; rows are zeros until then.
  void start_from(Pixel ground) {
    if (ground != 0) current_.fill(ground);
  }
  // Fills in those rows that this coder has.
  void give_rows(SheetRows& rows) const;
  // Goes on with other rows.
  void take_rows(SheetRows rows);

  int top() const { return top_; }
  int rows() const { return current_.height(); }
  const SheetShape& shape() const { return shape_; }
  // The rows as they are now; row 0 is the sheet's row top().
  const Raster& current() const { return current_; }
  const BlockMap& blocks() const { return blocks_; }
  const BlockMap& blocks_before() const { return before_; }
  const RecentVectors& recent() const { return recent_; }
  bool inside(int column, int row, int cells, Vector vector) const;

  // Codes the next frame. An encoder gives its plan and the source (a whole sheet); a decoder null for both.
  // `luma` is the slice's luma sheet where this one is chroma, or null. False where the stream names a block
  // outside the history: the frame is then not to be used.
  template <typename Coder>
  bool code_frame(Coder& coder, const References& references, Plan* plan, const Raster* source,
                  const SheetCoder* luma);
  // A frame in which nothing changes.
  void repeat_frame();
  const Changed& changed() const { return changed_; }
  const PixelCosts& costs() const { return costs_; }
  // The work of decoding the last frame's rows of cells, as an encoder estimates it; empty where nothing
  // changed.
  const std::vector<uint64_t>& work_by_row() const { return work_by_row_; }

 private:
  template <typename Coder>
  void code_node(Coder& coder, Node node, const References& references, Plan* plan);
  template <typename Coder>
  void code_second(Coder& coder, const Node& node, const References& references, const Block& planned,
                   Block& block);
  template <typename Coder>
  void code_rows(Coder& coder, int cell_row, const References& references, const Plan* plan,
                 const Raster* source, const SheetCoder* luma);
  void next_map();
  void fill_from_history(const References& references);
  void finish_frame(const Raster& previous);
  uint64_t work_of(Mode mode, int y, int left, int right, uint64_t spent) const;
  // Whether what the block is compared with has to be put together first.
  static bool is_between(const Block& block) { return !block.vector.is_whole() || block.second; }
  void look_at_photos(int cell_row, const References& references);
  ptrdiff_t seen_stride() const { return ptrdiff_t{blocks_.columns()} * kSeenCell; }
  // What a block's pixels at the left of row `y` of a row of cells are compared with.
  const Pixel* seen(int column, int y) const {
    return &seen_[static_cast<size_t>((y % kCell + 1) * seen_stride() + column * kSeenCell + 1)];
  }
  static uint32_t guide_at(const SheetCoder& luma, int x, int y);

  SheetShape shape_;
  int top_ = 0;
  int below_;
  bool rich_;
  Raster current_;
  Raster background_;
  BasicRaster<uint8_t> marks_;
  // Of a row of cells: what photo blocks look at that lie between pixels, and around it. A cell's part begins
  // at a multiple of kSeenCell.
  static constexpr int kSeenCell = 2 * kCell;
  std::vector<Pixel> seen_;
  BlockMap blocks_;
  BlockMap before_;
  Ages ages_;
  FlagModel flags_;
  VectorModel vectors_;
  RecentVectors recent_;
  ColourModel colours_;
  ResidualModel escapes_;
  PhotoModel photos_;
  Changed changed_;
  PixelCosts costs_;
  std::vector<uint64_t> work_by_row_;
  bool sound_ = true;
};

template <typename Coder>
bool SheetCoder::code_frame(Coder& coder, const References& references, Plan* plan, const Raster* source,
                            const SheetCoder* luma) {
  next_map();
  for (int row = 0; row < blocks_.rows(); row += kRootCells)
    for (int column = 0; column < blocks_.columns(); column += kRootCells)
      code_node(coder, {0, column, row}, references, plan);
  if (!sound_) return false;
  fill_from_history(references);
  work_by_row_.assign(static_cast<size_t>(blocks_.rows()), 0);
  for (int row = 0; row < blocks_.rows(); ++row) code_rows(coder, row, references, plan, source, luma);
  finish_frame(*references[0]);
  return true;
}

template <typename Coder>
void SheetCoder::code_node(Coder& coder, Node node, const References& references, Plan* plan) {
  if (node.column >= blocks_.columns() || node.row >= blocks_.rows()) return;
  const PlannedNode planned = plan != nullptr ? plan->at(node, blocks_.columns()) : PlannedNode{};
  const Mode wanted = planned.block.mode;
  const FlagContexts contexts = flag_contexts(node, top_ / kCell, blocks_, before_, ages_);
  Block block;
  block.level = static_cast<uint8_t>(node.level);
  const auto flag = [&](Flag kind, bool bit) { return flags_.code(coder, kind, node, contexts, bit); };
  if (flag(Flag::kSkip, !planned.split && wanted == Mode::kSkip)) {
    blocks_.fill(node.column, node.row, node.cells(), block);
    return;
  }
  if (node.level < kLevels - 1 && flag(Flag::kSplit, planned.split)) {
    const int half = node.cells() / 2;
    for (int i = 0; i < 4; ++i)
      code_node(coder, {node.level + 1, node.column + (i & 1) * half, node.row + (i >> 1) * half}, references,
                plan);
    return;
  }
  const bool copy = flag(Flag::kCopy, wanted == Mode::kCopy);
  if (copy)
    block.mode = Mode::kCopy;
  else
    block.mode = flag(Flag::kPhoto, wanted == Mode::kPhoto) ? Mode::kPhoto : Mode::kLiteral;
  const CandidateVectors candidates = candidate_vectors(node, block.mode, blocks_, before_, recent_, below_);
  // A plan knows other neighbours: where those that have come about are copies from far away, what was
  // planned may be too far from them. Not to have moved can always be told.
  const bool can_tell = block.mode != Mode::kPhoto || VectorModel::can_tell(candidates, planned.block.vector);
  block.vector = vectors_.code(coder, candidates, block.mode, node.level, static_cast<int>(references.size()),
                               can_tell ? planned.block.vector : Vector{});
  if (references[block.vector.reference] == nullptr ||
      !inside(node.column, node.row, node.cells(), block.vector)) {
    sound_ = false;
    block.vector = {};
  }
  if (block.mode == Mode::kPhoto)
    code_second(coder, node, references, planned.block, block);
  else if (block.vector != Vector{})
    recent_.push(block.vector);
  blocks_.fill(node.column, node.row, node.cells(), block);
}

template <typename Coder>
void SheetCoder::code_second(Coder& coder, const Node& node, const References& references,
                             const Block& planned, Block& block) {
  if (references.older < 0) return;
  const int around = blocks_.at(node.column - 1, node.row).second.has_value() +
                     blocks_.at(node.column, node.row - 1).second.has_value();
  const CandidateVectors candidates = second_candidates(node, block.vector, blocks_, before_);
  const bool has_second = planned.second && VectorModel::can_tell(candidates, *planned.second);
  if (!vectors_.code_has_second(coder, around, has_second)) return;
  block.second = vectors_.code_second(coder, candidates, node.level, planned.second.value_or(Vector{}));
  if (!inside(node.column, node.row, node.cells(), *block.second)) {
    sound_ = false;
    block.second = {};
  }
}

template <typename Coder>
void SheetCoder::code_rows(Coder& coder, int cell_row, const References& references, const Plan* plan,
                           const Raster* source, const SheetCoder* luma) {
  bool any = false;
  bool any_photo = false;
  for (int column = 0; column < blocks_.columns(); ++column) {
    any |= has_pixels(blocks_.at(column, cell_row).mode);
    any_photo |= blocks_.at(column, cell_row).mode == Mode::kPhoto;
  }
  if (!any) return;
  if (any_photo) look_at_photos(cell_row, references);
  constexpr bool kEncodes = requires { coder.spent(); };
  const auto site_of = [&](int column, int y) {
    const Block& block = blocks_.at(column, cell_row);
    const int left = column * kCell;
    const bool between = is_between(block);
    Site site;
    site.here = current_.at(left, y);
    site.marks = marks_.at(left, y);
    site.background = background_.at(left, y);
    site.stride = current_.stride();
    site.x = static_cast<uint32_t>(left);
    site.reference_stride = between ? seen_stride() : site.stride;
    site.reference =
        between ? seen(column, y)
                : references[block.vector.reference]->at(left + block.vector.dx, top_ + y + block.vector.dy);
    return site;
  };
  const int bottom = std::min(cell_row * kCell + kCell, rows());
  for (int y = cell_row * kCell; y < bottom; ++y) {
    if (any_photo) photos_.begin_row(y);
    colours_.begin_row();
    for (int column = 0; column < blocks_.columns();) {
      const Block& first = blocks_.at(column, cell_row);
      int end = column + 1;
      if (first.mode == Mode::kLiteral) {
        while (end < blocks_.columns() && blocks_.at(end, cell_row).mode == Mode::kLiteral &&
               blocks_.at(end, cell_row).vector == first.vector)
          ++end;
        colours_.look_at_row(site_of(column, y), (end - column) * kCell);
      }
      column = end;
    }
    for (int column = 0; column < blocks_.columns(); ++column) {
      const Block& block = blocks_.at(column, cell_row);
      if (!has_pixels(block.mode)) continue;
      const int left = column * kCell;
      const int right = std::min(left + kCell, shape_.width);
      [[maybe_unused]] uint64_t before = 0;
      [[maybe_unused]] const Pixel* actual = nullptr;
      if constexpr (kEncodes) {
        before = coder.spent();
        actual = source->at(left, top_ + y);
      }
      Pixel* here = current_.at(left, y);
      uint8_t* mark = marks_.at(left, y);
      Site site = site_of(column, y);
      const auto next = [&] {
        ++site.x;
        site.here = ++here;
        site.marks = ++mark;
        ++site.background;
        ++site.reference;
      };
      if (block.mode == Mode::kPhoto) {
        photos_.begin_run(site);
        for (int x = left; x < right; ++x, next()) {
          *here = photos_.code(coder, site, x, kEncodes ? actual[x - left] : 0);
          *mark = *here == *site.reference ? kAsReference : kEscaped;
        }
      } else {
        for (int x = left; x < right; ++x, next()) {
          if constexpr (kEncodes) site.tolerance = plan->tolerance->at(x, top_ + y);
          if (luma != nullptr) site.guide = guide_at(*luma, x, y);
          *here = colours_.code(coder, escapes_, site, kEncodes ? actual[x - left] : 0, *mark);
        }
      }
      if constexpr (kEncodes) {
        const size_t cell = static_cast<size_t>(cell_row) * blocks_.columns() + static_cast<size_t>(column);
        const uint64_t spent = coder.spent() - before;
        if (plan->natural) costs_.add(block.mode == Mode::kPhoto, plan->novelty[cell], spent, right - left);
        work_by_row_[static_cast<size_t>(cell_row)] += work_of(block.mode, y, left, right, spent);
      }
    }
  }
}

}  // namespace aicodec::screen
