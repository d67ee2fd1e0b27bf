// Quality metrics for Python: pictures in, floats out.
#include <tuple>

#include "bindings/bindings.h"
#include "bindings/convert.h"
#include "metrics/greatest_error.h"
#include "metrics/ms_ssim.h"
#include "metrics/psnr.h"
#include "metrics/ssim.h"
#include "metrics/ssimulacra2.h"
#include "metrics/xpsnr.h"

namespace aicodec {
namespace {

using Planes = std::tuple<double, double, double>;

Planes as_tuple(const std::array<double, 3>& planes) { return {planes[0], planes[1], planes[2]}; }

// Calls `measure` without the GIL and turns its error into an exception.
template <typename Measure>
auto measured(const Measure& measure) {
  auto result = [&] {
    py::gil_scoped_release release;
    return measure();
  }();
  return unwrap(std::move(result));
}

Planes bound_mse(const Picture& reference, const Picture& distorted, unsigned threads) {
  return as_tuple(measured([&] { return plane_mse(reference.view(), distorted.view(), threads); }));
}

double bound_mse_rgb(const Picture& reference, const Picture& distorted, const Colour& colour,
                     unsigned threads) {
  return measured([&] { return rgb_mse(reference.view(), distorted.view(), colour, threads); });
}

uint32_t bound_greatest_error(const Picture& reference, const Picture& distorted) {
  return measured([&] { return greatest_error(reference.view(), distorted.view()); });
}

Planes bound_ssim(const Picture& reference, const Picture& distorted, unsigned threads) {
  return as_tuple(measured([&] { return ssim(reference.view(), distorted.view(), threads); }));
}

double bound_ms_ssim(const Picture& reference, const Picture& distorted, unsigned threads) {
  return measured([&] { return ms_ssim(reference.view(), distorted.view(), threads); });
}

std::unique_ptr<Xpsnr> new_xpsnr(const std::string& format, uint32_t width, uint32_t height,
                                 double frame_rate) {
  const PixelFormat parsed = unwrap(format_from_name(format));
  check(check_size(width, height));
  if (!(frame_rate >= 0 && frame_rate < 1e9)) throw py::value_error("a frame rate is 0 or more");
  return std::make_unique<Xpsnr>(parsed, width, height, uint32_t(frame_rate));
}

Planes xpsnr_add(Xpsnr& xpsnr, const Picture& reference, const Picture& distorted, unsigned threads) {
  return as_tuple(measured([&] { return xpsnr.add(reference.view(), distorted.view(), threads); }));
}

std::unique_ptr<Ssimulacra2Reference> new_ssimulacra2(const Picture& reference, const Colour& colour,
                                                      unsigned threads) {
  return std::make_unique<Ssimulacra2Reference>(
      measured([&] { return Ssimulacra2Reference::create(reference.view(), colour, threads); }));
}

void ssimulacra2_replace(Ssimulacra2Reference& prepared, const Picture& reference, unsigned threads) {
  measured([&] { return prepared.replace(reference.view(), threads); });
}

double ssimulacra2_compare(const Ssimulacra2Reference& reference, const Picture& distorted,
                           unsigned threads) {
  return measured([&] { return reference.compare(distorted.view(), threads); });
}

}  // namespace

void bind_metrics(py::module_& module) {
  module.def("mse", &bound_mse, py::arg("reference"), py::arg("distorted"), py::arg("threads") = 1);
  module.def("mse_rgb", &bound_mse_rgb, py::arg("reference"), py::arg("distorted"), py::arg("colour"),
             py::arg("threads") = 1);
  module.def("greatest_error", &bound_greatest_error, py::arg("reference"), py::arg("distorted"));
  module.def("ssim", &bound_ssim, py::arg("reference"), py::arg("distorted"), py::arg("threads") = 1);
  module.def(
      "ssim_all",
      [](const Planes& planes, const Picture& shape) {
        return ssim_all({std::get<0>(planes), std::get<1>(planes), std::get<2>(planes)}, shape.view());
      },
      py::arg("planes"), py::arg("shape"));
  module.def("ms_ssim", &bound_ms_ssim, py::arg("reference"), py::arg("distorted"), py::arg("threads") = 1);
  py::class_<Xpsnr>(module, "Xpsnr")
      .def(py::init(&new_xpsnr), py::arg("format"), py::arg("width"), py::arg("height"),
           py::arg("frame_rate"))
      .def("add", &xpsnr_add, py::arg("reference"), py::arg("distorted"), py::arg("threads") = 1)
      .def("average", [](const Xpsnr& xpsnr) { return as_tuple(xpsnr.average()); })
      .def_property_readonly("frames", &Xpsnr::frames);
  py::class_<Ssimulacra2Reference>(module, "Ssimulacra2")
      .def(py::init(&new_ssimulacra2), py::arg("reference"), py::arg("colour"), py::arg("threads") = 1)
      .def("replace", &ssimulacra2_replace, py::arg("reference"), py::arg("threads") = 1)
      .def("compare", &ssimulacra2_compare, py::arg("distorted"), py::arg("threads") = 1);
}

}  // namespace aicodec
