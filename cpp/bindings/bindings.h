// One bind_<room>() for each room that Python sees; no logic beyond turning arguments and errors.
#pragma once

#include <pybind11/pybind11.h>

namespace aicodec {

void bind_analyze(pybind11::module_& module);
void bind_bits(pybind11::module_& module);
void bind_container(pybind11::module_& module);
void bind_fit(pybind11::module_& module);
void bind_metrics(pybind11::module_& module);
void bind_picture(pybind11::module_& module);
void bind_screen(pybind11::module_& module);
void bind_segment(pybind11::module_& module);
void bind_shader(pybind11::module_& module);
void bind_track(pybind11::module_& module);

}  // namespace aicodec
