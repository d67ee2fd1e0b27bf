// Fitting for Python: programs over the pixels of a clip, with their derivatives.
#include <pybind11/stl.h>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "fit/class_variance.h"
#include "fit/equations.h"
#include "fit/escape_kernels.h"
#include "shader/serialize.h"

namespace aicodec {

namespace fit {
static const EscapeKernels& escape_kernels() { return AICODEC_PICK_KERNELS(kEscapeKernels); }
}  // namespace fit

namespace {

template <typename T>
using Array = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <typename T>
std::vector<T> vector_of(const Array<T>& array) {
  return {array.data(), array.data() + array.size()};
}

// The clip's frames with what their pictures and tables live in.
class ProgramFit {
 public:
  ProgramFit(const py::buffer& program, const std::vector<int>& parameter_of, size_t parameters,
             const std::string& format, uint32_t width, uint32_t height, const Array<float>& times,
             const Array<float>& track, std::vector<SharedPicture> below, std::vector<SharedPicture> prev)
      : below_(std::move(below)), prev_(std::move(prev)), track_(vector_of(track)) {
    shader::Program read = unwrap(shader::read_program(bytes_of(program.request())));
    const shader::Summary summary = unwrap(shader::verify(read));
    const PixelFormat pixels = unwrap(format_from_name(format));
    check(check_size(width, height));
    const size_t frames = size_t(times.size());
    const size_t columns = frames == 0 ? 0 : track_.size() / frames;
    if (frames == 0 || columns * frames != track_.size() || columns < summary.parameters ||
        parameter_of.size() != read.operands.size())
      throw py::value_error("the tables do not fit the program");
    check_parameters(read, parameter_of, parameters);
    fit::Clip clip{width, height, pixels.max_value(), {}};
    for (size_t i = 0; i < frames; ++i) {
      shader::Frame frame{times.data()[i], uint32_t(i), uint32_t(i), {}, {}, {}};
      frame.parameters = std::span<const float>(track_).subspan(i * columns, columns);
      for (const auto& [from, to] : {std::pair{&below_, &frame.below}, std::pair{&prev_, &frame.prev}}) {
        if (from->empty()) continue;
        const SharedPicture& picture = from->at(i);
        if (!picture) continue;
        *to = picture->view();
        if (!(to->format == pixels) || to->width != width || to->height != height)
          raise(Error::kWrongPicture);
      }
      clip.frames.push_back(frame);
    }
    fitter_ = std::make_unique<fit::Fitter>(std::move(read), parameter_of, parameters, std::move(clip));
  }

  py::array_t<bool> edges() const {
    py::array_t<bool> out(py::ssize_t(fitter_->parameters()));
    for (size_t p = 0; p < fitter_->parameters(); ++p) out.mutable_data()[p] = fitter_->has_edges(p);
    return out;
  }

  // `directions` (n, parameters); none of them for the program's own derivatives.
  py::tuple equations(const Array<float>& values, const fit::Samples& samples, float scale,
                      const Array<float>& directions, unsigned threads) {
    check_call(values, samples);
    const fit::Directions along = directions_of(directions);
    const auto made = [&] {
      const py::gil_scoped_release release;
      return fitter_->equations(span_of(values), samples, scale, along, threads);
    }();
    const py::ssize_t count = py::ssize_t(made.gradient.size());
    py::array_t<double> gradient(count), matrix({count, count});
    std::copy(made.gradient.begin(), made.gradient.end(), gradient.mutable_data());
    std::copy(made.matrix.begin(), made.matrix.end(), matrix.mutable_data());
    return py::make_tuple(made.cost, gradient, matrix);
  }

  // `lists` (n, parameters): a cost for each row.
  py::array_t<double> costs(const Array<float>& lists, const fit::Samples& samples, float scale,
                            unsigned threads) {
    check_samples(samples);
    if (lists.ndim() != 2 || size_t(lists.shape(1)) != fitter_->parameters() || lists.shape(1) == 0)
      throw py::value_error("a value for each parameter is wanted");
    const std::vector<double> found = [&] {
      const py::gil_scoped_release release;
      return fitter_->costs(span_of(lists), samples, scale, threads);
    }();
    py::array_t<double> out(py::ssize_t(found.size()));
    std::copy(found.begin(), found.end(), out.mutable_data());
    return out;
  }

  py::tuple rows(const Array<float>& values, const fit::Samples& samples, const Array<float>& directions,
                 unsigned threads) {
    check_call(values, samples);
    const fit::Directions along = directions_of(directions);
    const py::ssize_t groups = py::ssize_t(samples.weights.size());
    const py::ssize_t unknowns = along.count == 0 ? values.size() : py::ssize_t(along.count);
    py::array_t<float> residuals({groups, py::ssize_t{3}}), derivatives({groups, py::ssize_t{3}, unknowns});
    py::array_t<float> bends(groups);
    float* const out[3] = {residuals.mutable_data(), derivatives.mutable_data(), bends.mutable_data()};
    {
      const py::gil_scoped_release release;
      fitter_->rows(span_of(values), samples, along, out[0], out[1], out[2], threads);
    }
    return py::make_tuple(residuals, derivatives, bends);
  }

 private:
  static std::span<const float> span_of(const Array<float>& array) {
    return {array.data(), size_t(array.size())};
  }

  fit::Directions directions_of(const Array<float>& array) const {
    const size_t parameters = fitter_->parameters();
    if (array.size() == 0) return {};
    if (array.ndim() != 2 || size_t(array.shape(1)) != parameters)
      throw py::value_error("directions have a number for each parameter");
    return {span_of(array), size_t(array.shape(0))};
  }

  static void check_parameters(const shader::Program& program, const std::vector<int>& parameter_of,
                               size_t parameters) {
    for (size_t i = 0; i < parameter_of.size(); ++i) {
      if (parameter_of[i] == fit::kFixed) continue;
      const shader::Operand& operand = program.operands[i];
      if (parameter_of[i] < 0 || size_t(parameter_of[i]) >= parameters ||
          operand.source != shader::Operand::Source::kConstant ||
          program.constants[operand.index].type != shader::Type::kFloat)
        throw py::value_error("only float constants can be parameters");
    }
  }

  void check_call(const Array<float>& values, const fit::Samples& samples) const {
    if (size_t(values.size()) != fitter_->parameters())
      throw py::value_error("a value for each parameter is wanted");
    check_samples(samples);
  }

  void check_samples(const fit::Samples& samples) const {
    const fit::Clip& clip = fitter_->clip();
    for (size_t i = 0; i < samples.size(); ++i)
      if (samples.x[i] >= clip.width || samples.y[i] >= clip.height || samples.frame[i] >= clip.frames.size())
        throw py::value_error("a sample lies outside of the clip");
  }

  std::vector<SharedPicture> below_, prev_;
  std::vector<float> track_;
  std::unique_ptr<fit::Fitter> fitter_;
};

fit::Samples new_samples(const Array<uint32_t>& frame, const Array<uint32_t>& y, const Array<uint32_t>& x,
                         const Array<float>& colours, const Array<float>& weights, uint32_t group) {
  if (group == 0 || fit::kBlock % group != 0) throw py::value_error("a group has 1, 2, 4 .. 64 samples");
  const py::ssize_t count = x.size();
  if (count == 0 || y.size() != count || frame.size() != count || colours.size() != 3 * count ||
      weights.size() * py::ssize_t{group} != count)
    throw py::value_error("the samples' tables differ in size");
  return {vector_of(x), vector_of(y), vector_of(frame), vector_of(colours), vector_of(weights), group};
}

// For each window of the colours' shape, `step` pixels apart in both directions.
py::array_t<double> left_over(const Array<uint8_t>& classes, const Array<double>& colours, size_t step) {
  if (colours.ndim() != 3 || colours.shape(2) != 3 || colours.size() == 0 || classes.ndim() != 2 ||
      classes.shape(0) < colours.shape(0) || classes.shape(1) < colours.shape(1) || step == 0)
    throw py::value_error("a picture of classes is at least as large as the one of colours");
  fit::ClassVariance variance({colours.data(), size_t(colours.size())}, size_t(colours.shape(0)),
                              size_t(colours.shape(1)));
  const size_t stride = size_t(classes.shape(1));
  const size_t down = (size_t(classes.shape(0)) - variance.rows()) / step + 1;
  const size_t across = (stride - variance.columns()) / step + 1;
  py::array_t<double> out({py::ssize_t(down), py::ssize_t(across)});
  const uint8_t* const first = classes.data();
  double* to = out.mutable_data();
  const py::gil_scoped_release release;
  for (size_t y = 0; y < down; ++y)
    for (size_t x = 0; x < across; ++x)
      *to++ = variance.left_over(first + y * step * stride + x * step, stride);
  return out;
}

py::array_t<uint8_t> escape_counts(uint32_t rows, uint32_t columns, float left, float top, float pitch,
                                   std::optional<std::pair<float, float>> c, float bailout) {
  fit::EscapeView view{left, top, pitch, c.has_value(), 0, 0, bailout};
  if (c) std::tie(view.re, view.im) = *c;
  py::array_t<uint8_t> out({py::ssize_t(rows), py::ssize_t(columns)});
  uint8_t* const to = out.mutable_data();
  const py::gil_scoped_release release;
  for (uint32_t y = 0; y < rows; ++y) fit::escape_kernels().row(view, y, columns, to + size_t(y) * columns);
  return out;
}

}  // namespace

void bind_fit(py::module_& module) {
  py::class_<fit::Samples>(module, "FitSamples")
      .def(py::init(&new_samples), py::kw_only(), py::arg("frame"), py::arg("y"), py::arg("x"),
           py::arg("colours"), py::arg("weights"), py::arg("group") = 1)
      .def("__len__", &fit::Samples::size);
  py::class_<ProgramFit>(module, "ProgramFit")
      .def(py::init<const py::buffer&, const std::vector<int>&, size_t, const std::string&, uint32_t,
                    uint32_t, const Array<float>&, const Array<float>&, std::vector<SharedPicture>,
                    std::vector<SharedPicture>>(),
           py::kw_only(), py::arg("program"), py::arg("parameter_of"), py::arg("parameters"),
           py::arg("format"), py::arg("width"), py::arg("height"), py::arg("times"), py::arg("track"),
           py::arg("below"), py::arg("prev"))
      .def_property_readonly("edges", &ProgramFit::edges)
      .def("equations", &ProgramFit::equations, py::arg("values"), py::arg("samples"), py::arg("scale"),
           py::arg("directions"), py::arg("threads") = 0)
      .def("costs", &ProgramFit::costs, py::arg("lists"), py::arg("samples"), py::arg("scale"),
           py::arg("threads") = 0)
      .def("rows", &ProgramFit::rows, py::arg("values"), py::arg("samples"), py::arg("directions"),
           py::arg("threads") = 0);
  module.def("escape_counts", &escape_counts, py::kw_only(), py::arg("rows"), py::arg("columns"),
             py::arg("left"), py::arg("top"), py::arg("pitch"), py::arg("c"), py::arg("bailout"));
  module.def("left_over", &left_over, py::arg("classes"), py::arg("colours"), py::arg("step") = 1);
}

}  // namespace aicodec
