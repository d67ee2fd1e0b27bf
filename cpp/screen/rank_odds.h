// "Is it this colour?" where a decoder has no time to mix what voters say: log odds of the voters' trust and
// of what is around are added up.
#pragma once

#include <vector>

#include "screen/logistic.h"
#include "screen/odds.h"
#include "screen/words.h"

namespace aicodec::screen {

class RankOdds {
 public:
  static constexpr int kVoters = 8;
  static constexpr int kRanks = 4;
  static constexpr int kPlaces = 3;
  static constexpr int kTrusts = 256;
  static constexpr int kSpots = 1024;  // of a place

  // Makes the tables; there are none until then. `first_chance` of a voter, its vote (not, first, second,
  // third colour) and its trust, in 2^-16.
  template <typename Chance>
  void start(Chance first_chance) {
    voters_.resize(size_t{kVoters} * kTrusts);
    places_.assign(size_t{kRanks} * kPlaces * kSpots, 0);
    for (int voter = 0; voter < kVoters; ++voter)
      for (int trust = 0; trust < kTrusts; ++trust)
        for (int rank = 0; rank < kRanks; ++rank)
          for (int vote = 0; vote < 4; ++vote)
            voters_[static_cast<size_t>(voter * kTrusts + trust)].odds[4 * rank + vote] =
                static_cast<uint32_t>(2 * stretch(first_chance(voter, vote, trust)));
  }

  // Looks at the voters; how much each speaks for the first colour it names.
  Words look(const uint32_t* trusts) {
    for (int i = 0; i < kVoters; ++i) open_[i] = (voters_.data() + i * kTrusts)[trusts[i]].odds;
    Words against, in_favour;
    load_pairs(open_, 0, against, in_favour);
    return all_words(20) + shift_right_positive<5>(in_favour - against);
  }

  // Codes whether a colour is right for which voters voted so, after look().
  template <typename Coder>
  bool code(Coder& coder, int rank, const uint32_t* votes, const uint32_t (&spots)[kPlaces], bool hit) {
    const uint32_t offset = 4 * static_cast<uint32_t>(rank);
    uint32_t* const places = &places_[static_cast<uint32_t>(rank * kPlaces * kSpots)];
    uint32_t sum = 0;
    for (int i = 0; i < kVoters; ++i) sum += open_[i][offset + votes[i]];
    for (uint32_t i = 0; i < kPlaces; ++i) sum += places[i * kSpots + spots[i]];
    const uint32_t chance = chance_of(std::clamp(static_cast<int32_t>(sum), -kMostOdds, kMostOdds));
    hit = coder.bit_with(chance, hit);
    const int error = error_of(hit, chance);
    const uint32_t voters_step = static_cast<uint32_t>((error + 128) >> 8);
    const uint32_t places_step = static_cast<uint32_t>((error + 64) >> 7);
    for (int i = 0; i < kVoters; ++i) open_[i][offset + votes[i]] += voters_step;
    for (uint32_t i = 0; i < kPlaces; ++i) places[i * kSpots + spots[i]] += places_step;
    return hit;
  }

 private:
  // By rank and vote. Signed numbers of 32 bits in two's complement, whose sums may overflow without harm.
  struct alignas(64) Voter {
    uint32_t odds[4 * kRanks];
  };
  std::vector<Voter> voters_;
  std::vector<uint32_t> places_;
  uint32_t* open_[kVoters] = {};
};

}  // namespace aicodec::screen
