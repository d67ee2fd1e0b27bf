#include "analyze/block_fill.h"

#include <algorithm>
#include <cstring>

namespace aicodec {
namespace {

struct Area {
  uint32_t x, y, width, height;
};

Area area_of(const PixelFormat& format, int plane, uint32_t width, uint32_t height, uint32_t column,
             uint32_t row) {
  const bool halved = format.plane_side(plane, 2) == 1;
  const uint32_t unit = halved ? kMapUnit / 2 : kMapUnit;
  const uint32_t plane_width = format.plane_side(plane, width);
  const uint32_t plane_height = format.plane_side(plane, height);
  const uint32_t x = column * unit, y = row * unit;
  return {x, y, std::min(unit, plane_width - x), std::min(unit, plane_height - y)};
}

template <typename T>
T commonest(const Plane& plane, const Area& a, std::vector<uint16_t>& counts) {
  std::fill(counts.begin(), counts.end(), uint16_t{0});
  T best = 0;
  for (uint32_t y = a.y; y < a.y + a.height; ++y)
    for (uint32_t x = a.x; x < a.x + a.width; ++x) {
      const T value = plane.row<T>(y)[x];
      if (++counts[value] > counts[best]) best = value;
    }
  return best;
}

template <typename T>
void fill_plane(const BlockFlags& flags, int index, Picture& picture) {
  const Plane plane = picture.plane(index);
  std::vector<uint16_t> counts(picture.format().max_value() + 1);
  for (uint32_t row = 0; row < flags.rows; ++row)
    for (uint32_t column = 0; column < flags.columns; ++column) {
      if (flags.at(column, row) != 0) continue;
      const Area a = area_of(picture.format(), index, picture.width(), picture.height(), column, row);
      const T value = commonest<T>(plane, a, counts);
      for (uint32_t y = a.y; y < a.y + a.height; ++y) std::fill_n(plane.row<T>(y) + a.x, a.width, value);
    }
}

}  // namespace

void put_blocks(const PictureView& other, const BlockFlags& flags, Picture& base) {
  const size_t bytes = other.format.sample_bytes();
  for (int index = 0; index < 3; ++index) {
    Plane to = base.plane(index);
    for (uint32_t row = 0; row < flags.rows; ++row)
      for (uint32_t column = 0; column < flags.columns; ++column) {
        if (flags.at(column, row) == 0) continue;
        const Area a = area_of(other.format, index, other.width, other.height, column, row);
        for (uint32_t y = a.y; y < a.y + a.height; ++y)
          std::memcpy(to.row<uint8_t>(y) + a.x * bytes,
                      other.planes[static_cast<size_t>(index)].row<const uint8_t>(y) + a.x * bytes,
                      a.width * bytes);
      }
  }
}

void fill_blocks(const BlockFlags& flags, Picture& picture) {
  for (int index = 0; index < 3; ++index) {
    if (picture.format().sample_bytes() == 1)
      fill_plane<uint8_t>(flags, index, picture);
    else
      fill_plane<uint16_t>(flags, index, picture);
  }
}

BlockFlags equal_blocks(const PictureView& a, const PictureView& b) {
  BlockFlags flags(a.width, a.height);
  const size_t bytes = a.format.sample_bytes();
  for (uint32_t row = 0; row < flags.rows; ++row)
    for (uint32_t column = 0; column < flags.columns; ++column) {
      bool same = true;
      for (int index = 0; index < 3 && same; ++index) {
        const Area at = area_of(a.format, index, a.width, a.height, column, row);
        const auto plane = static_cast<size_t>(index);
        for (uint32_t y = at.y; y < at.y + at.height && same; ++y)
          same = std::memcmp(a.planes[plane].row<const uint8_t>(y) + at.x * bytes,
                             b.planes[plane].row<const uint8_t>(y) + at.x * bytes, at.width * bytes) == 0;
      }
      flags.at(column, row) = same;
    }
  return flags;
}

}  // namespace aicodec
