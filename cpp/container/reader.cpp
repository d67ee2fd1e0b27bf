#include "container/reader.h"

#include <algorithm>

#include "bits/crc32c.h"
#include "container/segment_head.h"

namespace aicodec {

using Kind = IndexEntry::Kind;

Result<FileReader> FileReader::open(std::shared_ptr<const ByteSource> source) {
  FileReader reader(std::move(source));
  const Result<Bytes> start =
      reader.source_->read(0, std::min<uint64_t>(kSignature.size(), reader.source_->size()));
  if (!start.ok()) return start.error();
  const Bytes& signature = start.value();
  const size_t letters = std::min(signature.size(), kSignature.size() - 1);
  if (letters == 0 || !std::equal(signature.begin(), signature.begin() + letters, kSignature.begin()))
    return Error::kNotAic;
  if (signature.size() < kSignature.size()) return Error::kTruncated;
  if (signature.back() != kFormatVersion) return Error::kUnsupportedVersion;

  const Result<Chunk> head = reader.chunk_at(kSignature.size());
  if (!head.ok()) return head.error();
  if (head->type != static_cast<uint8_t>(ChunkType::kHeader)) return Error::kBadValue;
  Result<StreamHeader> header = read_header(head->payload);
  if (!header.ok()) return header.error();
  reader.header_ = header.value();

  const uint64_t first = kSignature.size() + head->size;
  Result<std::vector<IndexEntry>> index = reader.find_index(first);
  if (index.ok()) {
    reader.entries_ = std::move(index).value();
    reader.end_ = reader.source_->size();
  } else {
    reader.recovered_ = true;
    AICODEC_TRY(reader.scan(first));
  }
  AICODEC_TRY(reader.read_descriptions());
  return reader;
}

Result<FileReader::Chunk> FileReader::chunk_at(uint64_t offset) const {
  const uint64_t left = source_->size() - std::min(offset, source_->size());
  const Result<Bytes> start = source_->read(offset, std::min<uint64_t>(left, kMaxChunkHead));
  if (!start.ok()) return start.error();
  const Result<ChunkHead> head = read_chunk_head(start.value());
  if (!head.ok()) return head.error();
  Result<Bytes> whole = source_->read(offset, head->total_size());
  if (!whole.ok()) return whole.error();
  Bytes bytes = std::move(whole).value();
  const size_t body = bytes.size() - kChecksumSize;
  ByteReader checksum(ByteSpan(bytes).subspan(body));
  if (checksum.u32() != crc32c(ByteSpan(bytes).first(body))) return Error::kBadChecksum;
  bytes.resize(body);
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(head->head_size));
  return Chunk{head->type, head->total_size(), std::move(bytes)};
}

Result<std::vector<IndexEntry>> FileReader::find_index(uint64_t offset) const {
  const uint64_t size = source_->size();
  constexpr uint64_t kTail = 8;  // the size field, then the checksum
  if (size < kTail) return Error::kTruncated;
  const Result<Bytes> tail = source_->read(size - kTail, kTail);
  if (!tail.ok()) return tail.error();
  const uint64_t index_size = ByteReader(tail.value()).u32();
  if (index_size > size || size - index_size < offset) return Error::kTruncated;
  const Result<Chunk> chunk = chunk_at(size - index_size);
  if (!chunk.ok()) return chunk.error();
  if (chunk->type != static_cast<uint8_t>(ChunkType::kIndex) || chunk->size != index_size)
    return Error::kTruncated;
  return read_index(chunk->payload, offset, size - index_size);
}

// What the index would say of a chunk.
Result<IndexEntry> FileReader::describe(const Chunk& chunk, uint64_t offset) const {
  IndexEntry entry{Kind::kOther, offset, chunk.size, 0};
  if (chunk.type == static_cast<uint8_t>(ChunkType::kSegment)) {
    const Result<SegmentHead> head = peek_segment_head(chunk.payload);
    if (!head.ok()) return head.error();
    entry.kind = Kind::kSegment;
    entry.detail = head->frames;
  } else if (chunk.type == static_cast<uint8_t>(ChunkType::kPackets)) {
    ByteReader in(chunk.payload);
    entry.kind = Kind::kPackets;
    entry.detail = in.varint_up_to(kMaxTracks - 1);
    AICODEC_TRY(in.status());
  } else if (chunk.type == static_cast<uint8_t>(ChunkType::kDictionary)) {
    entry.kind = Kind::kDictionary;
  }
  return entry;
}

Status FileReader::scan(uint64_t offset) {
  uint64_t frames = 0;
  end_ = offset;
  while (end_ < source_->size()) {
    const Result<Chunk> chunk = chunk_at(end_);
    if (!chunk.ok() || chunk->type == static_cast<uint8_t>(ChunkType::kIndex)) break;
    const Result<IndexEntry> entry = describe(chunk.value(), end_);
    if (!entry.ok()) break;
    if (entry->kind == Kind::kSegment) frames += entry->detail;
    if (frames > kMaxFrames) return Error::kTooLarge;
    entries_.push_back(entry.value());
    end_ += chunk->size;
  }
  return Ok{};
}

// Whatever is neither segment nor packets nor dictionary: tracks and tags, which stand before those, and
// chunks to skip.
Status FileReader::read_descriptions() {
  bool media = false;
  for (const IndexEntry& entry : entries_) {
    media |= entry.kind != Kind::kOther;
    if (entry.kind != Kind::kOther) continue;
    const Result<Chunk> chunk = chunk_at(entry.offset);
    if (!chunk.ok()) return chunk.error();
    if (chunk->size != entry.size) return Error::kBadValue;
    if (!is_optional(chunk->type)) AICODEC_TRY(read_description(chunk.value(), media));
  }
  return Ok{};
}

Status FileReader::read_description(const Chunk& chunk, bool media_before) {
  switch (static_cast<ChunkType>(chunk.type)) {
    case ChunkType::kTrack: {
      Result<Track> track = read_track(chunk.payload);
      if (!track.ok()) return track.error();
      if (tracks_.size() == kMaxTracks) return Error::kTooLarge;
      tracks_.push_back(std::move(track).value());
      break;
    }
    case ChunkType::kTags: {
      Result<Tags> tags = read_tags(chunk.payload);
      if (!tags.ok()) return tags.error();
      tags_.insert(tags_.end(), tags->begin(), tags->end());
      if (tags_.size() > kMaxTags) return Error::kTooLarge;
      break;
    }
    case ChunkType::kHeader:
    case ChunkType::kSegment:
    case ChunkType::kPackets:
    case ChunkType::kDictionary:
    case ChunkType::kIndex:
      return Error::kBadValue;  // a second one, or one that the index hides
    default:
      return Error::kUnsupportedFeature;
  }
  return media_before ? Status(Error::kBadValue) : Status(Ok{});
}

Result<PacketGroup> FileReader::packets(const IndexEntry& entry) const {
  const Result<Bytes> bytes = payload(entry);
  if (!bytes.ok()) return bytes.error();
  Result<PacketGroup> group = read_packets(bytes.value());
  if (group.ok() && (group->track != entry.detail || group->track >= tracks_.size())) return Error::kBadValue;
  return group;
}

// The payload of the first chunk of such a type.
Result<std::optional<Bytes>> FileReader::first_optional(ChunkType type) const {
  for (const IndexEntry& entry : entries_) {
    if (entry.kind != Kind::kOther) continue;
    Result<Chunk> chunk = chunk_at(entry.offset);
    if (!chunk.ok()) return chunk.error();
    if (chunk->type == static_cast<uint8_t>(type)) return std::optional(std::move(chunk->payload));
  }
  return std::optional<Bytes>();
}

Result<std::optional<QualityNote>> FileReader::quality() const {
  const Result<std::optional<Bytes>> payload = first_optional(ChunkType::kQuality);
  if (!payload.ok()) return payload.error();
  if (!payload.value()) return std::optional<QualityNote>();
  const Result<QualityNote> note = read_quality(*payload.value());
  if (!note.ok()) return note.error();
  size_t segments = 0;
  for (const IndexEntry& entry : entries_) segments += entry.kind == Kind::kSegment;
  if (note->rows.size() != (segments > 1 ? segments + 1 : 1)) return Error::kBadValue;
  return std::optional(note.value());
}

Result<Tags> FileReader::notes() const {
  const Result<std::optional<Bytes>> payload = first_optional(ChunkType::kNotes);
  if (!payload.ok()) return payload.error();
  return payload.value() ? read_tags(*payload.value()) : Tags{};
}

Result<Bytes> FileReader::payload(const IndexEntry& entry) const {
  Result<Chunk> chunk = chunk_at(entry.offset);
  if (!chunk.ok()) return chunk.error();
  const auto type = [&](ChunkType wanted) { return chunk->type == static_cast<uint8_t>(wanted); };
  const bool right = (entry.kind == Kind::kSegment && type(ChunkType::kSegment)) ||
                     (entry.kind == Kind::kPackets && type(ChunkType::kPackets)) ||
                     (entry.kind == Kind::kDictionary && type(ChunkType::kDictionary)) ||
                     entry.kind == Kind::kOther;
  if (!right || chunk->size != entry.size) return Error::kBadValue;
  return std::move(chunk->payload);
}

}  // namespace aicodec
