#include "analyze/recurring_blocks.h"

#include <algorithm>
#include <bit>

namespace aicodec {
namespace {

constexpr uint32_t kBlock = RecurringBlocks::kBlock;
// A picture keeps about this many hashes.
constexpr uint64_t kKept = 1 << 18;

// The hash of a block is that of its rows, a row's that of its pixels: polynomials modulo 2^64, which roll.
// Their bases are odd, so that no sample is lost by overflow, and otherwise arbitrary.
constexpr uint64_t kAcross = 0x9E3779B97F4A7C15;
constexpr uint64_t kDown = 0xC2B2AE3D27D4EB4F;

constexpr uint64_t power(uint64_t base, uint32_t exponent) {
  uint64_t result = 1;
  while (exponent-- > 0) result *= base;
  return result;
}
constexpr uint64_t kAcrossOut = power(kAcross, kBlock);
constexpr uint64_t kDownOut = power(kDown, kBlock);

// Spreads what a polynomial leaves in its upper bits.
uint64_t finish(uint64_t sum) {
  sum = (sum ^ (sum >> 29)) * 0xBF58476D1CE4E5B9;
  return sum ^ (sum >> 32);
}

// Rows of pixels as one number each.
class Pixels {
 public:
  explicit Pixels(const PictureView& picture) : picture_(picture), row_(picture.width) {}

  const std::vector<uint64_t>& row(uint32_t y) {
    if (picture_.format.sample_bytes() == 2)
      gather<uint16_t>(y);
    else
      gather<uint8_t>(y);
    return row_;
  }

 private:
  template <typename Sample>
  void gather(uint32_t y) {
    const Sample* a = picture_.planes[0].row<Sample>(y);
    if (picture_.format.layout == Layout::kYuv420) {
      for (uint32_t x = 0; x < picture_.width; ++x) row_[x] = a[x] + uint64_t{1};
      return;
    }
    const Sample* b = picture_.planes[1].row<Sample>(y);
    const Sample* c = picture_.planes[2].row<Sample>(y);
    for (uint32_t x = 0; x < picture_.width; ++x)
      row_[x] = (a[x] | uint64_t{b[x]} << 16 | uint64_t{c[x]} << 32) + 1;
  }

  const PictureView& picture_;
  std::vector<uint64_t> row_;
};

uint64_t sampling_mask(const PictureView& picture) {
  const uint64_t pixels = uint64_t{picture.width} * picture.height;
  return std::bit_ceil((pixels + kKept - 1) / kKept) - 1;
}

// Hashes of the blocks at every place, rolled along rows and down columns.
std::vector<uint64_t> all_hashes(const PictureView& picture) {
  std::vector<uint64_t> kept;
  if (picture.width < kBlock || picture.height < kBlock) return kept;
  const uint32_t columns = picture.width - kBlock + 1;
  const uint64_t mask = sampling_mask(picture);
  // Row hashes of the last kBlock rows, in a ring, and the column sums over them.
  std::vector<std::vector<uint64_t>> ring(kBlock, std::vector<uint64_t>(columns));
  std::vector<uint64_t> sums(columns);
  Pixels pixels(picture);
  for (uint32_t y = 0; y < picture.height; ++y) {
    const std::vector<uint64_t>& row = pixels.row(y);
    std::vector<uint64_t>& slot = ring[y % kBlock];
    uint64_t hash = 0;
    for (uint32_t x = 0; x < picture.width; ++x) {
      hash = hash * kAcross + row[x] - (x >= kBlock ? row[x - kBlock] * kAcrossOut : 0);
      if (x + 1 < kBlock) continue;
      const uint32_t column = x + 1 - kBlock;
      sums[column] = sums[column] * kDown + hash - slot[column] * kDownOut;
      slot[column] = hash;
      if (y + 1 < kBlock) continue;
      const uint64_t block = finish(sums[column]);
      if ((block & mask) == 0) kept.push_back(block);
    }
  }
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

// Hashes of the blocks on the grid that are not of one colour.
std::vector<uint64_t> grid_hashes(const PictureView& picture) {
  std::vector<uint64_t> found;
  const uint32_t columns = picture.width / kBlock;
  const uint64_t mask = sampling_mask(picture);
  std::vector<uint64_t> sums(columns), first(columns);
  std::vector<uint8_t> varied(columns);
  Pixels pixels(picture);
  for (uint32_t y = 0; y < picture.height / kBlock * kBlock; ++y) {
    const std::vector<uint64_t>& row = pixels.row(y);
    for (uint32_t column = 0; column < columns; ++column) {
      const uint64_t* block = row.data() + column * kBlock;
      if (y % kBlock == 0) {
        sums[column] = varied[column] = 0;
        first[column] = block[0];
      }
      uint64_t hash = 0, different = 0;
      for (uint32_t x = 0; x < kBlock; ++x) {
        hash = hash * kAcross + block[x];
        different |= block[x] ^ first[column];
      }
      sums[column] = sums[column] * kDown + hash;
      varied[column] |= different != 0;
      if (y % kBlock + 1 < kBlock || !varied[column]) continue;
      const uint64_t whole = finish(sums[column]);
      if ((whole & mask) == 0) found.push_back(whole);
    }
  }
  return found;
}

}  // namespace

bool RecurringBlocks::fits(const PictureView& picture) const {
  return hashes_.empty() ||
         (picture.format == format_ && picture.width == width_ && picture.height == height_);
}

Status RecurringBlocks::add(const PictureView& picture) {
  if (!fits(picture)) return Error::kWrongPicture;
  format_ = picture.format;
  width_ = picture.width;
  height_ = picture.height;
  hashes_.push_back(all_hashes(picture));
  return Ok{};
}

Result<std::map<uint32_t, uint64_t>> RecurringBlocks::find(const PictureView& frame) const {
  if (!fits(frame)) return Error::kWrongPicture;
  std::map<uint32_t, uint64_t> counts;
  for (const uint64_t hash : grid_hashes(frame)) {
    uint32_t pictures = 0;
    for (size_t i = 0; i < hashes_.size(); ++i)
      if (std::binary_search(hashes_[i].begin(), hashes_[i].end(), hash)) pictures |= 1u << i;
    ++counts[pictures];
  }
  return counts;
}

}  // namespace aicodec
