// Kernels of ResidualOdds: sums over the lines of one residual, and the step by which these learn.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace aicodec::screen {

// Log odds of a residual's nodes by parts of eight, so that the two parts that most residuals take lie side
// by side: the exponent of positive residuals, and the highest bit below the leading one for an exponent of
// 6; zero, sign, the line's age, and that bit for exponents from 1 to 5; as the first part, of negative
// residuals; the next bit from an exponent of 4 on.
struct alignas(64) OddsLine {
  static constexpr int kPart = 8;
  static constexpr int kNodes = 32;
  static constexpr int kAge = kPart + 2;

  int16_t odds[kNodes] = {};
};

// The lines that a residual's bits come from.
struct OpenOdds {
  static constexpr int kContexts = 8;

  // Where in `table` the contexts' odds begin, and those of the classes alone.
  uint32_t at[kContexts + 1];
  int16_t* table;
  // A line of weights for every context, in 2^-14.
  int16_t* weights;
};

struct OddsKernels {
  // The chances of two parts' nodes, from node `from` on.
  void (*look)(const OpenOdds& open, int from, uint16_t* chances);
  // Moves two parts of all lines by what came of the nodes, of which bit i is said in `asked` and `ones`.
  // The one with the age comes last.
  void (*learn)(const OpenOdds& open, int from, const uint16_t* chances, uint32_t asked, uint32_t ones);
};

AICODEC_DECLARE_KERNELS(OddsKernels, kOddsKernels)

}  // namespace aicodec::screen
