// The `video` layer: packets of a camera codec (AV1), one for each frame in the order shown. The core carries
// them; who decodes them hands the frames in through VideoSource (decoder.h).
#pragma once

#include <vector>

#include "bits/bytes.h"
#include "picture/colour.h"

namespace aicodec {

struct VideoPacket {
  ByteSpan data;
  // No other frame refers to it: on the way to a later frame it need not be decoded.
  bool droppable = false;
};

struct VideoLayer {
  // Of the frames that the codec gives.
  PixelFormat format{Layout::kYuv420, 8};
  // How those frames' YCbCr stands for colours where the canvas is RGB (under a YCbCr canvas they share its
  // colour description, and this is unused and not stored).
  Colour colour;
  std::vector<VideoPacket> packets;
};

// `rgb_canvas` tells whether the colour is stored. At least one packet.
Bytes write_video_layer(const VideoLayer& layer, bool rgb_canvas);

// Spans point into `bytes`. Exactly `frames` packets, or an error.
Result<VideoLayer> read_video_layer(ByteSpan bytes, bool rgb_canvas, uint64_t frames);

}  // namespace aicodec
