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

// The room's decoder is made anew when frame 0 is drawn: a layer that nobody draws costs nothing.
class ScreenLayerDecoder final : public LayerDecoder {
 public:
  ScreenLayerDecoder(ScreenLayer layer, const StreamHeader& header, uint64_t frames, bool has_below,
                     DictionaryView view)
      : layer_(std::move(layer)),
        shape_{header.format, header.width, header.height},
        frames_(frames),
        has_below_(has_below),
        view_(std::move(view)) {}

  bool needs_previous() const override { return true; }

  Status draw(uint64_t frame, VideoSource&, Picture& canvas, unsigned threads) override {
    if (frame == 0) AICODEC_TRY(start());
    if (!decoder_) return Error::kNoFrame;
    const Status status = decoder_->draw(canvas, threads);
    if (!status.ok()) decoder_.reset();  // what it would draw next is undefined
    return status;
  }

 private:
  Status start() {
    decoder_.reset();
    if (dictionary_.size() < layer_.pictures.size()) {
      Result<Dictionary> loaded = view_.load(layer_.pictures);
      if (!loaded.ok()) return loaded.error();
      dictionary_ = std::move(loaded).value();
    }
    Result<std::unique_ptr<ScreenDecoder>> made =
        ScreenDecoder::create(layer_.coded, shape_, frames_, has_below_, dictionary_);
    if (!made.ok()) return made.error();
    decoder_ = std::move(made).value();
    return Ok{};
  }

  ScreenLayer layer_;
  ScreenShape shape_;
  uint64_t frames_;
  bool has_below_;
  DictionaryView view_;
  Dictionary dictionary_;
  std::unique_ptr<ScreenDecoder> decoder_;
};

Result<std::unique_ptr<LayerDecoder>> make_layer(size_t number, const Layer& layer, const Segment& segment,
                                                 const StreamHeader& header,
                                                 const DictionaryView& dictionary) {
  const bool rgb = !header.format.is_yuv();
  switch (layer.kind) {
    case LayerKind::kVideo: {
      Result<VideoLayer> video = read_video_layer(layer.payload, rgb, segment.frames());
      if (!video.ok()) return video.error();
      return std::unique_ptr<LayerDecoder>(
          std::make_unique<VideoLayerDecoder>(number, std::move(video).value(), header.colour, rgb));
    }
    case LayerKind::kScreen: {
      Result<ScreenLayer> screen = read_screen_layer(layer.payload, header);
      if (!screen.ok()) return screen.error();
      for (const uint64_t picture : screen->pictures)
        if (picture >= dictionary.usable) return Error::kBadValue;
      return std::unique_ptr<LayerDecoder>(std::make_unique<ScreenLayerDecoder>(
          std::move(screen).value(), header, segment.frames(), number > 0, dictionary));
    }
    case LayerKind::kShader:
      return make_shader_layer(layer, segment, header, number == 0);
    case LayerKind::kShape:
      break;
  }
  return Error::kUnsupportedFeature;
}

}  // namespace

Result<StackDecoder> StackDecoder::create(const Segment& segment, const StreamHeader& header,
                                          const DictionaryView& dictionary) {
  StackDecoder decoder;
  decoder.frames_ = segment.frames();
  for (size_t i = 0; i < segment.layers.size(); ++i) {
    Result<std::unique_ptr<LayerDecoder>> layer =
        make_layer(i, segment.layers[i], segment, header, dictionary);
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
