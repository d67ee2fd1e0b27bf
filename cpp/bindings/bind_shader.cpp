// Shader programs for Python: built from lists, serialised, and drawn; and the project's own functions on
// arrays.
#include <pybind11/stl.h>

#include <algorithm>
#include <bit>
#include <map>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "numeric/scalar.h"
#include "shader/serialize.h"
#include "shader/tile_vm.h"
#include "shader/vm_reference.h"

namespace aicodec {
namespace {

using shader::Constant;
using shader::Instruction;
using shader::Operand;
using shader::Program;

// Operands in Python: ("value", index), ("input", index) or ("constant", type, mantissa, exponent, decimal).
class ShaderProgram {
 public:
  explicit ShaderProgram(Program program)
      : program_(std::move(program)), summary_(unwrap(shader::verify(program_))), vm_(program_) {}

  static ShaderProgram from_code(const py::list& code) {
    Program program;
    for (const py::handle item : code) {
      const py::tuple instruction = py::reinterpret_borrow<py::tuple>(item);
      const auto operands = instruction[2].cast<py::sequence>();
      program.code.push_back({op_named(instruction[0].cast<std::string>()), instruction[1].cast<int32_t>(),
                              uint32_t(program.operands.size()), uint32_t(operands.size())});
      for (const py::handle operand : operands)
        program.operands.push_back(operand_from(py::reinterpret_borrow<py::tuple>(operand), program));
    }
    return ShaderProgram(std::move(program));
  }

  static ShaderProgram read(const py::buffer& buffer) {
    const py::buffer_info info = buffer.request();
    return ShaderProgram(unwrap(shader::read_program(bytes_of(info))));
  }

  py::bytes write() const { return to_bytes(shader::write_program(program_)); }

  py::list code() const {
    py::list list;
    for (const Instruction& i : program_.code) {
      py::list operands;
      for (size_t k = 0; k < i.count; ++k) operands.append(tuple_of(program_.operands_of(i)[k]));
      list.append(py::make_tuple(std::string(shader::info(i.op).text), i.immediate, operands));
    }
    return list;
  }

  const shader::Summary& summary() const { return summary_; }
  auto steps() const { return vm_.steps(); }

  SharedPicture draw(const std::string& format, uint32_t width, uint32_t height, float t, uint32_t frame,
                     uint32_t step, const std::vector<float>& parameters, const Picture* below,
                     const Picture* prev, unsigned threads, bool reference) const {
    const PixelFormat pixels = unwrap(format_from_name(format));
    check(check_size(width, height));
    if (pixels.is_yuv()) throw py::value_error("programs draw RGB");
    if (parameters.size() < summary_.parameters) throw py::value_error("a parameter is missing");
    const auto picture = std::make_shared<Picture>(pixels, width, height);
    shader::Frame input{t, frame, step, parameters, {}, {}};
    for (const auto& [from, to] : {std::pair{below, &input.below}, std::pair{prev, &input.prev}}) {
      if (from == nullptr) continue;
      *to = from->view();
      if (!to->same_shape(picture->view())) raise(Error::kWrongPicture);
    }
    const py::gil_scoped_release release;
    if (reference)
      shader::draw_reference(program_, input, *picture);
    else
      vm_.draw(input, *picture, threads);
    return picture;
  }

 private:
  static shader::Op op_named(const std::string& text) {
    for (size_t op = 0; op < shader::kOps; ++op)
      if (shader::kOpTable[op].text == text) return shader::Op(op);
    throw py::value_error("no operation " + text);
  }

  static Operand operand_from(const py::tuple& tuple, Program& program) {
    const std::string kind = tuple[0].cast<std::string>();
    if (kind == "value") return {Operand::Source::kValue, tuple[1].cast<uint16_t>()};
    if (kind == "input") return {Operand::Source::kInput, tuple[1].cast<uint16_t>()};
    const Constant constant{shader::Type(tuple[1].cast<std::string>().at(0)), tuple[4].cast<bool>(),
                            tuple[2].cast<int32_t>(), tuple[3].cast<int32_t>()};
    auto& known = program.constants;
    const auto found = std::find(known.begin(), known.end(), constant);
    const size_t index = size_t(found - known.begin());
    if (found == known.end()) known.push_back(constant);
    return {Operand::Source::kConstant, uint16_t(index)};
  }

  py::tuple tuple_of(const Operand& operand) const {
    if (operand.source == Operand::Source::kValue) return py::make_tuple("value", operand.index);
    if (operand.source == Operand::Source::kInput) return py::make_tuple("input", operand.index);
    const Constant& c = program_.constants[operand.index];
    return py::make_tuple("constant", std::string(1, char(c.type)), c.mantissa, c.exponent, c.decimal);
  }

  Program program_;
  shader::Summary summary_;
  shader::TileVm vm_;
};

py::list op_table() {
  static constexpr const char* kImmediates[] = {"none", "octaves", "channel", "place", "trips"};
  py::list table;
  for (const shader::OpInfo& op : shader::kOpTable)
    table.append(py::make_tuple(std::string(op.text), std::string(1, char(op.result)),
                                std::string(op.operands), op.work, kImmediates[size_t(op.immediate)]));
  return table;
}

using Floats = py::array_t<float, py::array::c_style | py::array::forcecast>;

py::array_t<float> evaluate(const std::string& name, const Floats& a, const Floats& b) {
  using Function = float (*)(float, float);
  static const std::map<std::string, Function> kFunctions = {
      {"sin", [](float x, float) { return scalar::sin_radians(x); }},
      {"cos", [](float x, float) { return scalar::cos_radians(x); }},
      {"sin_turns", [](float x, float) { return scalar::sin_turns(x); }},
      {"cos_turns", [](float x, float) { return scalar::cos_turns(x); }},
      {"exp2", [](float x, float) { return scalar::exp2_of(x); }},
      {"exp", [](float x, float) { return scalar::exp_of(x); }},
      {"log2", [](float x, float) { return scalar::log2_of(x); }},
      {"log", [](float x, float) { return scalar::log_of(x); }},
      {"floor", [](float x, float) { return scalar::floor_of(x); }},
      {"pow", [](float x, float y) { return scalar::power(x, y); }},
      {"atan2", [](float x, float y) { return scalar::atan2_of(x, y); }},
      {"noise", [](float x, float y) { return scalar::value_noise(x, y, 0); }},
      {"gnoise", [](float x, float y) { return scalar::gradient_noise(x, y, 0); }},
      {"fbm", [](float x, float y) { return scalar::fbm_of(x, y, 0, 5); }}};
  const auto found = kFunctions.find(name);
  if (found == kFunctions.end()) throw py::value_error("no function " + name);
  if (a.size() != b.size()) throw py::value_error("the arrays differ in size");
  py::array_t<float> out(a.size());
  for (py::ssize_t i = 0; i < a.size(); ++i) out.mutable_data()[i] = found->second(a.data()[i], b.data()[i]);
  return out;
}

}  // namespace

void bind_shader(py::module_& module) {
  module.def("shader_ops", &op_table);
  module.def("numeric", &evaluate, py::arg("name"), py::arg("a"), py::arg("b"));
  module.def(
      "shader_constant",
      [](float value) {
        if (!(value - value == 0.0f)) throw py::value_error("not a finite number");
        const Constant c = shader::constant_of(value);
        return py::make_tuple("constant", std::string(1, char(c.type)), c.mantissa, c.exponent, c.decimal);
      },
      py::arg("value"));
  module.def(
      "shader_constant_value",
      [](int32_t mantissa, int32_t exponent, bool decimal) {
        const Constant c{shader::Type::kFloat, decimal, mantissa, exponent};
        if (!shader::is_valid(c)) throw py::value_error("not a constant");
        return std::bit_cast<float>(shader::bits_of(c));
      },
      py::arg("mantissa"), py::arg("exponent"), py::arg("decimal"));
  py::class_<ShaderProgram>(module, "ShaderProgram")
      .def_static("from_code", &ShaderProgram::from_code, py::arg("code"))
      .def_static("read", &ShaderProgram::read, py::arg("buffer"))
      .def("write", &ShaderProgram::write)
      .def_property_readonly("code", &ShaderProgram::code)
      .def_property_readonly("work", [](const ShaderProgram& p) { return p.summary().work; })
      .def_property_readonly("parameters", [](const ShaderProgram& p) { return p.summary().parameters; })
      .def_property_readonly("reads_below", [](const ShaderProgram& p) { return p.summary().reads_below; })
      .def_property_readonly("reads_prev", [](const ShaderProgram& p) { return p.summary().reads_prev; })
      .def_property_readonly("steps", &ShaderProgram::steps)
      .def("draw", &ShaderProgram::draw, py::kw_only(), py::arg("format"), py::arg("width"),
           py::arg("height"), py::arg("t") = 0.0f, py::arg("frame") = 0, py::arg("step") = 0,
           py::arg("parameters") = std::vector<float>{}, py::arg("below") = nullptr,
           py::arg("prev") = nullptr, py::arg("threads") = 1, py::arg("reference") = false);
}

}  // namespace aicodec
