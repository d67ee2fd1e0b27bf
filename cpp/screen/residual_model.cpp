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

}  // namespace

ResidualModel::ResidualModel(const SheetShape& shape, const ModelSettings& settings)
    : shape_(shape),
      near_(settings.near),
      joint_(shape.components > 1),
      rich_(settings.rich),
      leaders_(settings.first_leads ? 1 : shape.components),
      line_mask_((1u << settings.residual_bits) - 1) {
  const int contexts = rich_ ? ResidualContexts<true>::kCount : ResidualContexts<false>::kCount;
  for (int i = 0; i < contexts; ++i) lines_[i] = BigArray<ModelLine>(size_t{1} << settings.residual_bits);
  MixWeights<kContexts> start{};
  for (int i = 0; i < contexts; ++i) start.w[i] = static_cast<int16_t>((1 << kWeightBits) / (rich_ ? 12 : 6));
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

// The pixels around, as they are predicted.
struct ResidualModel::Window {
  // Rows y, y - 1, y - 2, y - 3; columns from x - 4 on.
  int16_t near[4][8];
  // Of the reference rows y, y - 1, y - 2; columns from x - 2 on.
  int16_t reference[3][4];

  int at(int dx, int dy) const { return near[-dy][dx + 4]; }
  int in_reference(int dx, int dy) const { return reference[-dy][dx + 2]; }
};

ResidualModel::Window ResidualModel::window_at(const Site& s, int k, int lead) const {
  Window window;
  const int shift = 10 * k;
  const int lead_shift = 10 * lead;
  const Pixel lead_mask = shape_.rgb && k != lead ? 1023 : 0;
  const auto convert = [&](const Pixel* pixels, int16_t* out, int count) {
    for (int i = 0; i < count; ++i)
      out[i] = static_cast<int16_t>((pixels[i] >> shift & 1023) - (pixels[i] >> lead_shift & lead_mask));
  };
  for (int row = 0; row < 4; ++row) convert(s.here - row * s.stride - 4, window.near[row], 8);
  for (int row = 0; row < 3; ++row) convert(s.reference - row * s.stride - 2, window.reference[row], 4);
  return window;
}

void ResidualModel::predictors(const Window& window, int x, int y, int16_t* out) {
  const auto at = [&](int dx, int dy) { return window.at(x + dx, y + dy); };
  const int w = at(-1, 0), n = at(0, -1), nw = at(-1, -1), ne = at(1, -1), nn = at(0, -2);
  const int ww = at(-2, 0), nww = at(-2, -1), nee = at(2, -1), nne = at(1, -2);
  const int p = window.in_reference(x, y);
  const auto put = [&](int i, int value) { out[i] = static_cast<int16_t>(value); };
  put(0, w);
  put(1, n);
  put(2, w + n - nw);
  put(3, median(w, n, nw));
  put(4, p);
  put(5, p + ((w - window.in_reference(x - 1, y) + n - window.in_reference(x, y - 1)) >> 1));
  put(6, w + ne - n);
  put(7, n + n - nn);
  put(8, w + w - ww);
  // An edge moves on by as much per row as before; its coverage is counted over five columns.
  const int row_above = nww + nw + n + ne + nee;
  const int row_before = at(-2, -2) + at(-1, -2) + nn + nne + at(2, -2);
  put(9, 2 * row_above - row_before - w - ww - ne - nee);
  put(10, ((w + n) >> 1) + ((ne - nw) >> 2));
  put(11, n + ne - nne);
}

ResidualModel::Prediction ResidualModel::predict(const Site& s, int k, int lead) const {
  const Window window = window_at(s, k, lead);
  Prediction result;
  int16_t west[kPredictors], north[kPredictors], east[kPredictors];
  predictors(window, 0, 0, result.p);
  predictors(window, -1, 0, west);
  predictors(window, 0, -1, north);
  predictors(window, 1, -1, east);
  const int w = window.at(-1, 0);
  const int n = window.at(0, -1);
  const int ne = window.at(1, -1);
  int errors[kPredictors];
  for (int i = 0; i < kPredictors; ++i)
    errors[i] = 2 * std::abs(west[i] - w) + 2 * std::abs(north[i] - n) + std::abs(east[i] - ne);
  int64_t sum = 0;
  int64_t total = 0;
  result.error = 1 << 30;
  result.best = 0;
  for (int i = 0; i < kPredictors; ++i) {
    const int error = errors[i];
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

}  // namespace aicodec::screen
