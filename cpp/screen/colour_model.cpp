#include "screen/colour_model.h"

#include <algorithm>

namespace aicodec::screen {
namespace {

uint32_t term(int place, uint32_t value) { return kPlaceFactors.of[place] * value; }

}  // namespace

ColourModel::ColourModel(const SheetShape& shape, const ModelSettings& settings)
    : shape_(shape),
      all_voters_(settings.all_voters),
      adds_odds_(!settings.rich && !settings.all_voters),
      table_shift_(32 - settings.colour_bits),
      kernels_(&AICODEC_PICK_KERNELS(kContextKernels)),
      above_(static_cast<size_t>(shape.width / AboveSums::kPixels + 1)) {
  const int contexts = all_voters_ ? Voters<true>::kContexts : Voters<false>::kContexts;
  for (int i = 0; i < contexts; ++i) slots_[i] = BigArray<Slot>(size_t{1} << settings.colour_bits);
  const auto first_chance = [](bool is_context, int vote, int trust) {
    return static_cast<uint32_t>(vote == 0 ? 14000 : is_context ? 30000 + 2000 * (trust >> 4) : 40000);
  };
  for (auto& model : flat_) model = BitModel::starting_at(65000, 4);
  for (auto& model : fast_) model = BitModel::starting_at(64000, 4);
  if (adds_odds_) {
    odds_.start([&](int voter, int vote, int trust) {
      return first_chance(voter < Voters<false>::kContexts, vote, trust);
    });
    return;
  }
  confidence_.resize(size_t{kVoters} * RankOdds::kTrusts);
  for (int rank = 0; rank < kRanks; ++rank)
    for (int voter = 0; voter < kVoters; ++voter)
      for (int vote = 0; vote < 4; ++vote)
        for (int trust = 0; trust < RankOdds::kTrusts; ++trust)
          confidence(voter, trust).models[rank][vote] =
              BitModel::starting_at(first_chance(voter < kContexts, vote, trust));
  MixWeights<16> start{};
  for (int i = 0; i < kVoters; ++i) start.w[i] = all_voters_ ? 3604 : 2048;
  for (auto& weights : weights_) weights.assign(kRanks * 1024, start);
  refine_.resize(size_t{kRanks} * 1024 * kRefining);
  for (size_t i = 0; i < refine_.size(); ++i)
    refine_[i] = BitModel::starting_at(squash((static_cast<int>(i % kRefining) - 16) * kMaxStretch / 16), 6);
}

// Whether fifteen pixels around are of one colour.
bool ColourModel::is_flat(const Site& s) {
  const Pixel w = s.at(-1, 0);
  return w == s.at(0, -1) && w == s.at(1, -1) && w == s.in_reference(0, 0) && w == s.at(1, 0) &&
         w == s.at(-1, -1) && w == s.at(-2, 0) && w == s.at(0, -2) && w == s.at(0, 1) && w == s.at(2, -1) &&
         w == s.at(-2, -1) && w == s.at(-3, 0) && w == s.in_reference(1, 0) && w == s.in_reference(0, 1);
}

uint32_t ColourModel::flat_context(const Site& s) {
  const Pixel w = s.at(-1, 0);
  const uint32_t marks = s.mark(-1, 0) & s.mark(0, -1) & s.mark(-1, -1) & s.mark(1, -1) & 1;
  const auto bit = [](bool set, int place) { return static_cast<uint32_t>(set) << place; };
  return marks | bit(w == s.at(1, 1), 1) | bit(w == s.at(2, -2), 2) | bit(w == s.in_reference(1, 1), 3) |
         bit(w == *s.background, 4) | bit(w == s.at(-4, 0) && w == s.at(-8, 0), 5) | bit(w == s.at(2, 0), 6) |
         bit(w == s.at(0, -3), 7) | bit(w == s.at(4, -1), 8) | bit(w == s.at(0, 2), 9) |
         bit(s.mark(-2, 0) & s.mark(0, -2) & 1, 10);
}

ColourModel::Lines ColourModel::lines_at(const Pixel* here, uint32_t x) const {
  const AboveSums& sums = above(x);
  const uint32_t i = x % AboveSums::kPixels;
  const uint32_t west = term(5, here[-2]) + term(11, here[-3]);
  const uint32_t far_west = west + term(16, here[-4]) + term(20, here[-5]);
  return {sums.eight[i] + west, sums.fifteen[i] + far_west, sums.around[i]};
}

// The contexts' slots: of a growing neighbourhood, and of others. Every place has a factor of its own, so
// that contexts share products, and none of them waits for another.
template <bool All>
void ColourModel::set_hashes(const Site& s, uint32_t x) {
  using V = Voters<All>;
  const Lines lines = x == ahead_ ? ahead_lines_ : lines_at(s.here, x);
  const uint32_t west = term(0, s.at(-1, 0));
  const uint32_t late = west + term(4, s.guide);
  const uint32_t pair = west + above(x).north[x % AboveSums::kPixels];
  const uint32_t five = late + above(x).three[x % AboveSums::kPixels];
  const auto by_sum = [&](int i, uint32_t sum) {
    hashes_[i] = scrambled(sum);
    open_[i] = &slots_[i][hashes_[i] >> table_shift_];
    prefetch(open_[i]);
  };
  const uint32_t late_hash = scrambled(late);
  const auto by_line = [&](int i, uint32_t sum) {
    hashes_[i] = scrambled(sum) + late_hash;
    open_[i] = line(i, sum) + (late_hash >> 30);
    prefetch(open_[i]);
  };
  by_line(V::kSure[2], lines.twelve);
  by_line(V::kSure[0], lines.all);
  by_line(V::kSure[1], lines.around);
  by_sum(0, pair);
  by_sum(1, five);
  if constexpr (All) {
    uint32_t run = 0;
    while (run < 24 && s.at(-1 - static_cast<int>(run), 0) == s.at(-2 - static_cast<int>(run), 0)) ++run;
    uint32_t column = 0;
    while (column < 12 && s.at(0, -1 - static_cast<int>(column)) == s.at(0, -2 - static_cast<int>(column)))
      ++column;
    const uint32_t p = term(21, s.in_reference(0, 0));
    const uint32_t later = term(26, s.at(1, 0)) + term(27, s.at(0, 1));
    const uint32_t marks = static_cast<uint32_t>(s.mark(-1, 0) + 2 * s.mark(0, -1));
    by_sum(2, five + term(5, s.at(-2, 0)) + term(6, s.at(0, -2)));
    by_sum(5, pair + p + later + term(34, marks));
    by_sum(7, pair + term(3, s.at(1, -1)) + term(32, run) + term(33, column));
    by_sum(8, pair + p + term(30, s.background[0]) + term(31, s.background[1]));
    by_sum(9, pair + later + term(28, s.at(1, 1)) + term(29, s.at(-1, 1)));
  }
  ahead_ = x + 1;
  ahead_lines_ = lines_at(s.here + 1, ahead_);
  prefetch(line(V::kSure[2], ahead_lines_.twelve));
  prefetch(line(V::kSure[0], ahead_lines_.all));
  prefetch(line(V::kSure[1], ahead_lines_.around));
}
template void ColourModel::set_hashes<false>(const Site& site, uint32_t x);
template void ColourModel::set_hashes<true>(const Site& site, uint32_t x);

void ColourModel::ask_ahead(Pixel pixel) {
  const uint32_t west = term(0, pixel);
  const AboveSums& sums = above(ahead_);
  const uint32_t i = ahead_ % AboveSums::kPixels;
  prefetch(&slots_[0][scrambled(west + sums.north[i]) >> table_shift_]);
  prefetch(&slots_[1][scrambled(west + sums.three[i]) >> table_shift_]);
}

template <bool All>
void ColourModel::open_slots(const Site& s) {
  using V = Voters<All>;
  const Pixel w = s.at(-1, 0), n = s.at(0, -1), nw = s.at(-1, -1), ne = s.at(1, -1), ww = s.at(-2, 0);
  const Pixel p = s.in_reference(0, 0), b = *s.background;
  const int equal =
      (w == n) | (w == nw) << 1 | (n == ne) << 2 | (n == nw) << 3 | (w == ww) << 4 | (n == s.at(0, -2)) << 5;
  const int mw = s.mark(-1, 0), mn = s.mark(0, -1);
  near_marks_ = static_cast<uint32_t>(mw | mn << 1 | s.mark(-1, -1) << 2 | s.mark(1, -1) << 3 |
                                      s.mark(-2, 0) << 4 | s.mark(0, -2) << 5);
  constexpr int kFirst = V::kContexts;
  votes_[kFirst] = p;
  trust_[kFirst] = static_cast<int>(near_marks_ & 63) | (p == w) << 6 | (p == n) << 7;
  votes_[kFirst + 1] = w;
  trust_[kFirst + 1] = equal | (w == p) << 6 | (w == b) << 7;
  votes_[kFirst + 2] = n;
  trust_[kFirst + 2] = equal | (n == p) << 6 | (w == b) << 7;
  if constexpr (All) {
    votes_[kFirst + 3] = b;
    trust_[kFirst + 3] = (mw & 1) | (mn & 1) << 1 | (s.background[-1] == w) << 2 |
                         (s.background[-s.stride] == n) << 3 | (s.background[1 - s.stride] == ne) << 4 |
                         (s.background[-1 - s.stride] == nw) << 5 | (b == w) << 6 | (b == p) << 7;
    votes_[kFirst + 4] = gradient(s);
    trust_[kFirst + 4] = equal | (nw == s.at(-2, -1)) << 6 | (ww == s.at(-2, -1)) << 7;
  }
  for (int i = 0; i < V::kContexts; ++i) {
    Slot& found = *open_[i];
    const uint16_t check = static_cast<uint16_t>(hashes_[i]);
    if (found.check != check) {
      found = Slot{};
      found.check = check;
    }
    votes_[i] = found.colours[0];
    trust_[i] = found.streak << 4 | (found.hits & 15);
  }
}
template void ColourModel::open_slots<false>(const Site& site);
template void ColourModel::open_slots<true>(const Site& site);

Pixel ColourModel::gradient(const Site& s) const {
  Pixel result = 0;
  for (int k = 0; k < shape_.components; ++k) {
    const int value = component(s.at(-1, 0), k) + component(s.at(0, -1), k) - component(s.at(-1, -1), k);
    result |= from_component(std::clamp(value, 0, shape_.max_value), k);
  }
  return result;
}

template <bool All>
void ColourModel::gather(Candidates& candidates) {
  using V = Voters<All>;
  if constexpr (!All)
    if (adds_odds_) {
      for (int i = 0; i < V::kCount; ++i) candidates.add(votes_[i], odds_.look(i, trust_[i]));
      return;
    }
  for (int i = 0; i < V::kCount; ++i) {
    const int score = rough_stretch(confidence(V::kWho[i], trust_[i]).models[0][1].probability()) + 800;
    candidates.add(votes_[i], std::max(score, 20));
  }
}
template void ColourModel::gather<false>(Candidates& candidates);
template void ColourModel::gather<true>(Candidates& candidates);

// Second thoughts, once the first colour was wrong.
template <bool All>
void ColourModel::gather_more(const Site& s, Candidates& candidates) const {
  using V = Voters<All>;
  for (int i = 0; i < V::kContexts; ++i) {
    candidates.add(open_[i]->colours[1], 60 + 8 * (V::kWho[i] > 2));
    candidates.add(open_[i]->colours[2], 30);
  }
  candidates.add(s.at(-1, -1), 25);
  candidates.add(s.at(1, -1), 25);
  candidates.add(s.at(1, 0), 20);
  candidates.add(s.at(0, 1), 20);
}
template void ColourModel::gather_more<false>(const Site& site, Candidates& candidates) const;
template void ColourModel::gather_more<true>(const Site& site, Candidates& candidates) const;

template <bool All>
void ColourModel::learn_colour(Pixel colour) {
  for (int i = 0; i < Voters<All>::kContexts; ++i) {
    Slot& slot = *open_[i];
    if (slot.colours[0] == colour) {
      slot.hit();
      continue;
    }
    slot.hits = static_cast<uint8_t>(slot.hits << 1);
    if (slot.colours[1] == colour) {
      slot.streak = slot.streak > 7;
    } else {
      slot.colours[2] = slot.colours[1];
      slot.streak = 0;
    }
    slot.colours[1] = slot.colours[0];
    slot.colours[0] = colour;
  }
}
template void ColourModel::learn_colour<false>(Pixel colour);
template void ColourModel::learn_colour<true>(Pixel colour);

}  // namespace aicodec::screen
