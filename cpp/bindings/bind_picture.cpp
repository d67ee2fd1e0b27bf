// Pictures and their conversions for Python: planes come and go as buffers, colours as numpy arrays.
#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "picture/colour.h"

namespace aicodec {

py::array rgb_array(const PictureView& picture, const Colour& colour, unsigned threads) {
  const uint8_t depth = picture.format.bit_depth;
  const std::vector<py::ssize_t> shape = {picture.height, picture.width, 3};
  py::array out(depth > 8 ? py::dtype::of<uint16_t>() : py::dtype::of<uint8_t>(), shape);
  void* samples = out.mutable_data();
  Status status = Ok{};
  {
    py::gil_scoped_release release;
    status = convert_to_rgb(picture, colour, depth, samples, threads);
  }
  check(status);
  return out;
}

namespace {

SharedPicture new_picture(const std::string& format, uint32_t width, uint32_t height) {
  const PixelFormat parsed = unwrap(format_from_name(format));
  check(check_size(width, height));
  return std::make_shared<Picture>(parsed, width, height);
}

SharedPicture black_picture(const std::string& format, uint32_t width, uint32_t height) {
  const SharedPicture picture = new_picture(format, width, height);
  picture->clear();
  return picture;
}

uint8_t code_point(int value) {
  if (value < 0 || value > 255) throw py::value_error("a colour code point lies in 0..255");
  return uint8_t(value);
}

// Plane `index` as a numpy array (height, width) of uint8 or uint16 that shares the picture's memory.
py::array plane_array(const SharedPicture& picture, int index) {
  if (index < 0 || index > 2) throw py::index_error("a picture has planes 0, 1 and 2");
  const Plane plane = picture->plane(index);
  const auto owner =
      py::capsule(new SharedPicture(picture), [](void* p) { delete static_cast<SharedPicture*>(p); });
  const py::dtype type =
      picture->format().sample_bytes() == 2 ? py::dtype::of<uint16_t>() : py::dtype::of<uint8_t>();
  return py::array(type, {plane.height, plane.width},
                   {plane.stride, static_cast<ptrdiff_t>(picture->format().sample_bytes())}, plane.data,
                   owner);
}

// Copies `rows` (a buffer with `stride` bytes a row, as PyAV's planes are) into plane `index`.
void set_plane(Picture& picture, int index, const py::buffer& rows, ptrdiff_t stride) {
  if (index < 0 || index > 2) throw py::index_error("a picture has planes 0, 1 and 2");
  const py::buffer_info info = rows.request();
  const Plane plane = picture.plane(index);
  const size_t row = size_t{plane.width} * picture.format().sample_bytes();
  const std::span<const uint8_t> bytes = bytes_of(info);
  if (stride < static_cast<ptrdiff_t>(row)) throw py::value_error("the stride is smaller than a row");
  // Divided, since a product with a huge stride would wrap around.
  if (bytes.size() < row || (bytes.size() - row) / size_t(stride) < plane.height - 1)
    throw py::value_error("the buffer is too small");
  for (uint32_t y = 0; y < plane.height; ++y)
    std::copy_n(bytes.data() + y * stride, row, plane.data + y * plane.stride);
  picture.clamp_samples();
}

SharedPicture from_rgb(const py::array& array) {
  const bool wide = array.dtype().is(py::dtype::of<uint16_t>());
  if (array.ndim() != 3 || array.shape(2) != 3 || !(wide || array.dtype().is(py::dtype::of<uint8_t>())))
    throw py::value_error("an RGB frame is an array (height, width, 3) of uint8 or uint16");
  const py::array dense = py::array::ensure(array, py::array::c_style);
  if (dense.shape(0) > kMaxSide || dense.shape(1) > kMaxSide) raise(Error::kTooLarge);
  const uint32_t height = uint32_t(dense.shape(0)), width = uint32_t(dense.shape(1));
  check(check_size(width, height));
  const PixelFormat format{Layout::kRgb, uint8_t(wide ? 10 : 8)};
  auto picture = std::make_shared<Picture>(format, width, height);
  const void* samples = dense.data();
  py::gil_scoped_release release;
  deinterleave_rgb(samples, *picture);
  picture->clamp_samples();
  return picture;
}

SharedPicture converted(const Picture& picture, const std::string& format, const Colour& colour,
                        unsigned threads) {
  const SharedPicture out = new_picture(format, picture.width(), picture.height());
  Status status = Ok{};
  {
    py::gil_scoped_release release;
    status = convert(picture.view(), colour, *out, threads);
  }
  check(status);
  return out;
}

py::bytes packed(const Picture& picture) {
  py::bytes out(nullptr, picture.packed_size());
  picture.pack(reinterpret_cast<uint8_t*>(PyBytes_AS_STRING(out.ptr())));
  return out;
}

void pack_into(const Picture& picture, const py::buffer& buffer, size_t offset) {
  const py::buffer_info info = buffer.request(/*writable=*/true);
  const size_t size = bytes_of(info).size();
  if (offset > size || size - offset < picture.packed_size())
    throw py::value_error("the buffer is too small");
  uint8_t* out = static_cast<uint8_t*>(info.ptr) + offset;
  py::gil_scoped_release release;
  picture.pack(out);
}

void unpack_from(Picture& picture, const py::buffer& buffer, size_t offset) {
  const py::buffer_info info = buffer.request();
  const std::span<const uint8_t> bytes = bytes_of(info);
  if (offset > bytes.size() || bytes.size() - offset < picture.packed_size())
    throw py::value_error("the buffer is too small");
  py::gil_scoped_release release;
  picture.unpack(bytes.data() + offset);
  picture.clamp_samples();
}

}  // namespace

void bind_picture(py::module_& module) {
  py::class_<Colour>(module, "Colour")
      .def(py::init([](int primaries, int transfer, int matrix, bool full_range, bool chroma_centred) {
             return Colour{code_point(primaries), code_point(transfer), code_point(matrix), full_range,
                           chroma_centred};
           }),
           py::kw_only(), py::arg("primaries") = 2, py::arg("transfer") = 2, py::arg("matrix") = 2,
           py::arg("full_range") = false, py::arg("chroma_centred") = false)
      .def_readonly("primaries", &Colour::primaries)
      .def_readonly("transfer", &Colour::transfer)
      .def_readonly("matrix", &Colour::matrix)
      .def_readonly("full_range", &Colour::full_range)
      .def_readonly("chroma_centred", &Colour::chroma_centred)
      .def("__eq__", [](const Colour& a, const Colour& b) { return a == b; }, py::arg("other"));
  module.def(
      "matrix_supported",
      [](int matrix) { return matrix >= 0 && matrix < 256 && matrix_supported(uint8_t(matrix)); },
      py::arg("matrix"));

  py::class_<Picture, SharedPicture>(module, "Picture")
      .def(py::init(&black_picture), py::arg("format"), py::arg("width"), py::arg("height"))
      .def_static("from_rgb", &from_rgb, py::arg("array"))
      .def_property_readonly("format", [](const Picture& p) { return std::string(format_name(p.format())); })
      .def_property_readonly("bit_depth", [](const Picture& p) { return int(p.format().bit_depth); })
      .def_property_readonly("width", &Picture::width)
      .def_property_readonly("height", &Picture::height)
      .def_property_readonly("packed_size", &Picture::packed_size)
      .def("plane", &plane_array, py::arg("index"))
      .def("set_plane", &set_plane, py::arg("index"), py::arg("rows"), py::arg("stride"))
      .def(
          "rgb",
          [](const Picture& picture, const Colour& colour, unsigned threads) {
            return rgb_array(picture.view(), colour, threads);
          },
          py::arg("colour"), py::arg("threads") = 1)
      .def("convert", &converted, py::arg("format"), py::arg("colour"), py::arg("threads") = 1)
      .def("packed", &packed)
      .def("pack_into", &pack_into, py::arg("buffer"), py::arg("offset") = 0)
      .def("unpack_from", &unpack_from, py::arg("buffer"), py::arg("offset") = 0);
}

}  // namespace aicodec
