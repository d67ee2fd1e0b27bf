#include "screen/colour_model.h"

#include <algorithm>
#include <iterator>

namespace aicodec::screen {

ColourModel::ColourModel(const SheetShape& shape, const ModelSettings& settings)
    : shape_(shape),
      all_voters_(settings.all_voters),
      adds_odds_(!settings.rich && !settings.all_voters),
      table_shift_(32 - settings.colour_bits),
      kernels_(&AICODEC_PICK_KERNELS(kContextKernels)),
      row_(static_cast<size_t>(shape.width + ContextKernels::kPixels)) {
  const int contexts = all_voters_ ? Voters<true>::kContexts : Voters<false>::kContexts;
  for (int i = 0; i < contexts; ++i) slots_[i] = BigArray<Slot>(size_t{1} << settings.colour_bits);
  const auto first_chance = [](bool is_context, int vote, int trust) {
    return static_cast<uint32_t>(vote == 0 ? 14000 : is_context ? 30000 + 2000 * (trust >> 4) : 40000);
  };
  // Where there is no context none votes.
  std::fill(std::begin(seconds_), std::end(seconds_), kNoPixel);
  std::fill(std::begin(thirds_), std::end(thirds_), kNoPixel);
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

uint32_t ColourModel::flat_context(const Site& s, uint32_t like_north) {
  const Pixel w = s.at(-1, 0);
  const uint32_t marks = s.mark(-1, 0) & s.mark(0, -1) & s.mark(-1, -1) & s.mark(1, -1) & 1;
  const uint32_t far_marks = s.mark(-2, 0) & s.mark(0, -2) & 1;
  const bool far_west = w == s.at(-4, 0) && w == s.at(-8, 0);
  return like_north >> RowContexts::kFlatPlaces | marks | static_cast<uint32_t>(far_west) << 5 |
         far_marks << 10;
}

template <bool All>
void ColourModel::find_others(const Site& s) {
  const uint32_t west = term(0, s.at(-1, 0));
  const uint32_t pair = west + row_.north[s.x];
  const auto find = [&](int i, uint32_t sum) {
    hashes_[i] = scrambled(sum);
    open_[i] = &slots_[i][hashes_[i] >> table_shift_];
    prefetch(open_[i]);
  };
  find(0, pair);
  if constexpr (All) {
    uint32_t run = 0;
    while (run < 24 && s.at(-1 - static_cast<int>(run), 0) == s.at(-2 - static_cast<int>(run), 0)) ++run;
    uint32_t column = 0;
    while (column < 12 && s.at(0, -1 - static_cast<int>(column)) == s.at(0, -2 - static_cast<int>(column)))
      ++column;
    const uint32_t p = term(21, s.in_reference(0, 0));
    const uint32_t later = term(26, s.at(1, 0)) + term(27, s.at(0, 1));
    const uint32_t marks = static_cast<uint32_t>(s.mark(-1, 0) + 2 * s.mark(0, -1));
    find(2, west + term(4, s.guide) + row_.four[s.x] + term(5, s.at(-2, 0)));
    find(5, pair + p + later + term(34, marks));
    find(7, pair + term(3, s.at(1, -1)) + term(32, run) + term(33, column));
    find(8, pair + p + term(30, s.background[0]) + term(31, s.background[1]));
    find(9, pair + later + term(28, s.at(1, 1)) + term(29, s.at(-1, 1)));
  }
}

template <bool All>
void ColourModel::open_slots(const Site& s, uint32_t like_north, int escaped_near) {
  using V = Voters<All>;
  using R = RowContexts;
  find_others<All>(s);
  const Pixel w = s.at(-1, 0), n = s.at(0, -1), nw = s.at(-1, -1), ne = s.at(1, -1), ww = s.at(-2, 0);
  const Pixel p = s.in_reference(0, 0), b = *s.background;
  const bool w_is_n = w == n, w_is_nw = w == nw, w_is_p = w == p;
  const uint32_t n_is_p = like_north & R::kLikeReference;
  const uint32_t equal = (like_north & (R::kLikeNortheast | R::kLikeNorthwest | R::kLikeNorthNorth)) |
                         static_cast<uint32_t>(w_is_n) | static_cast<uint32_t>(w_is_nw) << 1 |
                         static_cast<uint32_t>(w == ww) << 4 | static_cast<uint32_t>(w == b) << 7;
  const uint32_t mw = s.mark(-1, 0), mn = s.mark(0, -1), mne = s.mark(1, -1);
  const uint32_t marks =
      (mw | mn << 1 | s.mark(-1, -1) << 2 | mne << 3 | s.mark(-2, 0) << 4 | s.mark(0, -2) << 5) & 63;
  const uint32_t trust_p = marks | w_is_p << 6 | n_is_p << 1;
  const uint32_t trust_w = equal | w_is_p << 6;
  const uint32_t trust_n = equal | n_is_p;
  if constexpr (All) {
    constexpr int kFirst = V::kContexts;
    const Pixel colours[] = {p, w, n, b, gradient(s), kNoPixel};
    const uint32_t trusts[] = {trust_p,
                               trust_w,
                               trust_n,
                               (mw & 1) | (mn & 1) << 1 | (s.background[-1] == w) << 2 |
                                   (s.background[-s.stride] == n) << 3 |
                                   (s.background[1 - s.stride] == ne) << 4 |
                                   (s.background[-1 - s.stride] == nw) << 5 | (b == w) << 6 | (b == p) << 7,
                               (equal & 63) | (nw == s.at(-2, -1)) << 6 | (ww == s.at(-2, -1)) << 7,
                               0};
    std::copy_n(colours, 6, votes_ + kFirst);
    std::copy_n(trusts, 6, trust_ + kFirst);
    for (int i = 0; i < V::kContexts; ++i) {
      Slot& found = *open_[i];
      if (!found.is_of(hashes_[i])) {
        found = Slot{};
        found.words[3] = hashes_[i] & 0xFFFF;
      }
      votes_[i] = found.colour(0);
      seconds_[i] = found.colour(1);
      thirds_[i] = found.colour(2);
      trust_[i] = found.trust();
    }
  } else {
    // Without branches: which slots are another context's is hard to guess. learn_colour() writes all of
    // them.
    Words slots[4];
    load_columns([&](int i) { return open_[i]->words; }, slots);
    const Words known = is_equal(slots[3] & all_words(0xFFFF), known_hashes());
    const auto colours = [&](int i) { return select(known, slots[i], all_words(kNoPixel)); };
    store_words(votes_, with_last(colours(0), p, w, n));
    store_words(seconds_, with_last(colours(1), kNoPixel, kNoPixel, kNoPixel));
    store_words(thirds_, with_last(colours(2), kNoPixel, kNoPixel, kNoPixel));
    store_words(trust_, with_last(shift_right<16>(slots[3] & known), trust_p, trust_w, trust_n));
  }
  const Pixel around[8] = {w, n, s.at(1, 0), ne, nw, b, p, kNoPixel};
  store_words(around_, words_of(around));
  places_[0] = static_cast<uint32_t>(std::min(escaped_near, 3)) << 4 | (mw & 1) << 3 | (mn & 1) << 2;
  places_[1] = static_cast<uint32_t>(w_is_n) << 5 | (like_north & R::kLikeNortheast) << 4 |
               static_cast<uint32_t>(w_is_nw) << 7 | (mw & 1) << 8 | (mne & 1) << 9;
  places_[2] = marks;
}
template void ColourModel::open_slots<false>(const Site& site, uint32_t like_north, int escaped_near);
template void ColourModel::open_slots<true>(const Site& site, uint32_t like_north, int escaped_near);

Pixel ColourModel::gradient(const Site& s) const {
  Pixel result = 0;
  for (int k = 0; k < shape_.components; ++k) {
    const int value = component(s.at(-1, 0), k) + component(s.at(0, -1), k) - component(s.at(-1, -1), k);
    result |= from_component(std::clamp(value, 0, shape_.max_value), k);
  }
  return result;
}

template <bool All>
int ColourModel::gather(Candidates& candidates) {
  using V = Voters<All>;
  if constexpr (!All)
    if (adds_odds_) return candidates.add_votes(votes_, odds_.look(trust_));
  for (int i = 0; i < V::kCount; ++i) {
    const int score = rough_stretch(confidence(V::kWho[i], trust_[i]).models[0][1].probability()) + 800;
    candidates.add(votes_[i], std::max(score, 20));
  }
  return candidates.best();
}
template int ColourModel::gather<false>(Candidates& candidates);
template int ColourModel::gather<true>(Candidates& candidates);

// Second thoughts, once the first colour was wrong.
template <bool All>
void ColourModel::gather_more(const Site& s, Candidates& candidates) const {
  using V = Voters<All>;
  for (int i = 0; i < V::kContexts; ++i) {
    candidates.add(seconds_[i], 60 + 8 * (V::kWho[i] > 2));
    candidates.add(thirds_[i], 30);
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
  if constexpr (All) {
    for (int i = 0; i < Voters<All>::kContexts; ++i) {
      Slot& slot = *open_[i];
      const Pixel first = slot.colour(0), second = slot.colour(1);
      if (first == colour) {
        slot.hit();
        continue;
      }
      slot.miss(second == colour);
      if (second != colour) slot.words[2] = second;
      slot.words[1] = first;
      slot.words[0] = colour;
    }
  } else {
    const Words firsts = load_words(votes_), seconds = load_words(seconds_), thirds = load_words(thirds_);
    const Words hit = is_equal(firsts, all_words(colour));
    const Words was_second = is_equal(seconds, all_words(colour));
    const Words trust = load_words(trust_);
    const Words streak = all_words(0xF0), hits = all_words(15), once = all_words(16);
    const Words after_hit =
        ((trust & streak) + (is_greater(streak, trust) & once)) | ((trust + trust + all_words(1)) & hits);
    const Words after_miss = ((trust + trust) & hits) | (shift_right<3>(trust) & once & was_second);
    const Words states = known_hashes() | shift_left<16>(select(hit, after_hit, after_miss));
    store_columns(
        [&](int i) { return open_[i]->words; },
        {all_words(colour), select(hit, seconds, firsts), select(hit | was_second, thirds, seconds), states});
  }
}
template void ColourModel::learn_colour<false>(Pixel colour);
template void ColourModel::learn_colour<true>(Pixel colour);

}  // namespace aicodec::screen
