// The parts of ResidualOdds that encoder and decoder share by template. Included by residual_odds.h alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace aicodec::screen {

template <typename Coder>
int ResidualOdds::code(Coder& shared, const OpenOdds& open, int turn, uint32_t most_above,
                       uint32_t most_below, int residual) {
  // One's own, a decoder stays in registers.
  Coder coder = std::move(shared);
  Nodes nodes;
  kernels_->look(open, 0, nodes.chances);
  int result = 0;
  if (!node(coder, nodes, kZero, residual == 0)) {
    const bool negative = most_above == 0 || (most_below > 0 && node(coder, nodes, kSign, residual < 0));
    const uint32_t most = negative ? most_below : most_above;
    const uint32_t wanted = std::min(static_cast<uint32_t>(std::abs(residual)), most);
    if (negative) kernels_->look(open, kNegative, nodes.chances);
    const int size = static_cast<int>(code_size(coder, open, nodes, turn, negative, most, wanted));
    result = negative ? -size : size;
  }
  shared = std::move(coder);
  const auto learn = [&](int from) {
    kernels_->learn(open, from, nodes.chances, nodes.asked(), nodes.ones());
  };
  // Of the parts with an exponent one is asked, and lies beside the one with zero.
  if (nodes.asked() >> kSecond != 0) {
    learn(kNegative);
    learn(0);
  } else {
    learn(nodes.asked() >> kNegative != 0 ? OddsLine::kPart : 0);
  }
  return result;
}

// The exponent in unary, and the bits below the leading one; what follows from the range of samples is not
// asked. Of zero there is nothing to tell.
template <typename Coder>
[[gnu::always_inline]] inline uint32_t ResidualOdds::code_size(Coder& coder, const OpenOdds& open,
                                                               Nodes& nodes, int turn, bool negative,
                                                               uint32_t most, uint32_t wanted) {
  const int exponent_wanted = static_cast<int>(std::bit_width(wanted)) - 1;
  const int greatest = static_cast<int>(std::bit_width(most | 1)) - 1;
  const int asked = std::min(greatest, kExponents);
  const int part = negative ? kNegative : 0;
  int exponent = 0;
  while (exponent < asked && coder.bit_with(nodes.chances[part + exponent], exponent < exponent_wanted))
    ++exponent;
  nodes.add((1u << std::min(exponent + 1, asked)) - 1, (1u << exponent) - 1, part);
  if (exponent == kExponents)
    while (exponent < greatest && coder.bit(larger_[turn], exponent < exponent_wanted)) ++exponent;
  const bool at_the_end = exponent == greatest;
  uint32_t value = 1;
  for (int i = exponent - 1; i >= 0; --i) {
    const bool bit = wanted >> i & 1;
    if (at_the_end && (value << 1 | 1) << i > most) {
      value <<= 1;
      continue;
    }
    bool coded;
    if (i == exponent - 1 && exponent <= kTopExponents + 1) {
      coded = node(coder, nodes, exponent <= kTopExponents ? kTopNode + exponent : part + kLargeTopNode, bit);
    } else if (i == exponent - 2 && exponent >= kLargeExponent) {
      if (!negative) kernels_->look(open, kNegative, nodes.chances);
      const int at = 2 * std::min(exponent - kLargeExponent, 3) + static_cast<int>(value & 1);
      coded = node(coder, nodes, kSecond + at, bit);
    } else {
      BitModel& model = low_bits_[turn][exponent][i][value & 1];
      coded = coder.bit_with(model.probability(), bit);
      model.learn(coded, BitModel::kMaxLimit);
    }
    value = value << 1 | static_cast<uint32_t>(coded);
  }
  return value;
}

}  // namespace aicodec::screen
