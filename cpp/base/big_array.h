// Arrays of some megabytes that are read all over the place: on Linux they ask for large pages, without which
// most reads miss the address translation cache as well as the data caches.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace aicodec {

// A fixed number of trivially destructible elements, each value-initialised.
template <typename T>
class BigArray {
 public:
  BigArray() = default;
  explicit BigArray(size_t count) : count_(count) {
    allocate();
    std::uninitialized_value_construct_n(elements_.get(), count_);
  }
  BigArray(const BigArray& other) : count_(other.count_) {
    allocate();
    std::uninitialized_copy_n(other.elements_.get(), count_, elements_.get());
  }
  BigArray(BigArray&&) noexcept = default;
  BigArray& operator=(BigArray&&) noexcept = default;
  // Memory of the same size is used again: the system may take longer to find some than it takes to fill it.
  BigArray& operator=(const BigArray& other) {
    if (count_ != other.count_) return *this = BigArray(other);
    std::copy_n(other.elements_.get(), count_, elements_.get());
    return *this;
  }

  T& operator[](size_t i) { return elements_.get()[i]; }
  const T& operator[](size_t i) const { return elements_.get()[i]; }
  size_t size() const { return count_; }
  T* begin() { return elements_.get(); }
  T* end() { return elements_.get() + count_; }

 private:
  void allocate() {
    const size_t unit = count_ * sizeof(T) >= kPage / 2 ? kPage : kCacheLine;
    const size_t bytes = (count_ * sizeof(T) + unit - 1) / unit * unit;
    void* memory = ::operator new(bytes, std::align_val_t{unit});
#if defined(__linux__)
    if (unit == kPage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
    elements_ = {static_cast<T*>(memory), Free{unit}};
  }

  static_assert(std::is_trivially_destructible_v<T>);
  static constexpr size_t kPage = size_t{1} << 21;
  static constexpr size_t kCacheLine = 64;
  struct Free {
    size_t unit = kCacheLine;
    void operator()(T* memory) const { ::operator delete(memory, std::align_val_t{unit}); }
  };
  std::unique_ptr<T[], Free> elements_;
  size_t count_ = 0;
};

}  // namespace aicodec
