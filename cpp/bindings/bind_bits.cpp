// The bit-level codecs for Python: used by tests, and by tools that look into files.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "bits/bits.h"
#include "bits/crc32c.h"
#include "bits/range_coder.h"

namespace aicodec {
namespace {

template <typename Model, typename Number>
py::bytes encode_numbers(const std::vector<Number>& numbers) {
  RangeEncoder coder;
  Model model;
  for (const Number number : numbers) {
    if (number > Number(Model::kMaxValue) || number < Number(Model::kMinValue))
      throw py::value_error("a number is out of range");
    model.code(coder, number);
  }
  return to_bytes(coder.finish());
}

template <typename Model, typename Number>
std::vector<Number> decode_numbers(const py::buffer& buffer, size_t count) {
  const py::buffer_info info = buffer.request();
  RangeDecoder coder(bytes_of(info));
  Model model;
  std::vector<Number> numbers;
  for (size_t i = 0; i < count; ++i) {
    numbers.push_back(model.code(coder, 0));
    if (coder.overrun()) raise(Error::kTruncated);
  }
  check(coder.finish());
  return numbers;
}

}  // namespace

void bind_bits(py::module_& module) {
  module.def(
      "crc32c",
      [](const py::buffer& buffer, uint32_t crc) {
        const py::buffer_info info = buffer.request();
        const py::gil_scoped_release release;
        return crc32c(bytes_of(info), crc);
      },
      py::arg("buffer"), py::arg("crc") = 0);
  module.def("encode_numbers", &encode_numbers<NumberModel, uint64_t>, py::arg("numbers"));
  module.def("decode_numbers", &decode_numbers<NumberModel, uint64_t>, py::arg("buffer"), py::arg("count"));
  module.def("encode_signed", &encode_numbers<SignedModel, int64_t>, py::arg("numbers"));
  module.def("decode_signed", &decode_numbers<SignedModel, int64_t>, py::arg("buffer"), py::arg("count"));
  module.def(
      "encode_fields",
      [](const std::vector<std::pair<uint64_t, int>>& fields) {
        BitWriter out;
        for (const auto& [value, width] : fields) {
          if (width < 0 || width > 64) throw py::value_error("a field has 0 to 64 bits");
          out.bits(value, width);
        }
        return to_bytes(out.take());
      },
      py::arg("fields"));
  module.def(
      "decode_fields",
      [](const py::buffer& buffer, const std::vector<int>& widths) {
        const py::buffer_info info = buffer.request();
        BitReader in(bytes_of(info));
        std::vector<uint64_t> values;
        for (const int width : widths) {
          if (width < 0 || width > 64) throw py::value_error("a field has 0 to 64 bits");
          values.push_back(in.bits(width));
        }
        check(in.finish());
        return values;
      },
      py::arg("buffer"), py::arg("widths"));
}

}  // namespace aicodec
