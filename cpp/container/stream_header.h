// What a file says once, before its segments: the canvas, its colours and its clock; the audio and subtitle
// tracks that travel along; metadata.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bits/bytes.h"
#include "picture/colour.h"

namespace aicodec {

struct Rational {
  uint32_t num = 0;
  uint32_t den = 1;

  bool operator==(const Rational&) const = default;
};

// Limits that a reader checks before it allocates.
inline constexpr uint64_t kMaxText = 1 << 20;
inline constexpr uint64_t kMaxTags = 4096;
inline constexpr uint64_t kMaxTracks = 64;
// A file holds at most this many frames: frame numbers times ticks then fit 63 bits.
inline constexpr uint64_t kMaxFrames = uint64_t{1} << 30;
inline constexpr int64_t kMaxTime = int64_t{1} << 60;

struct StreamHeader {
  PixelFormat format;
  uint32_t width = 0;
  uint32_t height = 0;
  Colour colour;
  Rational sample_aspect{1, 1};
  // How often a player turns the picture by 90 degrees clockwise, 0 to 3.
  uint8_t quarter_turns = 0;
  // Seconds per tick; ticks per frame at the nominal rate; the tick of frame 0.
  Rational time_base{1, 1000};
  Rational frame_duration{40, 1};
  int64_t origin = 0;

  // When frame `index` is shown if the rate never varies: origin + index * frame_duration, rounded half up.
  int64_t nominal_time(uint64_t index) const {
    const uint64_t doubled = 2 * index * frame_duration.num + frame_duration.den;
    return origin + static_cast<int64_t>(doubled / (2 * uint64_t{frame_duration.den}));
  }
};

using Tags = std::vector<std::pair<std::string, std::string>>;

enum class TrackKind : uint8_t { kAudio = 0, kSubtitle = 1 };

// An elementary stream that is carried untouched. `codec` is FFmpeg's name for it; `tags` holds what a muxer
// needs besides (sample_rate, layout, language, ...).
struct Track {
  TrackKind kind = TrackKind::kAudio;
  std::string codec;
  Rational time_base{1, 1000};
  Bytes extradata;
  Tags tags;
};

Bytes write_header(const StreamHeader& header);
Result<StreamHeader> read_header(ByteSpan payload);

Bytes write_track(const Track& track);
Result<Track> read_track(ByteSpan payload);

Bytes write_tags(const Tags& tags);
Result<Tags> read_tags(ByteSpan payload);

}  // namespace aicodec
