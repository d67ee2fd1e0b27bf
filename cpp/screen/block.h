// Blocks: how each 8x8 cell of a sheet comes about in a frame, and the map of all of them, which the next
// frame's block syntax uses as context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace aicodec::screen {

// A cell's side; the root of the quadtree has kRootCells of them.
inline constexpr int kCell = 8;
inline constexpr int kRootCells = 8;
inline constexpr int kLevels = 4;  // of the tree: 64, 32, 16, 8 pixels

enum class Mode : uint8_t {
  kSkip,     // as in the previous frame
  kCopy,     // as somewhere in the history
  kLiteral,  // pixels, each ranked among the colours that its surroundings suggest
  kPhoto,    // pixels, as residuals
};
inline bool has_pixels(Mode mode) { return mode >= Mode::kLiteral; }

// Where in the history a block's pixels come from, or what its literal pixels are compared with.
struct Vector {
  int16_t dx = 0;
  int16_t dy = 0;
  uint8_t reference = 0;

  bool operator==(const Vector&) const = default;
};

struct Block {
  Mode mode = Mode::kSkip;
  // The cell's level in the tree (0: a whole root).
  uint8_t level = 0;
  Vector vector;
};

class BlockMap {
 public:
  BlockMap() = default;
  BlockMap(int columns, int rows)
      : columns_(columns), rows_(rows), blocks_(static_cast<size_t>(columns + 2) * (rows + 2)) {}

  int columns() const { return columns_; }
  int rows() const { return rows_; }
  // One cell outside on every side is a skipped block.
  Block& at(int column, int row) {
    return blocks_[static_cast<size_t>(row + 1) * (columns_ + 2) + static_cast<size_t>(column + 1)];
  }
  const Block& at(int column, int row) const { return const_cast<BlockMap*>(this)->at(column, row); }
  void fill(int column, int row, int cells, Block block) {
    for (int y = row; y < row + cells && y < rows_; ++y)
      for (int x = column; x < column + cells && x < columns_; ++x) at(x, y) = block;
  }

 private:
  int columns_ = 0;
  int rows_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace aicodec::screen
