// The parts of ColourModel that encoder and decoder share by template. Included by colour_model.h alone.
#pragma once

#include <algorithm>

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
  bool has(Pixel colour) const {
    for (int i = 0; i < count; ++i)
      if (colours[i] == colour) return true;
    return false;
  }
  Pixel take_best() {
    int best = 0;
    for (int i = 1; i < count; ++i)
      if (scores[i] > scores[best]) best = i;
    const Pixel colour = colours[best];
    --count;
    colours[best] = colours[count];
    scores[best] = scores[count];
    return colour;
  }
};

template <bool All, typename Coder>
Pixel ColourModel::code_with(Coder& coder, ResidualModel& residuals, const Site& s, Pixel actual,
                             uint8_t& mark) {
  using V = Voters<All>;
  Pixel excluded = kNoPixel;
  mark = 0;
  if (is_flat(s)) {
    const Pixel colour = s.at(-1, 0);
    if (coder.bit(flat_[flat_context(s)], is_near(colour, actual, s.tolerance))) {
      mark = kAsReference;
      return colour;
    }
    excluded = colour;
  }
  set_hashes<All>(s);
  if (excluded == kNoPixel) {
    Slot& a = *open_[V::kSure[0]];
    Slot& b = *open_[V::kSure[1]];
    Slot& c = *open_[V::kSure[2]];
    if (a.is_sure(hashes_[V::kSure[0]], 3, 7) && b.is_sure(hashes_[V::kSure[1]], 3, 7) &&
        c.is_sure(hashes_[V::kSure[2]], 8, 15) && a.colours[0] == b.colours[0] &&
        a.colours[0] == c.colours[0]) {
      const Pixel colour = a.colours[0];
      const int sure_a = (a.streak >= 15) + (a.streak >= 7);
      const int sure_b = (b.streak >= 15) + (b.streak >= 7);
      const int context = ((sure_a * 3 + sure_b) * 2 + (c.streak >= 15)) * 64 +
                          (colour == s.in_reference(0, 0)) * 32 + (colour == s.at(-1, 0)) * 16 +
                          (s.mark(-1, 0) & 1) * 8 + (s.mark(0, -1) & 1) * 4 + (s.mark(1, -1) & 1) * 2 +
                          (colour == s.at(0, -1));
      if (coder.bit(fast_[context], is_near(colour, actual, s.tolerance))) {
        ask_ahead(colour);
        for (Slot* each : {&a, &b, &c}) each->hit();
        mark = colour == s.in_reference(0, 0);
        return colour;
      }
      excluded = colour;
    }
  }
  open_slots<All>(s);
  Candidates candidates;
  candidates.refused[0] = excluded;
  gather<All>(candidates);
  Pixel colour = kNoPixel;
  bool prepared = false;
  const bool adds_odds = !All && adds_odds_;
  // Beside so many escaped pixels a later colour is not asked for.
  const int escaped_near = s.escaped_around();
  const int ranks = adds_odds && escaped_near == 4 ? 1 : escaped_near >= (All ? 3 : 2) ? 2 : kRanks;
  for (int rank = 0; rank < ranks; ++rank) {
    if (rank == 1) {
      gather_more<All>(s, candidates);
      // Most likely that is where it ends: memory has time until then.
      residuals.prepare(s);
      prepared = true;
    }
    if (candidates.count == 0) break;
    const bool exact_known = candidates.has(actual);
    const Pixel candidate = candidates.take_best();
    if (rank == 0) candidates.refused[1] = candidate;
    const bool hit = candidate == actual || (!exact_known && is_near(candidate, actual, s.tolerance));
    if (adds_odds ? code_hit_quickly(coder, s, rank, candidate, hit)
                  : code_hit<All>(coder, s, rank, candidate, hit)) {
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
  learn_colour<All>(colour);
  mark = static_cast<uint8_t>(mark | (colour == s.in_reference(0, 0) ? kAsReference : 0));
  return colour;
}

template <bool All, typename Coder>
bool ColourModel::code_hit(Coder& coder, const Site& s, int rank, Pixel colour, bool hit) {
  using V = Voters<All>;
  const int around = static_cast<int>(near_marks_ & 63) | (colour == s.at(-1, 0)) << 6 |
                     (colour == s.at(0, -1)) << 7 | (colour == s.in_reference(0, 0)) << 8 |
                     (colour == s.at(1, 0)) << 9;
  BitModel* const refining = &refine_[static_cast<size_t>(rank * 1024 + around) * kRefining];
  for (int i = 0; i < kRefining; i += 16) prefetch(refining + i);
  int stretched[V::kInputs] = {};
  BitModel* models[V::kCount];
  int agreeing = 0;
  for (int i = 0; i < V::kCount; ++i) {
    int vote = votes_[i] == colour;
    if (i < V::kContexts && rank > 0 && vote == 0)
      vote = open_[i]->colours[1] == colour ? 2 : open_[i]->colours[2] == colour ? 3 : 0;
    agreeing += vote > 0;
    models[i] = &confidence_[V::kWho[i]][trust_[i]].models[rank][vote];
    stretched[i] = rough_stretch(models[i]->probability());
  }
  if constexpr (V::kInputs > V::kCount) stretched[V::kCount] = 256;
  MixInputs<V::kInputs> inputs;
  for (int i = 0; i < V::kInputs; i += 8) inputs.set_eight(i, stretched + i);
  const int escaped = s.escaped_around();
  const int place = std::min(agreeing, 15) * 64 + std::min(escaped, 3) * 16 + (s.mark(-1, 0) & 1) * 8 +
                    (s.mark(0, -1) & 1) * 4 + (colour == s.in_reference(0, 0)) * 2 +
                    (colour == *s.background);
  const int second_place = (colour == s.at(-1, 0)) | (colour == s.at(0, -1)) << 1 |
                           (colour == s.at(1, 0)) << 2 | (colour == s.at(1, -1)) << 3 |
                           (colour == s.at(-1, -1)) << 4 | (s.at(-1, 0) == s.at(0, -1)) << 5 |
                           (s.at(0, -1) == s.at(1, -1)) << 6 | (s.at(-1, 0) == s.at(-1, -1)) << 7 |
                           (s.mark(-1, 0) & 1) << 8 | (s.mark(1, -1) & 1) << 9;
  MixWeights<16>& first = weights_[0][static_cast<size_t>(rank * 1024 + place)];
  MixWeights<16>& second = weights_[1][static_cast<size_t>(rank * 1024 + second_place)];
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
bool ColourModel::code_hit_quickly(Coder& coder, const Site& s, int rank, Pixel colour, bool hit) {
  using V = Voters<false>;
  int votes[V::kCount];
  int agreeing = 0;
  for (int i = 0; i < V::kCount; ++i) {
    votes[i] = votes_[i] == colour;
    if (i < V::kContexts && rank > 0 && votes[i] == 0)
      votes[i] = open_[i]->colours[1] == colour ? 2 : open_[i]->colours[2] == colour ? 3 : 0;
    agreeing += votes[i] > 0;
  }
  const int is_w = colour == s.at(-1, 0), is_n = colour == s.at(0, -1), is_e = colour == s.at(1, 0);
  const int is_p = colour == s.in_reference(0, 0);
  const int mw = s.mark(-1, 0) & 1, mn = s.mark(0, -1) & 1;
  const int spots[3] = {agreeing * 64 + std::min(s.escaped_around(), 3) * 16 + mw * 8 + mn * 4 + is_p * 2 +
                            (colour == *s.background),
                        is_w | is_n << 1 | is_e << 2 | (colour == s.at(1, -1)) << 3 |
                            (colour == s.at(-1, -1)) << 4 | (s.at(-1, 0) == s.at(0, -1)) << 5 |
                            (s.at(0, -1) == s.at(1, -1)) << 6 | (s.at(-1, 0) == s.at(-1, -1)) << 7 | mw << 8 |
                            (s.mark(1, -1) & 1) << 9,
                        static_cast<int>(near_marks_ & 63) | is_w << 6 | is_n << 7 | is_p << 8 | is_e << 9};
  hit = odds_.code(coder, rank, votes, spots, hit);
  if (hit) ask_ahead(colour);
  return hit;
}

}  // namespace aicodec::screen
