// Draws the frames of a segment: every layer in turn onto one canvas. Each layer is behind the small
// interface LayerDecoder, so that a room joins the stack by adding one case to make_layer() in decoder.cpp.
#pragma once

#include <memory>

#include "segment/dictionary.h"
#include "segment/segment.h"
#include "segment/video_layer.h"

namespace aicodec {

// Gives the frames of video layers, which the core does not decode itself.
class VideoSource {
 public:
  virtual ~VideoSource() = default;
  // Frame `frame` (from 0) of the segment, of the video layer that is number `layer` in the stack. The view
  // must stay valid until the next call.
  virtual Result<PictureView> frame(size_t layer, uint64_t frame) = 0;
};

// One layer of a stack, ready to draw.
class LayerDecoder {
 public:
  virtual ~LayerDecoder() = default;
  // Whether a frame can only be drawn when the one before it was drawn last.
  virtual bool needs_previous() const = 0;
  // Draws frame `frame` onto `canvas`, which holds what the layers below left.
  virtual Status draw(uint64_t frame, VideoSource& videos, Picture& canvas, unsigned threads) = 0;
  // Is told every finished frame, after all layers have drawn.
  virtual Status finished(const Picture&, unsigned) { return Ok{}; }
};

class StackDecoder {
 public:
  // Parses every layer. The bytes behind `segment` must outlive the decoder. Pictures of `dictionary` are
  // asked for when a layer that lists them is first drawn.
  static Result<StackDecoder> create(const Segment& segment, const StreamHeader& header,
                                     const DictionaryView& dictionary = {});

  // Whether frames must be drawn in order. Drawing frame 0 starts afresh at any time.
  bool sequential() const;
  // Draws frame `frame` into `canvas`, a picture of the header's format and size, with up to `threads`
  // threads.
  Status draw(uint64_t frame, VideoSource& videos, Picture& canvas, unsigned threads);

 private:
  uint64_t frames_ = 0;
  uint64_t next_ = 0;
  std::vector<std::unique_ptr<LayerDecoder>> layers_;
};

}  // namespace aicodec
