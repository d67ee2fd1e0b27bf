// One sheet of one slice: its pixels, its models, and the coding of a frame of it. Encoder and decoder run
// the same template, so what one learns the other learns.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "screen/block_model.h"
#include "screen/colour_model.h"
#include "screen/raster.h"
#include "screen/residual_model.h"

namespace aicodec::screen {

// What the header of a layer says about its models.
struct ModelSettings {
  int near = 0;
  int colour_bits = 16;    // of a table of colour contexts
  int residual_bits = 12;  // of a table of residual contexts
};

// The frames that vectors refer to, whole sheets, by number; null where there is none yet. 0 is the previous
// frame.
using References = std::vector<const Raster*>;

// What an encoder has decided for every node of the tree.
struct PlannedNode {
  bool split = false;
  Block block;
};
struct Plan {
  std::array<std::vector<PlannedNode>, kLevels> nodes;

  static int side(int cells, int level) {
    return (cells + (kRootCells >> level) - 1) / (kRootCells >> level);
  }
  void reset(int columns, int rows) {
    for (int level = 0; level < kLevels; ++level)
      nodes[static_cast<size_t>(level)].assign(static_cast<size_t>(side(columns, level)) * side(rows, level),
                                               {});
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
};

class SheetCoder {
 public:
  // Rows [top, bottom) of a sheet. `below`: the number of the reference that is the canvas below, or -1.
  SheetCoder(const SheetShape& shape, int top, int bottom, const ModelSettings& settings, int below);

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

 private:
  template <typename Coder>
  void code_node(Coder& coder, Node node, const References& references, Plan* plan);
  template <typename Coder>
  void code_rows(Coder& coder, int cell_row, const References& references, const Raster* source,
                 const SheetCoder* luma);
  void next_map();
  void fill_from_history(const References& references);
  void finish_frame(const Raster& previous);
  static uint32_t guide_at(const SheetCoder& luma, int x, int y);

  SheetShape shape_;
  int top_;
  int near_;
  int below_;
  Raster current_;
  Raster background_;
  BasicRaster<uint8_t> marks_;
  BlockMap blocks_;
  BlockMap before_;
  Ages ages_;
  FlagModel flags_;
  VectorModel vectors_;
  RecentVectors recent_;
  ColourModel colours_;
  ResidualModel escapes_;
  ResidualModel photos_;
  Changed changed_;
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
  for (int row = 0; row < blocks_.rows(); ++row) code_rows(coder, row, references, source, luma);
  finish_frame(*references[0]);
  return true;
}

template <typename Coder>
void SheetCoder::code_node(Coder& coder, Node node, const References& references, Plan* plan) {
  if (node.column >= blocks_.columns() || node.row >= blocks_.rows()) return;
  const PlannedNode planned = plan != nullptr ? plan->at(node, blocks_.columns()) : PlannedNode{};
  const Mode wanted = planned.block.mode;
  const FlagContexts contexts = flag_contexts(node, blocks_, before_, ages_);
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
  const CandidateVectors candidates = candidate_vectors(node, !copy, blocks_, before_, recent_, below_);
  block.vector = vectors_.code(coder, candidates, !copy, node.level, static_cast<int>(references.size()),
                               planned.block.vector);
  if (references[block.vector.reference] == nullptr ||
      !inside(node.column, node.row, node.cells(), block.vector)) {
    sound_ = false;
    block.vector = {};
  }
  if (block.vector != Vector{}) recent_.push(block.vector);
  blocks_.fill(node.column, node.row, node.cells(), block);
}

template <typename Coder>
void SheetCoder::code_rows(Coder& coder, int cell_row, const References& references, const Raster* source,
                           const SheetCoder* luma) {
  bool any = false;
  for (int column = 0; column < blocks_.columns(); ++column)
    any |= has_pixels(blocks_.at(column, cell_row).mode);
  if (!any) return;
  Site site;
  site.stride = current_.stride();
  const int bottom = std::min(cell_row * kCell + kCell, rows());
  for (int y = cell_row * kCell; y < bottom; ++y) {
    for (int column = 0; column < blocks_.columns(); ++column) {
      const Block block = blocks_.at(column, cell_row);
      if (!has_pixels(block.mode)) continue;
      const int right = std::min(column * kCell + kCell, shape_.width);
      const Raster& reference = *references[block.vector.reference];
      for (int x = column * kCell; x < right; ++x) {
        Pixel* here = current_.at(x, y);
        uint8_t& mark = *marks_.at(x, y);
        site.here = here;
        site.marks = &mark;
        site.background = background_.at(x, y);
        site.reference = reference.at(x + block.vector.dx, top_ + y + block.vector.dy);
        site.guide = luma != nullptr ? guide_at(*luma, x, y) : 0;
        const Pixel actual = source != nullptr ? *source->at(x, top_ + y) : 0;
        if (block.mode == Mode::kLiteral) {
          *here = colours_.code(coder, escapes_, site, actual, mark);
        } else {
          *here = photos_.code(coder, site, actual);
          mark = *here == *site.reference ? kAsReference : kEscaped;
        }
      }
    }
  }
}

}  // namespace aicodec::screen
