// Finds earlier places of 8x8 blocks: a rolling two-dimensional hash of every position of a frame, and a
// table from hashes to the frame and position where they were seen last.
#pragma once

#include <optional>
#include <vector>

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

  // Hashes all blocks of `frame` whose top row lies in [top, bottom). The frame must be as large as the
  // index.
  void hash_rows(const Raster& frame, int top, int bottom);
  // Where the block at (x, y) of the hashed frame was seen last, going by its hash: compare before use.
  // Precondition: its row is hashed.
  std::optional<Place> find(int x, int y) const;
  // Enters the block at (x, y) of the hashed frame, as frame `number`.
  void insert(int x, int y, uint64_t number);

 private:
  struct Entry {
    uint32_t hash = 0;
    uint32_t frame = 0;  // 0: none
    uint32_t place = 0;
  };
  void hash_row(const Pixel* pixels, int y, int across);
  const Entry& entry(uint32_t hash) const { return table_[(hash * 0x9E3779B1u) >> shift_]; }

  int width_;
  int height_;
  int shift_;
  std::vector<uint32_t> rows_;    // of eight pixels in a row
  std::vector<uint32_t> blocks_;  // of eight such rows
  std::vector<uint32_t> column_sums_;
  std::vector<uint32_t> line_;
  std::vector<Entry> table_;
};

}  // namespace aicodec::screen
