#include "container/packets.h"

#include <algorithm>

namespace aicodec {
namespace {

// Which columns the table has; without one its value follows from the packets before.
enum Column : uint8_t {
  kTimes = 1,
  kDurations = 2,
  kDecodeTimes = 4,
  kKeyframes = 8,
  kSideData = 16,
  kKnown = 31
};

// The start time that a packet has if it follows the one before without a gap.
int64_t expected_pts(const Packet* before) {
  return before == nullptr ? 0 : before->pts + static_cast<int64_t>(before->duration);
}

uint64_t expected_duration(const Packet* before) { return before == nullptr ? 0 : before->duration; }

uint8_t columns_of(const std::vector<Packet>& packets) {
  uint8_t columns = 0;
  const Packet* before = nullptr;
  for (const Packet& packet : packets) {
    // The first packet's time and duration always differ from "nothing before": they stand in the head.
    if (before != nullptr && packet.pts != expected_pts(before)) columns |= kTimes;
    if (before != nullptr && packet.duration != before->duration) columns |= kDurations;
    if (packet.dts != packet.pts) columns |= kDecodeTimes;
    if (!packet.is_keyframe) columns |= kKeyframes;
    if (!packet.side_data.empty()) columns |= kSideData;
    before = &packet;
  }
  return columns;
}

bool time_ok(int64_t time) { return time >= -kMaxTime && time <= kMaxTime; }

bool times_ok(const Packet& packet) {
  return time_ok(packet.pts) && time_ok(packet.dts) && packet.duration <= uint64_t(kMaxTime);
}

void read_side_data(ByteReader& in, Packet& packet) {
  const uint64_t count = in.varint_up_to(kMaxTags);
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    std::string type = in.text(kMaxText);
    const ByteSpan bytes = in.block();
    packet.side_data.emplace_back(std::move(type), Bytes(bytes.begin(), bytes.end()));
  }
}

}  // namespace

Status check_packet(const Packet& packet) {
  if (!times_ok(packet)) return Error::kBadValue;
  if (packet.side_data.size() > kMaxTags) return Error::kTooLarge;
  for (const auto& [type, bytes] : packet.side_data)
    if (type.size() > kMaxText) return Error::kTooLarge;
  return Ok{};
}

Bytes write_packets(uint64_t track, const std::vector<Packet>& packets) {
  ByteWriter out;
  const uint8_t columns = columns_of(packets);
  out.varint(track);
  out.varint(packets.size());
  out.u8(columns);
  const Packet* before = nullptr;
  for (const Packet& packet : packets) {
    if (before == nullptr || columns & kTimes) out.svarint(packet.pts - expected_pts(before));
    if (before == nullptr || columns & kDurations)
      out.svarint(static_cast<int64_t>(packet.duration - expected_duration(before)));
    if (columns & kDecodeTimes) out.svarint(packet.dts - packet.pts);
    if (columns & kKeyframes) out.u8(packet.is_keyframe);
    out.varint(packet.data.size());
    if (columns & kSideData) {
      out.varint(packet.side_data.size());
      for (const auto& [type, bytes] : packet.side_data) {
        out.text(type);
        out.block(bytes);
      }
    }
    before = &packet;
  }
  for (const Packet& packet : packets) out.raw(packet.data);
  return out.take();
}

Result<PacketGroup> read_packets(ByteSpan payload) {
  ByteReader in(payload);
  PacketGroup group;
  group.track = in.varint_up_to(kMaxTracks - 1);
  const uint64_t count = in.varint_up_to(kMaxPackets);
  const uint8_t columns = in.u8();
  if (columns > kKnown) in.fail(Error::kUnsupportedFeature);
  std::vector<uint64_t> sizes;
  for (uint64_t i = 0; i < count && in.ok(); ++i) {
    const Packet* before = group.packets.empty() ? nullptr : &group.packets.back();
    Packet packet;
    packet.pts = expected_pts(before);
    packet.duration = expected_duration(before);
    // Sums wrap as unsigned numbers do; a value out of range is refused before it is used again.
    const auto plus = [](int64_t a, int64_t b) { return static_cast<int64_t>(uint64_t(a) + uint64_t(b)); };
    if (before == nullptr || columns & kTimes) packet.pts = plus(packet.pts, in.svarint());
    if (before == nullptr || columns & kDurations) packet.duration += static_cast<uint64_t>(in.svarint());
    packet.dts = columns & kDecodeTimes ? plus(packet.pts, in.svarint()) : packet.pts;
    if (columns & kKeyframes) {
      const uint8_t key = in.u8();
      if (key > 1) in.fail(Error::kBadValue);
      packet.is_keyframe = key == 1;
    }
    if (!times_ok(packet)) in.fail(Error::kBadValue);
    sizes.push_back(in.varint());
    if (columns & kSideData) read_side_data(in, packet);
    group.packets.push_back(std::move(packet));
  }
  for (size_t i = 0; i < group.packets.size() && in.ok(); ++i) {
    const ByteSpan data = in.raw(sizes[i]);
    group.packets[i].data.assign(data.begin(), data.end());
  }
  AICODEC_TRY(in.finish());
  return group;
}

}  // namespace aicodec
