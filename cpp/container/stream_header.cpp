#include "container/stream_header.h"

namespace aicodec {
namespace {

enum HeaderFlag : uint8_t {
  kHasColour = 1,
  kHasAspect = 2,
  kTurnsShift = 2,
  kHasOrigin = 16,
  kKnownFlags = 31
};
enum ColourFlag : uint8_t { kFullRange = 1, kChromaCentred = 2 };

void write_rational(ByteWriter& out, Rational value) {
  out.varint(value.num);
  out.varint(value.den);
}

// Neither part may be zero.
Rational read_rational(ByteReader& in) {
  constexpr uint32_t kTop = 0x7FFFFFFF;
  const Rational value{static_cast<uint32_t>(in.varint_up_to(kTop)),
                       static_cast<uint32_t>(in.varint_up_to(kTop))};
  if (value.num == 0 || value.den == 0) in.fail(Error::kBadValue);
  return value;
}

void put_tags(ByteWriter& out, const Tags& tags) {
  out.varint(tags.size());
  for (const auto& [key, value] : tags) {
    out.text(key);
    out.text(value);
  }
}

Tags get_tags(ByteReader& in) {
  Tags tags;
  const uint64_t count = in.varint_up_to(kMaxTags);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string key = in.text(kMaxText);
    std::string value = in.text(kMaxText);
    tags.emplace_back(std::move(key), std::move(value));
  }
  return tags;
}

}  // namespace

Bytes write_header(const StreamHeader& header) {
  const bool colour = header.colour != Colour{};
  const bool aspect = header.sample_aspect != Rational{1, 1};
  const bool origin = header.origin != 0;
  ByteWriter out;
  out.u8(static_cast<uint8_t>(static_cast<uint8_t>(header.format.layout) |
                              (header.format.bit_depth > 8 ? 4 : 0)));
  out.u8(static_cast<uint8_t>((colour ? kHasColour : 0) | (aspect ? kHasAspect : 0) |
                              header.quarter_turns << kTurnsShift | (origin ? kHasOrigin : 0)));
  out.varint(header.width);
  out.varint(header.height);
  write_rational(out, header.time_base);
  write_rational(out, header.frame_duration);
  if (colour) {
    out.u8(header.colour.primaries);
    out.u8(header.colour.transfer);
    out.u8(header.colour.matrix);
    out.u8(static_cast<uint8_t>((header.colour.full_range ? kFullRange : 0) |
                                (header.colour.chroma_centred ? kChromaCentred : 0)));
  }
  if (aspect) write_rational(out, header.sample_aspect);
  if (origin) out.svarint(header.origin);
  return out.take();
}

Result<StreamHeader> read_header(ByteSpan payload) {
  ByteReader in(payload);
  StreamHeader header;
  const uint8_t format = in.u8(), flags = in.u8();
  if ((format & 3) == 3 || format > 7 || flags > kKnownFlags) in.fail(Error::kUnsupportedFeature);
  header.format = {static_cast<Layout>(format & 3), static_cast<uint8_t>(format & 4 ? 10 : 8)};
  header.quarter_turns = (flags >> kTurnsShift) & 3;
  header.width = static_cast<uint32_t>(in.varint_up_to(kMaxSide));
  header.height = static_cast<uint32_t>(in.varint_up_to(kMaxSide));
  header.time_base = read_rational(in);
  header.frame_duration = read_rational(in);
  // Under a tick per frame, frames would fall on the same tick.
  if (header.frame_duration.num < header.frame_duration.den) in.fail(Error::kBadValue);
  if (flags & kHasColour) {
    header.colour.primaries = in.u8();
    header.colour.transfer = in.u8();
    header.colour.matrix = in.u8();
    const uint8_t more = in.u8();
    if (more > 3) in.fail(Error::kUnsupportedFeature);
    header.colour.full_range = more & kFullRange;
    header.colour.chroma_centred = more & kChromaCentred;
  }
  if (flags & kHasAspect) header.sample_aspect = read_rational(in);
  if (flags & kHasOrigin) header.origin = in.svarint();
  if (header.origin > kMaxTime || header.origin < -kMaxTime) in.fail(Error::kBadValue);
  AICODEC_TRY(in.finish());
  AICODEC_TRY(check_size(header.width, header.height));
  return header;
}

Bytes write_track(const Track& track) {
  ByteWriter out;
  out.u8(static_cast<uint8_t>(track.kind));
  out.text(track.codec);
  write_rational(out, track.time_base);
  out.block(track.extradata);
  put_tags(out, track.tags);
  return out.take();
}

Result<Track> read_track(ByteSpan payload) {
  ByteReader in(payload);
  Track track;
  const uint8_t kind = in.u8();
  if (kind > 1) in.fail(Error::kUnsupportedFeature);
  track.kind = static_cast<TrackKind>(kind);
  track.codec = in.text(kMaxText);
  track.time_base = read_rational(in);
  const ByteSpan extradata = in.block();
  track.extradata.assign(extradata.begin(), extradata.end());
  track.tags = get_tags(in);
  AICODEC_TRY(in.finish());
  return track;
}

Bytes write_tags(const Tags& tags) {
  ByteWriter out;
  put_tags(out, tags);
  return out.take();
}

Result<Tags> read_tags(ByteSpan payload) {
  ByteReader in(payload);
  Tags tags = get_tags(in);
  AICODEC_TRY(in.finish());
  return tags;
}

}  // namespace aicodec
