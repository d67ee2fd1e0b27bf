// The parts of ResidualModel that encoder and decoder share by template. Included by residual_model.h alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>

namespace aicodec::screen {

template <bool Rich, typename Coder>
Pixel ResidualModel::code_with(Coder& coder, const Site& site, Pixel actual) {
  int residuals[3] = {};
  Pixel result = 0;
  int first = 0;
  const auto code_turn = [&](int turn) {
    const int k = span_.order[turn];
    const int expected = turns_[turn].value;
    const int wanted = chosen_residual(component(actual, k) - expected, site.tolerance);
    if constexpr (Rich)
      residuals[turn] = code_residual(coder, turn, wanted);
    else
      residuals[turn] = odds_.code(coder, turns_[turn].few, turn, steps(shape_.max_value - expected),
                                   steps(expected), wanted);
    const int value = std::clamp(expected + residuals[turn] * (2 * near_ + 1), 0, shape_.max_value);
    result |= from_component(value, k);
    return value;
  };
  first = code_turn(0);
  if (!joint_) return result;
  prefetch(&by_span(span_, first));
  prefetch(&by_neighbour(site, first));
  if constexpr (!Rich)
    for (int turn = 1; turn < shape_.components; ++turn) prepare_turn<Rich>(site, turn, first, residuals);
  Pixel rest = 0;
  if (code_rest(coder, site, first, actual, rest)) return result | rest;
  for (int turn = 1; turn < shape_.components; ++turn) {
    if constexpr (Rich) {
      prepare_turn<Rich>(site, turn, first, residuals);
    } else {
      if (turn == 2) add_residual(residuals[1]);
    }
    code_turn(turn);
  }
  remember(site, span_, first, result & ~from_component(1023, span_.lead()));
  return result;
}

// The components after the first at once: as they were the last time in such surroundings, or on the line
// between the two colours.
template <typename Coder>
bool ResidualModel::code_rest(Coder& coder, const Site& site, int first, Pixel actual, Pixel& rest) {
  const Span& span = span_;
  const Remembered a = by_span(span, first);
  const Remembered b = by_neighbour(site, first);
  const Remembered c = by_first_[span.lead()][first];
  const Pixel line = interpolated(site, span, first);
  const Pixel guesses[3] = {a.rest, line, b.times > 0 ? b.rest : c.rest};
  const Pixel wanted = actual & ~from_component(1023, span.lead());
  const auto bits = [](int width) {
    return std::min(7, static_cast<int>(std::bit_width(static_cast<uint32_t>(width))));
  };
  const int contexts[3] = {std::min<int>(a.times, 15) * 4 + (a.rest == line) * 2 + (b.rest == a.rest),
                           (span.width() >= 4) + 2 * std::min<int>(7, a.times) + 16 * bits(span.width()),
                           std::min<int>(b.times, 7) * 8 + std::min<int>(c.times, 7)};
  for (int i = 0; i < 3; ++i) {
    if (i == 0 && a.times == 0) continue;
    if (i > 0 && guesses[i] == guesses[0] && a.times > 0) continue;
    if (i == 2 && guesses[2] == guesses[1]) continue;
    BitModel& model = rest_hit_[i][(rest_history_ & 7) * 128 + static_cast<uint32_t>(contexts[i] & 127)];
    // What was remembered under another lead may hold a part of this one, which near pixels would pass for.
    const bool right = component(guesses[i], span.lead()) == 0 && is_near(guesses[i], wanted, site.tolerance);
    if (!coder.bit(model, right)) continue;
    rest_history_ = rest_history_ << 1 | 1;
    rest = guesses[i];
    remember(site, span, first, rest);
    return true;
  }
  rest_history_ <<= 1;
  return false;
}

// Zero or not, the sign, the exponent in unary, and the bits below the leading one; what follows from the
// range of samples is not asked. Small residuals have all their mixed bits in one line of models; only large
// ones need the other.
template <typename Coder>
int ResidualModel::code_residual(Coder& coder, int turn, int residual) {
  if (code_bit(coder, turn, 0, 0, residual == 0)) return 0;
  const int expected = turns_[turn].value;
  const uint32_t most_above = steps(shape_.max_value - expected);
  const uint32_t most_below = steps(expected);
  const bool negative = most_above == 0 || (most_below > 0 && code_bit(coder, turn, 0, 1, residual < 0));
  const uint32_t most = negative ? most_below : most_above;
  const uint32_t wanted = std::min(static_cast<uint32_t>(std::abs(residual)), most);
  const int exponent_wanted = static_cast<int>(std::bit_width(wanted)) - 1;
  int exponent = 0;
  while (most >> (exponent + 1) != 0 &&
         code_bit(coder, turn, 0, 2 + std::min(exponent, 6) + 7 * negative, exponent < exponent_wanted))
    if (++exponent == kLargeExponent) open_lines(turns_[turn], 1);
  uint32_t value = 1;
  for (int i = exponent - 1; i >= 0; --i) {
    const bool bit = wanted >> i & 1;
    if ((value << 1 | 1) << i > most) {
      value <<= 1;
      continue;
    }
    bool coded;
    if (i == exponent - 1 && exponent <= kTopExponents) {
      coded = code_bit(coder, turn, 0, kTopNode + i, bit);
    } else if (i >= exponent - 2 && exponent >= kLargeExponent) {
      const int node = i == exponent - 1 ? kTopNode + i - kTopExponents
                                         : 2 * std::min(exponent - 2, 7) + static_cast<int>(value & 1);
      coded = code_bit(coder, turn, 1, node, bit);
    } else {
      BitModel& model = low_bits_[turn][exponent][i][value & 1];
      coded = coder.bit_with(model.probability(), bit);
      model.learn(coded, BitModel::kMaxLimit);
    }
    value = value << 1 | static_cast<uint32_t>(coded);
  }
  return negative ? -static_cast<int>(value) : static_cast<int>(value);
}

template <typename Coder>
bool ResidualModel::code_bit(Coder& coder, int turn, int line, int node, bool bit) {
  MixInputs<kContexts> inputs;
  ModelLine* const* lines = turns_[turn].open[line];
  for (int i = 0; i < kContexts; i += 8) {
    int stretched[8];
    for (int k = 0; k < 8; ++k) stretched[k] = rough_stretch(lines[i + k]->probability(node));
    inputs.set_eight(i, stretched);
  }
  const int place = (turn * 2 + line) * ModelLine::kModels + node;
  auto& first = weights_[0][static_cast<size_t>(place * 8 + turns_[turn].error_class)];
  auto& second = weights_[1][static_cast<size_t>(place * 8 + turns_[turn].span_class)];
  const int mixed_first = mix(first, inputs);
  const int mixed_second = mix(second, inputs);
  const int mixed = std::clamp((mixed_first + mixed_second) >> 1, -kMaxStretch, kMaxStretch);
  BitModel& refine =
      refine_[static_cast<size_t>(place * 33 + (mixed + kMaxStretch) * 32 / (2 * kMaxStretch))];
  const uint32_t probability = safe_squash((3 * mixed + rough_stretch(refine.probability())) >> 2);
  bit = coder.bit_with(probability, bit);
  learn(first, inputs, mix_error(bit, squash(mixed_first)));
  learn(second, inputs, mix_error(bit, squash(mixed_second)));
  refine.learn(bit, 255);
  for (int i = 0; i < kContexts; ++i) lines[i]->learn(node, bit, i < 3 ? 255 : 127);
  return bit;
}

}  // namespace aicodec::screen
