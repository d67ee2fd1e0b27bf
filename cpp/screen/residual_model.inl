// The parts of ResidualModel that encoder and decoder share by template. Included by residual_model.h alone.
#pragma once

#include <algorithm>
#include <bit>

namespace aicodec::screen {

template <typename Coder>
Pixel ResidualModel::code(Coder& coder, const Site& site, Pixel actual) {
  const Span span = span_of(site);
  int values[3] = {};
  int residuals[3] = {};
  Pixel result = 0;
  const int step = 2 * near_ + 1;
  for (int turn = 0; turn < shape_.components; ++turn) {
    if (turn == 1 && joint_) {
      Pixel rest = 0;
      if (code_rest(coder, site, span, values[0], actual, rest)) return result | rest;
    }
    const int k = span.order[turn];
    const Prediction prediction = predict(site, k, span.lead());
    const int base = shape_.rgb && turn > 0 ? values[0] : 0;
    int value = std::clamp(prediction.value + base, 0, shape_.max_value);
    if (turn > 0 && span.width() >= 10) value = on_line(span, values[0], k);
    set_contexts(site, span, prediction, turn, value, base, residuals);
    const int wanted = component(actual, k) - value;
    const int residual = code_residual(coder, chosen_residual(wanted, site.tolerance));
    residuals[turn] = residual;
    values[turn] = std::clamp(value + residual * step, 0, shape_.max_value);
    result |= from_component(values[turn], k);
  }
  if (joint_) remember(site, span, values[0], result & ~from_component(1023, span.lead()));
  return result;
}

// The components after the first at once: as they were the last time in such surroundings, or on the line
// between the two colours.
template <typename Coder>
bool ResidualModel::code_rest(Coder& coder, const Site& site, const Span& span, int first, Pixel actual,
                              Pixel& rest) {
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

// Zero or not, the sign, the exponent in unary, and the bits below the leading one. Small residuals have all
// their mixed bits in one line of models; only large ones need the other.
template <typename Coder>
int ResidualModel::code_residual(Coder& coder, int residual) {
  if (code_bit(coder, 0, 0, residual == 0)) return 0;
  const bool negative = code_bit(coder, 0, 1, residual < 0);
  const uint32_t wanted = static_cast<uint32_t>(std::abs(residual));
  const int exponent_wanted = static_cast<int>(std::bit_width(wanted)) - 1;
  int exponent = 0;
  while (exponent < kExponents - 1 &&
         code_bit(coder, 0, 2 + std::min(exponent, 6) + 7 * negative, exponent < exponent_wanted))
    if (++exponent == kLargeExponent) open_lines(1);
  uint32_t value = 1;
  for (int i = exponent - 1; i >= 0; --i) {
    const bool bit = wanted >> i & 1;
    bool coded;
    if (i == exponent - 1 && exponent <= kTopExponents) {
      coded = code_bit(coder, 0, kTopNode + i, bit);
    } else if (i >= exponent - 2 && exponent >= kLargeExponent) {
      const int node = i == exponent - 1 ? kTopNode + i - kTopExponents
                                         : 2 * std::min(exponent - 2, 7) + static_cast<int>(value & 1);
      coded = code_bit(coder, 1, node, bit);
    } else {
      coded = coder.bit(low_bits_[turn_][exponent][i][value & 1], bit);
    }
    value = value << 1 | static_cast<uint32_t>(coded);
  }
  return negative ? -static_cast<int>(value) : static_cast<int>(value);
}

template <int Count, typename Coder>
bool ResidualModel::code_bit_with(Coder& coder, int line, int node, bool bit) {
  MixInputs<Count> inputs;
  ModelLine* const* lines = open_[line];
  for (int i = 0; i < Count; ++i)
    inputs.x[i] = static_cast<int16_t>(rough_stretch(lines[i]->probability(node)));
  const int place = (turn_ * 2 + line) * ModelLine::kModels + node;
  MixWeights<kRichContexts>& first = weights_[0][static_cast<size_t>(place * 8 + error_class_)];
  MixWeights<kRichContexts>& second = weights_[1][static_cast<size_t>(place * 8 + span_class_)];
  const int mixed_first = mix(first, inputs);
  const int mixed_second = mix(second, inputs);
  const int mixed = std::clamp((mixed_first + mixed_second) >> 1, -kMaxStretch, kMaxStretch);
  BitModel& refine =
      refine_[static_cast<size_t>(place * 33 + (mixed + kMaxStretch) * 32 / (2 * kMaxStretch))];
  const uint32_t probability =
      clamp_probability(static_cast<int>(squash((3 * mixed + rough_stretch(refine.probability())) >> 2)));
  bit = coder.bit_with(probability, bit);
  learn(first, inputs, mix_error(bit, squash(mixed_first)));
  learn(second, inputs, mix_error(bit, squash(mixed_second)));
  refine.learn(bit, 255);
  for (int i = 0; i < Count; ++i) lines[i]->learn(node, bit, i < 3 ? 255 : 127);
  return bit;
}

}  // namespace aicodec::screen
