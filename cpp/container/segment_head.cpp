#include "container/segment_head.h"

#include "container/stream_header.h"

namespace aicodec {

void write_segment_head(ByteWriter& out, const SegmentHead& head) {
  out.varint(head.first_frame);
  out.varint(head.frames);
}

SegmentHead read_segment_head(ByteReader& in) {
  SegmentHead head;
  head.first_frame = in.varint_up_to(kMaxFrames);
  head.frames = in.varint_up_to(kMaxSegmentFrames);
  if (head.frames == 0) in.fail(Error::kBadValue);
  if (head.first_frame + head.frames > kMaxFrames) in.fail(Error::kTooLarge);
  return head;
}

Result<SegmentHead> peek_segment_head(ByteSpan payload) {
  ByteReader in(payload);
  const SegmentHead head = read_segment_head(in);
  AICODEC_TRY(in.status());
  return head;
}

}  // namespace aicodec
