// Blocks: how each 8x8 cell of a sheet comes about in a frame, and the map of all of them, which the next
// frame's block syntax uses as context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

// A vector in full leads less far than so many pixels along either axis.
inline constexpr int kVectorLimit = 1 << 15;

// A photo block may lie between pixels: so many steps to one.
inline constexpr int kSteps = 16;

// Where in the history a block's pixels come from, or what its literal or photo pixels are compared with.
struct Vector {
  int32_t dx = 0;
  int32_t dy = 0;
  uint8_t reference = 0;
  // Farther to the right and down: the steps to the right, and kSteps times those down.
  uint8_t fraction = 0;

  bool is_whole() const { return fraction == 0; }
  Vector whole() const { return {dx, dy, reference, 0}; }

  bool operator==(const Vector&) const = default;
};

// A vector's way in steps.
struct Way {
  int dx = 0;
  int dy = 0;

  Way operator+(Way other) const { return {dx + other.dx, dy + other.dy}; }
  Way operator-(Way other) const { return {dx - other.dx, dy - other.dy}; }
};
inline Way way_of(Vector v) {
  return {v.dx * kSteps + v.fraction % kSteps, v.dy * kSteps + v.fraction / kSteps};
}
inline Vector vector_of(Way way, uint8_t reference) {
  static_assert(kSteps == 1 << 4);
  return {way.dx >> 4, way.dy >> 4, reference,
          static_cast<uint8_t>((way.dx & (kSteps - 1)) + kSteps * (way.dy & (kSteps - 1)))};
}

struct Block {
  Mode mode = Mode::kSkip;
  // The cell's level in the tree (0: a whole root).
  uint8_t level = 0;
  Vector vector;
  // A photo block may be compared with the mean of two places: the other is in References::older.
  std::optional<Vector> second = {};

  bool same_places(const Block& other) const { return vector == other.vector && second == other.second; }
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
