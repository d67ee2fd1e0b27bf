// A pixel of the screen coder: all components of one place packed into 32 bits, so that "is it this colour?"
// is one comparison. Component k (10 bits, whatever the depth) lies at bit 10 * k.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace aicodec::screen {

using Pixel = uint32_t;

// No pixel: the two top bits are never set in one.
inline constexpr Pixel kNoPixel = 0xFFFFFFFF;

inline int component(Pixel pixel, int k) { return static_cast<int>(pixel >> (10 * k)) & 1023; }
inline Pixel from_component(int value, int k) { return static_cast<Pixel>(value) << (10 * k); }

// Whether all components differ by at most `near`.
inline bool is_near(Pixel a, Pixel b, int near) {
  if (a == b) return true;
  if (near == 0) return false;
  for (int k = 0; k < 3; ++k)
    if (std::abs(component(a, k) - component(b, k)) > near) return false;
  return true;
}

// Mixes a value into a running hash; the top bits are the best ones.
inline uint32_t hash_in(uint32_t hash, uint32_t value) {
  hash = (hash ^ value) * 0x9E3779B1u;
  return hash ^ (hash >> 15);
}

// Mixes in several values, one after the other.
template <typename... Values>
uint32_t hash_of(uint32_t hash, Values... values) {
  ((hash = hash_in(hash, static_cast<uint32_t>(values))), ...);
  return hash;
}

// Asks for what will be looked at soon, and lies where no cache has it.
inline void prefetch(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address, 1);
#else
  (void)address;
#endif
}

}  // namespace aicodec::screen
