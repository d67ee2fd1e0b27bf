// The adaptive binary range coder (Martin 1979, with the carry handling that LZMA made common): `low` and
// `range` are 32-bit, a bit takes the share of the range that its probability gives it, and a byte leaves
// whenever the range falls below 2^24.
#pragma once

#include <bit>

#include "bits/bytes.h"
#include "bits/models.h"

namespace aicodec {

class RangeEncoder {
 public:
  bool bit(BitModel& model, bool bit) {
    split(bit, static_cast<uint32_t>((uint64_t{range_} * model.probability()) >> 16));
    model.learn(bit);
    return bit;
  }
  bool even_bit(bool bit) {
    split(bit, range_ >> 1);
    return bit;
  }
  // A bit that is 1 with `probability` (in 2^-16, 1 to 65535), for models that mix their own.
  bool bit_with(uint32_t probability, bool bit) {
    split(bit, static_cast<uint32_t>((uint64_t{range_} * probability) >> 16));
    return bit;
  }
  // Bits put out so far, in sixteenths.
  uint64_t spent() const {
    const uint64_t bytes = bytes_.size() + pending_ + (cache_ >= 0);
    const int width = static_cast<int>(std::bit_width(range_));
    return bytes * 128 + static_cast<uint64_t>(16 * (32 - width)) + (15 - (range_ >> (width - 5) & 15));
  }
  // Ends the stream with as few bytes as tell it apart, and returns it. The decoder reads zeros after the
  // end.
  Bytes finish();

 private:
  void split(bool bit, uint32_t ones) {
    if (bit) {
      range_ = ones;
    } else {
      low_ += ones;
      range_ -= ones;
    }
    for (; range_ < kTop; range_ <<= 8) shift_low();
  }
  void shift_low();

  static constexpr uint32_t kTop = 1u << 24;
  uint64_t low_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
  uint64_t pending_ = 0;  // bytes of 0xFF that a carry could still change
  int cache_ = -1;        // the byte before them, -1 before the first
  Bytes bytes_;
};

// Gives the bits back. Reading on past the end gives zeros for as many bytes as the encoder may have left
// out; after that overrun() is true and every further bit is zero: loops that wait for a bit end.
class RangeDecoder {
 public:
  explicit RangeDecoder(ByteSpan bytes) : bytes_(bytes) {
    for (int i = 0; i < 4; ++i) take_byte();
  }

  bool bit(BitModel& model, bool = false) {
    const bool bit = split(static_cast<uint32_t>((uint64_t{range_} * model.probability()) >> 16));
    model.learn(bit);
    return bit;
  }
  bool even_bit(bool = false) { return split(range_ >> 1); }
  bool bit_with(uint32_t probability, bool = false) {
    return split(static_cast<uint32_t>((uint64_t{range_} * probability) >> 16));
  }
  bool overrun() const { return position_ > bytes_.size() + kSpare; }
  // kTruncated after an overrun, kTrailingData where bytes were not needed.
  Status finish() const {
    if (overrun()) return Error::kTruncated;
    return position_ < bytes_.size() ? Status(Error::kTrailingData) : Status(Ok{});
  }

 private:
  bool split(uint32_t ones) {
    const bool bit = code_ < ones;
    // Without a branch, which would often be guessed wrong: many bits are noise, and only data to the caller.
    const uint32_t zero = static_cast<uint32_t>(bit) - 1;  // all ones where the bit is 0
    code_ -= ones & zero;
    range_ = ones + ((range_ - 2 * ones) & zero);
    for (; range_ < kTop; range_ <<= 8) take_byte();
    return bit;
  }
  void take_byte() {
    if (position_ < bytes_.size()) [[likely]] {
      code_ = code_ << 8 | bytes_[position_++];
      return;
    }
    code_ <<= 8;
    position_ += !overrun();
    // Nothing is beyond that, and the bits that follow are zero.
    if (overrun()) code_ = 0xFFFFFFFF;
  }

  static constexpr uint32_t kTop = 1u << 24;
  static constexpr size_t kSpare = 4;
  ByteSpan bytes_;
  size_t position_ = 0;
  uint32_t code_ = 0;
  uint32_t range_ = 0xFFFFFFFF;
};

}  // namespace aicodec
