// The screen layer's encoder and the file's dictionary for Python.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "screen/screen_encoder.h"
#include "segment/dictionary.h"
#include "segment/segment.h"

namespace aicodec {
namespace {

ScreenPreset preset_from_name(const std::string& name) {
  if (name == "fast") return ScreenPreset::kFast;
  if (name == "medium") return ScreenPreset::kMedium;
  if (name == "slow") return ScreenPreset::kSlow;
  throw py::value_error("a preset is fast, medium or slow");
}

std::unique_ptr<ScreenEncoder> new_encoder(const std::string& format, uint32_t width, uint32_t height,
                                           const std::string& preset, uint32_t near, uint32_t edge,
                                           uint32_t flat, bool has_below, unsigned threads,
                                           std::optional<bool> first_leads,
                                           const std::vector<SharedPicture>& dictionary) {
  const ScreenShape shape{unwrap(format_from_name(format)), width, height};
  check(check_size(width, height));
  if (dictionary.size() > kMaxListed) throw py::value_error("a screen layer lists at most 16 pictures");
  if (near > 0 && edge > 0) throw py::value_error("errors are even or at edges");
  if (flat > 0 && edge == 0) throw py::value_error("flat areas may be off only where edges may");
  if (flat > 255) throw py::value_error("flat areas may be off by at most 255");
  if (near > 64) throw py::value_error("a sample may be off by at most 64");
  Dictionary pictures;
  for (const SharedPicture& picture : dictionary) {
    if (!picture || picture->format() != shape.format || picture->width() != width ||
        picture->height() != height)
      raise(Error::kWrongPicture);
    pictures.push_back(picture);
  }
  const ScreenSettings settings{preset_from_name(preset), near, edge, flat, first_leads, threads};
  return std::make_unique<ScreenEncoder>(shape, settings, has_below, std::move(pictures));
}

ByteSpan span_of(const py::bytes& bytes) {
  const std::string_view view = bytes;
  return {reinterpret_cast<const uint8_t*>(view.data()), view.size()};
}

void add(ScreenEncoder& encoder, const Picture& source, const Picture* below, const py::bytes& kept) {
  Status status = Ok{};
  const ByteSpan flags = span_of(kept);
  {
    const py::gil_scoped_release release;
    const PictureView under = below ? below->view() : PictureView{};
    status = encoder.add(source.view(), below ? &under : nullptr, flags);
  }
  check(status);
}

SharedPicture drawn(const ScreenEncoder& encoder) {
  Result<Picture> picture = Error::kNoFrame;
  {
    const py::gil_scoped_release release;
    picture = encoder.drawn();
  }
  return std::make_shared<Picture>(unwrap(std::move(picture)));
}

py::bytes finish(ScreenEncoder& encoder) {
  Result<Bytes> bytes = Error::kNoFrame;
  {
    const py::gil_scoped_release release;
    bytes = encoder.finish();
  }
  return to_bytes(unwrap(std::move(bytes)));
}

py::bytes build_screen_layer(const std::vector<uint64_t>& pictures, const py::bytes& coded) {
  if (pictures.size() > kMaxListed) throw py::value_error("a screen layer lists at most 16 pictures");
  return to_bytes(write_screen_layer({pictures, span_of(coded)}));
}

SharedPicture draw_picture(const py::bytes& payload, const StreamHeader& header, unsigned threads) {
  const ByteSpan bytes = span_of(payload);
  Result<std::shared_ptr<const Picture>> picture = Error::kNoFrame;
  {
    const py::gil_scoped_release release;
    picture = draw_dictionary_picture(bytes, header, threads);
  }
  // Nobody else holds it yet.
  return std::const_pointer_cast<Picture>(unwrap(std::move(picture)));
}

std::shared_ptr<DictionarySource> dictionary_of(const std::map<uint64_t, SharedPicture>& pictures) {
  return std::make_shared<PictureDictionary>(
      std::map<uint64_t, std::shared_ptr<const Picture>>(pictures.begin(), pictures.end()));
}

}  // namespace

void bind_screen(py::module_& module) {
  module.attr("LAYER_SCREEN") = static_cast<int>(LayerKind::kScreen);
  module.def("build_screen_layer", &build_screen_layer, py::kw_only(), py::arg("pictures"), py::arg("coded"));
  module.def("draw_dictionary_picture", &draw_picture, py::arg("payload"), py::arg("header"),
             py::arg("threads") = 1);

  py::class_<ScreenEncoder>(module, "ScreenEncoder")
      .def(py::init(&new_encoder), py::arg("format"), py::arg("width"), py::arg("height"), py::kw_only(),
           py::arg("preset") = "medium", py::arg("near") = 0, py::arg("edge") = 0, py::arg("flat") = 0,
           py::arg("has_below") = false, py::arg("threads") = 1, py::arg("first_leads") = py::none(),
           py::arg("dictionary") = std::vector<SharedPicture>{})
      .def("add", &add, py::arg("source"), py::arg("below") = nullptr, py::arg("kept") = py::bytes())
      .def_property_readonly("size", &ScreenEncoder::size)
      .def_property_readonly("work", &ScreenEncoder::work)
      .def("drawn", &drawn)
      .def("finish", &finish);

  py::class_<DictionarySource, std::shared_ptr<DictionarySource>>(module, "Dictionary")
      .def(py::init(&dictionary_of), py::arg("pictures"))
      .def_static(
          "of_file",
          [](const FileReader& file) -> std::shared_ptr<DictionarySource> {
            return std::make_shared<FileDictionary>(file);
          },
          py::arg("file"));
}

}  // namespace aicodec
