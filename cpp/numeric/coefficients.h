// The table of coefficients as arrays: kSin, kExp2, kLog2, kAtan.
#pragma once

namespace aicodec::numeric {

#define AICODEC_POLYNOMIAL(name, ...) inline constexpr float k##name[] = {__VA_ARGS__};
#include "numeric/coefficients.inl"
#undef AICODEC_POLYNOMIAL

}  // namespace aicodec::numeric
