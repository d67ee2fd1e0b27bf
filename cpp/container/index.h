// Where everything lies in a file: one entry per chunk between the header and the index. A finished file ends
// with it; of an unfinished one it is rebuilt by a scan.
#pragma once

#include "container/chunk.h"

namespace aicodec {

struct IndexEntry {
  enum class Kind : uint8_t { kOther = 0, kSegment = 1, kPackets = 2, kDictionary = 3 };
  Kind kind = Kind::kOther;
  uint64_t offset = 0;  // of the chunk, from the start of the file
  uint64_t size = 0;    // of the whole chunk
  uint64_t detail = 0;  // kSegment: number of frames; kPackets: number of the track

  bool operator==(const IndexEntry&) const = default;
};

// The payload of the index chunk. Its last four bytes hold the size of the whole chunk, so that a reader
// finds it from the end of the file. Entries must be without gaps.
Bytes write_index(const std::vector<IndexEntry>& entries);

// The reverse; the first entry starts at `offset` and the last one must end at `end`.
Result<std::vector<IndexEntry>> read_index(ByteSpan payload, uint64_t offset, uint64_t end);

}  // namespace aicodec
