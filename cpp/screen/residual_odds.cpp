#include "screen/residual_odds.h"

#include <algorithm>

namespace aicodec::screen {

void ResidualOdds::start(int bits) {
  constexpr int16_t kFirstWeight = 24000;
  constexpr size_t kClasses = OddsTables::kClasses;
  bits_ = bits;
  lines_ = BigArray<OddsLine>((size_t{kContexts} << bits) + 3 * kClasses * kClasses);
  OddsLine weights;
  std::fill_n(weights.odds, OddsLine::kNodes, kFirstWeight);
  weights_.assign(3 * kClasses * kContexts, weights);
}

}  // namespace aicodec::screen
