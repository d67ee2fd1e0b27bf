// Memory for the samples of pictures. One picture a frame comes and goes; memory that goes back to the system
// is zeroed page by page when it returns, which costs more than drawing a picture of plain video. So a few
// freed blocks are kept for pictures of the same size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace aicodec {

inline constexpr size_t kSampleAlignment = 64;

struct FreeSamples {
  size_t size = 0;
  void operator()(uint8_t* bytes) const noexcept;
};
using SampleMemory = std::unique_ptr<uint8_t, FreeSamples>;

// `size` bytes at a multiple of kSampleAlignment, not initialised. Throws std::bad_alloc as operator new
// does. Safe from any thread, and so is letting go of them.
SampleMemory allocate_samples(size_t size);

}  // namespace aicodec
