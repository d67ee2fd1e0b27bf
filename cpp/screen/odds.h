// Log odds that are added up: what several contexts say of a bit gives its probability as their sum, and one
// step moves all of them by the same share of the error. In 2^-12 of the natural logarithm.
#pragma once

#include <algorithm>
#include <cstdint>

#include "screen/lanes.h"

namespace aicodec::screen {

// Odds farther out count as these.
inline constexpr int kMostOdds = 32767;
// The least probability of either bit, in 2^-16.
inline constexpr int kLeastChance = 3;

// The probability of a 1 in 2^-16 at `odds`: (1 + odds / 2^15)^4 / 2 for negative ones, much like the
// logistic function, but it takes only two products. Precondition: -kMostOdds - 1 <= odds <= kMostOdds.
inline uint32_t chance_of(int odds) {
  const int negative = odds < 0 ? -1 : 0;
  const uint32_t root = 2 * static_cast<uint32_t>(kMostOdds - (odds ^ negative));
  const uint32_t square = root * root >> 16;
  const uint32_t rare = std::max<uint32_t>(square * square >> 17, kLeastChance);
  return negative != 0 ? rare : 65535 - rare;
}

// The same of all numbers in Lanes (or Sixteen), each bit's probability at least `Least`.
template <int Least, typename Numbers>
Numbers chances_of(Numbers odds) {
  const Numbers negative = shift_right<15>(odds);
  const Numbers root = Numbers::all(kMostOdds) - (odds ^ negative);
  const Numbers square = high_product(root + root, root + root);
  const Numbers rare = max_of(shift_right_unsigned<1>(high_product(square, square)), Numbers::all(Least));
  return rare ^ negative ^ Numbers::all(-1);
}

// By how much a bit was more than its probability said, in 2^-15.
inline int error_of(bool bit, uint32_t chance) {
  return bit ? static_cast<int>(65535 - chance) >> 1 : -static_cast<int>(chance >> 1);
}

// The same of all numbers; 0 where none was asked.
template <typename Numbers>
Numbers errors_of(Numbers ones, Numbers chances, Numbers asked) {
  const Numbers size = shift_right_unsigned<1>(chances ^ ones);
  const Numbers zeros = ones ^ Numbers::all(-1);
  return ((size ^ zeros) - zeros) & asked;
}

}  // namespace aicodec::screen
