// Pixels by symbol ranking: contexts of several shapes each remember which colours followed them; the colours
// they name are asked for one after the other ("is it this one?"), the most trusted first, with probabilities
// mixed from how well each context did. Screens repeat their colours: one or two cheap bits settle most
// pixels.
#pragma once

#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/logistic.h"
#include "screen/mixer.h"
#include "screen/residual_model.h"
#include "screen/site.h"

namespace aicodec::screen {

class ColourModel {
 public:
  ColourModel(const SheetShape& shape, int table_bits);

  // Codes the pixel at `site`, sets its mark and returns it. The decoder ignores `actual`.
  template <typename Coder>
  Pixel code(Coder& coder, ResidualModel& residuals, const Site& site, Pixel actual, uint8_t& mark);

 private:
  static constexpr int kContexts = 10;
  static constexpr int kVoters = 15;  // the contexts and five direct guesses
  static constexpr int kRanks = 4;    // colours asked for at most
  static constexpr int kRefining = 33;

  // What followed a context: the latest colours, how often in a row the first one, and its last hits.
  struct Slot {
    Pixel colours[3] = {kNoPixel, kNoPixel, kNoPixel};
    uint16_t check = 0;
    uint8_t streak = 0;
    uint8_t hits = 0;
  };
  struct Candidates;

  Slot& slot(int context, uint32_t hash) { return slots_[context][(hash * 0x2545F491u) >> table_shift_]; }
  static bool is_flat(const Site& site);
  static uint32_t flat_context(const Site& site);
  void set_hashes(const Site& site);
  void set_late_hashes(const Site& site);
  void open_slots(const Site& site);
  void gather(Candidates& candidates) const;
  void gather_more(const Site& site, Candidates& candidates) const;
  void learn_colour(Pixel colour);
  Pixel gradient(const Site& site) const;

  template <typename Coder>
  bool code_hit(Coder& coder, const Site& site, int rank, Pixel colour, bool hit);

  SheetShape shape_;
  int table_shift_;
  BigArray<Slot> slots_[kContexts];
  // Per rank, voter, how it voted (not, first, second, third colour) and its confidence.
  BitModel confidence_[kRanks][kVoters][4][256];
  std::vector<MixWeights<16>> weights_[2];
  std::vector<BitModel> refine_;
  BitModel flat_[2048];
  BitModel fast_[2048];

  // Of the pixel being coded.
  uint32_t hashes_[kContexts] = {};
  Slot* open_[kContexts] = {};
  Pixel votes_[kVoters] = {};
  int trust_[kVoters] = {};
  uint32_t near_marks_ = 0;
};

}  // namespace aicodec::screen

#include "screen/colour_model.inl"
