#include "screen/block_index.h"

#include <algorithm>

#include "screen/block.h"

namespace aicodec::screen {
namespace {

constexpr uint32_t kAcross = 0x9E3779B1u;
constexpr uint32_t kDown = 0x85EBCA6Bu;
constexpr uint32_t kMixed = 0x27D4EB2Fu;

constexpr uint32_t power(uint32_t base, int exponent) {
  uint32_t result = 1;
  for (int i = 0; i < exponent; ++i) result *= base;
  return result;
}

uint32_t spread(Pixel pixel) { return pixel * 0xC2B2AE35u + 1; }

// Of a block of one colour.
uint32_t flat_hash(Pixel pixel) {
  uint32_t row = 0;
  for (int i = 0; i < kCell; ++i) row = row * kAcross + spread(pixel);
  row = (row ^ row >> 15) * kMixed;
  uint32_t hash = 0;
  for (int i = 0; i < kCell; ++i) hash = hash * kDown + row;
  return hash;
}

// Calls with (begin, end) for each run of nonzero bytes.
template <typename Found>
void for_runs(const std::vector<uint8_t>& bytes, const Found& found) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == 0) continue;
    const size_t begin = i;
    while (i < bytes.size() && bytes[i] != 0) ++i;
    found(static_cast<int>(begin), static_cast<int>(i));
  }
}

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
void BlockIndex::hash_row(const Pixel* pixels, int y, int left, int right) {
  static_assert(kCell == 8);
  const int count = right - left;
  uint32_t* sums = line_.data();
  for (int x = 0; x < count + 7; ++x) sums[x] = spread(pixels[left + x]);
  for (int x = 0; x < count + 6; ++x) sums[x] = sums[x] * kAcross + sums[x + 1];
  for (int x = 0; x < count + 4; ++x) sums[x] = sums[x] * power(kAcross, 2) + sums[x + 2];
  uint32_t* out = &rows_[at(left, y)];
  for (int x = 0; x < count; ++x) {
    const uint32_t hash = sums[x] * power(kAcross, 4) + sums[x + 4];
    out[x] = (hash ^ hash >> 15) * kMixed;
  }
}

// From the rows' hashes.
void BlockIndex::hash_blocks(int top, int bottom, int left, int right) {
  constexpr uint32_t kOldestDown = power(kDown, kCell - 1);
  const int count = right - left;
  uint32_t* sums = column_sums_.data();
  std::fill_n(sums, count, 0u);
  for (int y = top; y < top + kCell - 1; ++y) {
    const uint32_t* row = &rows_[at(left, y)];
    for (int x = 0; x < count; ++x) sums[x] = sums[x] * kDown + row[x];
  }
  for (int y = top; y < bottom; ++y) {
    const uint32_t* oldest = &rows_[at(left, y)];
    const uint32_t* row = &rows_[at(left, y + kCell - 1)];
    uint32_t* out = &blocks_[at(left, y)];
    for (int x = 0; x < count; ++x) {
      out[x] = sums[x] * kDown + row[x];
      sums[x] = out[x] - oldest[x] * kOldestDown;
    }
  }
}

void BlockIndex::hash(const Raster& frame, std::span<const uint8_t> changed) {
  const int across = width_ - kCell + 1;
  const int down = height_ - kCell + 1;
  if (across <= 0 || down <= 0) return;
  const size_t columns = static_cast<size_t>((width_ + kCell - 1) / kCell);
  const int rows = (height_ + kCell - 1) / kCell;
  std::vector<uint8_t>& above = touched_[0];
  std::vector<uint8_t>& here = touched_[1];
  above.assign(columns, 0);
  here.assign(columns, 0);
  // A row of cells at a time, its blocks when the row beneath is hashed, too.
  for (int row = 0; row <= rows; ++row) {
    std::swap(above, here);
    std::fill(here.begin(), here.end(), uint8_t{0});
    if (row < rows) {
      const std::span<const uint8_t> cells = changed.subspan(static_cast<size_t>(row) * columns, columns);
      for (size_t c = 0; c < columns; ++c) here[c] = cells[c] | (c + 1 < columns ? cells[c + 1] : 0);
      for_runs(here, [&](int begin, int end) {
        const int right = std::min(end * kCell, across);
        for (int y = row * kCell; begin * kCell < right && y < std::min((row + 1) * kCell, height_); ++y)
          hash_row(frame.at(0, y), y, begin * kCell, right);
      });
    }
    for (size_t c = 0; c < columns; ++c) above[c] |= here[c];
    const int top = (row - 1) * kCell;
    const int bottom = std::min(row * kCell, down);
    if (row > 0 && top < bottom)
      for_runs(above, [&](int begin, int end) {
        const int right = std::min(end * kCell, across);
        if (begin * kCell < right) hash_blocks(top, bottom, begin * kCell, right);
      });
  }
}

std::optional<Place> BlockIndex::find(int x, int y) const {
  const uint32_t hash = blocks_[at(x, y)];
  const Entry& found = entry(hash);
  if (found.frame == 0 || found.hash != hash) return std::nullopt;
  return Place{found.frame, static_cast<int>(found.place % static_cast<uint32_t>(width_)),
               static_cast<int>(found.place / static_cast<uint32_t>(width_))};
}

void BlockIndex::insert(const Raster& frame, int left, int right, int y, uint64_t number) {
  const Pixel* pixels = frame.at(0, y);
  const ptrdiff_t stride = frame.stride();
  Pixel flat = kNoPixel;
  uint32_t hash_of_flat = 0;
  for (int x = left; x < right; ++x) {
    const size_t place = at(x, y);
    const uint32_t hash = blocks_[place];
    const Pixel* p = pixels + x;
    const Pixel v = p[0];
    if (p[7] == v && p[3] == v && p[7 * stride] == v && p[7 * stride + 7] == v && p[3 * stride + 4] == v) {
      if (v != flat) hash_of_flat = flat_hash(flat = v);
      if (hash == hash_of_flat) continue;
    }
    table_[(hash * 0x9E3779B1u) >> shift_] = {hash, static_cast<uint32_t>(number),
                                              static_cast<uint32_t>(place)};
  }
}

}  // namespace aicodec::screen
