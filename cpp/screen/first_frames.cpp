#include "screen/first_frames.h"

#include <algorithm>
#include <cstring>

#include "screen/block.h"

namespace aicodec::screen {
namespace {

constexpr int kStrip = kRootCells * kCell;
constexpr int kEvery = 4;
constexpr uint32_t kLeastStrips = 8;

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

uint64_t changed_pixels(const Raster& now, const Raster& before) {
  uint64_t pixels = 0;
  for (int top = 0; top < now.height(); top += kCell)
    for (int left = 0; left < now.width(); left += kCell) {
      const int width = std::min(kCell, now.width() - left);
      const int height = std::min(kCell, now.height() - top);
      bool same = true;
      for (int y = top; same && y < top + height; ++y)
        same =
            std::memcmp(now.at(left, y), before.at(left, y), static_cast<size_t>(width) * sizeof(Pixel)) == 0;
      if (!same) pixels += static_cast<uint64_t>(width * height);
    }
  return pixels;
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
