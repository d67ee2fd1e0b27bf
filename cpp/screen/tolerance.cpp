#include "screen/tolerance.h"

#include <algorithm>
#include <cstring>

#include "screen/block.h"

namespace aicodec::screen {
namespace {

constexpr int kSide = kRootCells * kCell;

// The least and greatest of one component's values in three neighbouring columns, for each pixel of a root's
// row. Signed: vector instructions have no lesser of two unsigned ones.
struct RowRange {
  int16_t low[kSide];
  int16_t high[kSide];

  // `row` begins with the root's first pixel. Beyond the sheet's sides lies what is at them.
  void measure(const Pixel* row, int width, bool at_left, bool at_right, int k) {
    int16_t values[kSide + 2];
    for (int x = -1; x <= width; ++x) values[x + 1] = static_cast<int16_t>(component(row[x], k));
    if (at_left) values[0] = values[1];
    if (at_right) values[width + 1] = values[width];
    for (int x = 0; x < width; ++x) {
      low[x] = std::min(values[x], std::min(values[x + 1], values[x + 2]));
      high[x] = std::max(values[x], std::max(values[x + 1], values[x + 2]));
    }
  }
};

// Half of the range in three rows, at most `most`, where that is more than what is there already.
void raise(const RowRange& above, const RowRange& here, const RowRange& under, int16_t most, int width,
           uint8_t* out) {
  for (int x = 0; x < width; ++x) {
    const int16_t low = std::min(above.low[x], std::min(here.low[x], under.low[x]));
    const int16_t high = std::max(above.high[x], std::max(here.high[x], under.high[x]));
    const int16_t half = std::min(static_cast<int16_t>((high - low) >> 1), most);
    out[x] = static_cast<uint8_t>(std::max(static_cast<int16_t>(out[x]), half));
  }
}

}  // namespace

Tolerance::Tolerance(const SheetShape& shape, const ToleranceSettings& settings)
    : shape_(shape), settings_(settings) {
  if (settings.edge > 0) map_ = BasicRaster<uint8_t>(shape.width, shape.height);
}

void Tolerance::measure(const Raster& frame, int left, int top) {
  if (settings_.edge == 0) return;
  const auto most = static_cast<int16_t>(std::min(settings_.edge, 255));
  const int width = std::min(kSide, shape_.width - left);
  const int bottom = std::min(top + kSide, shape_.height);
  for (int y = top; y < bottom; ++y)
    std::memset(map_.at(left, y), settings_.flat, static_cast<size_t>(width));
  for (int k = 0; k < shape_.components; ++k) {
    RowRange rows[3];  // row y at y mod 3
    const auto measure_row = [&](int y) {
      rows[y % 3].measure(frame.at(left, y), width, left == 0, left + width == shape_.width, k);
    };
    for (int y = std::max(0, top - 1); y <= top; ++y) measure_row(y);
    for (int y = top; y < bottom; ++y) {
      if (y + 1 < shape_.height) measure_row(y + 1);
      const RowRange& here = rows[y % 3];
      raise(y > 0 ? rows[(y + 2) % 3] : here, here, y + 1 < shape_.height ? rows[(y + 1) % 3] : here, most,
            width, map_.at(left, y));
    }
  }
}

}  // namespace aicodec::screen
