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
