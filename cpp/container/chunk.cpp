#include "container/chunk.h"

#include "bits/crc32c.h"

namespace aicodec {

Bytes write_chunk(ChunkType type, ByteSpan payload) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(type));
  out.block(payload);
  out.u32(crc32c(out.bytes()));
  return out.take();
}

Result<ChunkHead> read_chunk_head(ByteSpan bytes) {
  ByteReader in(bytes.first(std::min(bytes.size(), kMaxChunkHead)));
  ChunkHead head;
  head.type = in.u8();
  const bool letter = (head.type >= 'A' && head.type <= 'Z') || is_optional(head.type);
  if (in.ok() && !letter) return Error::kBadValue;
  head.payload_size = in.varint_up_to(kMaxPayload);
  head.head_size = in.position();
  AICODEC_TRY(in.status());
  return head;
}

}  // namespace aicodec
