#include "segment/shader_layer.h"

#include <bit>

#include "shader/serialize.h"
#include "shader/tile_vm.h"

namespace aicodec {
namespace {

enum Flag : uint8_t { kTrack = 1 };

// Programs work in RGB: under a YCbCr canvas what they read and what they draw is converted.
class ShaderLayerDecoder final : public LayerDecoder {
 public:
  ShaderLayerDecoder(ShaderLayer layer, const shader::Summary& summary, const StreamHeader& header,
                     uint64_t first_frame)
      : layer_(std::move(layer)),
        vm_(layer_.program),
        header_(header),
        first_frame_(first_frame),
        reads_below_(summary.reads_below),
        reads_prev_(summary.reads_prev) {}

  bool needs_previous() const override { return reads_prev_; }

  Status draw(uint64_t frame, VideoSource&, Picture& canvas, unsigned threads) override {
    const bool is_rgb = !header_.format.is_yuv();
    if (reads_below_) AICODEC_TRY(to_rgb(canvas.view(), below_, threads));
    std::vector<float> parameters;
    for (const track::Column& column : layer_.track.columns) parameters.push_back(number_at(column, frame));
    shader::Frame input{
        time_of(first_frame_ + frame), uint32_t(first_frame_ + frame), uint32_t(frame), parameters, {}, {}};
    if (reads_below_) input.below = below_.view();
    if (reads_prev_ && frame > 0) input.prev = previous_.view();
    if (is_rgb) {
      vm_.draw(input, canvas, threads);
      return Ok{};
    }
    if (drawn_.width() == 0) drawn_ = rgb_picture();
    vm_.draw(input, drawn_, threads);
    return convert(drawn_.view(), header_.colour, canvas, threads);
  }

  Status finished(const Picture& canvas, unsigned threads) override {
    return reads_prev_ ? to_rgb(canvas.view(), previous_, threads) : Status(Ok{});
  }

 private:
  Picture rgb_picture() const {
    return {{Layout::kRgb, header_.format.bit_depth}, header_.width, header_.height};
  }

  Status to_rgb(const PictureView& from, Picture& to, unsigned threads) const {
    if (to.width() == 0) to = rgb_picture();
    return convert(from, header_.colour, to, threads);
  }

  static float number_at(const track::Column& column, uint64_t row) {
    const int64_t word = column.values[row];
    return column.is_float ? static_cast<float>(std::bit_cast<double>(word)) : static_cast<float>(word);
  }

  // Seconds from frame 0 at the nominal rate, in binary64 in this order, then rounded.
  float time_of(uint64_t frame) const {
    const double up = double(header_.frame_duration.num) * double(header_.time_base.num);
    const double down = double(header_.frame_duration.den) * double(header_.time_base.den);
    return static_cast<float>(double(frame) * up / down);
  }

  ShaderLayer layer_;
  shader::TileVm vm_;
  StreamHeader header_;
  uint64_t first_frame_;
  bool reads_below_, reads_prev_;
  Picture below_, previous_, drawn_;
};

}  // namespace

Bytes write_shader_layer(ByteSpan packed_program, ByteSpan packed_track) {
  ByteWriter out;
  out.u8(packed_track.empty() ? 0 : kTrack);
  if (!packed_track.empty()) out.block(packed_track);
  out.raw(packed_program);
  return out.take();
}

Result<ShaderLayer> read_shader_layer(ByteSpan bytes, uint64_t frames) {
  ByteReader in(bytes);
  const uint8_t flags = in.u8();
  if (flags > kTrack) in.fail(Error::kUnsupportedFeature);
  const ByteSpan packed = flags & kTrack ? in.block() : ByteSpan{};
  const ByteSpan code = in.raw(in.remaining());
  AICODEC_TRY(in.status());
  ShaderLayer layer;
  if (flags & kTrack) {
    Result<track::Table> table = track::unpack(packed);
    if (!table.ok()) return table.error();
    layer.track = std::move(table).value();
    if (layer.track.rows != frames || layer.track.columns.empty()) return Error::kBadValue;
  }
  Result<shader::Program> program = shader::read_program(code);
  if (!program.ok()) return program.error();
  layer.program = std::move(program).value();
  return layer;
}

Result<std::unique_ptr<LayerDecoder>> make_shader_layer(const Layer& layer, const Segment& segment,
                                                        const StreamHeader& header, bool is_bottom) {
  Result<ShaderLayer> shader = read_shader_layer(layer.payload, segment.frames());
  if (!shader.ok()) return shader.error();
  const Result<shader::Summary> summary = shader::verify(shader->program);
  if (!summary.ok()) return summary.error();
  if (summary->parameters > shader->track.columns.size() || (is_bottom && summary->reads_below))
    return Error::kBadValue;
  const uint64_t pixels = uint64_t{header.width} * header.height;
  if (summary->work * pixels > shader::kMaxFrameWork) return Error::kTooLarge;
  if (header.format.is_yuv() && !matrix_supported(header.colour.matrix)) return Error::kUnsupportedFeature;
  return std::unique_ptr<LayerDecoder>(std::make_unique<ShaderLayerDecoder>(
      std::move(shader).value(), summary.value(), header, segment.first_frame));
}

}  // namespace aicodec
