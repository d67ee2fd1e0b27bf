#include "screen/residual_odds.h"

namespace aicodec::screen {
namespace {

using Eight = std::array<int16_t, 8>;

// What of an error a line learns, by its age, in 2^-17 of it: much at first.
constexpr int kFirstShare = 28800;
constexpr int kLeastShare = 1200;
alignas(16) constexpr auto kShares = [] {
  std::array<Eight, 32> shares{};
  for (int age = 0; age < 32; ++age)
    shares[static_cast<size_t>(age)].fill(
        static_cast<int16_t>(std::max(kFirstShare / (2 * age + 3), kLeastShare)));
  return shares;
}();
// And a weight of error times odds.
constexpr int kWeightShare = 8000;
constexpr int16_t kFirstWeight = 24000;

alignas(16) constexpr Eight kOlder = {0, 0, 1, 0, 0, 0, 0, 0};
alignas(16) constexpr Eight kAtMost = {32767, 32767, 31, 32767, 32767, 32767, 32767, 32767};

// Half of the upper half of the product, rounded.
Lanes share_of(Lanes a, Lanes b) { return shift_right<1>(high_signed_product(a, b) + all_lanes(1)); }

}  // namespace

void ResidualOdds::start(int bits) {
  for (auto& table : lines_) table = BigArray<Line>(size_t{1} << bits);
  mask_ = (1u << bits) - 1;
  common_.resize(size_t{3} * kClasses * kClasses);
  Line weights;
  std::fill_n(weights.odds, kPart * kParts, kFirstWeight);
  weights_.assign(size_t{3} * kClasses * kContexts, weights);
}

void ResidualOdds::learn(const Open& open, int part, const Nodes& nodes) {
  const int from = part * kPart;
  const Lanes errors = errors_of(lanes_of_bits(nodes.ones >> from), load_lanes(nodes.chances + from),
                                 lanes_of_bits(nodes.asked >> from));
  const Lanes weight_errors = high_signed_product(errors, all_lanes(kWeightShare));
  const Lanes older = load_lanes(kOlder.data());
  const Lanes at_most = load_lanes(kAtMost.data());
  for (int i = 0; i <= kContexts; ++i) {
    int16_t* line = open.lines[i]->odds;
    const Lanes odds = load_lanes(line + from);
    const Lanes shares = load_lanes(kShares[static_cast<size_t>(line[kAge])].data());
    if (i < kContexts) {
      int16_t* weights = open.weights[i].odds + from;
      store_lanes(weights, add_within(load_lanes(weights), share_of(odds, weight_errors)));
    }
    Lanes moved = add_within(odds, share_of(errors, shares));
    if (part == 0) moved = min_of(moved + older, at_most);
    store_lanes(line + from, moved);
  }
}

}  // namespace aicodec::screen
