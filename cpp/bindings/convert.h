// Small helpers that every binding uses: from Error to the Python exception, and from buffers to spans.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <span>

#include "base/result.h"
#include "picture/colour.h"
#include "picture/picture.h"

namespace aicodec {

namespace py = pybind11;

// Raises aicodec_native.errors.FormatError (or the subclass for `error`).
[[noreturn]] void raise(Error error);

template <typename T>
T unwrap(Result<T> result) {
  if (!result.ok()) raise(result.error());
  return std::move(result).value();
}

inline void check(const Status& status) {
  if (!status.ok()) raise(status.error());
}

// The bytes of any buffer without holes (ValueError if it has some); it must outlive the span.
inline std::span<const uint8_t> bytes_of(const py::buffer_info& info) {
  py::ssize_t dense = info.itemsize;
  for (py::ssize_t axis = info.ndim - 1; axis >= 0; --axis) {
    if (info.shape[axis] > 1 && info.strides[axis] != dense)
      throw py::value_error("the buffer is not contiguous");
    dense *= info.shape[axis];
  }
  return {static_cast<const uint8_t*>(info.ptr), static_cast<size_t>(info.size * info.itemsize)};
}

inline py::bytes to_bytes(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A picture's colours as a numpy array (height, width, 3) of uint8 or, above 8 bits, uint16.
py::array rgb_array(const PictureView& picture, const Colour& colour, unsigned threads);

// Pictures are shared with Python and with numpy arrays that look into them.
using SharedPicture = std::shared_ptr<Picture>;

}  // namespace aicodec
