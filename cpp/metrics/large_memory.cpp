#include "metrics/large_memory.h"

#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace aicodec {
namespace {

constexpr std::align_val_t kLargePage{size_t{1} << 21};

}  // namespace

LargeFloats allocate_floats(size_t count) {
  const size_t bytes = count * sizeof(float);
  void* const memory = ::operator new(bytes, kLargePage);
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Advice: where the system has no large pages the small ones do. The rest of the last one stays small.
  constexpr size_t page = size_t(kLargePage);
  if (bytes >= page) (void)madvise(memory, bytes / page * page, MADV_HUGEPAGE);
#endif
  return LargeFloats(static_cast<float*>(memory));
}

void FreeFloats::operator()(float* floats) const noexcept { ::operator delete(floats, kLargePage); }

}  // namespace aicodec
