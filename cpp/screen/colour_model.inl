// The parts of ColourModel that encoder and decoder share by template. Included by colour_model.h alone.
#pragma once

#include <algorithm>
#include <bit>

namespace aicodec::screen {

// Colours that voters named, with the trust put in them.
struct ColourModel::Candidates {
  Pixel colours[40];
  int scores[40];
  int count = 0;
  // Known to be wrong already.
  Pixel refused[2] = {kNoPixel, kNoPixel};

  void add(Pixel colour, int score) {
    if (colour == kNoPixel || colour == refused[0] || colour == refused[1]) return;
    for (int i = 0; i < count; ++i)
      if (colours[i] == colour) {
        scores[i] += score;
        return;
      }
    if (count == 40) return;
    colours[count] = colour;
    scores[count++] = score;
  }
  // What eight voters name, in their order, with the trust in each. Returns the best one's place.
  int add_votes(const Pixel* votes, Words trust) {
    const Words named = load_words(votes);
    uint32_t left =
        ~signs(is_equal(named, all_words(kNoPixel)) | is_equal(named, all_words(refused[0]))) & 0xFF;
    int best = 0, most = 0, added = 0;
    for (; left != 0; ++added) {
      const Pixel colour = votes[std::countr_zero(left)];
      const Words same = is_equal(named, all_words(colour));
      left &= ~signs(same);
      const int score = static_cast<int>(sum_of(trust & same));
      colours[added] = colour;
      scores[added] = score;
      best = score > most ? added : best;
      most = std::max(score, most);
    }
    count = added;
    return best;
  }
  bool has(Pixel colour) const {
    for (int i = 0; i < count; ++i)
      if (colours[i] == colour) return true;
    return false;
  }
  int best() const {
    int result = 0;
    for (int i = 1; i < count; ++i)
      if (scores[i] > scores[result]) result = i;
    return result;
  }
  Pixel take(int i) {
    const Pixel colour = colours[i];
    --count;
    colours[i] = colours[count];
    scores[i] = scores[count];
    return colour;
  }
};

template <bool All>
void ColourModel::look_at_lines(const Pixel* here, uint32_t x) {
  const uint32_t west = term(5, here[-2]) + term(11, here[-3]);
  const uint32_t far_west = term(16, here[-4]) + term(20, here[-5]);
  const auto line = [&](int early, uint32_t sum) {
    const uint32_t hash = scrambled(sum);
    Slot* const slots = &slots_[Voters<All>::kEarly[early]][hash >> table_shift_ & ~3u];
    lines_[early] = {hash, slots};
    prefetch(slots);
  };
  line(0, row_.fifteen[x] + west + far_west);
  line(1, row_.around[x]);
  line(2, row_.eight[x] + west);
  line(3, row_.four[x]);
  ahead_ = x;
}

// The contexts' slots: of a growing neighbourhood, and of others. Every place has a factor of its own, so
// that contexts share products, and none of them waits for another.
template <bool All>
void ColourModel::find_early(const Site& s) {
  if (s.x != ahead_) look_at_lines<All>(s.here, s.x);
  const uint32_t late_hash = scrambled(term(0, s.at(-1, 0)) + term(4, s.guide));
  for (int i = 0; i < 4; ++i) {
    const int context = Voters<All>::kEarly[i];
    hashes_[context] = lines_[i].hash + late_hash;
    open_[context] = lines_[i].slots + (late_hash >> 30);
  }
  look_at_lines<All>(s.here + 1, s.x + 1);
}

inline void ColourModel::ask_ahead(Pixel pixel) {
  prefetch(&slots_[0][scrambled(term(0, pixel) + row_.north[ahead_]) >> table_shift_]);
}

template <bool All, typename Coder>
Pixel ColourModel::code_with(Coder& coder, ResidualModel& residuals, const Site& s, Pixel actual,
                             uint8_t& mark) {
  Pixel excluded = kNoPixel;
  mark = 0;
  const uint32_t like_north = row_.like_north[s.x];
  if (is_flat(s, like_north)) {
    const Pixel colour = s.at(-1, 0);
    // Where flat places end memory is asked in time.
    if ((row_.like_north[s.x + 1] & RowContexts::kFlat) == 0) {
      look_at_lines<All>(s.here + 1, s.x + 1);
      ask_ahead(colour);
    }
    if (coder.bit(flat_[flat_context(s, like_north)], is_near(colour, actual, s.tolerance))) {
      mark = kAsReference;
      return colour;
    }
    excluded = colour;
  }
  const bool adds_odds = !All && adds_odds_;
  const int escaped_near = s.escaped_around();
  const bool amid_escapes = adds_odds && excluded == kNoPixel && escaped_near == 4;
  if (amid_escapes && skips_ranks()) return code_unranked(coder, residuals, s, actual, mark);
  find_early<All>(s);
  if (excluded == kNoPixel) {
    excluded = sure_colour<All>();
    if (excluded != kNoPixel && code_sure<All>(coder, s, excluded, actual)) {
      mark = excluded == s.in_reference(0, 0);
      if (amid_escapes) hit_amid_escapes_.learn(true, kSlowly);
      return excluded;
    }
  }
  open_slots<All>(s, like_north, escaped_near);
  Candidates candidates;
  candidates.refused[0] = excluded;
  int best = gather<All>(candidates);
  Pixel colour = kNoPixel;
  bool prepared = false;
  // Beside so many escaped pixels a later colour is not asked for.
  const int ranks = adds_odds && escaped_near == 4 ? 1 : escaped_near >= (All ? 3 : 2) ? 2 : kRanks;
  for (int rank = 0; rank < ranks; ++rank) {
    if (rank == 1) {
      gather_more<All>(s, candidates);
      // Most likely that is where it ends: memory has time until then.
      residuals.prepare(s);
      prepared = true;
    }
    if (candidates.count == 0) break;
    if (rank > 0) best = candidates.best();
    const Pixel candidate = candidates.take(best);
    if (rank == 0) candidates.refused[1] = candidate;
    // What is only near the actual colour will do where that is no candidate.
    const bool hit = candidate == actual ||
                     (s.tolerance > 0 && !candidates.has(actual) && is_near(candidate, actual, s.tolerance));
    if (adds_odds ? code_hit_quickly(coder, rank, candidate, hit)
                  : code_hit<All>(coder, rank, candidate, hit)) {
      colour = candidate;
      break;
    }
  }
  if (colour == kNoPixel) {
    if (!prepared) residuals.prepare(s);
    colour = residuals.code(coder, s, actual);
    mark = kEscaped;
    ask_ahead(colour);
  }
  if (amid_escapes) hit_amid_escapes_.learn((mark & kEscaped) == 0, kSlowly);
  learn_colour<All>(colour);
  mark = static_cast<uint8_t>(mark | (colour == s.in_reference(0, 0) ? kAsReference : 0));
  return colour;
}

// A pixel for which no colour is asked. It counts as escaped unless it is like one around: that is how such a
// place ends.
template <typename Coder>
Pixel ColourModel::code_unranked(Coder& coder, ResidualModel& residuals, const Site& s, Pixel actual,
                                 uint8_t& mark) {
  residuals.prepare(s);
  const Pixel colour = residuals.code(coder, s, actual);
  const Pixel before = s.in_reference(0, 0);
  const bool is_known = colour == s.at(-1, 0) || colour == s.at(0, -1) || colour == s.at(-1, -1) ||
                        colour == s.at(1, -1) || colour == before;
  mark = static_cast<uint8_t>((is_known ? 0 : kEscaped) | (colour == before ? kAsReference : 0));
  return colour;
}

// The colour that three contexts agree on, all of them sure; else none.
template <bool All>
Pixel ColourModel::sure_colour() const {
  const auto& sure = Voters<All>::kEarly;  // the first three
  const auto slot = [&](int i) -> const Slot& { return *open_[sure[i]]; };
  const bool all_sure = slot(0).is_sure(hashes_[sure[0]], 3, 7) && slot(1).is_sure(hashes_[sure[1]], 3, 7) &&
                        slot(2).is_sure(hashes_[sure[2]], 8, 15);
  const Pixel colour = slot(0).colour(0);
  return all_sure && slot(1).colour(0) == colour && slot(2).colour(0) == colour ? colour : kNoPixel;
}

template <bool All, typename Coder>
bool ColourModel::code_sure(Coder& coder, const Site& s, Pixel colour, Pixel actual) {
  const auto& sure = Voters<All>::kEarly;  // the first three
  Slot* const slots[3] = {open_[sure[0]], open_[sure[1]], open_[sure[2]]};
  const auto streak = [&](int i) { return (slots[i]->trust() >= 15 * 16) + (slots[i]->trust() >= 7 * 16); };
  const int context = ((streak(0) * 3 + streak(1)) * 2 + (slots[2]->trust() >= 15 * 16)) * 64 +
                      (colour == s.in_reference(0, 0)) * 32 + (colour == s.at(-1, 0)) * 16 +
                      (s.mark(-1, 0) & 1) * 8 + (s.mark(0, -1) & 1) * 4 + (s.mark(1, -1) & 1) * 2 +
                      (colour == s.at(0, -1));
  ask_ahead(colour);
  if (!coder.bit(fast_[context], is_near(colour, actual, s.tolerance))) return false;
  for (Slot* slot : slots) slot->hit();
  return true;
}

inline void ColourModel::look_around(Pixel colour, uint32_t agreeing,
                                     uint32_t (&places)[RankOdds::kPlaces]) const {
  const uint32_t alike = signs(is_equal(load_words(around_), all_words(colour)));
  const uint32_t west_north = alike & 3, east = alike >> 2 & 1, reference = alike >> 6;
  places[0] = places_[0] | agreeing << 6 | alike >> 5;
  places[1] = places_[1] | (alike & 31);
  places[2] = places_[2] | west_north << 6 | reference << 8 | east << 9;
}

template <bool All>
ColourModel::Ballot<All> ColourModel::ballot_of(int rank, Pixel colour) const {
  Ballot<All> ballot;
  uint32_t agreeing = 0;
  for (int i = 0; i < Voters<All>::kInputs; i += 8) {
    const auto names = [&](const Pixel* colours) {
      return is_equal(load_words(colours + i), all_words(colour));
    };
    const Words first = names(votes_);
    Words votes = first & all_words(1);
    Words any = first;
    if (rank > 0) {
      const Words second = names(seconds_), third = names(thirds_);
      votes = votes | select(first, all_words(0), select(second, all_words(2), third & all_words(3)));
      any = any | second | third;
    }
    store_words(ballot.votes + i, votes);
    agreeing += 0 - sum_of(any);
  }
  look_around(colour, agreeing, ballot.places);
  return ballot;
}

template <bool All, typename Coder>
bool ColourModel::code_hit(Coder& coder, int rank, Pixel colour, bool hit) {
  using V = Voters<All>;
  const Ballot<All> ballot = ballot_of<All>(rank, colour);
  const auto place = [&](int i) { return static_cast<uint32_t>(rank) * 1024 + ballot.places[i]; };
  BitModel* const refining = &refine_[place(2) * kRefining];
  for (int i = 0; i < kRefining; i += 16) prefetch(refining + i);
  int stretched[V::kInputs] = {};
  BitModel* models[V::kCount];
  for (int i = 0; i < V::kCount; ++i) {
    models[i] = &confidence(V::kWho[i], trust_[i]).models[rank][ballot.votes[i]];
    stretched[i] = rough_stretch(models[i]->probability());
  }
  if constexpr (V::kInputs > V::kCount) stretched[V::kCount] = 256;
  MixInputs<V::kInputs> inputs;
  for (int i = 0; i < V::kInputs; i += 8) inputs.set_eight(i, stretched + i);
  MixWeights<16>& first = weights_[0][place(0)];
  MixWeights<16>& second = weights_[1][place(1)];
  const int mixed_first = mix(first, inputs);
  const int mixed_second = mix(second, inputs);
  const int mixed = std::clamp((mixed_first + mixed_second) >> 1, -kMaxStretch, kMaxStretch);
  BitModel& refine = refining[(mixed + kMaxStretch) * (kRefining - 1) / (2 * kMaxStretch)];
  const uint32_t probability = safe_squash((mixed + rough_stretch(refine.probability())) >> 1);
  hit = coder.bit_with(probability, hit);
  if (hit) ask_ahead(colour);
  for (BitModel* model : models) model->learn(hit, 255);
  refine.learn(hit, 255);
  learn(first, inputs, mix_error(hit, squash(mixed_first)));
  learn(second, inputs, mix_error(hit, squash(mixed_second)));
  return hit;
}

template <typename Coder>
bool ColourModel::code_hit_quickly(Coder& coder, int rank, Pixel colour, bool hit) {
  if (rank > 0) {
    const Ballot<false> ballot = ballot_of<false>(rank, colour);
    hit = odds_.code_later(coder, rank, trust_, ballot.votes, ballot.places, hit);
    if (hit) ask_ahead(colour);
    return hit;
  }
  const Words agreeing = is_equal(load_words(votes_), all_words(colour));
  uint32_t places[RankOdds::kPlaces];
  look_around(colour, 0 - sum_of(agreeing), places);
  // Most likely it is right: memory has time until that is known.
  ask_ahead(colour);
  return odds_.code_first(coder, trust_, agreeing, places, hit);
}

}  // namespace aicodec::screen
