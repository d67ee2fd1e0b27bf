// The parts of PhotoModel that encoder and decoder share by template. Included by photo_model.h alone.
#pragma once

#include <algorithm>
#include <bit>

namespace aicodec::screen {

template <typename Coder>
Pixel PhotoModel::code(Coder& coder, const Site& site, int x, Pixel actual) {
  Pixel result = 0;
  const int step = 2 * near_ + 1;
  int first_value = 0;
  int first_residual = 0;
  for (int k = 0; k < shape_.components; ++k) {
    Predictions predictions;
    const int predicted = predict(site, x, k, first_residual, predictions);
    const int base = shape_.rgb && k > 0 ? first_value : 0;
    const int expected = std::clamp(predicted + base, 0, shape_.max_value);
    const int wanted = component(actual, k) - expected;
    const int residual =
        code_residual(coder, k, wanted >= 0 ? (wanted + near_) / step : -((near_ - wanted) / step));
    const int value = std::clamp(expected + residual * step, 0, shape_.max_value);
    result |= from_component(value, k);
    Trace& here = trace(row_ & 1, x, k);
    for (size_t i = 0; i < kPredictors; ++i)
      here.errors[i] = static_cast<uint16_t>(std::abs(predictions[i] - (value - base)));
    here.residual = static_cast<int16_t>(residual);
    Bias& bias = biases_[bias_at_];
    bias.sum += value - base - predicted + bias_;
    if (++bias.count == 256) {
      bias.sum /= 2;
      bias.count = 128;
    }
    if (k == 0) {
      first_value = value;
      first_residual = residual;
    }
  }
  return result;
}

template <typename Coder>
int PhotoModel::code_residual(Coder& coder, int k, int residual) {
  if (code_bit(coder, k, 0, residual == 0)) return 0;
  const bool negative = code_bit(coder, k, 1, residual < 0);
  const uint32_t wanted = static_cast<uint32_t>(std::abs(residual));
  const int exponent_wanted = static_cast<int>(std::bit_width(wanted)) - 1;
  int exponent = 0;
  while (exponent < kExponents - 1 &&
         code_bit(coder, k, 2 + std::min(exponent, 8), exponent < exponent_wanted))
    ++exponent;
  uint32_t value = 1;
  for (int i = exponent - 1; i >= 0; --i) {
    const bool bit = wanted >> i & 1;
    const bool coded = i == exponent - 1 && exponent <= kTopExponents
                           ? code_bit(coder, k, kTopNode + i, bit)
                           : coder.bit(low_bits_[k][exponent][i], bit);
    value = value << 1 | static_cast<uint32_t>(coded);
  }
  return negative ? -static_cast<int>(value) : static_cast<int>(value);
}

template <typename Coder>
bool PhotoModel::code_bit(Coder& coder, int k, int node, bool bit) {
  int stretched[8] = {0, 0, 0, 0, 256};
  ModelLine* lines[kContexts];
  for (size_t i = 0; i < kContexts; ++i) {
    lines[i] = &lines_[i][contexts_[i]];
    stretched[i] = rough_stretch(lines[i]->probability(node));
  }
  MixInputs<8> inputs;
  inputs.set_eight(0, stretched);
  MixWeights<8>& weights =
      weights_[(static_cast<size_t>(k) * kNodes + static_cast<size_t>(node)) * kEnergies + energy_];
  const uint32_t probability = safe_squash(mix(weights, inputs));
  bit = coder.bit_with(probability, bit);
  learn(weights, inputs, mix_error(bit, probability) >> 2);
  for (ModelLine* line : lines) line->learn(node, bit, 250);
  return bit;
}

}  // namespace aicodec::screen
