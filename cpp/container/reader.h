// Opens a file: header, tracks and tags, and the index, from its end or, where that is damaged or missing, by
// a scan from the start. Everything is checked; chunks are read on demand.
#pragma once

#include <memory>
#include <optional>

#include "container/byte_source.h"
#include "container/index.h"
#include "container/packets.h"
#include "container/quality.h"

namespace aicodec {

class FileReader {
 public:
  // Fails where there is no intact header, or a required chunk is unknown. A file without an intact index
  // opens with every chunk up to the first one that is cut off or damaged, and recovered() tells so.
  static Result<FileReader> open(std::shared_ptr<const ByteSource> source);

  const StreamHeader& header() const { return header_; }
  const std::vector<Track>& tracks() const { return tracks_; }
  const Tags& tags() const { return tags_; }
  // In file order.
  const std::vector<IndexEntry>& entries() const { return entries_; }
  bool recovered() const { return recovered_; }
  // Where the last good chunk ends: the file size unless recovered().
  uint64_t end() const { return end_; }
  uint64_t file_size() const { return source_->size(); }

  // The payload of the chunk at `entry`, its checksum verified. Safe to call from many threads.
  Result<Bytes> payload(const IndexEntry& entry) const;
  // The packets of the chunk at `entry`, of a track that the file has. Safe to call from many threads.
  Result<PacketGroup> packets(const IndexEntry& entry) const;

  // What the encoder measured, where the file says so; of several such chunks the first. kBadValue where it
  // has rows for another number of segments. Safe to call from many threads.
  Result<std::optional<QualityNote>> quality() const;
  // What its encoder tells people of it, where it does; of several such chunks the first. Safe to call from
  // many threads.
  Result<Tags> notes() const;

 private:
  explicit FileReader(std::shared_ptr<const ByteSource> source) : source_(std::move(source)) {}
  struct Chunk {
    uint8_t type;
    uint64_t size;
    Bytes payload;
  };
  Result<Chunk> chunk_at(uint64_t offset) const;
  Result<std::optional<Bytes>> first_optional(ChunkType type) const;
  Result<std::vector<IndexEntry>> find_index(uint64_t offset) const;
  Status scan(uint64_t offset);
  Result<IndexEntry> describe(const Chunk& chunk, uint64_t offset) const;
  Status read_descriptions();
  Status read_description(const Chunk& chunk, bool media_before);

  std::shared_ptr<const ByteSource> source_;
  StreamHeader header_;
  std::vector<Track> tracks_;
  Tags tags_;
  std::vector<IndexEntry> entries_;
  bool recovered_ = false;
  uint64_t end_ = 0;
};

}  // namespace aicodec
