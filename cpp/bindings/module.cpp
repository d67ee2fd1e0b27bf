// The extension module aicodec_native._native: each room binds itself, this file lists the rooms.
#include "base/isa.h"
#include "bindings/bindings.h"
#include "bindings/convert.h"

namespace aicodec {

void raise(Error error) {
  const py::module_ errors = py::module_::import("aicodec_native.errors");
  const py::object type = errors.attr("native_error")(static_cast<int>(error));
  const std::string text(error_text(error));
  PyErr_SetString(type.ptr(), text.c_str());
  throw py::error_already_set();
}

}  // namespace aicodec

PYBIND11_MODULE(_native, module) {
  module.doc() = "The C++ core of aicodec_native. Private: use the package's public names.";
  module.attr("__version__") = AICODEC_VERSION;
  module.attr("isa") = aicodec::isa_name(aicodec::active_isa());
  aicodec::bind_analyze(module);
  aicodec::bind_picture(module);
  aicodec::bind_bits(module);
  aicodec::bind_container(module);
  aicodec::bind_screen(module);
  aicodec::bind_segment(module);
  aicodec::bind_shader(module);
  aicodec::bind_track(module);
  aicodec::bind_metrics(module);
  aicodec::bind_fit(module);
}
