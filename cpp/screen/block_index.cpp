#include "screen/block_index.h"

#include <algorithm>

#include "screen/block.h"

namespace aicodec::screen {
namespace {

constexpr uint32_t kAcross = 0x9E3779B1u;
constexpr uint32_t kDown = 0x85EBCA6Bu;

constexpr uint32_t power(uint32_t base, int exponent) {
  uint32_t result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

uint32_t spread(Pixel pixel) { return pixel * 0xC2B2AE35u + 1; }

int table_bits(int width, int height) {
  int bits = 14;
  while (bits < 22 && (int64_t{1} << bits) < int64_t{4} * width * height) ++bits;
  return bits;
}

}  // namespace

BlockIndex::BlockIndex(int width, int height)
    : width_(width),
      height_(height),
      shift_(32 - table_bits(width, height)),
      rows_(static_cast<size_t>(width) * static_cast<size_t>(height)),
      blocks_(rows_.size()),
      column_sums_(static_cast<size_t>(width)),
      line_(static_cast<size_t>(width)),
      table_(size_t{1} << table_bits(width, height)) {}

// Of eight pixels each, from two, from four: loops that vectorise, where a rolling hash does not.
void BlockIndex::hash_row(const Pixel* pixels, int y, int across) {
  static_assert(kCell == 8);
  uint32_t* sums = line_.data();
  for (int x = 0; x < width_; ++x) sums[x] = spread(pixels[x]);
  for (int x = 0; x < across + 6; ++x) sums[x] = sums[x] * kAcross + sums[x + 1];
  for (int x = 0; x < across + 4; ++x) sums[x] = sums[x] * power(kAcross, 2) + sums[x + 2];
  uint32_t* out = &rows_[static_cast<size_t>(y) * static_cast<size_t>(width_)];
  for (int x = 0; x < across; ++x) {
    const uint32_t hash = sums[x] * power(kAcross, 4) + sums[x + 4];
    out[x] = (hash ^ hash >> 15) * 0x27D4EB2Fu;
  }
}

void BlockIndex::hash_rows(const Raster& frame, int top, int bottom) {
  const int across = width_ - kCell + 1;
  bottom = std::min(bottom, height_ - kCell + 1);
  if (across <= 0 || top >= bottom) return;
  constexpr uint32_t kOldestDown = power(kDown, kCell - 1);
  for (int y = top; y < bottom + kCell - 1; ++y) hash_row(frame.at(0, y), y, across);
  std::fill(column_sums_.begin(), column_sums_.end(), 0u);
  for (int y = top; y < bottom + kCell - 1; ++y) {
    const uint32_t* row = &rows_[static_cast<size_t>(y) * static_cast<size_t>(width_)];
    const int block = y - (kCell - 1);
    if (block < top) {
      for (int x = 0; x < across; ++x)
        column_sums_[static_cast<size_t>(x)] = column_sums_[static_cast<size_t>(x)] * kDown + row[x];
      continue;
    }
    const uint32_t* oldest = &rows_[static_cast<size_t>(block) * static_cast<size_t>(width_)];
    uint32_t* out = &blocks_[static_cast<size_t>(block) * static_cast<size_t>(width_)];
    for (int x = 0; x < across; ++x) {
      uint32_t& sum = column_sums_[static_cast<size_t>(x)];
      out[x] = sum * kDown + row[x];
      sum = out[x] - oldest[x] * kOldestDown;
    }
  }
}

std::optional<Place> BlockIndex::find(int x, int y) const {
  const uint32_t hash =
      blocks_[static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x)];
  const Entry& found = entry(hash);
  if (found.frame == 0 || found.hash != hash) return std::nullopt;
  return Place{found.frame, static_cast<int>(found.place % static_cast<uint32_t>(width_)),
               static_cast<int>(found.place / static_cast<uint32_t>(width_))};
}

void BlockIndex::insert(int x, int y, uint64_t number) {
  const uint32_t place = static_cast<uint32_t>(y) * static_cast<uint32_t>(width_) + static_cast<uint32_t>(x);
  const uint32_t hash = blocks_[place];
  table_[(hash * 0x9E3779B1u) >> shift_] = {hash, static_cast<uint32_t>(number), place};
}

}  // namespace aicodec::screen
