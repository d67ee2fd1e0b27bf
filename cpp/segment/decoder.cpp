#include "segment/decoder.h"

#include "segment/shader_layer.h"

namespace aicodec {
namespace {

class VideoLayerDecoder final : public LayerDecoder {
 public:
  VideoLayerDecoder(size_t number, VideoLayer layer, const Colour& canvas_colour, bool rgb_canvas)
      : number_(number), format_(layer.format), colour_(rgb_canvas ? layer.colour : canvas_colour) {}

  bool needs_previous() const override { return false; }

  Status draw(uint64_t frame, VideoSource& videos, Picture& canvas, unsigned threads) override {
    const Result<PictureView> picture = videos.frame(number_, frame);
    if (!picture.ok()) return picture.error();
    if (picture->format != format_) return Error::kWrongPicture;
    return convert(picture.value(), colour_, canvas, threads);
  }

 private:
  size_t number_;
  PixelFormat format_;
  Colour colour_;
};

Result<std::unique_ptr<LayerDecoder>> make_layer(size_t number, const Layer& layer, const Segment& segment,
                                                 const StreamHeader& header) {
  const bool rgb = !header.format.is_yuv();
  switch (layer.kind) {
    case LayerKind::kVideo: {
      Result<VideoLayer> video = read_video_layer(layer.payload, rgb, segment.frames());
      if (!video.ok()) return video.error();
      return std::unique_ptr<LayerDecoder>(
          std::make_unique<VideoLayerDecoder>(number, std::move(video).value(), header.colour, rgb));
    }
    case LayerKind::kShader:
      return make_shader_layer(layer, segment, header, number == 0);
    case LayerKind::kShape:
    case LayerKind::kScreen:
      break;
  }
  return Error::kUnsupportedFeature;
}

}  // namespace

Result<StackDecoder> StackDecoder::create(const Segment& segment, const StreamHeader& header) {
  StackDecoder decoder;
  decoder.frames_ = segment.frames();
  for (size_t i = 0; i < segment.layers.size(); ++i) {
    Result<std::unique_ptr<LayerDecoder>> layer = make_layer(i, segment.layers[i], segment, header);
    if (!layer.ok()) return layer.error();
    decoder.layers_.push_back(std::move(layer).value());
  }
  return decoder;
}

bool StackDecoder::sequential() const {
  for (const auto& layer : layers_)
    if (layer->needs_previous()) return true;
  return false;
}

Status StackDecoder::draw(uint64_t frame, VideoSource& videos, Picture& canvas, unsigned threads) {
  if (frame >= frames_ || (sequential() && frame != next_ && frame != 0)) return Error::kNoFrame;
  for (const auto& layer : layers_) AICODEC_TRY(layer->draw(frame, videos, canvas, threads));
  for (const auto& layer : layers_) AICODEC_TRY(layer->finished(canvas, threads));
  next_ = frame + 1;
  return Ok{};
}

}  // namespace aicodec
