#include "bits/bytes.h"

namespace aicodec {

bool is_utf8(ByteSpan bytes) {
  for (size_t i = 0; i < bytes.size();) {
    const uint8_t lead = bytes[i++];
    if (lead < 0x80) continue;
    if (lead < 0xC2 || lead > 0xF4) return false;
    const size_t more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (more > bytes.size() - i) return false;
    const uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (bytes[i] < low || bytes[i] > high) return false;
    for (size_t k = 1; k < more; ++k)
      if ((bytes[i + k] & 0xC0) != 0x80) return false;
    i += more;
  }
  return true;
}

void ByteWriter::u32(uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) u8(static_cast<uint8_t>(value >> shift));
}

void ByteWriter::u64(uint64_t value) {
  u32(static_cast<uint32_t>(value));
  u32(static_cast<uint32_t>(value >> 32));
}

void ByteWriter::varint(uint64_t value) {
  for (; value >= 128; value >>= 7) u8(static_cast<uint8_t>(value | 128));
  u8(static_cast<uint8_t>(value));
}

void ByteWriter::svarint(int64_t value) {
  varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void ByteWriter::block(ByteSpan bytes) {
  varint(bytes.size());
  raw(bytes);
}

void ByteWriter::text(std::string_view text) {
  block({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

uint8_t ByteReader::u8() {
  const ByteSpan byte = raw(1);
  return byte.empty() ? 0 : byte[0];
}

uint32_t ByteReader::u32() {
  uint32_t value = 0;
  for (int shift = 0; shift < 32; shift += 8) value |= uint32_t{u8()} << shift;
  return value;
}

uint64_t ByteReader::u64() {
  const uint64_t low = u32();
  return low | uint64_t{u32()} << 32;
}

uint64_t ByteReader::varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = u8();
    if (shift == 63 && byte > 1) break;
    value |= uint64_t{byte & 127u} << shift;
    if (byte < 128) {
      if (byte == 0 && shift > 0) break;
      return ok() ? value : 0;
    }
  }
  fail(Error::kBadValue);
  return 0;
}

int64_t ByteReader::svarint() {
  const uint64_t value = varint();
  return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1)));
}

uint64_t ByteReader::varint_up_to(uint64_t limit) {
  const uint64_t value = varint();
  if (value <= limit) return value;
  fail(Error::kTooLarge);
  return 0;
}

ByteSpan ByteReader::raw(uint64_t size) {
  if (!ok()) return {};
  if (size > remaining()) {
    fail(Error::kTruncated);
    return {};
  }
  const ByteSpan result = bytes_.subspan(position_, size);
  position_ += size;
  return result;
}

std::string ByteReader::text(uint64_t limit) {
  const ByteSpan bytes = raw(varint_up_to(limit));
  if (!is_utf8(bytes)) {
    fail(Error::kBadValue);
    return {};
  }
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void ByteReader::fail(Error error) {
  if (!error_) error_ = error;
}

Status ByteReader::finish() const {
  if (error_) return *error_;
  return remaining() > 0 ? Status(Error::kTrailingData) : Status(Ok{});
}

}  // namespace aicodec
