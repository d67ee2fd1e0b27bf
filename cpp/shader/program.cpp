#include "shader/program.h"

#include <bit>

namespace aicodec::shader {
namespace {

constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr int32_t kMaxBinaryExponent = 127;
constexpr int32_t kMinBinaryExponent = -149;
constexpr int32_t kMaxBinaryMantissa = 1 << 24;

// 2^exponent, for exponents of normal binary64 numbers.
double power_of_two(int exponent) { return std::bit_cast<double>(uint64_t(exponent + 1023) << 52); }

double exact_value(const Constant& c) {
  if (!c.decimal) return double(c.mantissa) * power_of_two(c.exponent);
  return c.exponent < 0 ? double(c.mantissa) / kPowersOfTen[-c.exponent]
                        : double(c.mantissa) * kPowersOfTen[c.exponent];
}

}  // namespace

bool is_valid(const Constant& c) {
  if (c.type == Type::kInt) return c.exponent == 0 && c.decimal;
  if (c.type == Type::kBool) return c.exponent == 0 && c.decimal && (c.mantissa == 0 || c.mantissa == 1);
  if (c.type != Type::kFloat) return false;
  if (c.mantissa == 0) return c.decimal && c.exponent == 0;
  if (c.mantissa == INT32_MIN) return false;
  if (c.decimal)
    return c.exponent >= -kMaxDecimalExponent && c.exponent <= kMaxDecimalExponent && c.mantissa % 10 != 0;
  if (c.exponent < kMinBinaryExponent || c.exponent > kMaxBinaryExponent || c.mantissa % 2 == 0 ||
      c.mantissa <= -kMaxBinaryMantissa || c.mantissa >= kMaxBinaryMantissa)
    return false;
  // Of a magnitude that binary32 has.
  return double(c.mantissa < 0 ? -c.mantissa : c.mantissa) * power_of_two(c.exponent) < 0x1p128;
}

uint32_t bits_of(const Constant& c) {
  if (c.type == Type::kBool) return c.mantissa ? ~0u : 0u;
  if (c.type == Type::kInt) return static_cast<uint32_t>(c.mantissa);
  return std::bit_cast<uint32_t>(static_cast<float>(exact_value(c)));
}

Constant constant_of(float value) {
  const uint32_t raw = std::bit_cast<uint32_t>(value);
  if ((raw << 1) == 0) return {};
  // Shortest decimal: for each number of digits the nearest mantissa, tried exactly.
  const double magnitude = value < 0 ? -double(value) : double(value);
  for (double limit = 10; limit <= 1e9; limit *= 10) {
    for (int32_t e = -kMaxDecimalExponent; e <= kMaxDecimalExponent; ++e) {
      const double scaled = e < 0 ? magnitude * kPowersOfTen[-e] : magnitude / kPowersOfTen[e];
      if (scaled >= limit || scaled < limit / 10) continue;
      const int32_t rounded = static_cast<int32_t>(scaled + 0.5);
      const Constant found{Type::kFloat, true, value < 0 ? -rounded : rounded, e};
      if (is_valid(found) && bits_of(found) == raw) return found;
    }
  }
  int32_t mantissa = static_cast<int32_t>(raw & 0x7FFFFF);
  int32_t exponent = static_cast<int32_t>((raw >> 23) & 255);
  if (exponent > 0)
    mantissa |= 1 << 23;
  else
    exponent = 1;
  exponent -= 150;
  const int zeros = std::countr_zero(static_cast<uint32_t>(mantissa));
  mantissa >>= zeros;
  return {Type::kFloat, false, value < 0 ? -mantissa : mantissa, exponent + zeros};
}

}  // namespace aicodec::shader
