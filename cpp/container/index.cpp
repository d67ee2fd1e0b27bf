#include "container/index.h"

#include "container/stream_header.h"

namespace aicodec {
namespace {

constexpr size_t kSizeField = 4;

}  // namespace

Bytes write_index(const std::vector<IndexEntry>& entries) {
  ByteWriter out;
  for (const IndexEntry& entry : entries) {
    out.varint(entry.detail << 2 | static_cast<uint64_t>(entry.kind));
    out.varint(entry.size);
  }
  const size_t payload = out.bytes().size() + kSizeField;
  ByteWriter length;
  length.varint(payload);
  out.u32(static_cast<uint32_t>(1 + length.bytes().size() + payload + kChecksumSize));
  return out.take();
}

Result<std::vector<IndexEntry>> read_index(ByteSpan payload, uint64_t offset, uint64_t end) {
  if (payload.size() < kSizeField) return Error::kTruncated;
  ByteReader in(payload.first(payload.size() - kSizeField));
  std::vector<IndexEntry> entries;
  uint64_t frames = 0;
  while (in.ok() && in.remaining() > 0) {
    IndexEntry entry;
    const uint64_t tagged = in.varint();
    entry.kind = static_cast<IndexEntry::Kind>(tagged & 3);
    entry.detail = tagged >> 2;
    entry.offset = offset;
    entry.size = in.varint_up_to(kMaxPayload);
    if (entry.size > end - offset) in.fail(Error::kBadValue);
    const bool has_detail =
        entry.kind == IndexEntry::Kind::kSegment || entry.kind == IndexEntry::Kind::kPackets;
    if (!has_detail && entry.detail != 0) in.fail(Error::kBadValue);
    if (entry.kind == IndexEntry::Kind::kSegment) {
      if (entry.detail > kMaxFrames - frames) in.fail(Error::kTooLarge);
      frames += entry.detail;
    }
    if (!in.ok()) break;
    offset += entry.size;
    entries.push_back(entry);
  }
  AICODEC_TRY(in.status());
  if (offset != end) return Error::kBadValue;
  return entries;
}

}  // namespace aicodec
