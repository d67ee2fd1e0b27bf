// Finds earlier places of 8x8 blocks: a rolling two-dimensional hash of every position of a frame, and a
// table from hashes to the frame and position where they were seen last.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/big_array.h"
#include "screen/raster.h"

namespace aicodec::screen {

struct Place {
  uint64_t frame = 0;
  int x = 0;
  int y = 0;
};

class BlockIndex {
 public:
  BlockIndex(int width, int height);

  // Hashes all blocks of `frame` that lie in a changed cell or reach into one: `changed` has a byte for each
  // cell, row by row. The others keep the hash that they had. The frame must be as large as the index.
  void hash(const Raster& frame, std::span<const uint8_t> changed);
  // Where the block at (x, y) of the hashed frame was seen last, going by its hash: compare before use.
  // Precondition: its row is hashed.
  std::optional<Place> find(int x, int y) const;
  // Enters the blocks at (left, y) to (right - 1, y) of the hashed frame, as frame `number`; but not those of
  // one colour: they are found anywhere, and would only push others out.
  void insert(const Raster& frame, int left, int right, int y, uint64_t number);

 private:
  struct Entry {
    uint32_t hash = 0;
    uint32_t frame = 0;  // 0: none
    uint32_t place = 0;
  };
  void hash_row(const Pixel* pixels, int y, int left, int right);
  void hash_blocks(int top, int bottom, int left, int right);
  size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x);
  }
  const Entry& entry(uint32_t hash) const { return table_[(hash * 0x9E3779B1u) >> shift_]; }

  int width_;
  int height_;
  int shift_;
  std::vector<uint32_t> rows_;    // of eight pixels in a row
  std::vector<uint32_t> blocks_;  // of eight such rows
  std::vector<uint32_t> column_sums_;
  std::vector<uint32_t> line_;
  std::vector<uint8_t> touched_[2];  // cells of two rows whose blocks have changed pixels
  BigArray<Entry> table_;
};

}  // namespace aicodec::screen
