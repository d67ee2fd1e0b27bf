// Which parts of a picture are photographs: what a camera layer takes over where a screen layer draws the
// rest.
#pragma once

#include <vector>

#include "picture/picture.h"

namespace aicodec {

// Maps have a cell for each square of so many pixels, cut at the right and bottom: a block of AV1's and,
// where chroma is halved, one of a screen layer's.
inline constexpr uint32_t kMapUnit = 16;

struct BlockFlags {
  uint32_t columns = 0;
  uint32_t rows = 0;
  std::vector<uint8_t> cells;  // row by row

  BlockFlags() = default;
  BlockFlags(uint32_t width, uint32_t height)
      : columns((width + kMapUnit - 1) / kMapUnit),
        rows((height + kMapUnit - 1) / kMapUnit),
        cells(size_t{columns} * rows) {}
  uint8_t& at(uint32_t column, uint32_t row) { return cells[size_t{row} * columns + column]; }
  uint8_t at(uint32_t column, uint32_t row) const { return cells[size_t{row} * columns + column]; }
};

// For each cell the share of surprising pixels, 0 to 255: of those with a colour that neither a finished
// neighbour has, nor their plane, nor what stood between the same neighbours earlier in this picture. Letters
// come back, so that text is below 60; photographs are above 150. Luma alone where chroma is halved.
BlockFlags surprise_map(const PictureView& picture);

// 1 for each cell that is a photograph, by the surprises in and around it.
BlockFlags photo_map(const PictureView& picture);

}  // namespace aicodec
