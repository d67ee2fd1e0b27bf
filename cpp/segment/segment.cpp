#include "segment/segment.h"

namespace aicodec {
namespace {

enum SegmentFlag : uint8_t { kIrregularTimes = 1, kHasDigest = 2, kKnownFlags = 3 };
// Set in the kind byte of the topmost layer, whose payload runs to the end of the segment.
constexpr uint8_t kTopmost = 0x80;

}  // namespace

Bytes write_segment(const Segment& segment, const StreamHeader& header) {
  ByteWriter out;
  const bool irregular = !is_regular(segment.times, header, segment.first_frame);
  write_segment_head(out, {segment.first_frame, segment.frames()});
  out.u8(static_cast<uint8_t>((irregular ? kIrregularTimes : 0) | (segment.digest ? kHasDigest : 0)));
  if (irregular) out.block(write_times(segment.times, header, segment.first_frame));
  if (segment.digest) out.u64(*segment.digest);
  for (const Layer& layer : segment.layers) {
    const bool topmost = &layer == &segment.layers.back();
    out.u8(static_cast<uint8_t>(static_cast<uint8_t>(layer.kind) | (topmost ? kTopmost : 0)));
    if (topmost)
      out.raw(layer.payload);
    else
      out.block(layer.payload);
  }
  return out.take();
}

Result<Segment> read_segment(ByteSpan payload, const StreamHeader& header) {
  ByteReader in(payload);
  const SegmentHead head = read_segment_head(in);
  const uint8_t flags = in.u8();
  if (flags > kKnownFlags) in.fail(Error::kUnsupportedFeature);
  AICODEC_TRY(in.status());
  Segment segment;
  segment.first_frame = head.first_frame;
  if (flags & kIrregularTimes) {
    const ByteSpan table = in.block();
    AICODEC_TRY(in.status());
    Result<Times> times = read_times(table, header, head);
    if (!times.ok()) return times.error();
    segment.times = std::move(times).value();
  } else {
    segment.times = regular_times(header, head);
  }
  if (flags & kHasDigest) segment.digest = in.u64();
  for (bool topmost = false; !topmost;) {
    const uint8_t tag = in.u8();
    topmost = tag & kTopmost;
    const uint8_t kind = tag & 0x7F;
    if (kind > static_cast<uint8_t>(LayerKind::kScreen)) in.fail(Error::kUnsupportedFeature);
    if (segment.layers.size() == kMaxLayers) in.fail(Error::kTooLarge);
    const ByteSpan bytes = topmost ? in.raw(in.remaining()) : in.block();
    AICODEC_TRY(in.status());
    segment.layers.push_back({static_cast<LayerKind>(kind), bytes});
  }
  return segment;
}

}  // namespace aicodec
