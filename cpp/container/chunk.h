// The outermost grammar of a file: a signature, then chunks of (type, varint length, payload, CRC-32C).
#pragma once

#include <array>

#include "bits/bytes.h"

namespace aicodec {

inline constexpr uint8_t kFormatVersion = 1;
// The first byte is not ASCII, so that the file is taken for binary everywhere.
inline constexpr std::array<uint8_t, 5> kSignature = {0x8A, 'A', 'I', 'C', kFormatVersion};

// Types are letters. A reader skips a lower-case type that it does not know and refuses an upper-case one.
enum class ChunkType : uint8_t {
  kHeader = 'H',
  kTrack = 'T',
  kTags = 'M',
  kSegment = 'S',
  kPackets = 'P',
  kDictionary = 'D',
  kIndex = 'I',
  kQuality = 'q',
  kNotes = 'n',
};

// A length is a varint of at most six bytes.
inline constexpr uint64_t kMaxPayload = (uint64_t{1} << 40) - 1;
inline constexpr size_t kMaxChunkHead = 1 + 6;
inline constexpr size_t kChecksumSize = 4;

// The whole chunk, ready to be appended to a file.
Bytes write_chunk(ChunkType type, ByteSpan payload);

struct ChunkHead {
  uint8_t type = 0;
  uint64_t payload_size = 0;
  size_t head_size = 0;

  uint64_t total_size() const { return head_size + payload_size + kChecksumSize; }
};

// Parses type and length from the first bytes of a chunk (kMaxChunkHead of them, or fewer at the end of a
// file). kTruncated if they do not suffice, kBadValue for a type that is no letter.
Result<ChunkHead> read_chunk_head(ByteSpan bytes);

// Whether `type` may be skipped by a reader that does not know it.
inline bool is_optional(uint8_t type) { return type >= 'a' && type <= 'z'; }

}  // namespace aicodec
