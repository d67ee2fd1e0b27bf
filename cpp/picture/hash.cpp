#include "picture/hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace aicodec {
namespace {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15;

// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
constexpr uint64_t mix(uint64_t v) {
  v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9;
  v = (v ^ (v >> 27)) * 0x94D049BB133111EB;
  return v ^ (v >> 31);
}

uint64_t load_word(const uint8_t* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, 8);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

// Sums the words of a stream of bytes that comes in pieces of any length.
class WordSum {
 public:
  void add(const uint8_t* bytes, size_t size) {
    size_ += size;
    if (held_ > 0) {
      const size_t take = std::min(size, 8 - held_);
      std::memcpy(part_ + held_, bytes, take);
      held_ += take;
      bytes += take;
      size -= take;
      if (held_ < 8) return;
      add_word(load_word(part_));
      held_ = 0;
    }
    for (; size >= 8; bytes += 8, size -= 8) add_word(load_word(bytes));
    std::memcpy(part_, bytes, size);
    held_ = size;
  }
  uint64_t finish() {
    if (held_ > 0) {
      std::memset(part_ + held_, 0, 8 - held_);
      add_word(load_word(part_));
    }
    return mix(sum_ + size_);
  }

 private:
  void add_word(uint64_t word) { sum_ += mix(word ^ (salt_ += kGolden)); }

  uint64_t sum_ = 0;
  uint64_t salt_ = 0;
  uint64_t size_ = 0;
  size_t held_ = 0;
  uint8_t part_[8];
};

}  // namespace

uint64_t picture_hash(const PictureView& picture) {
  WordSum sum;
  for (const ConstPlane& plane : picture.planes)
    for (uint32_t y = 0; y < plane.height; ++y)
      sum.add(plane.data + y * plane.stride, size_t{plane.width} * picture.format.sample_bytes());
  return sum.finish();
}

void SegmentDigest::add(uint64_t frame_hash) { sum_ += mix(frame_hash ^ (++count_ * kGolden)); }

}  // namespace aicodec
