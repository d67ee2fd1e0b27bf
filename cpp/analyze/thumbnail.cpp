#include "analyze/thumbnail.h"

#include <algorithm>
#include <cstdlib>

namespace aicodec {
namespace {

constexpr uint32_t kTile = 8;    // cells on a side of what the motion search matches
constexpr int32_t kReach = 4;    // cells the search goes in each direction
constexpr uint32_t kFloor = 12;  // differences below 12/16 of a grey level are noise, not content

// Adds the brightness of row `y` to `sums`, in units of 1 (luma) or 1/8 (RGB) sample.
template <typename T>
void add_row(const PictureView& picture, uint32_t y, uint32_t* sums) {
  const T* first = picture.planes[0].row<T>(y);
  if (picture.format.is_yuv()) {
    for (uint32_t x = 0; x < picture.width; ++x) sums[x] += first[x];
    return;
  }
  const T* green = picture.planes[1].row<T>(y);
  const T* blue = picture.planes[2].row<T>(y);
  for (uint32_t x = 0; x < picture.width; ++x) sums[x] += 2u * first[x] + 5u * green[x] + blue[x];
}

Grid make_fine(const PictureView& picture) {
  const auto ceil_div = [](uint32_t a, uint32_t b) { return (a + b - 1) / b; };
  const uint32_t side = std::max(ceil_div(picture.width, Thumbnail::kMaxWidth),
                                 ceil_div(picture.height, Thumbnail::kMaxHeight));
  Grid grid{ceil_div(picture.width, side), ceil_div(picture.height, side), {}};
  grid.cells.reserve(size_t{grid.width} * grid.height);
  const uint64_t unit = uint64_t{picture.format.max_value()} * (picture.format.is_yuv() ? 1 : 8);
  std::vector<uint32_t> sums(picture.width);
  for (uint32_t top = 0; top < picture.height; top += side) {
    const uint32_t bottom = std::min(top + side, picture.height);
    std::fill(sums.begin(), sums.end(), 0);
    for (uint32_t y = top; y < bottom; ++y) {
      if (picture.format.sample_bytes() == 1)
        add_row<uint8_t>(picture, y, sums.data());
      else
        add_row<uint16_t>(picture, y, sums.data());
    }
    for (uint32_t left = 0; left < picture.width; left += side) {
      const uint32_t right = std::min(left + side, picture.width);
      uint64_t sum = 0;
      for (uint32_t x = left; x < right; ++x) sum += sums[x];
      const uint64_t whole = unit * (bottom - top) * (right - left);
      grid.cells.push_back(uint16_t((sum * Grid::kWhite + whole / 2) / whole));
    }
  }
  return grid;
}

Grid halve(const Grid& fine) {
  Grid grid{(fine.width + 1) / 2, (fine.height + 1) / 2, {}};
  grid.cells.reserve(size_t{grid.width} * grid.height);
  for (uint32_t y = 0; y < grid.height; ++y) {
    const uint16_t* upper = fine.cells.data() + size_t{2 * y} * fine.width;
    const uint16_t* lower = 2 * y + 1 < fine.height ? upper + fine.width : upper;
    for (uint32_t x = 0; x < grid.width; ++x) {
      const uint32_t left = 2 * x, right = std::min(left + 1, fine.width - 1);
      grid.cells.push_back(uint16_t((upper[left] + upper[right] + lower[left] + lower[right] + 2) / 4));
    }
  }
  return grid;
}

// Each cell counts in the two bins that it lies between, so that noise cannot move it by a whole bin.
void fill_histogram(const Grid& grid, std::array<uint32_t, Thumbnail::kBins>& histogram) {
  constexpr uint32_t kWidth = (Grid::kWhite + 1 + Thumbnail::kBins - 2) / (Thumbnail::kBins - 1);
  std::array<uint64_t, Thumbnail::kBins> counts{};
  for (const uint32_t cell : grid.cells) {
    counts[cell / kWidth] += kWidth - cell % kWidth;
    counts[cell / kWidth + 1] += cell % kWidth;
  }
  const uint64_t total = grid.cells.size() * kWidth;
  for (uint32_t i = 0; i < Thumbnail::kBins; ++i) histogram[i] = uint32_t((counts[i] << 16) / total);
}

// A rectangle of cells.
struct Tile {
  uint32_t left, top, width, height;
};

uint32_t difference(const Grid& from, const Grid& to, const Tile& tile, int32_t dx, int32_t dy) {
  const uint16_t* a = from.cells.data() + size_t(tile.top + dy) * from.width + (tile.left + dx);
  const uint16_t* b = to.cells.data() + size_t{tile.top} * to.width + tile.left;
  uint32_t sum = 0;
  for (uint32_t y = 0; y < tile.height; ++y, a += from.width, b += to.width)
    for (uint32_t x = 0; x < tile.width; ++x) sum += uint32_t(std::abs(int32_t{a[x]} - b[x]));
  return sum;
}

// Sum of distances from the tile's own mean: what a flat guess, knowing nothing but brightness, would miss.
uint32_t activity(const Grid& grid, const Tile& tile) {
  const uint16_t* const first = grid.cells.data() + size_t{tile.top} * grid.width + tile.left;
  uint32_t sum = 0, deviation = 0;
  for (uint32_t y = 0; y < tile.height; ++y)
    for (uint32_t x = 0; x < tile.width; ++x) sum += first[y * grid.width + x];
  const int32_t mean = int32_t(sum / (tile.width * tile.height));
  for (uint32_t y = 0; y < tile.height; ++y)
    for (uint32_t x = 0; x < tile.width; ++x)
      deviation += uint32_t(std::abs(int32_t{first[y * grid.width + x]} - mean));
  return deviation;
}

// The smallest difference to a place of `from` within reach.
uint32_t best_match(const Grid& from, const Grid& to, const Tile& tile, uint32_t good_enough) {
  uint32_t best = difference(from, to, tile, 0, 0);
  const int32_t up = std::min<int32_t>(kReach, tile.top), left = std::min<int32_t>(kReach, tile.left);
  const int32_t down = std::min<int32_t>(kReach, to.height - tile.top - tile.height);
  const int32_t right = std::min<int32_t>(kReach, to.width - tile.left - tile.width);
  for (int32_t dy = -up; dy <= down && best > good_enough; ++dy)
    for (int32_t dx = -left; dx <= right; ++dx) best = std::min(best, difference(from, to, tile, dx, dy));
  return best;
}

// Thousandths of the picture's area that the motion search cannot explain.
uint32_t unexplained(const Grid& from, const Grid& to) {
  uint64_t lost = 0;
  for (uint32_t top = 0; top < to.height; top += kTile)
    for (uint32_t left = 0; left < to.width; left += kTile) {
      const Tile tile{left, top, std::min(kTile, to.width - left), std::min(kTile, to.height - top)};
      const uint32_t area = tile.width * tile.height, floor = kFloor * area;
      const uint32_t miss = best_match(from, to, tile, floor);
      if (miss <= floor) continue;
      const uint32_t flat = activity(to, tile) + floor;
      lost += uint64_t{area} * std::min<uint64_t>(1000, 1000 * uint64_t{miss - floor} / flat);
    }
  return uint32_t(lost / to.cells.size());
}

}  // namespace

Thumbnail make_thumbnail(const PictureView& picture) {
  Thumbnail thumbnail;
  thumbnail.fine = make_fine(picture);
  thumbnail.coarse = halve(thumbnail.fine);
  fill_histogram(thumbnail.fine, thumbnail.histogram);
  return thumbnail;
}

Change change_between(const Thumbnail& from, const Thumbnail& to) {
  uint32_t distance = 0;
  for (uint32_t i = 0; i < Thumbnail::kBins; ++i)
    distance += uint32_t(std::abs(int32_t(from.histogram[i]) - int32_t(to.histogram[i])));
  const uint32_t fine = unexplained(from.fine, to.fine);
  if (fine == 0) return {0, uint32_t(uint64_t{distance} * 500 >> 16)};
  return {std::min(fine, unexplained(from.coarse, to.coarse)), uint32_t(uint64_t{distance} * 500 >> 16)};
}

bool on_a_line(const Thumbnail& first, const Thumbnail& middle, const Thumbnail& last) {
  uint64_t bend = 0, travel = 0;
  for (size_t i = 0; i < first.fine.cells.size(); ++i) {
    const int32_t a = first.fine.cells[i], b = middle.fine.cells[i], c = last.fine.cells[i];
    bend += uint32_t(std::abs(a - 2 * b + c));
    travel += uint32_t(std::abs(c - a));
  }
  return 4 * bend < travel;
}

}  // namespace aicodec
