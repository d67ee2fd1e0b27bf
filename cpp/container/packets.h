// Packets of an audio or subtitle track, as a demuxer gave them: a small table of times and sizes, then the
// bytes. A column that says nothing new (every duration the same, say) costs one bit for all packets.
#pragma once

#include "container/stream_header.h"

namespace aicodec {

struct Packet {
  int64_t pts = 0;  // in ticks of the track
  int64_t dts = 0;
  uint64_t duration = 0;
  bool is_keyframe = true;
  Bytes data;
  // What FFmpeg calls packet side data: (type name, bytes).
  std::vector<std::pair<std::string, Bytes>> side_data;

  bool operator==(const Packet&) const = default;
};

inline constexpr uint64_t kMaxPackets = 1 << 20;  // in one chunk

// Whether the packet can be stored: kBadValue for times over kMaxTime, kTooLarge for too much side data.
Status check_packet(const Packet& packet);

// Precondition: at most kMaxPackets, check_packet() of each is ok.
Bytes write_packets(uint64_t track, const std::vector<Packet>& packets);

struct PacketGroup {
  uint64_t track = 0;
  std::vector<Packet> packets;
};
Result<PacketGroup> read_packets(ByteSpan payload);

}  // namespace aicodec
