// Tables of time series for Python: columns are (name, is_float, 64-bit words as int64).
#include <pybind11/stl.h>

#include <cstring>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "numeric/sine64.h"
#include "track/table.h"

namespace aicodec {
namespace {

using Words = py::array_t<int64_t, py::array::c_style>;
// (mantissa, exponent)
using DecimalTuple = std::pair<int64_t, int64_t>;

track::Decimal decimal(const DecimalTuple& d) {
  if (d.first > track::kMaxMantissa || d.first < -track::kMaxMantissa || d.second > track::kMaxExponent ||
      d.second < -track::kMaxExponent)
    throw py::value_error("a decimal is out of range");
  return {d.first, d.second};
}

// A guess is ("steps", offset, scale) or ("sinusoid", offset, scale, rate, phase).
track::Formula formula(const py::tuple& guess) {
  const auto part = [&](size_t i) { return decimal(guess[i].cast<DecimalTuple>()); };
  if (guess[0].cast<std::string>() == "steps") return {track::Form::kSteps, 1, part(1), part(2), {}, {}};
  return {track::Form::kSinusoid, 1, part(1), part(2), part(3), part(4)};
}

py::bytes pack(uint64_t rows, bool by_rows, const std::vector<std::tuple<std::string, bool, Words>>& columns,
               const std::vector<std::vector<py::tuple>>& guesses) {
  if (rows > track::kMaxRows || columns.size() > track::kMaxColumns ||
      rows * columns.size() > track::kMaxCells)
    throw py::value_error("the table is too large");
  track::Table table{rows, by_rows, {}};
  for (const auto& [name, is_float, words] : columns) {
    if (uint64_t(words.size()) != rows) throw py::value_error("a column has another length");
    if (name.size() > track::kMaxName) throw py::value_error("a name is too long");
    table.columns.push_back({name, is_float, {words.data(), words.data() + words.size()}});
  }
  std::vector<std::vector<track::Formula>> formulas;
  for (const auto& some : guesses) {
    formulas.emplace_back();
    for (const py::tuple& guess : some) formulas.back().push_back(formula(guess));
  }
  Bytes bytes;
  {
    const py::gil_scoped_release release;
    bytes = track::pack(table, formulas);
  }
  return to_bytes(bytes);
}

py::tuple unpack(const py::buffer& buffer) {
  const py::buffer_info info = buffer.request();
  const track::Table table = unwrap(track::unpack(bytes_of(info)));
  py::list columns;
  for (const track::Column& column : table.columns) {
    Words words(py::ssize_t(column.values.size()));
    std::memcpy(words.mutable_data(), column.values.data(), column.values.size() * 8);
    columns.append(py::make_tuple(column.name, column.is_float, words));
  }
  return py::make_tuple(table.rows, table.by_rows, columns);
}

}  // namespace

void bind_track(py::module_& module) {
  module.def("pack_table", &pack, py::kw_only(), py::arg("rows"), py::arg("by_rows"), py::arg("columns"),
             py::arg("guesses"));
  module.def("unpack_table", &unpack, py::arg("buffer"));
  module.def(
      "sine64",
      [](const py::array_t<double, py::array::c_style | py::array::forcecast>& x) {
        py::array_t<double> out(x.size());
        for (py::ssize_t i = 0; i < x.size(); ++i) out.mutable_data()[i] = sine64(x.data()[i]);
        return out;
      },
      py::arg("x"));
}

}  // namespace aicodec
