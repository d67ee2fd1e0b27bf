// Writes a file strictly forward: every call gives the bytes to append, and whatever was appended so far is
// readable up to its last whole chunk. The caller owns the file.
#pragma once

#include "container/index.h"
#include "container/packets.h"
#include "container/quality.h"
#include "container/stream_header.h"

namespace aicodec {

class Writer {
 public:
  // Signature and header. Call first, once.
  Bytes begin(const StreamHeader& header);
  Bytes track(const Track& track);
  // Does nothing (no bytes) for no tags.
  Bytes tags(const Tags& tags);
  // `payload` is a serialised segment of `frames` frames.
  Bytes segment(ByteSpan payload, uint64_t frames);
  // `payload` is a dictionary picture (segment/dictionary.h), coded.
  Bytes dictionary(ByteSpan payload);
  // Does nothing (no bytes) for no packets.
  Bytes packets(uint64_t track, const std::vector<Packet>& packets);
  // What was measured of the segments written. Call at most once.
  Bytes quality(const QualityNote& note);
  // What people may want to know of how the file came about. No bytes for no notes. Call at most once.
  Bytes notes(const Tags& notes);
  // Takes over a chunk of a file that is being resumed.
  void adopt(const IndexEntry& entry);
  // The index. Call last.
  Bytes finish() const;

 private:
  Bytes add(ChunkType type, ByteSpan payload, IndexEntry::Kind kind, uint64_t detail);

  uint64_t offset_ = 0;
  std::vector<IndexEntry> entries_;
};

}  // namespace aicodec
