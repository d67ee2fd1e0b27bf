// The sums and steps of odds_kernels.h, sixteen nodes at a time.
#include "screen/odds_kernels.h"

#include "screen/odds.h"
#include "screen/sixteen.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

constexpr int kContexts = OpenOdds::kContexts;
constexpr int kNodes = OddsLine::kNodes;

// What of an error a line learns, by its age, in 2^-17 of it: much at first.
constexpr int kAges = 32;
struct Shares {
  int16_t at[kAges];
};
constexpr Shares kShares = [] {
  Shares shares{};
  for (int age = 0; age < kAges; ++age) {
    const int share = 28800 / (2 * age + 3);
    shares.at[age] = static_cast<int16_t>(share < 1200 ? 1200 : share);
  }
  return shares;
}();
// And a weight of error times odds.
constexpr int kWeightShare = 8000;

// By how much a line's numbers grow on their own, and how far.
struct Ageing {
  int16_t older[kNodes];
  int16_t at_most[kNodes];
};
alignas(32) constexpr Ageing kAgeing = [] {
  Ageing ageing{};
  for (int i = 0; i < kNodes; ++i) ageing.at_most[i] = 32767;
  ageing.older[OddsLine::kAge] = 1;
  ageing.at_most[OddsLine::kAge] = kAges - 1;
  return ageing;
}();

alignas(32) constexpr uint16_t kBits[16] = {1u << 0,  1u << 1,  1u << 2,  1u << 3, 1u << 4,  1u << 5,
                                            1u << 6,  1u << 7,  1u << 8,  1u << 9, 1u << 10, 1u << 11,
                                            1u << 12, 1u << 13, 1u << 14, 1u << 15};
// All bits of number i where bit i is set.
inline Sixteen where(uint32_t bits) {
  const Sixteen each = load_sixteen(kBits);
  return is_equal(Sixteen::all(static_cast<int>(bits & 0xFFFF)) & each, each);
}

// Half of the upper half of the product, rounded: nothing where either is zero.
inline Sixteen share_of(Sixteen a, Sixteen b) {
  return shift_right<1>(high_signed_product(a, b) + Sixteen::all(1));
}

void look(const OpenOdds& open, int from, uint16_t* chances) {
  const int16_t* const odds = open.table + from;
  const int16_t* weights = open.weights + from;
  Sixteen sum = shift_right<2>(load_sixteen(odds + open.at[kContexts]));
  for (int i = 0; i < kContexts; ++i, weights += kNodes)
    sum = add_within(sum, high_signed_product(load_sixteen(odds + open.at[i]), load_sixteen(weights)));
  sum = add_within(sum, sum);
  store_sixteen(chances + from, chances_of<kLeastChance>(add_within(sum, sum)));
}

void learn(const OpenOdds& open, int from, const uint16_t* chances, uint32_t asked, uint32_t ones) {
  const Sixteen errors = errors_of(where(ones >> from), load_sixteen(chances + from), where(asked >> from));
  const Sixteen weight_errors = high_signed_product(errors, Sixteen::all(kWeightShare));
  const Sixteen older = load_sixteen(kAgeing.older + from);
  const Sixteen at_most = load_sixteen(kAgeing.at_most + from);
  int16_t* const table = open.table;
  int16_t* weights = open.weights + from;
  for (int i = 0; i <= kContexts; ++i, weights += kNodes) {
    int16_t* const line = table + open.at[i];
    const Sixteen odds = load_sixteen(line + from);
    const Sixteen shares = Sixteen::all(kShares.at[line[OddsLine::kAge]]);
    if (i < kContexts)
      store_sixteen(weights, add_within(load_sixteen(weights), share_of(odds, weight_errors)));
    const Sixteen moved = add_within(odds, share_of(errors, shares));
    store_sixteen(line + from, min_of(moved + older, at_most));
  }
}

}  // namespace

const OddsKernels kOddsKernels = {look, learn};

}  // namespace aicodec::screen::AICODEC_KERNELS
