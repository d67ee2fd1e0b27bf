// Kernels of ResidualModel: what is expected of one component after the other, and which lines of odds its
// residual opens.
#pragma once

#include <cstdint>

#include "base/isa.h"
#include "screen/odds_kernels.h"
#include "screen/residual_kernels.h"

namespace aicodec::screen {

struct Expected {
  int value;
  int base;     // what predictions count from
  int by_line;  // 0, or 1 and how far the predictors are off the span's line
  int span_class;
};

// The lines of all contexts, of 2^bits each and one after the other, and of the classes of three turns; and
// weights by turn and span class.
struct OddsTables {
  static constexpr int kClasses = 8;

  int16_t* lines;
  int16_t* weights;
  int bits;
};

// The last context sees the residual before: where that is not known yet, its line is still to be found from
// late_hash.
struct OpenTurn {
  Expected expected;
  OpenOdds odds;
  uint32_t late_hash;
};

struct TurnKernels {
  // `first`: the value of the component that leads, after turn 0.
  Expected (*expect)(const Sight& sight, const Surroundings& surroundings, int turn, int first);
  // Open the lines of turn 0, and of a later turn, given the residual of turn 0; and ask for them. Turn 2
  // waits.
  void (*open_first)(const Sight& sight, const Surroundings& surroundings, const OddsTables& tables,
                     OpenTurn& opened);
  void (*open_next)(const Sight& sight, const Surroundings& surroundings, const OddsTables& tables, int turn,
                    int first, int residual, OpenTurn& opened);
};

AICODEC_DECLARE_KERNELS(TurnKernels, kTurnKernels)

}  // namespace aicodec::screen
