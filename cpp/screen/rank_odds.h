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
    const auto odds_of = [&](int voter, int vote, int trust) {
      return static_cast<uint32_t>(2 * stretch(first_chance(voter, vote, trust)));
    };
    for (int voter = 0; voter < kVoters; ++voter)
      for (int trust = 0; trust < kTrusts; ++trust) {
        Later later;
        for (int vote = 0; vote < 4; ++vote)
          for (auto& rank : later.odds) rank[vote] = odds_of(voter, vote, trust);
        later_.push_back(later);
        first_.push_back({{odds_of(voter, 0, trust), odds_of(voter, 1, trust)}});
      }
    places_.assign(size_t{kRanks} * kPlaces * kSpots, 0);
  }

  // Looks at the voters, by their trusts; how much each speaks for the first colour it names.
  Words look(const uint32_t* trusts) {
    First* const table = first_.data();
    load_pairs([&](int i) { return (table + i * kTrusts)[trusts[i]].odds; }, against_, in_favour_);
    return all_words(20) + shift_right_positive<5>(in_favour_ - against_);
  }

  // Codes whether the first colour asked for is right, after look(). `agreeing` is all ones where a voter
  // named it first, else 0.
  template <typename Coder>
  bool code_first(Coder& coder, const uint32_t* trusts, Words agreeing, const uint32_t (&spots)[kPlaces],
                  bool hit) {
    First* const table = first_.data();
    const uint32_t sum = sum_of(against_ + ((in_favour_ - against_) & agreeing));
    return code_at(coder, 0, sum, spots, hit, [&](uint32_t step) {
      const Words more = all_words(step) & agreeing;
      store_pairs([&](int i) { return (table + i * kTrusts)[trusts[i]].odds; },
                  against_ + (all_words(step) - more), in_favour_ + more);
    });
  }
  // Codes whether a later one is, for which voters voted so.
  template <typename Coder>
  bool code_later(Coder& coder, int rank, const uint32_t* trusts, const uint32_t* votes,
                  const uint32_t (&spots)[kPlaces], bool hit) {
    uint32_t* odds[kVoters];
    uint32_t sum = 0;
    for (int i = 0; i < kVoters; ++i) {
      odds[i] = (later_.data() + i * kTrusts)[trusts[i]].odds[rank - 1] + votes[i];
      sum += *odds[i];
    }
    return code_at(coder, rank, sum, spots, hit, [&](uint32_t step) {
      for (uint32_t* each : odds) *each += step;
    });
  }

 private:
  // With what voters say in all. learn(step) moves each of them.
  template <typename Coder, typename Learn>
  bool code_at(Coder& coder, int rank, uint32_t sum, const uint32_t (&spots)[kPlaces], bool hit,
               Learn learn) {
    uint32_t* places[kPlaces];
    for (uint32_t i = 0; i < kPlaces; ++i) {
      places[i] = &places_[(static_cast<uint32_t>(rank) * kPlaces + i) * kSpots + spots[i]];
      sum += *places[i];
    }
    const uint32_t chance = chance_of(std::clamp(static_cast<int32_t>(sum), -kMostOdds, kMostOdds));
    hit = coder.bit_with(chance, hit);
    const int error = error_of(hit, chance);
    learn(static_cast<uint32_t>((error + 128) >> 8));
    for (uint32_t* place : places) *place += static_cast<uint32_t>((error + 64) >> 7);
    return hit;
  }

  // By voter and trust. Signed numbers of 32 bits in two's complement, whose sums may overflow without harm.
  // At the first rank: not, first colour; they are looked at most, and stand close together.
  struct First {
    uint32_t odds[2];
  };
  // By rank and vote.
  struct alignas(64) Later {
    uint32_t odds[kRanks - 1][4];
  };

  std::vector<First> first_;
  std::vector<Later> later_;
  std::vector<uint32_t> places_;
  // Of the pixel being coded, at the first rank.
  Words against_ = {}, in_favour_ = {};
};

}  // namespace aicodec::screen
