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

template <typename Coder>
Pixel ColourModel::code(Coder& coder, ResidualModel& residuals, const Site& s, Pixel actual, uint8_t& mark) {
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
  set_hashes(s);
  if (excluded == kNoPixel) {
    Slot& a = slot(4, hashes_[4]);
    Slot& b = slot(6, hashes_[6]);
    Slot& c = slot(3, hashes_[3]);
    if (a.check == static_cast<uint16_t>(hashes_[4]) && b.check == static_cast<uint16_t>(hashes_[6]) &&
        c.check == static_cast<uint16_t>(hashes_[3]) && a.colours[0] == b.colours[0] &&
        a.colours[0] == c.colours[0] && c.streak >= 8 && a.streak >= 3 && b.streak >= 3 &&
        (c.hits & 15) == 15 && (a.hits & 7) == 7 && (b.hits & 7) == 7) {
      const Pixel colour = a.colours[0];
      const int sure_a = (a.streak >= 15) + (a.streak >= 7);
      const int sure_b = (b.streak >= 15) + (b.streak >= 7);
      const int context = ((sure_a * 3 + sure_b) * 2 + (c.streak >= 15)) * 64 +
                          (colour == s.in_reference(0, 0)) * 32 + (colour == s.at(-1, 0)) * 16 +
                          (s.mark(-1, 0) & 1) * 8 + (s.mark(0, -1) & 1) * 4 + (s.mark(1, -1) & 1) * 2 +
                          (colour == s.at(0, -1));
      if (coder.bit(fast_[context], is_near(colour, actual, s.tolerance))) {
        for (Slot* each : {&a, &b, &c}) {
          if (each->streak < 15) ++each->streak;
          each->hits = static_cast<uint8_t>(each->hits << 1 | 1);
        }
        mark = colour == s.in_reference(0, 0);
        return colour;
      }
      excluded = colour;
    }
  }
  set_late_hashes(s);
  open_slots(s);
  Candidates candidates;
  candidates.refused[0] = excluded;
  gather(candidates);
  const int escaped_near = s.escaped_around();
  Pixel colour = kNoPixel;
  for (int rank = 0; rank < kRanks; ++rank) {
    if (rank == 1) gather_more(s, candidates);
    if ((rank >= 2 && escaped_near >= 3) || candidates.count == 0) break;
    const bool exact_known = candidates.has(actual);
    const Pixel candidate = candidates.take_best();
    if (rank == 0) candidates.refused[1] = candidate;
    const bool hit = candidate == actual || (!exact_known && is_near(candidate, actual, s.tolerance));
    if (code_hit(coder, s, rank, candidate, hit)) {
      colour = candidate;
      break;
    }
  }
  if (colour == kNoPixel) {
    colour = residuals.code(coder, s, actual);
    mark = kEscaped;
  }
  learn_colour(colour);
  mark = static_cast<uint8_t>(mark | (colour == s.in_reference(0, 0) ? kAsReference : 0));
  return colour;
}

template <typename Coder>
bool ColourModel::code_hit(Coder& coder, const Site& s, int rank, Pixel colour, bool hit) {
  const int around = static_cast<int>(near_marks_ & 63) | (colour == s.at(-1, 0)) << 6 |
                     (colour == s.at(0, -1)) << 7 | (colour == s.in_reference(0, 0)) << 8 |
                     (colour == s.at(1, 0)) << 9;
  BitModel* const refining = &refine_[static_cast<size_t>(rank * 1024 + around) * kRefining];
  for (int i = 0; i < kRefining; i += 16) prefetch(refining + i);
  MixInputs<16> inputs;
  BitModel* models[kVoters];
  int agreeing = 0;
  for (int i = 0; i < kVoters; ++i) {
    int vote = votes_[i] == colour;
    if (i < kContexts && rank > 0 && vote == 0)
      vote = open_[i]->colours[1] == colour ? 2 : open_[i]->colours[2] == colour ? 3 : 0;
    agreeing += vote > 0;
    models[i] = &confidence_[rank][i][vote][trust_[i]];
    inputs.x[i] = static_cast<int16_t>(rough_stretch(models[i]->probability()));
  }
  inputs.x[kVoters] = 256;
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
  const uint32_t probability =
      clamp_probability(static_cast<int>(squash((mixed + rough_stretch(refine.probability())) >> 1)));
  hit = coder.bit_with(probability, hit);
  for (BitModel* model : models) model->learn(hit, 255);
  refine.learn(hit, 255);
  learn(first, inputs, mix_error(hit, squash(mixed_first)));
  learn(second, inputs, mix_error(hit, squash(mixed_second)));
  return hit;
}

}  // namespace aicodec::screen
