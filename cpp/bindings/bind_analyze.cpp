// Analysis for Python: the shot detector, and the statistic behind a file's dictionary.
#include <pybind11/stl.h>

#include "analyze/block_fill.h"
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

py::bytes flags_to_bytes(const BlockFlags& flags) { return to_bytes(flags.cells); }

BlockFlags flags_of(const py::bytes& cells, const Picture& picture) {
  BlockFlags flags(picture.width(), picture.height());
  const std::string_view view = cells;
  if (view.size() != flags.cells.size()) throw py::value_error("a map has a byte for each 16x16 block");
  std::copy(view.begin(), view.end(), flags.cells.begin());
  return flags;
}

template <typename Make>
py::bytes map_of(Make make) {
  BlockFlags flags;
  {
    const py::gil_scoped_release release;
    flags = make();
  }
  return flags_to_bytes(flags);
}

SharedPicture copy_of(const Picture& picture) {
  auto copy = std::make_shared<Picture>(picture.format(), picture.width(), picture.height());
  check(copy->copy_from(picture.view()));
  return copy;
}

SharedPicture with_blocks(const Picture& base, const Picture& other, const py::bytes& cells) {
  if (!base.view().same_shape(other.view())) raise(Error::kWrongPicture);
  const BlockFlags flags = flags_of(cells, base);
  const py::gil_scoped_release release;
  const SharedPicture copy = copy_of(base);
  put_blocks(other.view(), flags, *copy);
  return copy;
}

SharedPicture filled(const Picture& picture, const py::bytes& cells) {
  const BlockFlags flags = flags_of(cells, picture);
  const py::gil_scoped_release release;
  const SharedPicture copy = copy_of(picture);
  fill_blocks(flags, *copy);
  return copy;
}

py::bytes equal_map(const Picture& a, const Picture& b) {
  if (!a.view().same_shape(b.view())) raise(Error::kWrongPicture);
  return map_of([&] { return equal_blocks(a.view(), b.view()); });
}

void bind_maps(py::module_& module) {
  module.attr("MAP_UNIT") = kMapUnit;
  module.def(
      "surprise_map",
      [](const Picture& picture) { return map_of([&] { return surprise_map(picture.view()); }); },
      py::arg("picture"));
  module.def(
      "photo_map", [](const Picture& picture) { return map_of([&] { return photo_map(picture.view()); }); },
      py::arg("picture"));
  module.def("equal_blocks", &equal_map, py::arg("a"), py::arg("b"));
  module.def("with_blocks", &with_blocks, py::arg("base"), py::arg("other"), py::arg("cells"));
  module.def("filled", &filled, py::arg("picture"), py::arg("cells"));
}

}  // namespace

void bind_analyze(py::module_& module) {
  bind_maps(module);
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
