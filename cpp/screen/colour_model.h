// Pixels by symbol ranking: contexts of several shapes each remember which colours followed them; the colours
// they name are asked for one after the other ("is it this one?"), the most trusted first, with probabilities
// mixed or, for speed, added up from how well each context did. Screens repeat their colours: one or two
// cheap bits settle most pixels.
#pragma once

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
  // Where in the list the contexts of sure colours are.
  static constexpr int kSure[3] = {4, 6, 3};
};
template <>
struct Voters<false> {
  static constexpr int kContexts = 5;
  static constexpr int kCount = 8;
  static constexpr int kInputs = 8;
  static constexpr int kWho[kCount] = {0, 1, 3, 4, 6, 10, 11, 12};
  static constexpr int kSure[3] = {3, 4, 2};
};

class ColourModel {
 public:
  ColourModel(const SheetShape& shape, const ModelSettings& settings);

  // Before the pixels of a row, and then for all cells of them: `count` of those whose references lie side by
  // side, from `column` on. `site` is the first one's first pixel in that row.
  void begin_row() { ahead_ = kNowhere; }
  void look_above(const Site& site, int column, int count) {
    kernels_->sum_above(site.here, site.reference, site.stride, &above_[static_cast<size_t>(column)], count);
  }

  // Codes the pixel at `site`, which is column x, sets its mark and returns it. The decoder ignores `actual`.
  template <typename Coder>
  Pixel code(Coder& coder, ResidualModel& residuals, const Site& site, uint32_t x, Pixel actual, uint8_t& mark) {
    return all_voters_ ? code_with<true>(coder, residuals, site, x, actual, mark)
                       : code_with<false>(coder, residuals, site, x, actual, mark);
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

  // What followed a context: the latest colours, how often in a row the first one, and its last hits.
  struct Slot {
    Pixel colours[3] = {kNoPixel, kNoPixel, kNoPixel};
    uint16_t check = 0;
    uint8_t streak = 0;
    uint8_t hits = 0;

    bool is_sure(uint32_t hash, int least_streak, uint8_t least_hits) const {
      return check == static_cast<uint16_t>(hash) && streak >= least_streak &&
             (hits & least_hits) == least_hits;
    }
    void hit() {
      streak = static_cast<uint8_t>(streak + (streak < 15));
      hits = static_cast<uint8_t>(hits << 1 | 1);
    }
  };
  struct Candidates;

  template <bool All, typename Coder>
  Pixel code_with(Coder& coder, ResidualModel& residuals, const Site& site, uint32_t x, Pixel actual,
                  uint8_t& mark);
  // Amid escaped pixels, where colours asked for are seldom right: whether this time none is.
  bool skips_ranks() { return hit_amid_escapes_.probability() < kSeldom && ++unranked_ % kRankedOneOf != 0; }
  template <typename Coder>
  Pixel code_unranked(Coder& coder, ResidualModel& residuals, const Site& site, Pixel actual, uint8_t& mark);
  static bool is_flat(const Site& site);
  static uint32_t flat_context(const Site& site);
  // What large contexts see of all but the pixel to the left and the guide: it is known a pixel ahead, and
  // tells which line of slots will be looked at.
  struct Lines {
    uint32_t twelve, all, around;
  };
  const AboveSums& above(uint32_t x) const { return above_[x / AboveSums::kPixels]; }
  Lines lines_at(const Pixel* here, uint32_t x) const;
  Slot* line(int context, uint32_t sum) { return &slots_[context][scrambled(sum) >> table_shift_ & ~3u]; }
  static uint32_t scrambled(uint32_t sum) { return (sum ^ sum >> 15) * 0x2545F491u; }
  // Finds the slots of all contexts and asks for them, and for the next pixel's lines.
  template <bool All>
  void set_hashes(const Site& site, uint32_t x);
  // Asks for the next pixel's other slots once the pixel is known.
  void ask_ahead(Pixel pixel);
  template <bool All>
  void open_slots(const Site& site);
  template <bool All>
  void gather(Candidates& candidates);
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
    int votes[Voters<All>::kCount];
    int places[RankOdds::kPlaces];
  };
  template <bool All>
  Ballot<All> ballot_of(const Site& site, int rank, Pixel colour) const;
  template <bool All, typename Coder>
  bool code_hit(Coder& coder, const Site& site, int rank, Pixel colour, bool hit);
  template <typename Coder>
  bool code_hit_quickly(Coder& coder, const Site& site, int rank, Pixel colour, bool hit);

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
  Confidence& confidence(int voter, int trust) {
    return confidence_[static_cast<size_t>(voter * RankOdds::kTrusts + trust)];
  }
  std::vector<MixWeights<16>> weights_[2];
  std::vector<BitModel> refine_;
  RankOdds odds_;
  BitModel flat_[2048];
  BitModel fast_[2048];
  BitModel hit_amid_escapes_;
  uint32_t unranked_ = 0;

  // Of the pixel being coded, by place in the list of voters.
  uint32_t hashes_[kContexts] = {};
  Slot* open_[kContexts] = {};
  Pixel votes_[kVoters] = {};
  int trust_[kVoters] = {};
  uint32_t near_marks_ = 0;
  // Of the row being coded, by cell.
  const ContextKernels* kernels_;
  std::vector<AboveSums> above_;
  // Of the pixel in column `ahead_`.
  uint32_t ahead_ = kNowhere;
  Lines ahead_lines_ = {};
};

}  // namespace aicodec::screen

#include "screen/colour_model.inl"
