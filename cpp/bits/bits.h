// Single bits in and out, the most significant bit of each byte first.
#pragma once

#include "bits/bytes.h"

namespace aicodec {

class BitWriter {
 public:
  // The low `count` bits of `value`, highest first. Precondition: count <= 64.
  void bits(uint64_t value, int count);
  // All bits written, the last byte padded with zeros.
  Bytes take();

 private:
  Bytes bytes_;
  int used_ = 8;  // bits taken of the last byte
};

// Sticky like ByteReader: past the end every bit is zero and status() is kTruncated.
class BitReader {
 public:
  explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

  // Precondition: count <= 64.
  uint64_t bits(int count);
  bool bit() { return bits(1) != 0; }
  // kTruncated after a read past the end; kTrailingData where a whole byte, or a set padding bit, is left.
  Status finish() const;
  bool ok() const { return !overrun_; }

 private:
  ByteSpan bytes_;
  size_t position_ = 0;  // in bits
  bool overrun_ = false;
};

}  // namespace aicodec
