// The parts of PhotoModel that encoder and decoder share. Included by photo_model.h alone.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "screen/classes.h"
#include "screen/odds.h"

namespace aicodec::screen {

// Sixteen classes, about two to a doubling; from 191 on all is one.
inline constexpr auto kEnergyClasses = [] {
  std::array<uint8_t, 256> classes{};
  for (uint32_t e = 1; e <= 256; ++e) {
    const int width = static_cast<int>(std::bit_width(e));
    const int half = width > 1 ? static_cast<int>(e >> (width - 2) & 1) : 0;
    classes[e - 1] = static_cast<uint8_t>(std::min(2 * (width - 1) + half, 15));
  }
  return classes;
}();
inline int energy_class(int energy) { return kEnergyClasses[static_cast<size_t>(std::min(energy, 255))]; }

// signed_magnitude(), which beyond 33 does not change.
inline constexpr auto kSignedClasses = [] {
  std::array<uint8_t, 128> classes{};
  for (int v = -64; v < 64; ++v)
    classes[static_cast<size_t>(v + 64)] = static_cast<uint8_t>(signed_magnitude(v));
  return classes;
}();
inline int signed_class(int value) {
  return kSignedClasses[static_cast<size_t>(std::clamp(value, -64, 63) + 64)];
}

// The least probability of either bit of a photo's residual, in 2^-16.
inline constexpr int kLeastPhotoChance = 16;

// All bits of the lanes that are given a 1.
constexpr auto lanes_where = [](auto... flags) {
  return std::array<int16_t, 8>{static_cast<int16_t>(-flags)...};
};
alignas(16) inline constexpr auto kFollowsWest = lanes_where(1, 0, 1, 0, 0, 1, 1, 1);
alignas(16) inline constexpr auto kHalved = lanes_where(0, 0, 0, 0, 0, 1, 0, 1);
alignas(16) inline constexpr auto kMedian = lanes_where(0, 0, 0, 1, 0, 0, 0, 0);

inline Lanes select(const std::array<int16_t, 8>& where, Lanes a, Lanes b) {
  return b ^ ((a ^ b) & load_lanes(where.data()));
}

inline void PhotoModel::begin_run(const Site& s) {
  for (int k = 0; k < shape_.components; ++k) {
    const auto domain = [&](const Pixel* pixels) {
      const Lanes values = ten_bits(pixels, 10 * k);
      return shape_.rgb && k > 0 ? values - ten_bits(pixels, 0) : values;
    };
    const Pixel* above = s.here - s.stride;
    const Lanes n = domain(above);
    const Lanes nw = domain(above - 1);
    const Lanes ne = domain(above + 1);
    const Lanes r = domain(s.reference);
    const Lanes rw = domain(s.reference - 1);
    const Lanes rn = domain(s.reference - s.reference_stride);
    const Lanes turn = shift_right<2>(ne - nw);
    Lanes rows[8] = {all_lanes(0), n, n - nw, n, r, r + r + n - rw - rn, ne - n, n + turn + turn};
    transpose(rows);
    for (int i = 0; i < 8; ++i) store_lanes(known_[k][i], rows[i]);
  }
}

// The predictors, of w, n, nw, ne (the neighbours) and r, rw, rn (in the reference): w; n; w + n - nw; their
// median; r; r + (w - rw + n - rn) / 2; w + ne - n; (w + n) / 2 + (ne - nw) / 4.
inline Lanes PhotoModel::predict(int x, int k, int west) const {
  const Lanes w = all_lanes(west);
  const Lanes known = load_lanes(known_[k][x & 7]);
  const Lanes sums = known + (w & load_lanes(kFollowsWest.data()));
  const Lanes median = max_of(min_of(w, known), min_of(max_of(w, known), second_as_third(sums)));
  return select(kMedian, median, select(kHalved, shift_right<1>(sums), sums));
}

inline PhotoModel::Turn PhotoModel::prepare(const Site& s, int x, int k, int first_class) {
  const Pixel west_pixel = s.at(-1, 0);
  Turn turn;
  turn.predictions =
      predict(x, k, component(west_pixel, k) - (shape_.rgb && k > 0 ? component(west_pixel, 0) : 0));

  const size_t step = static_cast<size_t>(shape_.components);
  const size_t at = place(x, k);
  const Errors* above_errors = &errors_[above_ + at];
  const Lanes errors = load_lanes(&errors_[here_ + at - step]) + load_lanes(above_errors);
  turn.value = blend(turn.predictions, errors + errors + load_lanes(above_errors + step));

  const Trace west = traces_[here_ + at - step];
  const Trace* above = &traces_[above_ + at];
  const Trace north = above[0];
  const Trace east = *(above + step);
  const Trace corner = *(above - step);
  const Lanes higher = turn.predictions - all_lanes(turn.value);
  const Lanes off = max_of(higher, all_lanes(0) - higher);
  const int energy =
      energy_class(sum_of_bytes(off) + 2 * (west.magnitude + north.magnitude) + east.magnitude);
  const int texture = static_cast<int>(signs(is_greater(higher, all_lanes(0))));
  const int change = energy_class(lane<4>(off) + lane<5>(off));
  Line* lines = &lines_[static_cast<size_t>(k * kLines)];
  turn.open[0] = lines + texture * 4 + energy / 4;
  turn.open[1] = lines + 1024 + energy * 16 + (k == 0 ? signed_class(lane<3>(higher)) : first_class);
  turn.open[2] = lines + 1280 + west.signed_class * 16 + north.signed_class;
  turn.open[3] = lines + 1536 + east.signed_class * 16 + corner.signed_class;
  turn.open[4] = lines + 1792 + change * 16 + signed_class(lane<4>(higher));
  return turn;
}

template <typename Coder>
Pixel PhotoModel::code(Coder& coder, const Site& site, int x, Pixel actual) {
  Pixel result = 0;
  const int step = 2 * near_ + 1;
  int first_value = 0;
  int first_class = 0;
  for (int k = 0; k < shape_.components; ++k) {
    const size_t at = place(x, k);
    const Turn turn = prepare(site, x, k, first_class);
    const int base = shape_.rgb && k > 0 ? first_value : 0;
    const int expected = std::clamp(turn.value + base, 0, shape_.max_value);
    const int wanted = component(actual, k) - expected;
    int signed_class = 0;
    const int residual = code_residual(
        coder, turn, wanted >= 0 ? (wanted + near_) / step : -((near_ - wanted) / step), signed_class);
    const int value = std::clamp(expected + residual * step, 0, shape_.max_value);
    result |= from_component(value, k);
    store_lanes(&errors_[here_ + at], distance(turn.predictions, all_lanes(value - base)));
    traces_[here_ + at] = {static_cast<uint16_t>(std::abs(residual)), static_cast<uint16_t>(signed_class)};
    if (k == 0) {
      first_value = value;
      first_class = signed_class;
    }
  }
  return result;
}

template <typename Coder>
int PhotoModel::code_residual(Coder& coder, const Turn& turn, int residual, int& signed_class) {
  alignas(16) uint16_t probabilities[kNodes];
  for (int half = 0; half < kNodes; half += 8) {
    Lanes odds = load_lanes(turn.open[0]->odds + half);
    for (int i = 1; i < kContexts; ++i) odds = add_within(odds, load_lanes(turn.open[i]->odds + half));
    store_lanes(probabilities + half, chances_of<kLeastPhotoChance>(odds));
  }
  const auto node = [&](int i, bool bit) { return coder.bit_with(probabilities[i], bit); };
  const int wanted = std::abs(residual);
  bool negative = false;
  bool first_bit = false;
  int size = 0;
  int value = 0;
  if (!node(0, residual == 0)) {
    negative = node(1, residual < 0);
    size = 1;
    while (size < kLastClass && node(kClassNode + size, size < magnitude(wanted))) ++size;
    value = size < 3 ? size : code_rest(coder, probabilities, size, wanted, first_bit);
  }
  signed_class = size + 8 * negative;

  const Path& path = kPaths[static_cast<size_t>(2 * signed_class + first_bit)];
  for (int half = 0; half < kNodes; half += 8) {
    // A sixty-fourth of it is learned, rounded.
    const Lanes more = errors_of(load_lanes(path.ones + half), load_lanes(probabilities + half),
                                 load_lanes(path.asked + half));
    const Lanes learned = shift_right<9>(add_within(more, all_lanes(256)));
    for (Line* line : turn.open)
      store_lanes(line->odds + half, add_within(load_lanes(line->odds + half), learned));
  }
  return negative ? -value : value;
}

template <typename Coder>
int PhotoModel::code_rest(Coder& coder, const uint16_t* probabilities, int size, int wanted,
                          bool& first_bit) {
  int bits = size - 2;
  if (size == kLastClass)
    while (bits < kMostBits && coder.bit(large_[bits - 5], wanted > 2 << bits)) ++bits;
  const int rest_wanted = wanted - (1 << bits) - 1;
  int rest = 0;
  int i = bits - 1;
  if (size < kLastClass) {
    first_bit = coder.bit_with(probabilities[kFirstBitNode + size], rest_wanted >> i & 1);
    rest = first_bit;
    --i;
  }
  for (; i >= 0; --i) rest = rest << 1 | static_cast<int>(coder.even_bit(rest_wanted >> i & 1));
  return (1 << bits) + 1 + rest;
}

}  // namespace aicodec::screen
