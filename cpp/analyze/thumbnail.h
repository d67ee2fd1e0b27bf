// A small grey image of a frame and a measure of how much of one frame another does not explain: what the
// shot detector looks at instead of full pictures. Integers only, so results are the same on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "picture/picture.h"

namespace aicodec {

// Mean brightness of square blocks of the picture ("cells"), 0 (black) to kWhite, row by row.
struct Grid {
  static constexpr uint32_t kWhite = 16 * 255;

  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint16_t> cells;
};

struct Thumbnail {
  static constexpr uint32_t kMaxWidth = 128, kMaxHeight = 64;
  static constexpr uint32_t kBins = 64;

  Grid fine;    // at most kMaxWidth x kMaxHeight cells
  Grid coarse;  // means of 2 x 2 fine cells: smooth enough to follow text and foliage that moves
  std::array<uint32_t, kBins> histogram{};  // share of fine cells by brightness, in 2^-16, lightly smoothed
};

// Brightness is luma (plane 0) or, for RGB, (2 R + 5 G + B) / 8. Precondition: check_size() of the picture.
Thumbnail make_thumbnail(const PictureView& picture);

// How two frames differ; each number in thousandths, 0 (the same) to 1000 (nothing in common).
struct Change {
  uint32_t blocks = 0;     // the area of `to` that no nearby part of `from` resembles, by motion search
  uint32_t histogram = 0;  // the share of the brightness distribution that differs; blind to all motion
};

// Precondition: thumbnails of pictures of one size.
Change change_between(const Thumbnail& from, const Thumbnail& to);

// Whether every cell goes about as far from `first` to `middle` as from there to `last`, as in a fade. False
// where nothing changes. Same precondition.
bool on_a_line(const Thumbnail& first, const Thumbnail& middle, const Thumbnail& last);

}  // namespace aicodec
