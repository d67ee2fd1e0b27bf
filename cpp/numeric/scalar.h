// The project's own functions on single numbers: what the reference VM and the tests compute with. The tile
// VM's kernels compile the same text for vectors.
#pragma once

#include <bit>
#include <cstdint>

#include "numeric/coefficients.h"

#define AICODEC_LANE inline

namespace aicodec::scalar {

using F = float;
using U = uint32_t;
using M = bool;

inline F splat(float v) { return v; }
inline U splat(uint32_t v) { return v; }
inline F select(M m, F a, F b) { return m ? a : b; }
inline U select(M m, U a, U b) { return m ? a : b; }
inline U bits(F v) { return std::bit_cast<U>(v); }
inline F from_bits(U v) { return std::bit_cast<F>(v); }
// Precondition: within the range of int32.
inline U truncate(F v) { return static_cast<U>(static_cast<int32_t>(v)); }
// Of an integer with sign, rounded to nearest, ties to even.
inline F to_float(U v) { return static_cast<F>(static_cast<int32_t>(v)); }
inline F minimum(F a, F b) { return a < b ? a : b; }
inline F maximum(F a, F b) { return a > b ? a : b; }
inline F absolute(F v) { return from_bits(bits(v) & 0x7FFFFFFFu); }
inline F square_root(F v) { return __builtin_sqrtf(v); }
inline M signed_less(U a, U b) { return static_cast<int32_t>(a) < static_cast<int32_t>(b); }
inline U arithmetic_right(U v, int count) { return static_cast<U>(static_cast<int32_t>(v) >> count); }
// The largest integer that is not above; never -0. By truncation and correction; from 2^23 on v is an
// integer.
inline F floor_of(F v) {
  const M small = absolute(v) < 0x1p23f;
  const F t = to_float(truncate(select(small, v, 0.0f)));
  return select(small, t - select(v < t, 1.0f, 0.0f), v);
}

#include "numeric/functions.inl"

}  // namespace aicodec::scalar

#undef AICODEC_LANE
