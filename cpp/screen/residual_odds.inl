// The parts of ResidualOdds that encoder and decoder share by template. Included by residual_odds.h alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace aicodec::screen {

// All bits of lane i where bit i is set.
alignas(16) inline constexpr auto kLanesWhere = [] {
  std::array<std::array<uint16_t, 8>, 256> lanes{};
  for (size_t mask = 0; mask < 256; ++mask)
    for (size_t i = 0; i < 8; ++i) lanes[mask][i] = (mask >> i & 1) != 0 ? 0xFFFF : 0;
  return lanes;
}();
inline Lanes lanes_of_bits(uint32_t mask) { return load_lanes(kLanesWhere[mask & 255].data()); }

inline void ResidualOdds::look(const Open& open, int part, Nodes& nodes) {
  const int from = part * kPart;
  Lanes sum = shift_right<2>(load_lanes(open.lines[kContexts]->odds + from));
  for (int i = 0; i < kContexts; ++i)
    sum = add_within(sum, high_signed_product(load_lanes(open.lines[i]->odds + from),
                                              load_lanes(open.weights[i].odds + from)));
  sum = add_within(sum, sum);
  store_lanes(nodes.chances + from, chances_of<kLeastChance>(add_within(sum, sum)));
}

template <typename Coder>
int ResidualOdds::code(Coder& coder, const Open& open, int turn, uint32_t most_above, uint32_t most_below,
                       int residual) {
  Nodes nodes;
  look(open, 0, nodes);
  int result = 0;
  if (!node(coder, nodes, kZero, residual == 0)) {
    const bool negative = most_above == 0 || (most_below > 0 && node(coder, nodes, kSign, residual < 0));
    const uint32_t most = negative ? most_below : most_above;
    const uint32_t wanted = std::min(static_cast<uint32_t>(std::abs(residual)), most);
    const int part = 1 + negative;
    look(open, part, nodes);
    const int size = static_cast<int>(code_size(coder, open, nodes, turn, part, most, wanted));
    result = negative ? -size : size;
    learn(open, part, nodes);
  }
  learn(open, 0, nodes);
  return result;
}

// The exponent in unary, and the bits below the leading one; what follows from the range of samples is not
// asked. Of zero there is nothing to tell.
template <typename Coder>
uint32_t ResidualOdds::code_size(Coder& coder, const Open& open, Nodes& nodes, int turn, int part,
                                 uint32_t most, uint32_t wanted) {
  const int exponent_wanted = static_cast<int>(std::bit_width(wanted)) - 1;
  int exponent = 0;
  while (most >> (exponent + 1) != 0) {
    const bool more = exponent < exponent_wanted;
    if (!(exponent < kExponents ? node(coder, nodes, part * kPart + exponent, more)
                                : coder.bit(larger_[turn], more)))
      break;
    ++exponent;
  }
  uint32_t value = 1;
  for (int i = exponent - 1; i >= 0; --i) {
    const bool bit = wanted >> i & 1;
    if ((value << 1 | 1) << i > most) {
      value <<= 1;
      continue;
    }
    bool coded;
    if (i == exponent - 1 && exponent <= kTopExponents + 1) {
      coded = node(coder, nodes,
                   exponent <= kTopExponents ? kTopNode + exponent : part * kPart + kLargeTopNode, bit);
    } else if (i == exponent - 2 && exponent >= kLargeExponent) {
      look(open, kSecondPart, nodes);
      const int at = 2 * std::min(exponent - kLargeExponent, 3) + static_cast<int>(value & 1);
      coded = node(coder, nodes, kSecondPart * kPart + at, bit);
      learn(open, kSecondPart, nodes);
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
