// Memory for what a prepared reference keeps, tens of megabytes: the system hands it out zeroed page by page
// when it is first written to, which takes as long as preparing does unless the pages are large ones.
#pragma once

#include <cstddef>
#include <memory>

namespace aicodec {

struct FreeFloats {
  void operator()(float* floats) const noexcept;
};
using LargeFloats = std::unique_ptr<float[], FreeFloats>;

// `count` floats at a multiple of a large page, not initialised. Throws std::bad_alloc as operator new does.
LargeFloats allocate_floats(size_t count);

}  // namespace aicodec
