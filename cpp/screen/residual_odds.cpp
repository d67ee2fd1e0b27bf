#include "screen/residual_odds.h"

#include <algorithm>

namespace aicodec::screen {

void ResidualOdds::start(int bits) {
  constexpr int16_t kFirstWeight = 24000;
  bits_ = bits;
  mask_ = (1u << bits) - 1;
  lines_ = BigArray<OddsLine>((size_t{kContexts} << bits) + size_t{3} * kClasses * kClasses);
  OddsLine weights;
  std::fill_n(weights.odds, OddsLine::kNodes, kFirstWeight);
  weights_.assign(size_t{3} * kClasses * kContexts, weights);
}

}  // namespace aicodec::screen
