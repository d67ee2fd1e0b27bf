// The first fields of a segment's payload: which frames it holds. The container needs them to rebuild an
// index; the rest of a segment is the segment room's.
#pragma once

#include "bits/bytes.h"

namespace aicodec {

inline constexpr uint64_t kMaxSegmentFrames = 1 << 20;

struct SegmentHead {
  uint64_t first_frame = 0;
  uint64_t frames = 0;  // 1 to kMaxSegmentFrames
};

void write_segment_head(ByteWriter& out, const SegmentHead& head);
SegmentHead read_segment_head(ByteReader& in);
Result<SegmentHead> peek_segment_head(ByteSpan payload);

}  // namespace aicodec
