// Pixels by symbol ranking: contexts of several shapes each remember which colours followed them; the colours
// they name are asked for one after the other ("is it this one?"), the most trusted first, with probabilities
// mixed or, for speed, added up from how well each context did. Screens repeat their colours: one or two
// cheap bits settle most pixels.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/context_kernels.h"
#include "screen/logistic.h"
#include "screen/mixer.h"
#include "screen/model_settings.h"
#include "screen/rank_odds.h"
#include "screen/residual_model.h"
#include "screen/site.h"

namespace aicodec::screen {

// Who votes for colours: numbers as in docs/bitstream.md, the contexts first. Those that tell most learn
// faster than all, and cost half the time.
template <bool All>
struct Voters {
  static constexpr int kContexts = 10;
  static constexpr int kCount = 15;
  static constexpr int kInputs = 16;
  static constexpr int kWho[kCount] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
  // Where in the list those contexts are whose lines of slots are found early: first the three of sure
  // colours.
  static constexpr int kEarly[4] = {4, 6, 3, 1};
};
template <>
struct Voters<false> {
  static constexpr int kContexts = 5;
  static constexpr int kCount = 8;
  static constexpr int kInputs = 8;
  static constexpr int kWho[kCount] = {0, 1, 3, 4, 6, 10, 11, 12};
  static constexpr int kEarly[4] = {3, 4, 2, 1};
};

class ColourModel {
 public:
  ColourModel(const SheetShape& shape, const ModelSettings& settings);

  // Before the pixels of a row, and then for `count` of them (a multiple of ContextKernels::kPixels, more
  // than are coded) whose references lie side by side, from `site` on.
  void begin_row() { ahead_ = kNowhere; }
  void look_at_row(const Site& site, int count) {
    kernels_->look(site.here, site.reference, site.background, site.stride, row_.from(site.x), count);
  }

  // Codes the pixel at `site`, sets its mark and returns it. The decoder ignores `actual`.
  template <typename Coder>
  Pixel code(Coder& coder, ResidualModel& residuals, const Site& site, Pixel actual, uint8_t& mark) {
    return all_voters_ ? code_with<true>(coder, residuals, site, actual, mark)
                       : code_with<false>(coder, residuals, site, actual, mark);
  }

 private:
  static constexpr int kContexts = Voters<true>::kContexts;
  static constexpr int kVoters = Voters<true>::kCount;
  static constexpr int kRanks = 4;  // colours asked for at most
  static constexpr uint32_t kNowhere = 0xFFFFFFFF;
  static constexpr int kRefining = 33;
  static constexpr uint32_t kSeldom = 1500;  // in 2^-16
  static constexpr uint32_t kRankedOneOf = 16;
  static constexpr uint32_t kSlowly = 255;

  // What followed a context: the latest colours, and the state: the hash's lower half, and above it the trust
  // in the first colour, which is how often in a row it came, up to 15, times 16, and its last four hits.
  struct alignas(16) Slot {
    uint32_t words[4] = {kNoPixel, kNoPixel, kNoPixel, 0};

    Pixel colour(int i) const { return words[i]; }
    uint32_t trust() const { return words[3] >> 16; }
    bool is_of(uint32_t hash) const { return ((words[3] ^ hash) & 0xFFFF) == 0; }
    bool is_sure(uint32_t hash, uint32_t least_streak, uint32_t least_hits) const {
      return is_of(hash) && trust() >= least_streak * 16 && (trust() & least_hits) == least_hits;
    }
    void set_trust(uint32_t trust) { words[3] = (words[3] & 0xFFFF) | trust << 16; }
    void hit() { set_trust(kTrustAfterHit[trust()]); }
    // A colour that has been first for long comes back with some trust.
    void miss(bool was_second) { set_trust((trust() << 1 & 15) | (was_second ? trust() >> 3 & 16 : 0)); }
  };
  static constexpr auto kTrustAfterHit = [] {
    std::array<uint8_t, 256> after{};
    for (int trust = 0; trust < 256; ++trust)
      after[trust] = static_cast<uint8_t>(std::min(trust / 16 + 1, 15) * 16 + (2 * trust + 1) % 16);
    return after;
  }();
  struct Candidates;

  template <bool All, typename Coder>
  Pixel code_with(Coder& coder, ResidualModel& residuals, const Site& site, Pixel actual, uint8_t& mark);
  // Amid escaped pixels, where colours asked for are seldom right: whether this time none is.
  bool skips_ranks() { return hit_amid_escapes_.probability() < kSeldom && ++unranked_ % kRankedOneOf != 0; }
  template <typename Coder>
  Pixel code_unranked(Coder& coder, ResidualModel& residuals, const Site& site, Pixel actual, uint8_t& mark);
  // Whether fifteen pixels around are of one colour. `like_north`: of RowContexts.
  static bool is_flat(const Site& s, uint32_t like_north) {
    const Pixel w = s.at(-1, 0);
    return (like_north & RowContexts::kFlat) != 0 && w == s.at(0, -1) && w == s.at(-2, 0) && w == s.at(-3, 0);
  }
  static uint32_t flat_context(const Site& site, uint32_t like_north);
  // Four slots in a cache line: what a context sees of all but the pixel to the left and the guide says
  // which, a pixel ahead.
  struct Line {
    uint32_t hash = 0;
    Slot* slots = nullptr;
  };
  static uint32_t term(int place, uint32_t value) { return kPlaceFactors.of[place] * value; }
  static uint32_t scrambled(uint32_t sum) { return (sum ^ sum >> 15) * 0x2545F491u; }
  // Finds the lines of a pixel's early contexts and asks for them.
  template <bool All>
  void look_at_lines(const Pixel* here, uint32_t x);
  // Finds the slots of the early contexts, and the next pixel's lines.
  template <bool All>
  void find_early(const Site& site);
  // Finds those of the others and asks for them.
  template <bool All>
  void find_others(const Site& site);
  // Asks for a slot of the next pixel once the pixel is known, or likely.
  void ask_ahead(Pixel pixel);
  // Sets what slots and pixels around say.
  template <bool All>
  void open_slots(const Site& site, uint32_t like_north, int escaped_near);
  Words known_hashes() const { return load_words(hashes_) & all_words(0xFFFF); }
  // Lists what voters name, and returns the best one's place in the list.
  template <bool All>
  int gather(Candidates& candidates);
  template <bool All>
  void gather_more(const Site& site, Candidates& candidates) const;
  template <bool All>
  void learn_colour(Pixel colour);
  Pixel gradient(const Site& site) const;

  template <bool All>
  Pixel sure_colour() const;
  template <bool All, typename Coder>
  bool code_sure(Coder& coder, const Site& site, Pixel colour, Pixel actual);
  // How each voter votes for a colour (not, first, second, third colour), and three places that tell what is
  // around.
  template <bool All>
  struct Ballot {
    alignas(16) uint32_t votes[Voters<All>::kInputs];
    uint32_t places[RankOdds::kPlaces];
  };
  template <bool All>
  Ballot<All> ballot_of(int rank, Pixel colour) const;
  // The places, where so many voters named the colour.
  void look_around(Pixel colour, uint32_t agreeing, uint32_t (&places)[RankOdds::kPlaces]) const;
  template <bool All, typename Coder>
  bool code_hit(Coder& coder, int rank, Pixel colour, bool hit);
  template <typename Coder>
  bool code_hit_quickly(Coder& coder, int rank, Pixel colour, bool hit);

  SheetShape shape_;
  bool all_voters_;
  bool adds_odds_;  // instead of mixing
  int table_shift_;
  BigArray<Slot> slots_[kContexts];
  // By rank and how a voter voted (not, first, second, third colour): all that may be asked about a pixel is
  // in one cache line.
  struct alignas(64) Confidence {
    BitModel models[kRanks][4];
  };
  // By voter and its trust; none where odds are added.
  std::vector<Confidence> confidence_;
  Confidence& confidence(int voter, uint32_t trust) {
    return confidence_[static_cast<size_t>(voter * RankOdds::kTrusts) + trust];
  }
  std::vector<MixWeights<16>> weights_[2];
  std::vector<BitModel> refine_;
  RankOdds odds_;
  BitModel flat_[2048];
  BitModel fast_[2048];
  BitModel hit_amid_escapes_;
  uint32_t unranked_ = 0;

  // Of the pixel being coded, by place in the list of voters.
  alignas(16) uint32_t hashes_[16] = {};
  Slot* open_[kContexts] = {};
  alignas(16) Pixel votes_[16] = {};
  // Of contexts, their second and third colours.
  alignas(16) Pixel seconds_[16] = {};
  alignas(16) Pixel thirds_[16] = {};
  alignas(16) uint32_t trust_[16] = {};
  // The colours of pixels around: west, north, east, northeast, northwest, then the background's and the
  // reference's; and what places tell of a pixel whatever its colour.
  alignas(16) Pixel around_[8] = {};
  uint32_t places_[RankOdds::kPlaces] = {};
  // Of the row being coded, by column.
  struct Row {
    std::vector<uint32_t> north, four, eight, fifteen, around, like_north;

    explicit Row(size_t width)
        : north(width), four(width), eight(width), fifteen(width), around(width), like_north(width) {}
    RowContexts from(uint32_t x) {
      return {&north[x], &four[x], &eight[x], &fifteen[x], &around[x], &like_north[x]};
    }
  };
  const ContextKernels* kernels_;
  Row row_;
  // Of the pixel in column `ahead_`, in the order of the early contexts.
  uint32_t ahead_ = kNowhere;
  Line lines_[4] = {};
};

}  // namespace aicodec::screen

#include "screen/colour_model.inl"
