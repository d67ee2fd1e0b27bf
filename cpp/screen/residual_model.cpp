#include "screen/residual_model.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "screen/classes.h"

namespace aicodec::screen {
namespace {

// What a predictor weighs that erred by e nearby: 2^16 / (e + 2)^2.
constexpr auto kWeights = [] {
  std::array<int32_t, 256> weights{};
  for (int e = 0; e < 256; ++e) weights[static_cast<size_t>(e)] = 65536 / ((e + 2) * (e + 2));
  return weights;
}();

// The pixels around that span colours, in the order in which the first of equals counts.
struct Place {
  int dx, dy;
  bool in_reference;
};
constexpr Place kAround[16] = {{-1, 0, false}, {0, -1, false}, {-1, -1, false}, {1, -1, false},
                               {0, 0, true},   {1, 0, true},   {0, 1, true},    {1, 0, false},
                               {0, 1, false},  {-1, 0, true},  {-2, 0, false},  {0, -2, false},
                               {2, 0, false},  {0, 2, false},  {2, -1, false},  {1, 1, false}};
Pixel seen_at(const Site& s, Place place) {
  return place.in_reference ? s.in_reference(place.dx, place.dy) : s.at(place.dx, place.dy);
}

class Around {
 public:
  explicit Around(const Site& s) {
#if defined(__SSE2__)
    const auto four = [](const Pixel* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); };
    const auto two = [](const Pixel* p) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)); };
    const auto apart = [](Pixel a, Pixel b) {
      return _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(a)),
                                _mm_cvtsi32_si128(static_cast<int>(b)));
    };
    const Pixel* const r = s.reference;
    pixels_[0] = four(s.here - s.stride - 1);
    pixels_[1] = _mm_unpacklo_epi64(two(s.here - 2), two(s.here + 1));
    pixels_[2] = _mm_unpacklo_epi64(two(r - 1), apart(r[1], r[s.stride]));
    pixels_[3] = _mm_unpacklo_epi64(two(s.here + s.stride), apart(s.at(0, -2), s.at(0, 2)));
#else
    for (int i = 0; i < 16; ++i) pixels_[i] = seen_at(s, kAround[i]);
#endif
  }

  // The least value of component k times 16, plus the number of the first pixel that has it, and the greatest
  // value so, plus 15 less that number.
  std::pair<int, int> ends(int k) const {
#if defined(__SSE2__)
    const __m128i numbers[4] = {_mm_setr_epi32(2, 1, 3, 14), _mm_setr_epi32(10, 0, 7, 12),
                                _mm_setr_epi32(9, 4, 5, 6), _mm_setr_epi32(8, 15, 11, 13)};
    __m128i low = _mm_set1_epi16(0x7FFF);
    __m128i high = _mm_setzero_si128();
    const __m128i shift = _mm_cvtsi32_si128(10 * k);
    for (int i = 0; i < 4; ++i) {
      const __m128i value = _mm_and_si128(_mm_srl_epi32(pixels_[i], shift), _mm_set1_epi32(1023));
      const __m128i scaled = _mm_slli_epi32(value, 4);
      low = _mm_min_epi16(low, _mm_or_si128(scaled, numbers[i]));
      high = _mm_max_epi16(high, _mm_or_si128(scaled, _mm_xor_si128(_mm_set1_epi32(15), numbers[i])));
    }
    low = _mm_min_epi16(low, _mm_shuffle_epi32(low, 0x4E));
    low = _mm_min_epi16(low, _mm_shuffle_epi32(low, 0xB1));
    high = _mm_max_epi16(high, _mm_shuffle_epi32(high, 0x4E));
    high = _mm_max_epi16(high, _mm_shuffle_epi32(high, 0xB1));
    return {_mm_cvtsi128_si32(low) & 0xFFFF, _mm_cvtsi128_si32(high)};
#else
    int low = 1 << 14;
    int high = 0;
    for (int i = 0; i < 16; ++i) {
      low = std::min(low, component(pixels_[i], k) * 16 + i);
      high = std::max(high, component(pixels_[i], k) * 16 + 15 - i);
    }
    return {low, high};
#endif
  }

 private:
#if defined(__SSE2__)
  __m128i pixels_[4];
#else
  Pixel pixels_[16];
#endif
};

}  // namespace

ResidualModel::ResidualModel(const SheetShape& shape, const ModelSettings& settings)
    : shape_(shape),
      near_(settings.near),
      joint_(shape.components > 1),
      rich_(settings.rich),
      leaders_(settings.first_leads ? 1 : shape.components),
      line_mask_((1u << settings.residual_bits) - 1) {
  for (auto& table : remembered_) table.resize(size_t{1} << 16);
  if (!rich_) {
    odds_.start(settings.residual_bits);
    return;
  }
  for (auto& table : lines_) table = BigArray<ModelLine>(size_t{1} << settings.residual_bits);
  constexpr size_t kPlaces = size_t{3} * 2 * ModelLine::kModels;
  MixWeights<kContexts> start;
  std::fill_n(start.w, kContexts, static_cast<int16_t>((1 << kWeightBits) / 12));
  for (auto& weights : weights_) weights.assign(kPlaces * 8, start);
  refine_.resize(kPlaces * 33);
  for (size_t i = 0; i < refine_.size(); ++i)
    refine_[i] = BitModel::starting_at(squash((static_cast<int>(i % 33) - 16) * kMaxStretch / 16), 6);
}

ResidualModel::Span ResidualModel::span_of(const Site& s) const {
  const Around around(s);
  Span best{};
  int lowest = 0;
  int highest = 0;
  for (int k = 0; k < leaders_; ++k) {
    const auto [low, high] = around.ends(k);
    if (k > 0 && high / 16 - low / 16 <= best.width()) continue;
    lowest = low % 16;
    highest = 15 - high % 16;
    best.low_value = low / 16;
    best.high_value = high / 16;
    best.order[0] = k;
  }
  best.low = seen_at(s, kAround[lowest]);
  best.high = seen_at(s, kAround[highest]);
  int turn = 1;
  for (int k = 0; k < shape_.components; ++k)
    if (k != best.lead()) best.order[turn++] = k;
  return best;
}

// A blend of the predictors, weighted by how well they did nearby. What a pixel of ten bits can bring about
// fits 32 bits.
ResidualModel::Blend ResidualModel::blend(int k) const {
  int32_t sum = 0;
  int32_t total = 0;
  Blend result{0, 1 << 30, 0};
  for (int i = 0; i < Predictions::kPredictors; ++i) {
    const int error = predictions_.error(i, k);
    if (error < result.error) {
      result.error = error;
      result.best = i;
    }
    const int32_t weight = kWeights[static_cast<size_t>(std::min(error, 255))];
    total += weight;
    sum += weight * predictions_.value(i, k);
  }
  if (total == 0) total = 1;
  const int32_t doubled = 2 * sum + total;
  // Rounded down, also below zero.
  result.value = doubled >= 0 ? doubled / (2 * total) : -((-doubled + 2 * total - 1) / (2 * total));
  return result;
}

int ResidualModel::on_line(const Span& span, int first, int k) const {
  const int low = component(span.low, k);
  const int high = component(span.high, k);
  const int width = span.width();
  const int value = low + ((high - low) * (first - span.low_value) * 2 + width) / (2 * width);
  return std::clamp(value, 0, shape_.max_value);
}

ResidualModel::Remembered& ResidualModel::by_span(const Span& span, int first) {
  return remembered_[0][hash_in(hash_in(hash_in(7 + static_cast<uint32_t>(span.lead()), span.low), span.high),
                                static_cast<uint32_t>(first)) >>
                        16];
}
ResidualModel::Remembered& ResidualModel::by_neighbour(const Site& s, int first) {
  const Pixel west = s.at(-1, 0);
  if (rich_) return remembered_[1][hash_of(3, west, first) >> 16];
  // How far its components are apart is what a colour blended with grey noise keeps.
  uint32_t apart = static_cast<uint32_t>(span_.lead());
  for (int k = 0; k < 3; ++k) {
    const int above = component(west, k) - component(west, span_.lead());
    apart = apart << 7 | static_cast<uint32_t>((above + 1024 + 16) >> 5);
  }
  return remembered_[1][hash_of(3, apart, first) >> 16];
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
