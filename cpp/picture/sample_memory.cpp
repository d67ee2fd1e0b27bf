#include "picture/sample_memory.h"

#include <atomic>
#include <cstring>
#include <new>

namespace aicodec {
namespace {

// The allocator itself keeps small blocks; of large ones kSlots may lie idle, at most kLargest bytes each.
constexpr size_t kSlots = 3, kSmallest = size_t{1} << 16, kLargest = size_t{1} << 25;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeep = false;  // a block in use again would hide that somebody still looks into it
#else
constexpr bool kKeep = true;
#endif

// Idle blocks, each with its size in its first bytes. No lock: one that another thread holds during a fork
// would stay locked in the child for ever.
constinit std::atomic<uint8_t*> idle[kSlots] = {};
constinit std::atomic<size_t> oldest = 0;

bool is_kept(size_t size) { return kKeep && size >= kSmallest && size <= kLargest; }

size_t size_of(const uint8_t* block) {
  size_t size;
  std::memcpy(&size, block, sizeof size);
  return size;
}

void release(uint8_t* block) { ::operator delete(block, std::align_val_t{kSampleAlignment}); }

}  // namespace

SampleMemory allocate_samples(size_t size) {
  if (is_kept(size)) {
    for (std::atomic<uint8_t*>& slot : idle) {
      uint8_t* block = slot.exchange(nullptr, std::memory_order_acq_rel);
      if (block == nullptr) continue;
      if (size_of(block) == size) return {block, FreeSamples{size}};
      uint8_t* empty = nullptr;  // of another size: back with it, unless the slot was filled meanwhile
      if (!slot.compare_exchange_strong(empty, block, std::memory_order_acq_rel)) release(block);
    }
  }
  void* fresh = ::operator new(size, std::align_val_t{kSampleAlignment});
  return {static_cast<uint8_t*>(fresh), FreeSamples{size}};
}

void FreeSamples::operator()(uint8_t* bytes) const noexcept {
  if (!is_kept(size)) return release(bytes);
  std::memcpy(bytes, &size, sizeof size);
  for (std::atomic<uint8_t*>& slot : idle) {
    uint8_t* empty = nullptr;
    if (slot.compare_exchange_strong(empty, bytes, std::memory_order_acq_rel)) return;
  }
  // In turns, so that sizes nobody asks for any more leave.
  const size_t turn = oldest.fetch_add(1, std::memory_order_relaxed) % kSlots;
  uint8_t* const before = idle[turn].exchange(bytes, std::memory_order_acq_rel);
  if (before != nullptr) release(before);
}

}  // namespace aicodec
