#include "screen/residual_model.h"

#include <algorithm>

#include "screen/classes.h"

namespace aicodec::screen {
namespace {

// What a predictor weighs that erred by e nearby: 2^16 / (e + 2)^2.
constexpr auto kWeights = [] {
  std::array<int32_t, 256> weights{};
  for (int e = 0; e < 256; ++e) weights[static_cast<size_t>(e)] = 65536 / ((e + 2) * (e + 2));
  return weights;
}();

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

}  // namespace

ResidualModel::ResidualModel(const SheetShape& shape, const ModelSettings& settings)
    : shape_(shape),
      near_(settings.near),
      joint_(shape.components > 1),
      rich_(settings.rich),
      leaders_(settings.first_leads ? 1 : shape.components),
      line_mask_((1u << settings.residual_bits) - 1) {
  const int contexts = rich_ ? kRichContexts : kContexts;
  for (int i = 0; i < contexts; ++i) lines_[i] = BigArray<ModelLine>(size_t{1} << settings.residual_bits);
  MixWeights<kRichContexts> start{};
  for (int i = 0; i < contexts; ++i) start.w[i] = (1 << kWeightBits) / 12;
  for (auto& weights : weights_) weights.assign(size_t{3} * 2 * ModelLine::kModels * 8, start);
  refine_.resize(size_t{3} * 2 * ModelLine::kModels * 33);
  for (size_t i = 0; i < refine_.size(); ++i)
    refine_[i] = BitModel::starting_at(squash((static_cast<int>(i % 33) - 16) * kMaxStretch / 16), 6);
  for (auto& table : remembered_) table.resize(size_t{1} << 16);
}

ResidualModel::Span ResidualModel::span_of(const Site& s) const {
  const Pixel around[16] = {s.at(-1, 0),          s.at(0, -1),
                            s.at(-1, -1),         s.at(1, -1),
                            s.in_reference(0, 0), s.in_reference(1, 0),
                            s.in_reference(0, 1), s.at(1, 0),
                            s.at(0, 1),           s.in_reference(-1, 0),
                            s.at(-2, 0),          s.at(0, -2),
                            s.at(2, 0),           s.at(0, 2),
                            s.at(2, -1),          s.at(1, 1)};
  Span best{};
  for (int k = 0; k < leaders_; ++k) {
    int low = 0;
    int high = 0;
    for (int i = 1; i < 16; ++i) {
      if (component(around[i], k) < component(around[low], k)) low = i;
      if (component(around[i], k) > component(around[high], k)) high = i;
    }
    const int low_value = component(around[low], k);
    const int high_value = component(around[high], k);
    if (k == 0 || high_value - low_value > best.width())
      best = {around[low], around[high], low_value, high_value, {k, 0, 0}};
  }
  int turn = 1;
  for (int k = 0; k < shape_.components; ++k)
    if (k != best.lead()) best.order[turn++] = k;
  return best;
}

void ResidualModel::predictors(const Pixel* here, const Pixel* reference, ptrdiff_t stride, int k, int lead,
                               int* out) const {
  const int w = domain(here[-1], k, lead);
  const int n = domain(here[-stride], k, lead);
  const int nw = domain(here[-stride - 1], k, lead);
  const int ne = domain(here[-stride + 1], k, lead);
  const int nn = domain(here[-2 * stride], k, lead);
  const int p = domain(reference[0], k, lead);
  const int pw = domain(reference[-1], k, lead);
  const int pn = domain(reference[-stride], k, lead);
  out[0] = w;
  out[1] = n;
  out[2] = w + n - nw;
  out[3] = median(w, n, nw);
  out[4] = p;
  out[5] = p + ((w - pw + n - pn) >> 1);
  out[6] = w + ne - n;
  out[7] = n + n - nn;
  const int ww = domain(here[-2], k, lead);
  const int nww = domain(here[-stride - 2], k, lead);
  const int nee = domain(here[-stride + 2], k, lead);
  const int nne = domain(here[-2 * stride + 1], k, lead);
  out[8] = w + w - ww;
  // An edge moves on by as much per row as before; its coverage is counted over five columns.
  const int row_above = nww + nw + n + ne + nee;
  const int row_before = domain(here[-2 * stride - 2], k, lead) + domain(here[-2 * stride - 1], k, lead) +
                         nn + nne + domain(here[-2 * stride + 2], k, lead);
  out[9] = 2 * row_above - row_before - w - ww - ne - nee;
  out[10] = ((w + n) >> 1) + ((ne - nw) >> 2);
  out[11] = n + ne - nne;
}

ResidualModel::Prediction ResidualModel::predict(const Site& s, int k, int lead) const {
  Prediction result;
  int west[kPredictors], north[kPredictors], east[kPredictors];
  const ptrdiff_t stride = s.stride;
  predictors(s.here, s.reference, stride, k, lead, result.p);
  predictors(s.here - 1, s.reference - 1, stride, k, lead, west);
  predictors(s.here - stride, s.reference - stride, stride, k, lead, north);
  predictors(s.here - stride + 1, s.reference - stride + 1, stride, k, lead, east);
  const int w = domain(s.at(-1, 0), k, lead);
  const int n = domain(s.at(0, -1), k, lead);
  const int ne = domain(s.at(1, -1), k, lead);
  int64_t sum = 0;
  int64_t total = 0;
  result.error = 1 << 30;
  result.best = 0;
  for (int i = 0; i < kPredictors; ++i) {
    const int error = 2 * std::abs(west[i] - w) + 2 * std::abs(north[i] - n) + std::abs(east[i] - ne);
    if (error < result.error) {
      result.error = error;
      result.best = i;
    }
    const int weight = kWeights[static_cast<size_t>(std::min(error, 255))];
    total += weight;
    sum += int64_t{weight} * result.p[i];
  }
  if (total == 0) total = 1;
  const int64_t doubled = 2 * sum + total;
  // Rounded down, also below zero.
  result.value =
      static_cast<int>(doubled >= 0 ? doubled / (2 * total) : -((-doubled + 2 * total - 1) / (2 * total)));
  result.west_error = w - west[3];
  result.north_error = n - north[3];
  return result;
}

int ResidualModel::on_line(const Span& span, int first, int k) const {
  const int low = component(span.low, k);
  const int high = component(span.high, k);
  const int width = span.width();
  const int value = low + ((high - low) * (first - span.low_value) * 2 + width) / (2 * width);
  return std::clamp(value, 0, shape_.max_value);
}

Pixel ResidualModel::interpolated(const Site& s, const Span& span, int first) const {
  Pixel rest = 0;
  for (int turn = 1; turn < shape_.components; ++turn) {
    const int k = span.order[turn];
    const int flat = domain(s.at(-1, 0), k, span.lead()) + (shape_.rgb ? first : 0);
    const int value = span.width() >= 4 ? on_line(span, first, k) : std::clamp(flat, 0, shape_.max_value);
    rest |= from_component(value, k);
  }
  return rest;
}

ResidualModel::Remembered& ResidualModel::by_span(const Span& span, int first) {
  return remembered_[0][hash_in(hash_in(hash_in(7 + static_cast<uint32_t>(span.lead()), span.low), span.high),
                                static_cast<uint32_t>(first)) >>
                        16];
}
ResidualModel::Remembered& ResidualModel::by_neighbour(const Site& s, int first) {
  return remembered_[1][hash_in(hash_in(3, s.at(-1, 0)), static_cast<uint32_t>(first)) >> 16];
}

void ResidualModel::remember(const Site& s, const Span& span, int first, Pixel rest) {
  for (Remembered* entry : {&by_span(span, first), &by_neighbour(s, first), &by_first_[span.lead()][first]}) {
    if (entry->rest == rest && entry->times > 0) {
      entry->times = static_cast<uint8_t>(std::min(entry->times + 1, 31));
    } else {
      *entry = {rest, 1};
    }
  }
}

int ResidualModel::chosen_residual(int wanted, int tolerance) const {
  const int size = std::abs(wanted);
  const auto with_sign = [&](int value) { return wanted < 0 ? -value : value; };
  if (near_ > 0 || tolerance == 0) return with_sign((size + near_) / (2 * near_ + 1));
  if (size <= tolerance) return 0;
  int unit = 1;
  while (2 * unit <= 2 * tolerance) unit *= 2;
  for (; unit > 1; unit /= 2) {
    const int rounded = (size + unit / 2) / unit * unit;
    if (rounded > 0 && std::abs(rounded - size) <= tolerance) return with_sign(rounded);
  }
  return wanted;
}

void ResidualModel::open_lines(int line) {
  const int contexts = rich_ ? kRichContexts : kContexts;
  const uint32_t offset = static_cast<uint32_t>(line) * 0x9E3779B1u;
  for (int i = 0; i < contexts; ++i) {
    open_[line][i] = &lines_[i][(contexts_[i] + offset) >> 8 & line_mask_];
    prefetch(open_[line][i]);
  }
}

void ResidualModel::set_contexts(const Site& s, const Span& span, const Prediction& p, int turn, int value,
                                 int base, const int* residuals) {
  const int width = span.width();
  const int lead = span.lead();
  const int e = error_class_of(p.error);
  const int last = turn > 0 ? residuals[turn - 1] : 0;
  const int first = turn > 0 ? residuals[0] : 0;
  // Where a neighbour lies between the span's ends, in eighths; in flat surroundings, how far off the
  // prediction.
  const auto share = [&](Pixel pixel) -> uint32_t {
    const int v = component(pixel, lead);
    if (width < 10) return static_cast<uint32_t>(8 + magnitude(v - value));
    return static_cast<uint32_t>(std::clamp((v - span.low_value) * 8 / (width + 1), 0, 7));
  };
  const auto fine_share = [&](int v) -> uint32_t {
    if (width < 10) return static_cast<uint32_t>(64 + v - value) & 127;
    return 128u + static_cast<uint32_t>(std::clamp((v - span.low_value) * 24 / (width + 1), 0, 23));
  };
  const auto edge = [&](Pixel pixel) { return fine_share(component(pixel, lead)); };
  const uint32_t seed = static_cast<uint32_t>(turn * 3 + span.order[turn] + 1) * 0x10001u;
  const uint32_t w = share(s.at(-1, 0)), n = share(s.at(0, -1)), ne = share(s.at(1, -1)),
                 nw = share(s.at(-1, -1)), ww = share(s.at(-2, 0)), nn = share(s.at(0, -2));
  const uint32_t pr = share(s.in_reference(0, 0)), pe = share(s.in_reference(1, 0)),
                 pw = share(s.in_reference(-1, 0)), pn = share(s.in_reference(0, -1)),
                 ps = share(s.in_reference(0, 1));
  const int by_line = turn > 0 && width >= 10 ? 1 + magnitude(value - (p.value + base)) : 0;

  const auto off = [&](int i) { return std::clamp(p.p[i] - (value - base), -40, 40); };
  contexts_[0] = hash_of(seed, e, by_line ? 16 + by_line * 8 + magnitude(width) : magnitude(p.p[3] - p.p[4]));
  contexts_[1] = hash_of(seed + 1, signed_magnitude(p.west_error), signed_magnitude(p.north_error), e > 4);
  contexts_[2] = hash_of(seed + 2, value, turn > 0 ? signed_magnitude(first) : e);
  contexts_[3] = hash_of(seed + 3, w, n, ne, pr, value >> 5);
  contexts_[4] = hash_of(seed + 4, pr, pe, pw, pn, ps, w, n);
  contexts_[5] = hash_of(seed + 5, w, ww, n, nw, ne, nn);
  contexts_[6] = hash_of(seed + 6, span.low, span.high, fine_share(value));
  contexts_[7] = hash_of(seed + 7, edge(s.at(-1, 0)), edge(s.at(0, -1)), edge(s.at(1, -1)), last);
  contexts_[8] = hash_of(seed + 8, off(0), off(1));
  contexts_[9] = hash_of(seed + 9, off(2), e, s.guide);
  contexts_[10] = hash_of(seed + 10, off(7), off(8));
  contexts_[11] = hash_of(seed + 11, off(9), by_line, signed_magnitude(first));
  contexts_[12] = hash_of(seed + 12, off(4), off(5));
  contexts_[13] = hash_of(seed + 13, off(6), off(11));
  contexts_[14] = hash_of(seed + 14, off(10), last);
  contexts_[15] = hash_of(seed + 15, off(3), off(p.best));
  if (rich_) {
    contexts_[16] =
        hash_of(seed + 16, edge(s.in_reference(0, 0)), w, n, share(s.at(1, 0)), share(s.at(0, 1)));
    contexts_[17] = hash_of(seed + 17, s.at(-1, 0), s.at(0, -1), value);
    contexts_[18] =
        hash_of(seed + 18, edge(s.at(-1, 0)), edge(s.at(0, -1)), edge(s.at(-1, -1)), magnitude(width));
    contexts_[19] = hash_of(seed + 19, *s.background, value, last);
    contexts_[20] = hash_of(seed + 20, edge(s.at(0, -1)), edge(s.at(1, -1)), edge(s.at(2, -1)), w);
    contexts_[21] = hash_of(seed + 21, edge(s.at(-1, 0)), edge(s.at(-1, -1)), edge(s.at(-2, 0)), n);
    contexts_[22] = hash_of(seed + 22, s.in_reference(0, 0), value);
    contexts_[23] = hash_of(seed + 23, signed_magnitude(first), signed_magnitude(last), e, by_line);
  }
  turn_ = turn;
  error_class_ = e;
  span_class_ = by_line ? 4 + std::min(by_line / 2, 3) : width < 3 ? 0 : width < 10 ? 1 : width < 64 ? 2 : 3;
  open_lines(0);
}

}  // namespace aicodec::screen
