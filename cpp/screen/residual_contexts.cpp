// The contexts of a residual's bits, and the lines of models that they lead to.
#include <algorithm>

#include "screen/classes.h"
#include "screen/residual_model.h"

namespace aicodec::screen {
namespace {

int error_class_of(int error) {
  return error < 1    ? 0
         : error < 3  ? 1
         : error < 6  ? 2
         : error < 11 ? 3
         : error < 20 ? 4
         : error < 36 ? 5
         : error < 70 ? 6
                      : 7;
}

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

// The one context that sees the residual before the last turn's.
void ResidualModel::add_residual(int residual) {
  Turn& turn = turns_[2];
  turn.few.at[7] = odds_.line(7, hash_in(turn.sight.late_hash, static_cast<uint32_t>(residual)));
}

template <bool Rich>
void ResidualModel::prepare_with(const Site& site) {
  kernels_->look_around({site.here, site.reference, site.stride, shape_.components, leaders_, shape_.rgb},
                        span_, predictions_);
  prepare_turn<Rich>(site, 0, 0, nullptr);
}
template void ResidualModel::prepare_with<false>(const Site& site);
template void ResidualModel::prepare_with<true>(const Site& site);

template <bool Rich>
void ResidualModel::prepare_turn(const Site& s, int turn, int first_value, const int* residuals) {
  Turn& opened = turns_[turn];
  const int k = span_.order[turn];
  const int width = span_.width();
  const int blended = predictions_.blends[k];
  const int base = shape_.rgb && turn > 0 ? first_value : 0;
  const bool on_a_line = turn > 0 && width >= 10;
  const int value =
      on_a_line ? on_line(span_, first_value, k) : std::clamp(blended + base, 0, shape_.max_value);
  const int by_line = on_a_line ? 1 + magnitude(value - (blended + base)) : 0;
  opened.value = value;
  opened.error_class = error_class_of(predictions_.least_errors[k]);
  opened.span_class = by_line > 0  ? 4 + std::min(by_line / 2, 3)
                      : width < 3  ? 0
                      : width < 10 ? 1
                      : width < 64 ? 2
                                   : 3;
  if constexpr (Rich) {
    set_contexts(s, turn, base, by_line, residuals);
    open_lines(opened, 0);
  } else {
    open_few(s, turn, base, by_line, residuals);
  }
}
template void ResidualModel::prepare_turn<false>(const Site& site, int turn, int first, const int* residuals);
template void ResidualModel::prepare_turn<true>(const Site& site, int turn, int first, const int* residuals);

void ResidualModel::set_contexts(const Site& s, int turn, int base, int by_line, const int* residuals) {
  Turn& opened = turns_[turn];
  uint32_t* const contexts = opened.contexts;
  const Shares near{opened.value, span_.lead(), span_.low_value, span_.width()};
  const int e = opened.error_class;
  const int first = turn > 0 ? residuals[0] : 0;
  const int last = turn > 0 ? residuals[turn - 1] : 0;
  const int k = span_.order[turn];
  const uint32_t seed = static_cast<uint32_t>(turn * 3 + k + 1) * 0x10001u;
  const uint32_t w = near.share(s.at(-1, 0)), n = near.share(s.at(0, -1)), ne = near.share(s.at(1, -1));
  const auto p = [&](int i) { return predictions_.value(i, k); };
  const auto off = [&](int i) { return std::clamp(p(i) - (near.value - base), -40, 40); };
  contexts[2] = hash_of(seed + 2, near.value >> 2, turn > 0 ? signed_magnitude(first) : e);
  contexts[5] =
      hash_of(seed + 5, w, near.share(s.at(-2, 0)), n, near.share(s.at(-1, -1)), ne, near.share(s.at(0, -2)));
  contexts[6] = hash_of(seed + 6, span_.low, span_.high, near.fine(near.value));
  contexts[9] = hash_of(seed + 9, off(2), e, s.guide);
  contexts[10] = hash_of(seed + 10, off(7), off(8));
  contexts[11] = hash_of(seed + 11, off(9), by_line, signed_magnitude(first));
  contexts[13] = hash_of(seed + 13, off(6), off(11));
  contexts[14] = hash_of(seed + 14, off(10), last);
  contexts[0] = hash_of(seed, e, by_line ? 16 + by_line * 8 + magnitude(near.width) : magnitude(p(3) - p(4)));
  contexts[1] = hash_of(seed + 1, signed_magnitude(predictions_.west_error(k)),
                        signed_magnitude(predictions_.north_error(k)), e > 4);
  const uint32_t pr = near.share(s.in_reference(0, 0));
  contexts[3] = hash_of(seed + 3, w, n, ne, pr, near.value >> 5);
  contexts[4] = hash_of(seed + 4, pr, near.share(s.in_reference(1, 0)), near.share(s.in_reference(-1, 0)),
                        near.share(s.in_reference(0, -1)), near.share(s.in_reference(0, 1)), w, n);
  contexts[7] =
      hash_of(seed + 7, near.edge(s.at(-1, 0)), near.edge(s.at(0, -1)), near.edge(s.at(1, -1)), last);
  contexts[8] = hash_of(seed + 8, off(0), off(1));
  contexts[12] = hash_of(seed + 12, off(4), off(5));
  int best = 0;
  while (predictions_.error(best, k) != predictions_.least_errors[k]) ++best;
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

// Few contexts, each of one number: what is seen of the surroundings does not depend on the turn.
void ResidualModel::open_few(const Site& s, int turn, int base, int by_line, const int* residuals) {
  Turn& opened = turns_[turn];
  const int value = opened.value;
  const int k = span_.order[turn];
  if (turn == 0) {
    const Shares near{value, span_.lead(), span_.low_value, span_.width()};
    around_ = 0;
    for (const Pixel pixel : {s.at(-1, 0), s.at(-2, 0), s.at(0, -1), s.at(-1, -1), s.at(1, -1), s.at(0, -2)})
      around_ = around_ << 4 | near.share(pixel);
  }
  const uint32_t first = turn > 0 ? static_cast<uint32_t>(signed_magnitude(residuals[0])) : 0;
  const uint32_t e = static_cast<uint32_t>(opened.error_class);
  TurnSight& sight = opened.sight;
  sight.component = k;
  sight.seed = static_cast<uint32_t>(turn * 3 + k + 1) * 0x10001u;
  sight.centre = value - base;
  sight.value = static_cast<uint32_t>(value);
  sight.error_class = e;
  sight.first = turn > 0 ? first : e;
  sight.by_line = static_cast<uint32_t>(by_line) << 4 | first;
  sight.around = around_;
  sight.low = span_.low;
  sight.high = span_.high;
  sight.guide = s.guide;
  sight.before = static_cast<uint32_t>(turn > 0 ? residuals[0] : 0);
  sight.waits = turn == 2;
  opened.few.table = odds_.table();
  opened.few.weights = odds_.weights(turn, opened.span_class);
  opened.few.at[8] = odds_.common_line(turn, opened.error_class, opened.span_class);
  kernels_->open(predictions_, sight, odds_.bits(), opened.few);
}

}  // namespace aicodec::screen
