// Adaptive probabilities for the range coder: of one bit, and of whole numbers built from bits.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace aicodec {

// The probability that a bit is 1. It starts at one half and moves by 1/(n + 1.5) of the error at the n-th
// bit, n counting up to the model's limit: fast at first, steady later.
class BitModel {
 public:
  // Probability of a 1 in 2^-16, from 1 to 65535.
  uint32_t probability() const {
    const uint32_t p = state_ >> 16;
    return p < 1 ? 1 : p;
  }
  // Learns from a coded bit. Precondition: limit <= kMaxLimit.
  void learn(bool bit, uint32_t limit = kDefaultLimit) {
    const uint32_t count = state_ & 1023;
    const int64_t p = state_ >> 10;  // 22 bits
    const int64_t target = bit ? (1 << 22) - 1 : 0;
    const int64_t moved = p + (((target - p) * kRates[count]) >> 16);
    state_ = static_cast<uint32_t>(moved) << 10 | (count < limit ? count + 1 : count);
  }

  // How many bits it has learned from, up to the limit.
  uint32_t count() const { return state_ & 1023; }
  // A model that starts at `probability` (in 2^-16) as if it had learned from `count` bits.
  static constexpr BitModel starting_at(uint32_t probability, uint32_t count = 0) {
    BitModel model;
    model.state_ = probability << 16 | count;
    return model;
  }

  static constexpr uint32_t kDefaultLimit = 60;
  static constexpr uint32_t kMaxLimit = 1022;

 private:
  static constexpr auto kRates = [] {
    std::array<int32_t, 1024> rates{};
    for (int n = 0; n < 1024; ++n) rates[n] = 2 * 65536 / (2 * n + 3);
    return rates;
  }();

  uint32_t state_ = 1u << 31;  // 22 bits of probability, 10 of count
};

// Unsigned numbers below 2^62 in Elias-gamma form: v + 1 has `e` bits after its leading one; e goes as
// adaptive unary, the first of those bits adaptively under e, the rest with probability one half.
class NumberModel {
 public:
  static constexpr uint64_t kMinValue = 0;
  static constexpr uint64_t kMaxValue = (uint64_t{1} << 62) - 1;

  // Coder is RangeEncoder or RangeDecoder: bit(model, b) codes b (ignored by the decoder) and returns the
  // bit, even_bit(b) likewise without a model. Returns the number coded. Precondition when encoding: value <
  // 2^62.
  template <typename Coder>
  uint64_t code(Coder& coder, uint64_t value) {
    const int wanted = static_cast<int>(std::bit_width(value + 1)) - 1;
    int exponent = 0;
    while (exponent < kMaxExponent && coder.bit(exponent_[exponent], exponent < wanted)) ++exponent;
    uint64_t result = 1;
    for (int i = exponent - 1; i >= 0; --i) {
      const bool bit = ((value + 1) >> i) & 1;
      result = result << 1 | (i == exponent - 1 ? coder.bit(first_[exponent], bit) : coder.even_bit(bit));
    }
    return result - 1;
  }

 private:
  static constexpr int kMaxExponent = 62;
  std::array<BitModel, kMaxExponent> exponent_;
  std::array<BitModel, kMaxExponent + 1> first_;
};

// Signed numbers of magnitude below 2^61, zigzag-mapped.
class SignedModel {
 public:
  static constexpr int64_t kMaxValue = (int64_t{1} << 61) - 1;
  static constexpr int64_t kMinValue = -kMaxValue;

  template <typename Coder>
  int64_t code(Coder& coder, int64_t value) {
    const uint64_t mapped = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
    const uint64_t coded = number_.code(coder, mapped);
    return static_cast<int64_t>(coded >> 1 ^ (0 - (coded & 1)));
  }

 private:
  NumberModel number_;
};

}  // namespace aicodec
