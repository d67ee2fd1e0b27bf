// The contexts of a residual's bits, and the lines of models that they lead to.
#include <algorithm>

#include "screen/classes.h"
#include "screen/residual_model.h"

namespace aicodec::screen {
namespace {

// Where values lie between the ends of the span around; in flat surroundings, how far off the one expected.
struct Shares {
  int value, lead, low, width;

  // In eighths of the span.
  uint32_t share(Pixel pixel) const {
    const int v = component(pixel, lead);
    if (width < 10) return static_cast<uint32_t>(8 + magnitude(v - value));
    return static_cast<uint32_t>(std::clamp((v - low) * 8 / (width + 1), 0, 7));
  }
  uint32_t fine(int v) const {
    if (width < 10) return static_cast<uint32_t>(64 + v - value) & 127;
    return 128u + static_cast<uint32_t>(std::clamp((v - low) * 24 / (width + 1), 0, 23));
  }
  uint32_t edge(Pixel pixel) const { return fine(component(pixel, lead)); }
};

}  // namespace

void ResidualModel::open_lines(Turn& turn, int line) {
  const uint32_t offset = static_cast<uint32_t>(line) * 0x9E3779B1u;
  for (int i = 0; i < kContexts; ++i) {
    turn.open[line][i] = &lines_[i][(turn.contexts[i] + offset) >> 8 & line_mask_];
    prefetch(turn.open[line][i]);
  }
}

void ResidualModel::add_residual(int residual) {
  OpenTurn& turn = few_[2];
  turn.odds.at[OpenOdds::kContexts - 1] =
      odds_.last_line(hash_in(turn.late_hash, static_cast<uint32_t>(residual)));
}

void ResidualModel::prepare_rich(const Site& site, int turn, int first, const int* residuals) {
  turns_[turn].expected = turn_kernels_->expect(sight_, surroundings_, turn, first);
  set_contexts(site, turn, residuals);
  open_lines(turns_[turn], 0);
}

void ResidualModel::set_contexts(const Site& s, int turn, const int* residuals) {
  Turn& opened = turns_[turn];
  uint32_t* const contexts = opened.contexts;
  const Expected& expected = opened.expected;
  const Span& span = surroundings_.span;
  const Shares near{expected.value, span.lead(), span.low_value, span.width()};
  const int e = surroundings_.error_classes[span.order[turn]];
  const int by_line = expected.by_line;
  const int first = turn > 0 ? residuals[0] : 0;
  const int last = turn > 0 ? residuals[turn - 1] : 0;
  const int k = span.order[turn];
  const uint32_t seed = static_cast<uint32_t>(turn * 3 + k + 1) * 0x10001u;
  const uint32_t w = near.share(s.at(-1, 0)), n = near.share(s.at(0, -1)), ne = near.share(s.at(1, -1));
  const auto p = [&](int i) { return surroundings_.value(i, k); };
  const auto off = [&](int i) { return std::clamp(p(i) - (near.value - expected.base), -40, 40); };
  contexts[2] = hash_of(seed + 2, near.value >> 2, turn > 0 ? signed_magnitude(first) : e);
  contexts[5] =
      hash_of(seed + 5, w, near.share(s.at(-2, 0)), n, near.share(s.at(-1, -1)), ne, near.share(s.at(0, -2)));
  contexts[6] = hash_of(seed + 6, span.low, span.high, near.fine(near.value));
  contexts[9] = hash_of(seed + 9, off(2), e, s.guide);
  contexts[10] = hash_of(seed + 10, off(7), off(8));
  contexts[11] = hash_of(seed + 11, off(9), by_line, signed_magnitude(first));
  contexts[13] = hash_of(seed + 13, off(6), off(11));
  contexts[14] = hash_of(seed + 14, off(10), last);
  contexts[0] = hash_of(seed, e, by_line ? 16 + by_line * 8 + magnitude(near.width) : magnitude(p(3) - p(4)));
  contexts[1] = hash_of(seed + 1, signed_magnitude(surroundings_.west_error(k)),
                        signed_magnitude(surroundings_.north_error(k)), e > 4);
  const uint32_t pr = near.share(s.in_reference(0, 0));
  contexts[3] = hash_of(seed + 3, w, n, ne, pr, near.value >> 5);
  contexts[4] = hash_of(seed + 4, pr, near.share(s.in_reference(1, 0)), near.share(s.in_reference(-1, 0)),
                        near.share(s.in_reference(0, -1)), near.share(s.in_reference(0, 1)), w, n);
  contexts[7] =
      hash_of(seed + 7, near.edge(s.at(-1, 0)), near.edge(s.at(0, -1)), near.edge(s.at(1, -1)), last);
  contexts[8] = hash_of(seed + 8, off(0), off(1));
  contexts[12] = hash_of(seed + 12, off(4), off(5));
  int best = 0;
  while (surroundings_.error(best, k) != surroundings_.least_errors[k]) ++best;
  contexts[15] = hash_of(seed + 15, off(3), off(best));
  contexts[16] = hash_of(seed + 16, near.edge(s.in_reference(0, 0)), w, n, near.share(s.at(1, 0)),
                         near.share(s.at(0, 1)));
  contexts[17] = hash_of(seed + 17, s.at(-1, 0), s.at(0, -1), near.value);
  contexts[18] = hash_of(seed + 18, near.edge(s.at(-1, 0)), near.edge(s.at(0, -1)), near.edge(s.at(-1, -1)),
                         magnitude(near.width));
  contexts[19] = hash_of(seed + 19, *s.background, near.value, last);
  contexts[20] =
      hash_of(seed + 20, near.edge(s.at(0, -1)), near.edge(s.at(1, -1)), near.edge(s.at(2, -1)), w);
  contexts[21] =
      hash_of(seed + 21, near.edge(s.at(-1, 0)), near.edge(s.at(-1, -1)), near.edge(s.at(-2, 0)), n);
  contexts[22] = hash_of(seed + 22, s.in_reference(0, 0), near.value);
  contexts[23] = hash_of(seed + 23, signed_magnitude(first), signed_magnitude(last), e, by_line);
}

}  // namespace aicodec::screen
