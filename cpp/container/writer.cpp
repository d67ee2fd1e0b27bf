#include "container/writer.h"

namespace aicodec {

using Kind = IndexEntry::Kind;

Bytes Writer::begin(const StreamHeader& header) {
  Bytes bytes(kSignature.begin(), kSignature.end());
  const Bytes chunk = write_chunk(ChunkType::kHeader, write_header(header));
  bytes.insert(bytes.end(), chunk.begin(), chunk.end());
  offset_ = bytes.size();
  return bytes;
}

Bytes Writer::track(const Track& track) {
  return add(ChunkType::kTrack, write_track(track), Kind::kOther, 0);
}

Bytes Writer::tags(const Tags& tags) {
  return tags.empty() ? Bytes{} : add(ChunkType::kTags, write_tags(tags), Kind::kOther, 0);
}

Bytes Writer::segment(ByteSpan payload, uint64_t frames) {
  return add(ChunkType::kSegment, payload, Kind::kSegment, frames);
}

Bytes Writer::dictionary(ByteSpan payload) {
  return add(ChunkType::kDictionary, payload, Kind::kDictionary, 0);
}

Bytes Writer::packets(uint64_t track, const std::vector<Packet>& packets) {
  if (packets.empty()) return {};
  return add(ChunkType::kPackets, write_packets(track, packets), Kind::kPackets, track);
}

Bytes Writer::quality(const QualityNote& note) {
  return add(ChunkType::kQuality, write_quality(note), Kind::kOther, 0);
}

Bytes Writer::notes(const Tags& notes) {
  return notes.empty() ? Bytes{} : add(ChunkType::kNotes, write_tags(notes), Kind::kOther, 0);
}

void Writer::adopt(const IndexEntry& entry) {
  entries_.push_back(entry);
  offset_ = entry.offset + entry.size;
}

Bytes Writer::finish() const { return write_chunk(ChunkType::kIndex, write_index(entries_)); }

Bytes Writer::add(ChunkType type, ByteSpan payload, Kind kind, uint64_t detail) {
  Bytes chunk = write_chunk(type, payload);
  entries_.push_back({kind, offset_, chunk.size(), detail});
  offset_ += chunk.size();
  return chunk;
}

}  // namespace aicodec
