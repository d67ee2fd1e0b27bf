#include "analyze/photo_map.h"

#include <algorithm>
#include <span>

#include "analyze/packed_row.h"

namespace aicodec {
namespace {

constexpr int kTableBits = 16;
// In 255ths of a cell's pixels. Luma alone has fewer colours.
constexpr int kSurprising = 110;
constexpr int kSurprisingLuma = 70;

uint32_t hash_of(uint32_t w, uint32_t n, uint32_t nw, uint32_t ne) {
  uint32_t hash = w * 0x9E3779B1u;
  hash = ((hash ^ hash >> 15) + n) * 0x85EBCA6Bu;
  hash = ((hash ^ hash >> 13) + nw) * 0xC2B2AE35u;
  hash = ((hash ^ hash >> 16) + ne) * 0x9E3779B1u;
  return hash >> (32 - kTableBits);
}

template <typename Visit>
void each_around(const BlockFlags& flags, uint32_t column, uint32_t row, Visit visit) {
  for (uint32_t y = row > 0 ? row - 1 : 0; y <= std::min(row + 1, flags.rows - 1); ++y)
    for (uint32_t x = column > 0 ? column - 1 : 0; x <= std::min(column + 1, flags.columns - 1); ++x)
      if (x != column || y != row) visit(x, y);
}

int mean_around(const BlockFlags& flags, uint32_t column, uint32_t row) {
  int sum = 0, count = 0;
  each_around(flags, column, row, [&](uint32_t x, uint32_t y) {
    sum += flags.at(x, y);
    ++count;
  });
  return sum / std::max(count, 1);
}

}  // namespace

BlockFlags surprise_map(const PictureView& picture) {
  BlockFlags map(picture.width, picture.height);
  std::vector<uint32_t> above(picture.width + 2), here(picture.width + 2), table(size_t{1} << kTableBits);
  std::vector<uint32_t> counts(map.columns);
  for (uint32_t y = 0; y < picture.height; ++y) {
    std::swap(above, here);
    pack_row(picture, y, std::span(here).subspan(1, picture.width));
    for (uint32_t x = 1; x <= picture.width; ++x) {
      const uint32_t v = here[x], w = here[x - 1], n = above[x], nw = above[x - 1], ne = above[x + 1];
      if ((v == w) | (v == n) | (v == nw) | (v == ne) | (v == w + n - nw)) continue;
      uint32_t& known = table[hash_of(w, n, nw, ne)];
      counts[(x - 1) / kMapUnit] += known != v;
      known = v;
    }
    if ((y + 1) % kMapUnit != 0 && y + 1 != picture.height) continue;
    const uint32_t row = y / kMapUnit;
    for (uint32_t column = 0; column < map.columns; ++column) {
      const uint32_t width = std::min(kMapUnit, picture.width - column * kMapUnit);
      map.at(column, row) = static_cast<uint8_t>(counts[column] * 255 / (width * (y + 1 - row * kMapUnit)));
    }
    std::fill(counts.begin(), counts.end(), 0u);
  }
  return map;
}

BlockFlags photo_map(const PictureView& picture) {
  const BlockFlags surprise = surprise_map(picture);
  const int limit = picture.format.layout == Layout::kYuv420 ? kSurprisingLuma : kSurprising;
  BlockFlags map(picture.width, picture.height);
  std::vector<std::pair<uint32_t, uint32_t>> grown;
  // Photographs are larger than words: the cells around count, too.
  for (uint32_t row = 0; row < map.rows; ++row)
    for (uint32_t column = 0; column < map.columns; ++column)
      if (surprise.at(column, row) + mean_around(surprise, column, row) >= 2 * limit) {
        map.at(column, row) = 1;
        grown.emplace_back(column, row);
      }
  // From there on into what is as smooth as a sky.
  while (!grown.empty()) {
    const auto [column, row] = grown.back();
    grown.pop_back();
    each_around(map, column, row, [&](uint32_t x, uint32_t y) {
      const int here = surprise.at(x, y);
      if (map.at(x, y) != 0 || here == 0) return;
      if (here < limit / 8 && here + mean_around(surprise, x, y) < limit / 4) return;
      map.at(x, y) = 1;
      grown.emplace_back(x, y);
    });
  }
  // Specks are no photographs, and flat spots inside of one are no drawings.
  const BlockFlags found = map;
  for (uint32_t row = 0; row < map.rows; ++row)
    for (uint32_t column = 0; column < map.columns; ++column) {
      int set = 0, count = 0;
      each_around(found, column, row, [&](uint32_t x, uint32_t y) {
        set += found.at(x, y);
        ++count;
      });
      map.at(column, row) = found.at(column, row) != 0 ? set * 4 >= count : set * 2 >= count;
    }
  return map;
}

}  // namespace aicodec
