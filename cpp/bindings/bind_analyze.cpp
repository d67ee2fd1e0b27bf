// Analysis for Python: the shot detector, and the statistic behind a file's dictionary.
#include <pybind11/stl.h>

#include "analyze/novelty.h"
#include "analyze/recurring_blocks.h"
#include "analyze/shots.h"
#include "bindings/bindings.h"
#include "bindings/convert.h"

namespace aicodec {
namespace {

ShotDetector new_detector(uint32_t min_length, uint32_t max_length) {
  if (min_length < 1 || max_length < min_length)
    throw py::value_error("lengths must be 1 <= min_length <= max_length");
  return {min_length, max_length};
}

std::vector<uint64_t> push(ShotDetector& detector, const Picture& picture) {
  Result<std::vector<uint64_t>> starts = Error::kWrongPicture;
  {
    py::gil_scoped_release release;
    starts = detector.push(picture.view());
  }
  return unwrap(std::move(starts));
}

void add_picture(RecurringBlocks& blocks, const Picture& picture) {
  if (blocks.size() == RecurringBlocks::kMaxPictures)
    throw py::value_error("there are as many pictures as fit");
  Status status = Ok{};
  {
    py::gil_scoped_release release;
    status = blocks.add(picture.view());
  }
  check(status);
}

std::map<uint32_t, uint64_t> find_blocks(const RecurringBlocks& blocks, const Picture& frame) {
  Result<std::map<uint32_t, uint64_t>> counts = Error::kWrongPicture;
  {
    py::gil_scoped_release release;
    counts = blocks.find(frame.view());
  }
  return unwrap(std::move(counts));
}

}  // namespace

void bind_analyze(py::module_& module) {
  module.def(
      "novelty",
      [](const Picture& picture) {
        const py::gil_scoped_release release;
        return novelty(picture.view());
      },
      py::arg("picture"));

  py::class_<ShotDetector>(module, "ShotDetector")
      .def(py::init(&new_detector), py::arg("min_length"), py::arg("max_length"))
      .def_property_readonly_static("lookahead", [](const py::object&) { return ShotDetector::kLookahead; })
      .def("push", &push, py::arg("picture"))
      .def("finish", &ShotDetector::finish);

  py::class_<RecurringBlocks>(module, "RecurringBlocks")
      .def(py::init<>())
      .def_property_readonly_static("max_pictures",
                                    [](const py::object&) { return RecurringBlocks::kMaxPictures; })
      .def("__len__", &RecurringBlocks::size)
      .def("add", &add_picture, py::arg("picture"))
      .def("find", &find_blocks, py::arg("frame"));
}

}  // namespace aicodec
