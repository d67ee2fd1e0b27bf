// The parts of ResidualModel that encoder and decoder share by template. Included by residual_model.h alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <utility>

namespace aicodec::screen {

template <bool Rich, typename Coder>
Pixel ResidualModel::code_with(Coder& coder, const Site& site, Pixel actual) {
  int residuals[3] = {};
  Pixel result = 0;
  int first = 0;
  const auto code_turn = [&](int turn) {
    const int k = surroundings_.span.order[turn];
    const int expected = Rich ? turns_[turn].expected.value : few_[turn].expected.value;
    int wanted = 0;
    if constexpr (requires { coder.spent(); })
      wanted = chosen_residual(component(actual, k) - expected, site.tolerance);
    if constexpr (Rich)
      residuals[turn] = code_residual(coder, turn, wanted);
    else
      residuals[turn] = odds_.code(coder, few_[turn].odds, turn, steps(shape_.max_value - expected),
                                   steps(expected), wanted);
    const int value = std::clamp(expected + residuals[turn] * (2 * near_ + 1), 0, shape_.max_value);
    result |= from_component(value, k);
    return value;
  };
  first = code_turn(0);
  if (!joint_) return result;
  find_remembered(first);
  // Memory has time until it is needed.
  if constexpr (!Rich) open_next(1, first, residuals[0]);
  const bool is_small = !Rich && std::abs(residuals[0]) <= kSmallResidual && errors_are_small();
  Pixel rest = 0;
  const bool guessed = code_rest(coder, site, is_small, actual, rest);
  for (int turn = 1; turn < shape_.components && !guessed; ++turn) {
    if constexpr (Rich) {
      prepare_rich(site, turn, first, residuals);
    } else if (turn == 2) {
      add_residual(residuals[1]);
    } else if (shape_.components > 2) {
      open_next(2, first, residuals[0]);
    }
    code_turn(turn);
  }
  if (!guessed) rest = result & ~from_component(1023, surroundings_.span.lead());
  rest_history_ = rest_history_ << 1 | static_cast<uint32_t>(guessed);
  // A guess that was too unlikely to be asked.
  for (const Guess& guess : guesses_)
    if (guess.model != nullptr) guess.model->learn(guess.rest == rest);
  remember(rest);
  return result | rest;
}

// The components after the first at once, as they were in such surroundings before. Where residuals will be
// small a guess has to be likely: they take few bits then, and cannot make use of what was refused.
template <typename Coder>
bool ResidualModel::code_rest(Coder& coder, const Site& site, bool is_small, Pixel actual, Pixel& rest) {
  const int lead = surroundings_.span.lead();
  const Remembered a = *known_[0];
  const Remembered b = *known_[1];
  const Remembered c = *known_[2];
  const auto model = [&](int i, int context) {
    return &rest_hit_[i][(rest_history_ & 7) * 64 + static_cast<uint32_t>(context)];
  };
  const Pixel other = b.times > 0 ? b.rest : c.rest;
  guesses_[0] = {
      a.rest, a.times > 0 ? model(0, std::min<int>(a.times, 15) * 4 + (b.rest == a.rest) * 2 + (b.times > 0))
                          : nullptr};
  guesses_[1] = {other, a.times == 0 || other != a.rest
                            ? model(1, std::min<int>(b.times, 7) * 8 + std::min<int>(c.times, 7))
                            : nullptr};
  const Pixel wanted = actual & ~from_component(1023, lead);
  for (Guess& guess : guesses_) {
    if (guess.model == nullptr || (is_small && guess.model->probability() < kLikely)) continue;
    // What was remembered under another lead may hold a part of this one, which near pixels would pass for.
    const bool right = component(guess.rest, lead) == 0 && is_near(guess.rest, wanted, site.tolerance);
    if (!coder.bit(*std::exchange(guess.model, nullptr), right)) continue;
    rest = guess.rest;
    guesses_[1].model = nullptr;
    return true;
  }
  return false;
}

// Zero or not, the sign, the exponent in unary, and the bits below the leading one; what follows from the
// range of samples is not asked. Small residuals have all their mixed bits in one line of models; only large
// ones need the other.
template <typename Coder>
int ResidualModel::code_residual(Coder& coder, int turn, int residual) {
  if (code_bit(coder, turn, 0, 0, residual == 0)) return 0;
  const int expected = turns_[turn].expected.value;
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
  const int error_class = surroundings_.error_classes[surroundings_.span.order[turn]];
  auto& first = weights_[0][static_cast<size_t>(place * 8 + error_class)];
  auto& second = weights_[1][static_cast<size_t>(place * 8 + turns_[turn].expected.span_class)];
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
