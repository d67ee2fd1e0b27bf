// A segment: the frames between two seek points as a stack of layers, drawn bottom up for every frame.
// Serialised form and its reader stand side by side here; decoder.h draws it.
#pragma once

#include <optional>

#include "segment/timing.h"

namespace aicodec {

// Which room draws a layer. The values are the format's.
enum class LayerKind : uint8_t { kVideo = 0, kShader = 1, kShape = 2, kScreen = 3 };

inline constexpr size_t kMaxLayers = 8;

struct Layer {
  LayerKind kind = LayerKind::kVideo;
  ByteSpan payload;
};

struct Segment {
  uint64_t first_frame = 0;
  Times times;
  // SegmentDigest (picture/hash.h) of the canvas pictures, if the encoder stored one.
  std::optional<uint64_t> digest;
  std::vector<Layer> layers;  // 1 to kMaxLayers, the bottom first

  uint64_t frames() const { return times.size() - 1; }
};

Bytes write_segment(const Segment& segment, const StreamHeader& header);

// Layers point into `payload`. A layer kind that is not known is kUnsupportedFeature.
Result<Segment> read_segment(ByteSpan payload, const StreamHeader& header);

}  // namespace aicodec
