#include "bits/range_coder.h"

namespace aicodec {

void RangeEncoder::shift_low() {
  if (low_ < 0xFF000000u || low_ > 0xFFFFFFFFu) {
    const uint8_t carry = static_cast<uint8_t>(low_ >> 32);
    if (cache_ >= 0) bytes_.push_back(static_cast<uint8_t>(cache_ + carry));
    for (; pending_ > 0; --pending_) bytes_.push_back(static_cast<uint8_t>(0xFF + carry));
    cache_ = static_cast<int>((low_ >> 24) & 0xFF);
  } else {
    ++pending_;
  }
  low_ = (low_ & 0x00FFFFFF) << 8;
}

Bytes RangeEncoder::finish() {
  // Of all values in [low, low + range) take the one with the most zero bits at its end.
  const uint64_t last = low_ + range_ - 1;
  for (int zeros = 32; zeros >= 0; --zeros) {
    const uint64_t value = last >> zeros << zeros;
    if (value >= low_) {
      low_ = value;
      break;
    }
  }
  for (int i = 0; i < 5; ++i) shift_low();
  for (int i = 0; i < 4 && !bytes_.empty() && bytes_.back() == 0; ++i) bytes_.pop_back();
  return std::move(bytes_);
}

}  // namespace aicodec
