#include "screen/first_frames.h"

#include <algorithm>
#include <cstring>

#include "screen/block.h"

namespace aicodec::screen {
namespace {

constexpr int kStrip = kRootCells * kCell;
constexpr int kEvery = 4;
constexpr uint32_t kLeastStrips = 8;
// A ground is the colour of more than one in so many cells.
constexpr int kFewCells = 8;

}  // namespace

bool has_same_pixels(const Frame& now, const Frame& before) {
  for (size_t sheet = 0; sheet < now.sheets.size(); ++sheet) {
    const Raster& here = now.sheets[sheet];
    const size_t row = static_cast<size_t>(here.width()) * sizeof(Pixel);
    for (int y = 0; y < here.height(); ++y)
      if (std::memcmp(here.at(0, y), before.sheets[sheet].at(0, y), row) != 0) return false;
  }
  return true;
}

Ground ground_of(const Frame& frame) {
  Ground ground{};
  for (size_t sheet = 0; sheet < frame.sheets.size(); ++sheet) {
    const Raster& raster = frame.sheets[sheet];
    std::vector<Pixel> flat;
    int cells = 0;
    for (int y = 0; y + kCell <= raster.height(); y += kCell)
      for (int x = 0; x + kCell <= raster.width(); x += kCell, ++cells) {
        const Pixel colour = *raster.at(x, y);
        bool same = true;
        for (int row = y; row < y + kCell && same; ++row)
          same = std::all_of(raster.at(x, row), raster.at(x, row) + kCell,
                             [&](Pixel pixel) { return pixel == colour; });
        if (same) flat.push_back(colour);
      }
    std::sort(flat.begin(), flat.end());
    ptrdiff_t most = cells / kFewCells;
    for (auto first = flat.begin(); first != flat.end();) {
      const auto end = std::upper_bound(first, flat.end(), *first);
      if (end - first > most) {
        most = end - first;
        ground[sheet] = *first;
      }
      first = end;
    }
  }
  return ground;
}

bool is_worth_sampling(uint32_t height) { return height >= kLeastStrips * kStrip; }

std::shared_ptr<Frame> sampled(const Frame& frame) {
  const Raster& whole = frame.sheets[0];
  const auto is_taken = [](int y) { return y / kStrip % kEvery == 1; };
  int height = 0;
  for (int y = 0; y < whole.height(); ++y) height += is_taken(y);
  auto result = std::make_shared<Frame>();
  Raster& strips = result->sheets.emplace_back(whole.width(), height);
  int to = 0;
  for (int y = 0; y < whole.height(); ++y)
    if (is_taken(y)) std::copy_n(whole.at(0, y), whole.width(), strips.at(0, to++));
  return result;
}

}  // namespace aicodec::screen
