#include "screen/photo_model.h"

#include <cstdlib>

#include "screen/classes.h"

namespace aicodec::screen {
namespace {

// What a predictor weighs that erred by e nearby: 2^15 / (e + 2)^2, never nothing.
constexpr auto kWeights = [] {
  std::array<int32_t, 256> weights{};
  for (int e = 0; e < 256; ++e) weights[static_cast<size_t>(e)] = 1 + 32768 / ((e + 2) * (e + 2));
  return weights;
}();

// Sixteen classes, about two to a doubling.
size_t energy_class(int energy) {
  const uint32_t e = static_cast<uint32_t>(energy) + 1;
  const int width = static_cast<int>(std::bit_width(e));
  const int half = width > 1 ? static_cast<int>(e >> (width - 2) & 1) : 0;
  return static_cast<size_t>(std::min(2 * (width - 1) + half, 15));
}

size_t signed_class(int value) { return static_cast<size_t>(signed_magnitude(value)); }

}  // namespace

PhotoModel::PhotoModel(const SheetShape& shape, int near) : shape_(shape), near_(near) {
  for (auto& row : traces_) row.resize(static_cast<size_t>(shape.width + 2) * 3);
  for (auto& lines : lines_) lines = BigArray<ModelLine>(size_t{3} * kContextSize);
  MixWeights<8> start{};
  for (int i = 0; i < kContexts; ++i) start.w[i] = (1 << kWeightBits) * 3 / 10;
  weights_.assign(size_t{3} * kNodes * kEnergies, start);
  biases_.resize(size_t{3} * 512);
}

void PhotoModel::begin_row(int y) {
  if (y != row_ + 1)
    for (auto& row : traces_) std::fill(row.begin(), row.end(), Trace{});
  else
    std::fill(traces_[y & 1].begin(), traces_[y & 1].end(), Trace{});
  row_ = y;
}

int PhotoModel::predict(const Site& s, int x, int k, int first_residual, Predictions& p) {
  const int w = domain(s.at(-1, 0), k);
  const int n = domain(s.at(0, -1), k);
  const int nw = domain(s.at(-1, -1), k);
  const int ne = domain(s.at(1, -1), k);
  const int ww = domain(s.at(-2, 0), k);
  const int nn = domain(s.at(0, -2), k);
  const int r = domain(s.in_reference(0, 0), k);
  const int rw = domain(s.in_reference(-1, 0), k);
  const int rn = domain(s.in_reference(0, -1), k);
  p = {w,          n,
       w + n - nw, median(w, n, nw),
       r,          r + ((w - rw + n - rn) >> 1),
       w + ne - n, ((w + n) >> 1) + ((ne - nw) >> 2)};

  const Trace& west = trace(row_ & 1, x - 1, k);
  const Trace& north = trace((row_ & 1) ^ 1, x, k);
  const Trace& east = trace((row_ & 1) ^ 1, x + 1, k);
  int32_t sum = 0;
  int32_t total = 0;
  for (size_t i = 0; i < kPredictors; ++i) {
    const int error = 2 * west.errors[i] + 2 * north.errors[i] + east.errors[i];
    const int32_t weight = kWeights[static_cast<size_t>(std::min(error, 255))];
    total += weight;
    sum += weight * p[i];
  }
  // Rounded down, also below zero.
  const int32_t shifted = sum + (total >> 1);
  int value = shifted / total - (shifted % total < 0);

  const int residual_west = west.residual;
  const int residual_north = north.residual;
  const int energy = std::abs(w - nw) + std::abs(n - nw) + std::abs(n - ne) +
                     2 * (std::abs(residual_west) + std::abs(residual_north)) + std::abs(east.residual);
  energy_ = energy_class(energy);
  const size_t texture = static_cast<size_t>((w > value) | (n > value) << 1 | (nw > value) << 2 |
                                             (ne > value) << 3 | (ww > value) << 4 | (nn > value) << 5);
  const size_t plane = static_cast<size_t>(k) * kContextSize;
  bias_at_ = plane + texture * 8 + energy_ / 2;
  const Bias& bias = biases_[bias_at_];
  bias_ = bias.count > 0 ? bias.sum / bias.count : 0;
  value += bias_;

  contexts_[0] = plane + energy_ * 16 + signed_class(first_residual);
  contexts_[1] = plane + texture * 8 + energy_ / 2;
  contexts_[2] = plane + signed_class(residual_west) * 16 + signed_class(residual_north);
  contexts_[3] =
      plane + signed_class(r - value) * 16 +
      energy_class(std::abs(r - rw - (w - ww)) + std::abs(r - rn - (n - nn)) + std::abs(r - value));
  for (size_t i = 0; i < kContexts; ++i) prefetch(&lines_[i][contexts_[i]]);
  return value;
}

}  // namespace aicodec::screen
