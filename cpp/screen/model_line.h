// Bit models that are used together and lie in one cache line: the tables they come from are far larger than
// any cache, and waiting for a line takes longer than all that is then done with it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace aicodec::screen {

// As BitModel, with sixteen bits of probability and eight of count.
class alignas(64) ModelLine {
 public:
  static constexpr int kModels = 21;

  ModelLine() { probabilities_.fill(1 << 15); }

  // Of a 1, in 2^-16, from 1 to 65535.
  uint32_t probability(int model) const {
    return std::max<uint32_t>(probabilities_[static_cast<size_t>(model)], 1);
  }
  // Precondition: limit <= 255.
  void learn(int model, bool bit, uint32_t limit) {
    const size_t at = static_cast<size_t>(model);
    const uint32_t count = counts_[at];
    const int32_t p = probabilities_[at];
    const int32_t target = bit ? 65535 : 0;
    // Rounded to the nearest: what no step can reach is then the same at either end.
    probabilities_[at] = static_cast<uint16_t>(p + (((target - p) * kRates[count] + (1 << 14)) >> 15));
    counts_[at] = static_cast<uint8_t>(count + (count < limit));
  }

 private:
  static constexpr auto kRates = [] {
    std::array<int32_t, 256> rates{};
    for (int n = 0; n < 256; ++n) rates[static_cast<size_t>(n)] = 2 * 32768 / (2 * n + 3);
    return rates;
  }();

  std::array<uint16_t, kModels> probabilities_;
  std::array<uint8_t, kModels> counts_{};
};

}  // namespace aicodec::screen
