#include "bits/bits.h"

namespace aicodec {

void BitWriter::bits(uint64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    if (used_ == 8) {
      bytes_.push_back(0);
      used_ = 0;
    }
    bytes_.back() = static_cast<uint8_t>(bytes_.back() | (((value >> i) & 1) << (7 - used_)));
    ++used_;
  }
}

Bytes BitWriter::take() {
  used_ = 8;
  return std::move(bytes_);
}

uint64_t BitReader::bits(int count) {
  if (overrun_ || static_cast<size_t>(count) > bytes_.size() * 8 - position_) {
    overrun_ = true;
    return 0;
  }
  uint64_t value = 0;
  for (int i = 0; i < count; ++i, ++position_)
    value = value << 1 | ((bytes_[position_ / 8] >> (7 - position_ % 8)) & 1);
  return value;
}

Status BitReader::finish() const {
  if (overrun_) return Error::kTruncated;
  if (bytes_.size() * 8 - position_ >= 8) return Error::kTrailingData;
  if (position_ % 8 != 0 && (bytes_[position_ / 8] & (0xFF >> (position_ % 8))) != 0)
    return Error::kTrailingData;
  return Ok{};
}

}  // namespace aicodec
