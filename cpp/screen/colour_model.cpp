#include "screen/colour_model.h"

#include <algorithm>

namespace aicodec::screen {
ColourModel::ColourModel(const SheetShape& shape, int table_bits)
    : shape_(shape), table_shift_(32 - table_bits) {
  for (auto& slots : slots_) slots = BigArray<Slot>(size_t{1} << table_bits);
  for (int rank = 0; rank < kRanks; ++rank)
    for (int voter = 0; voter < kVoters; ++voter)
      for (int vote = 0; vote < 4; ++vote)
        for (uint32_t trust = 0; trust < 256; ++trust) {
          const uint32_t p = vote == 0 ? 14000 : voter < kContexts ? 30000 + 2000 * (trust >> 4) : 40000;
          confidence_[rank][voter][vote][trust] = BitModel::starting_at(p);
        }
  MixWeights<16> start{};
  for (int i = 0; i < kVoters; ++i) start.w[i] = 3604;  // 0.22
  for (auto& weights : weights_) weights.assign(kRanks * 1024, start);
  refine_.resize(size_t{kRanks} * 1024 * kRefining);
  for (size_t i = 0; i < refine_.size(); ++i)
    refine_[i] = BitModel::starting_at(squash((static_cast<int>(i % kRefining) - 16) * kMaxStretch / 16), 6);
  for (auto& model : flat_) model = BitModel::starting_at(65000, 4);
  for (auto& model : fast_) model = BitModel::starting_at(64000, 4);
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

// The growing causal neighbourhoods, and the one in the reference.
void ColourModel::set_hashes(const Site& s) {
  const Pixel w = s.at(-1, 0), n = s.at(0, -1), nw = s.at(-1, -1), ne = s.at(1, -1);
  hashes_[0] = hash_of(1, w, n);
  hashes_[1] = hash_of(hashes_[0], nw, ne, s.guide);
  hashes_[2] = hash_of(hashes_[1], s.at(-2, 0), s.at(0, -2));
  hashes_[3] = hash_of(hashes_[2], s.at(1, -2), s.at(-1, -2), s.at(2, -1), s.at(-2, -1), s.at(-3, 0));
  hashes_[4] = hash_of(hashes_[3], s.at(2, -2), s.at(-2, -2), s.at(3, -1), s.at(-3, -1), s.at(-4, 0),
                       s.at(0, -3), s.at(-1, -3), s.at(1, -3), s.at(-5, 0));
  hashes_[6] = hash_of(6, s.in_reference(0, 0), s.in_reference(1, 0), s.in_reference(0, 1),
                       s.in_reference(-1, 0), s.in_reference(0, -1), w, n, nw, ne);
  for (const int i : {3, 4, 6, 0, 1, 2}) prefetch(&slot(i, hashes_[i]));
}

// The rest, which the fast path does without.
void ColourModel::set_late_hashes(const Site& s) {
  const Pixel w = s.at(-1, 0), n = s.at(0, -1), ne = s.at(1, -1);
  const Pixel p = s.in_reference(0, 0), e = s.at(1, 0), so = s.at(0, 1);
  uint32_t run = 0;
  while (run < 24 && s.at(-1 - static_cast<int>(run), 0) == s.at(-2 - static_cast<int>(run), 0)) ++run;
  uint32_t column = 0;
  while (column < 12 && s.at(0, -1 - static_cast<int>(column)) == s.at(0, -2 - static_cast<int>(column)))
    ++column;
  hashes_[5] = hash_of(5, p, e, so, w, n + s.mark(-1, 0) * 2 + s.mark(0, -1) * 4);
  hashes_[7] = hash_of(7, w, n, ne, run, column);
  hashes_[8] = hash_of(8, p, s.background[0], s.background[1], w, n);
  hashes_[9] = hash_of(9, e, so, s.at(1, 1), s.at(-1, 1), w, n);
  for (const int i : {5, 7, 8, 9}) prefetch(&slot(i, hashes_[i]));
}

void ColourModel::open_slots(const Site& s) {
  const Pixel w = s.at(-1, 0), n = s.at(0, -1), nw = s.at(-1, -1), ne = s.at(1, -1), ww = s.at(-2, 0);
  const Pixel p = s.in_reference(0, 0), b = *s.background;
  const int equal =
      (w == n) | (w == nw) << 1 | (n == ne) << 2 | (n == nw) << 3 | (w == ww) << 4 | (n == s.at(0, -2)) << 5;
  const int mw = s.mark(-1, 0), mn = s.mark(0, -1);
  near_marks_ = static_cast<uint32_t>(mw | mn << 1 | s.mark(-1, -1) << 2 | s.mark(1, -1) << 3 |
                                      s.mark(-2, 0) << 4 | s.mark(0, -2) << 5);
  votes_[10] = p;
  trust_[10] = static_cast<int>(near_marks_ & 63) | (p == w) << 6 | (p == n) << 7;
  votes_[11] = w;
  trust_[11] = equal | (w == p) << 6 | (w == b) << 7;
  votes_[12] = n;
  trust_[12] = equal | (n == p) << 6 | (w == b) << 7;
  votes_[13] = b;
  trust_[13] = (mw & 1) | (mn & 1) << 1 | (s.background[-1] == w) << 2 | (s.background[-s.stride] == n) << 3 |
               (s.background[1 - s.stride] == ne) << 4 | (s.background[-1 - s.stride] == nw) << 5 |
               (b == w) << 6 | (b == p) << 7;
  votes_[14] = gradient(s);
  trust_[14] = equal | (nw == s.at(-2, -1)) << 6 | (ww == s.at(-2, -1)) << 7;
  for (int i = 0; i < kContexts; ++i) {
    Slot& found = slot(i, hashes_[i]);
    const uint16_t check = static_cast<uint16_t>(hashes_[i]);
    if (found.check != check) {
      found = Slot{};
      found.check = check;
    }
    open_[i] = &found;
    votes_[i] = found.colours[0];
    trust_[i] = found.streak << 4 | (found.hits & 15);
  }
}

Pixel ColourModel::gradient(const Site& s) const {
  Pixel result = 0;
  for (int k = 0; k < shape_.components; ++k) {
    const int value = component(s.at(-1, 0), k) + component(s.at(0, -1), k) - component(s.at(-1, -1), k);
    result |= from_component(std::clamp(value, 0, shape_.max_value), k);
  }
  return result;
}

void ColourModel::gather(Candidates& candidates) const {
  for (int i = 0; i < kVoters; ++i) {
    const int score = stretch(confidence_[0][i][1][trust_[i]].probability()) + 800;
    candidates.add(votes_[i], std::max(score, 20));
  }
}

// Second thoughts, once the first colour was wrong.
void ColourModel::gather_more(const Site& s, Candidates& candidates) const {
  for (int i = 0; i < kContexts; ++i) {
    candidates.add(open_[i]->colours[1], 60 + 8 * (i > 2));
    candidates.add(open_[i]->colours[2], 30);
  }
  candidates.add(s.at(-1, -1), 25);
  candidates.add(s.at(1, -1), 25);
  candidates.add(s.at(1, 0), 20);
  candidates.add(s.at(0, 1), 20);
}

void ColourModel::learn_colour(Pixel colour) {
  for (Slot* slot : open_) {
    if (slot->colours[0] == colour) {
      if (slot->streak < 15) ++slot->streak;
      slot->hits = static_cast<uint8_t>(slot->hits << 1 | 1);
      continue;
    }
    slot->hits = static_cast<uint8_t>(slot->hits << 1);
    if (slot->colours[1] == colour) {
      slot->streak = slot->streak > 7;
    } else {
      slot->colours[2] = slot->colours[1];
      slot->streak = 0;
    }
    slot->colours[1] = slot->colours[0];
    slot->colours[0] = colour;
  }
}

}  // namespace aicodec::screen
