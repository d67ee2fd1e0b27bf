// Whole bytes in and out: what headers, tables and chunks are made of. Varints are LEB128 (seven bits a byte,
// least significant first); signed ones are zigzag-mapped. Fixed-size integers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aicodec {

using Bytes = std::vector<uint8_t>;
using ByteSpan = std::span<const uint8_t>;

// Whether `bytes` is UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF).
bool is_utf8(ByteSpan bytes);

class ByteWriter {
 public:
  void u8(uint8_t value) { bytes_.push_back(value); }
  void u32(uint32_t value);
  void u64(uint64_t value);
  void varint(uint64_t value);
  void svarint(int64_t value);
  void raw(ByteSpan bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  // Length as a varint, then the bytes.
  void block(ByteSpan bytes);
  void text(std::string_view text);

  ByteSpan bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

// Reads with a sticky error: after the first failure every read gives zero or nothing, and status() tells
// what went wrong. Never reads outside the span, which must outlive the reader and the spans it hands out.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  uint8_t u8();
  uint32_t u32();
  uint64_t u64();
  // kBadValue for a varint over 64 bits or not of shortest form.
  uint64_t varint();
  int64_t svarint();
  // A varint that may be at most `limit`; above it kTooLarge.
  uint64_t varint_up_to(uint64_t limit);
  // The next `size` bytes.
  ByteSpan raw(uint64_t size);
  ByteSpan block() { return raw(varint()); }
  // A block of at most `limit` bytes, above it kTooLarge; kBadValue where it is not UTF-8.
  std::string text(uint64_t limit);

  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }
  bool ok() const { return !error_; }
  // Sets the sticky error unless one is set already.
  void fail(Error error);
  Status status() const { return error_ ? Status(*error_) : Status(Ok{}); }
  // status(), or kTrailingData where bytes are left.
  Status finish() const;

 private:
  ByteSpan bytes_;
  size_t position_ = 0;
  std::optional<Error> error_;
};

}  // namespace aicodec
