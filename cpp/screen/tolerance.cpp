#include "screen/tolerance.h"

#include <algorithm>
#include <cstring>

namespace aicodec::screen {
namespace {

// The least and greatest of one component's values in three neighbouring columns, for each of a row's pixels.
struct RowRange {
  std::vector<uint16_t> low, high;

  void measure(const Pixel* row, int width, int k, std::vector<uint16_t>& values) {
    for (int x = 0; x < width; ++x)
      values[static_cast<size_t>(x) + 1] = static_cast<uint16_t>(component(row[x], k));
    values.front() = values[1];
    values[static_cast<size_t>(width) + 1] = values[static_cast<size_t>(width)];
    low.resize(static_cast<size_t>(width));
    high.resize(static_cast<size_t>(width));
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      low[x] = std::min({values[x], values[x + 1], values[x + 2]});
      high[x] = std::max({values[x], values[x + 1], values[x + 2]});
    }
  }
};

}  // namespace

Tolerance::Tolerance(const SheetShape& shape, const ToleranceSettings& settings)
    : shape_(shape), settings_(settings) {
  if (settings.edge > 0) map_ = BasicRaster<uint8_t>(shape.width, shape.height);
}

void Tolerance::measure(const Raster& frame, int top, int bottom) {
  if (settings_.edge == 0) return;
  const int most = std::min(settings_.edge, 255);
  std::vector<uint16_t> values(static_cast<size_t>(shape_.width) + 2);
  for (int y = top; y < bottom; ++y)
    std::memset(map_.at(0, y), settings_.flat, static_cast<size_t>(shape_.width));
  for (int k = 0; k < shape_.components; ++k) {
    RowRange rows[3];  // row y at y mod 3
    const auto measure_row = [&](int y) { rows[y % 3].measure(frame.at(0, y), shape_.width, k, values); };
    for (int y = std::max(0, top - 1); y < std::min(top + 1, shape_.height); ++y) measure_row(y);
    for (int y = top; y < bottom; ++y) {
      if (y + 1 < shape_.height) measure_row(y + 1);
      const RowRange& here = rows[y % 3];
      const RowRange& above = y > 0 ? rows[(y + 2) % 3] : here;
      const RowRange& under = y + 1 < shape_.height ? rows[(y + 1) % 3] : here;
      uint8_t* out = map_.at(0, y);
      for (size_t x = 0; x < static_cast<size_t>(shape_.width); ++x) {
        const int low = std::min({above.low[x], here.low[x], under.low[x]});
        const int high = std::max({above.high[x], here.high[x], under.high[x]});
        const int half = std::min((high - low) >> 1, most);
        out[x] = static_cast<uint8_t>(std::max<int>(out[x], half));
      }
    }
  }
}

}  // namespace aicodec::screen
