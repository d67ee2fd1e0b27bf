// Segments for Python: built from layers, parsed, and drawn frame by frame with video frames that a Python
// callable hands in.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "picture/hash.h"
#include "segment/decoder.h"
#include "segment/shader_layer.h"

namespace aicodec {
namespace {

// A picture whose planes are three (buffer, stride) pairs; `buffers` keeps them. kWrongPicture where one is
// too small.
Result<PictureView> view_of(const py::sequence& planes, PixelFormat format, uint32_t width, uint32_t height,
                            std::vector<py::buffer_info>& buffers) {
  if (planes.size() != 3) return Error::kWrongPicture;
  PictureView view{format, width, height, {}};
  buffers.clear();
  for (int p = 0; p < 3; ++p) {
    const py::sequence plane = planes[size_t(p)];
    buffers.push_back(py::buffer(plane[0]).request());
    const std::span<const uint8_t> bytes = bytes_of(buffers.back());
    const size_t stride = py::cast<size_t>(plane[1]);
    ConstPlane& target = view.planes[size_t(p)];
    target = {bytes.data(), ptrdiff_t(stride), format.plane_side(p, width), format.plane_side(p, height)};
    const size_t row = size_t{target.width} * format.sample_bytes();
    if (stride < row || bytes.size() < row || (bytes.size() - row) / stride < target.height - 1)
      return Error::kWrongPicture;
  }
  return view;
}

// Asks a callable for frames: callable(layer, frame) -> three (buffer, stride) pairs, the planes of a picture
// of the layer's format. Calls come without the GIL; an exception is kept until the drawing has stopped.
class CallbackSource final : public VideoSource {
 public:
  CallbackSource(const py::function& callback, const std::vector<PixelFormat>& formats,
                 const StreamHeader& header)
      : callback_(callback), formats_(formats), header_(header) {}
  ~CallbackSource() override {
    const py::gil_scoped_acquire acquire;
    buffers_.clear();
  }

  Result<PictureView> frame(size_t layer, uint64_t frame) override {
    const py::gil_scoped_acquire acquire;
    try {
      const py::sequence planes = callback_(layer, frame);
      return view_of(planes, formats_[layer], header_.width, header_.height, buffers_);
    } catch (py::error_already_set&) {
      error_ = std::current_exception();
    } catch (py::cast_error&) {
      error_ = std::current_exception();
    }
    return Error::kNoFrame;
  }

  // Throws what the callable threw, if it did.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const py::function& callback_;
  const std::vector<PixelFormat>& formats_;
  const StreamHeader& header_;
  std::vector<py::buffer_info> buffers_;
  std::exception_ptr error_;
};

// The planes themselves as numpy arrays (height, width) that cannot be written to: a decoder may still refer
// to them. They keep the buffers.
py::tuple plane_views(const py::sequence& planes, const std::string& format_name, uint32_t width,
                      uint32_t height) {
  const PixelFormat format = unwrap(format_from_name(format_name));
  std::vector<py::buffer_info> buffers;
  const PictureView view = unwrap(view_of(planes, format, width, height, buffers));
  const py::dtype type = format.sample_bytes() == 2 ? py::dtype::of<uint16_t>() : py::dtype::of<uint8_t>();
  py::tuple arrays(3);
  for (size_t p = 0; p < 3; ++p) {
    const ConstPlane& plane = view.planes[p];
    const py::memoryview owner{py::sequence(planes[p])[0]};
    py::array array(type, {plane.height, plane.width},
                    {plane.stride, static_cast<ptrdiff_t>(format.sample_bytes())}, plane.data, owner);
    py::detail::array_proxy(array.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
    arrays[p] = std::move(array);
  }
  return arrays;
}

// What a stack of one video layer draws of one of its frames: as VideoLayerDecoder in segment/decoder.cpp.
SharedPicture draw_planes(const py::sequence& planes, const std::string& planes_format, const Colour& colour,
                          const std::string& format, uint32_t width, uint32_t height) {
  check(check_size(width, height));
  std::vector<py::buffer_info> buffers;
  const PictureView view =
      unwrap(view_of(planes, unwrap(format_from_name(planes_format)), width, height, buffers));
  const auto canvas = std::make_shared<Picture>(unwrap(format_from_name(format)), width, height);
  Status status = Ok{};
  {
    const py::gil_scoped_release release;
    status = convert(view, colour, *canvas, 1);
  }
  check(status);
  return canvas;
}

// The same planes as an RGB array (height, width, 3) of their own depth.
py::array planes_to_rgb(const py::sequence& planes, const std::string& format_name, const Colour& colour,
                        uint32_t width, uint32_t height, unsigned threads) {
  std::vector<py::buffer_info> buffers;
  return rgb_array(unwrap(view_of(planes, unwrap(format_from_name(format_name)), width, height, buffers)),
                   colour, threads);
}

// A parsed segment that owns its bytes.
class SegmentReader {
 public:
  SegmentReader(const py::bytes& payload, const StreamHeader& header,
                std::shared_ptr<DictionarySource> dictionary, uint64_t usable)
      : header_(header) {
    const std::string_view view = payload;
    bytes_.assign(view.begin(), view.end());
    segment_ = unwrap(read_segment(bytes_, header_));
    decoder_ = std::make_unique<StackDecoder>(
        unwrap(StackDecoder::create(segment_, header_, {std::move(dictionary), usable})));
    for (const Layer& layer : segment_.layers)
      formats_.push_back(layer.kind == LayerKind::kVideo ? video(layer).format : PixelFormat{});
  }

  const Segment& segment() const { return segment_; }
  bool sequential() const { return decoder_->sequential(); }

  py::list layers() const {
    static constexpr const char* kNames[] = {"video", "shader", "shape", "screen"};
    py::list list;
    for (const Layer& layer : segment_.layers)
      list.append(py::make_tuple(kNames[size_t(layer.kind)], layer.payload.size()));
    return list;
  }

  py::bytes layer_payload(size_t number) const { return to_bytes(layer_at(number).payload); }

  std::string video_format(size_t number) const {
    return std::string(format_name(video(layer_at(number)).format));
  }

  py::list video_packets(size_t number) const {
    py::list list;
    for (const VideoPacket& packet : video(layer_at(number)).packets)
      list.append(py::make_tuple(to_bytes(packet.data), packet.droppable));
    return list;
  }

  std::vector<uint64_t> dictionary() const {
    std::vector<uint64_t> numbers;
    for (const Layer& layer : segment_.layers)
      if (layer.kind == LayerKind::kScreen)
        for (const uint64_t number : unwrap(read_screen_layer(layer.payload, header_)).pictures)
          numbers.push_back(number);
    return numbers;
  }

  SharedPicture draw(uint64_t frame, const py::function& callback, unsigned threads) {
    CallbackSource source(callback, formats_, header_);
    Status status = Ok{};
    SharedPicture canvas;
    {
      const py::gil_scoped_release release;
      canvas = std::make_shared<Picture>(header_.format, header_.width, header_.height);
      status = decoder_->draw(frame, source, *canvas, threads);
    }
    source.rethrow();
    check(status);
    return canvas;
  }

 private:
  const Layer& layer_at(size_t number) const {
    if (number >= segment_.layers.size()) throw py::index_error("no such layer");
    return segment_.layers[number];
  }
  VideoLayer video(const Layer& layer) const {
    if (layer.kind != LayerKind::kVideo) throw py::value_error("not a video layer");
    return unwrap(read_video_layer(layer.payload, !header_.format.is_yuv(), segment_.frames()));
  }

  StreamHeader header_;
  Bytes bytes_;
  Segment segment_;
  std::unique_ptr<StackDecoder> decoder_;
  std::vector<PixelFormat> formats_;
};

py::bytes build_segment(const StreamHeader& header, uint64_t first_frame, const Times& times,
                        std::optional<uint64_t> digest,
                        const std::vector<std::pair<int, py::bytes>>& layers) {
  Segment segment{first_frame, times, digest, {}};
  for (const auto& [kind, payload] : layers) {
    const std::string_view view = payload;
    segment.layers.push_back(
        {static_cast<LayerKind>(kind), {reinterpret_cast<const uint8_t*>(view.data()), view.size()}});
  }
  if (times.size() < 2 || layers.empty()) throw py::value_error("a segment has frames and layers");
  for (size_t i = 0; i < times.size(); ++i)
    if (std::abs(times[i]) > kMaxTime || (i > 0 && times[i] <= times[i - 1]))
      throw py::value_error("timestamps must increase, within 2^60 ticks");
  const Bytes bytes = write_segment(segment, header);
  // What cannot be read back must not be written.
  unwrap(read_segment(bytes, header));
  return to_bytes(bytes);
}

py::bytes build_video_layer(const std::string& format, const Colour& colour, bool rgb_canvas,
                            const std::vector<std::pair<py::bytes, bool>>& packets) {
  VideoLayer layer{unwrap(format_from_name(format)), colour, {}};
  for (const auto& [data, droppable] : packets) {
    const std::string_view view = data;
    layer.packets.push_back({{reinterpret_cast<const uint8_t*>(view.data()), view.size()}, droppable});
  }
  return to_bytes(write_video_layer(layer, rgb_canvas));
}

py::bytes build_shader_layer(const py::bytes& program, const py::bytes& track) {
  const auto span = [](const py::bytes& bytes) {
    const std::string_view view = bytes;
    return ByteSpan(reinterpret_cast<const uint8_t*>(view.data()), view.size());
  };
  return to_bytes(write_shader_layer(span(program), span(track)));
}

// (program, track) as they are serialised.
py::tuple split_shader_layer(const py::bytes& payload) {
  const std::string_view view = payload;
  ByteReader in({reinterpret_cast<const uint8_t*>(view.data()), view.size()});
  const ByteSpan track = in.u8() ? in.block() : ByteSpan{};
  const ByteSpan program = in.raw(in.remaining());
  check(in.status());
  return py::make_tuple(to_bytes(program), to_bytes(track));
}

}  // namespace

void bind_segment(py::module_& module) {
  module.attr("LAYER_VIDEO") = static_cast<int>(LayerKind::kVideo);
  module.def("build_video_layer", &build_video_layer, py::kw_only(), py::arg("format"), py::arg("colour"),
             py::arg("rgb_canvas"), py::arg("packets"));
  module.attr("LAYER_SHADER") = static_cast<int>(LayerKind::kShader);
  module.def("build_shader_layer", &build_shader_layer, py::kw_only(), py::arg("program"), py::arg("track"));
  module.def("split_shader_layer", &split_shader_layer, py::arg("payload"));
  module.def("build_segment", &build_segment, py::kw_only(), py::arg("header"), py::arg("first_frame"),
             py::arg("times"), py::arg("digest"), py::arg("layers"));
  module.def("draw_planes", &draw_planes, py::arg("planes"), py::arg("planes_format"), py::arg("colour"),
             py::arg("format"), py::arg("width"), py::arg("height"));
  module.def("plane_views", &plane_views, py::arg("planes"), py::arg("format"), py::arg("width"),
             py::arg("height"));
  module.def("planes_to_rgb", &planes_to_rgb, py::arg("planes"), py::arg("format"), py::arg("colour"),
             py::arg("width"), py::arg("height"), py::arg("threads") = 1);
  module.def(
      "picture_hash",
      [](const Picture& picture) {
        const py::gil_scoped_release release;
        return picture_hash(picture.view());
      },
      py::arg("picture"));

  py::class_<SegmentDigest>(module, "SegmentDigest")
      .def(py::init<>())
      .def("add", &SegmentDigest::add, py::arg("frame_hash"))
      .def_property_readonly("value", &SegmentDigest::value);

  py::class_<SegmentReader>(module, "Segment")
      .def(py::init<const py::bytes&, const StreamHeader&, std::shared_ptr<DictionarySource>, uint64_t>(),
           py::arg("payload"), py::arg("header"), py::arg("dictionary") = nullptr, py::arg("usable") = 0)
      .def_property_readonly("first_frame", [](const SegmentReader& s) { return s.segment().first_frame; })
      .def_property_readonly("frames", [](const SegmentReader& s) { return s.segment().frames(); })
      .def_property_readonly("times", [](const SegmentReader& s) { return s.segment().times; })
      .def_property_readonly("digest", [](const SegmentReader& s) { return s.segment().digest; })
      .def_property_readonly("layers", &SegmentReader::layers)
      .def_property_readonly("dictionary", &SegmentReader::dictionary)
      .def_property_readonly("sequential", &SegmentReader::sequential)
      .def("layer_payload", &SegmentReader::layer_payload, py::arg("layer"))
      .def("video_format", &SegmentReader::video_format, py::arg("layer"))
      .def("video_packets", &SegmentReader::video_packets, py::arg("layer"))
      .def("draw", &SegmentReader::draw, py::arg("frame"), py::arg("callback"), py::arg("threads") = 1);
}

}  // namespace aicodec
