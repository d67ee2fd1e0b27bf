// A series of 64-bit integers in the range coder: differences of some order, or from the value a period
// before. What is left is mostly zero, which costs next to nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "bits/models.h"

namespace aicodec::track {

// Signed numbers of 64 bits, zero apart and likelier after zero.
class ResidualModel {
 public:
  template <typename Coder>
  int64_t code(Coder& coder, int64_t value) {
    const bool zero = coder.bit(zero_[last_zero_], value == 0);
    last_zero_ = zero;
    if (zero) return 0;
    const uint64_t mapped = (static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63)) - 1;
    uint64_t coded = 0;
    if (!coder.bit(wide_, mapped >= kWide)) {
      coded = number_.code(coder, mapped);
    } else {
      for (int i = 63; i >= 0; --i) coded = coded << 1 | uint64_t(coder.even_bit((mapped >> i) & 1));
    }
    ++coded;
    return static_cast<int64_t>(coded >> 1 ^ (0 - (coded & 1)));
  }

 private:
  static constexpr uint64_t kWide = uint64_t{1} << 60;
  BitModel zero_[2], wide_;
  bool last_zero_ = true;
  NumberModel number_;
};

// How the next value is guessed: by the polynomial of degree order - 1 through the last `order` values, or,
// with a period, as the value so many rows before (and by order 1 in the first period).
struct Predictor {
  static constexpr uint64_t kMaxOrder = 3;
  static constexpr uint64_t kMaxPeriod = 4096;
  uint64_t order = 0;
  uint64_t period = 0;  // 0: none

  // Modulo 2^64. `values` holds those before row `i`.
  int64_t guess(const int64_t* values, size_t i) const {
    const auto at = [&](size_t back) { return static_cast<uint64_t>(values[i - back]); };
    if (period > 0 && i >= period) return static_cast<int64_t>(at(period));
    const uint64_t degree = std::min<uint64_t>(period > 0 ? 1 : order, i);
    if (degree == 0) return 0;
    if (degree == 1) return static_cast<int64_t>(at(1));
    if (degree == 2) return static_cast<int64_t>(2 * at(1) - at(2));
    return static_cast<int64_t>(3 * at(1) - 3 * at(2) + at(3));
  }
};

// The predictor that leaves least to be coded.
Predictor best_predictor(const std::vector<int64_t>& values);

}  // namespace aicodec::track
