// The look around of residual_kernels.h: sixteen numbers are the four components of four pixels, then the
// twelve predictors of one component.
#include "screen/residual_kernels.h"

#include "screen/sixteen.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

// The span.

// The pixels around that span colours, by the order in which the first of equals counts: left, above, above
// left, above right; of the reference here, right, below; right, below; of the reference left; two to the
// left, above, right, below; above two to the right; below right.
class Around {
 public:
  explicit Around(const Sight& s) {
    const uint32_t* const above = s.here - s.stride;
    const uint32_t* const below = s.here + s.stride;
    const uint32_t* const r = s.reference;
    words_[0] = sixteen_of(load_anywhere(above - 1),
                           lower_lower(load_two_words(s.here - 2), load_two_words(s.here + 1)));
    words_[1] = sixteen_of(lower_lower(load_two_words(r - 1), two_words(r[1], r[s.stride])),
                           lower_lower(load_two_words(below), two_words(above[-s.stride], below[s.stride])));
    store_sixteen(pixels_, words_[0]);
    store_sixteen(pixels_ + 8, words_[1]);
  }

  // Of component k, as kNumbers says.
  Sixteen values(int k) const {
    const Sixteen mask = all_words(1023);
    return narrow_words(shift_words_right(words_[0], 10 * k) & mask,
                        shift_words_right(words_[1], 10 * k) & mask);
  }
  // The least value of component k times 16, plus the number of the first pixel that has it, and the greatest
  // value likewise.
  void ends(int k, int& low, int& high) const {
    const Sixteen numbered = shift_left<4>(values(k)) | load_sixteen(kNumbers);
    const Sixteen inverse = numbered ^ Sixteen::all(0xFFF0);
    low = least_unsigned(min_unsigned(low_half(numbered), high_half(numbered)));
    high = least_unsigned(min_unsigned(low_half(inverse), high_half(inverse))) ^ 0xFFF0;
  }
  uint32_t pixel(int number) const { return pixels_[kWordOf[number]]; }

 private:
  // As narrow_words() leaves them.
  alignas(32) static constexpr int16_t kNumbers[16] = {2, 1, 3, 14, 9, 4, 5, 6, 10, 0, 7, 12, 8, 15, 11, 13};
  static constexpr uint8_t kWordOf[16] = {5, 1, 0, 2, 9, 10, 11, 6, 12, 8, 4, 14, 7, 15, 3, 13};

  Sixteen words_[2];
  alignas(32) uint32_t pixels_[16];
};

void find_span(const Sight& s, const Around& around, Span& span) {
  constexpr int kOrders[3][3] = {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}};
  int low = 0, high = 0, width = -1, lead = 0;
  for (int k = 0; k < s.leaders; ++k) {
    int least, greatest;
    around.ends(k, least, greatest);
    if ((greatest >> 4) - (least >> 4) <= width) continue;
    low = least;
    high = greatest;
    width = (greatest >> 4) - (least >> 4);
    lead = k;
  }
  span.low = around.pixel(low & 15);
  span.high = around.pixel(high & 15);
  span.low_value = low >> 4;
  span.high_value = high >> 4;
  for (int i = 0; i < 3; ++i) span.order[i] = kOrders[lead][i];
}

// Surroundings::around.
uint32_t shares_around(const Around& around, const Span& span, int expected) {
  const Sixteen values = around.values(span.order[0]);
  const int width = span.high_value - span.low_value;
  Sixteen shares;
  if (width < 10) {
    const Sixteen off = absolute(values - Sixteen::all(expected));
    shares = Sixteen::all(8) - is_greater(off, Sixteen::all(0));
    for (int limit = 1; limit <= 32; limit *= 2) shares = shares - is_greater(off, Sixteen::all(limit));
  } else {
    const Sixteen eightfold = shift_left<3>(values - Sixteen::all(span.low_value));
    const Sixteen step = Sixteen::all(width + 1);
    Sixteen limit = Sixteen::all(width);
    shares = Sixteen::all(0);
    for (int i = 1; i < 8; ++i, limit = limit + step) shares = shares - is_greater(eightfold, limit);
  }
  // As the numbers of the pixels lie.
  alignas(32) static constexpr int16_t kFactors[16] = {1 << 8, 1 << 12, 1 << 4, 0, 0, 0, 0, 0,
                                                       1,      1 << 4,  0,      0, 0, 0, 1, 0};
  alignas(32) uint32_t pairs[8];
  store_sixteen(pairs, sums_of_products(shares, load_sixteen(kFactors)));
  return pairs[0] | pairs[1] | pairs[4] << 16 | pairs[7];
}

// The predictors. They are asked at four pixels: at the left one and at the one that is coded, which fill the
// lower half, and at the upper and the upper right one. Of each there are four components, the last unused.

// Pixels of two rows, two of each, in the domain of prediction: those of the row below in the lower half.
struct Fours {
  Sixteen first, second;
};

class Domain {
 public:
  Domain(int lead, bool by_lead)
      : shift_(10 * lead),
        first_two_(all_words(!by_lead    ? 0
                             : lead == 0 ? 0xFFFF0000
                             : lead == 1 ? 0xFFFF
                                         : 0xFFFFFFFF)),
        third_(all_words(by_lead && lead != 2 ? 0xFFFF : 0)) {}

  Fours convert(Lanes low, Lanes high) const {
    const Sixteen pixels = sixteen_of(low, high);
    const Sixteen mask = all_words(1023);
    const Sixteen base = shift_words_right(pixels, shift_) & mask;
    const Sixteen both = base | shift_words_left<16>(base);
    const Sixteen second = shift_words_left<6>(pixels) & all_words(1023 << 16);
    const Sixteen two = ((pixels & mask) | second) - (both & first_two_);
    const Sixteen third = (shift_words_right(pixels, 20) & mask) - (base & third_);
    return {mix_words_low(two, third), mix_words_high(two, third)};
  }

 private:
  int shift_;
  Sixteen first_two_, third_;
};

// What all predictors say, and the pixels as they are.
struct Told {
  Sixteen by[Surroundings::kPredictors];
  Sixteen actual;
};

inline Told ask_predictors(const Sight& s, int lead) {
  const Domain domain(lead, s.rgb);
  // Rows from the pixel's own up.
  const uint32_t* rows[4];
  for (int i = 0; i < 4; ++i) rows[i] = s.here - i * s.stride;
  // Two to the left, and at the place itself.
  const auto left_of = [&](int row) {
    return domain.convert(load_anywhere(rows[row] - 3), load_anywhere(rows[row + 1] - 2));
  };
  const Fours row0 = left_of(0), row1 = left_of(1), row2 = left_of(2);
  // Two to the right, in either row above.
  const Fours right = domain.convert(lower_lower(load_two_words(rows[1] + 1), load_two_words(rows[2] + 1)),
                                     lower_lower(load_two_words(rows[2] + 2), load_two_words(rows[3] + 2)));
  const Sixteen ww = row0.first, w = middle(row0.first, row0.second);
  const Sixteen nww = row1.first, nw = middle(row1.first, row1.second), n = row1.second,
                ne = middle(row1.second, right.first), nee = right.first;
  const Sixteen nnww = row2.first, nnw = middle(row2.first, row2.second), nn = row2.second,
                nne = middle(row2.second, right.second), nnee = right.second;
  const uint32_t* const r = s.reference;
  const uint32_t* const r_above = r - s.stride;
  const Fours same = domain.convert(load_anywhere(r - 2), load_anywhere(r_above - 1));
  const Fours above = domain.convert(load_anywhere(r_above - 2), load_anywhere(r_above - s.stride - 1));
  const Sixteen p = middle(same.first, same.second), pw = same.first;
  const Sixteen pn = middle(above.first, above.second);

  Told told;
  told.actual = row0.second;
  Sixteen* const by = told.by;
  by[0] = w;
  by[1] = n;
  by[2] = w + n - nw;
  by[3] = max_of(min_of(w, n), min_of(by[2], max_of(w, n)));
  by[4] = p;
  by[5] = p + shift_right<1>(w - pw + n - pn);
  by[6] = w + ne - n;
  by[7] = n + n - nn;
  by[8] = w + w - ww;
  // An edge moves on by as much per row as before; its coverage is counted over five columns.
  const Sixteen row_above = nww + nw + n + ne + nee;
  const Sixteen row_before = nnww + nnw + nn + nne + nnee;
  by[9] = row_above + row_above - row_before - w - ww - ne - nee;
  by[10] = shift_right<1>(w + n) + shift_right<2>(ne - nw);
  by[11] = n + ne - nne;
  return told;
}

// Two pairs of predictors: those that fill lane i, and lane i + 4 of eight.
struct TwoPairs {
  int a, b, c, d;
};
// Empty lanes have what the other half has.
constexpr TwoPairs kPairs[4] = {{4, 5, 7, 8}, {9, 1, 9, 1}, {6, 11, 6, 11}, {2, 0, 10, 3}};
alignas(32) constexpr uint16_t kEmpty[16] = {0, 0, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF};

// Numbers by pair of predictors and by component become those of a component each, with bits of `also`.
inline void store_components(const Sixteen (&lanes)[4], Sixteen also, void* out) {
  const Sixteen low[2] = {mix_words_low(lanes[0], lanes[1]), mix_words_low(lanes[2], lanes[3])};
  const Sixteen high[2] = {mix_words_high(lanes[0], lanes[1]), mix_words_high(lanes[2], lanes[3])};
  int16_t* const to = static_cast<int16_t*>(out);
  store_sixteen(to, mix_pairs_low(low[0], low[1]) | also);
  store_sixteen(to + 16, mix_pairs_high(low[0], low[1]) | also);
  store_sixteen(to + 32, mix_pairs_low(high[0], high[1]) | also);
}

// Their mean as the errors weigh them, by 2^16 / (e + 2)^2, rounded to the nearest. What pixels of ten bits
// can bring about fits 32 bits.
inline int blend(Sixteen values, Sixteen errors) {
  const Sixteen weights = inverse_squares(errors);
  const Sixteen products = sums_of_products(weights, values);
  const Sixteen weighed = sums_of_products(weights, Sixteen::all(1));
  const Lanes sums = add_words(low_half(products), high_half(products));
  const Lanes totals = add_words(low_half(weighed), high_half(weighed));
  const Lanes halves = add_words(mix_words_low(sums, totals), mix_words_high(sums, totals));
  alignas(16) int32_t both[4];
  store_lanes(both, add_words(halves, upper_upper(halves, halves)));
  const int32_t total = both[1] == 0 ? 1 : both[1];
  const int32_t sum = both[0] + (total >> 1);
  return sum / total - (sum % total < 0);
}

// Classes of errors by their least.
constexpr int kErrors[] = {1, 3, 6, 11, 20, 36, 70};
constexpr int kMostError = 70;
struct ErrorClasses {
  uint8_t of[kMostError + 1];
};
constexpr ErrorClasses kErrorClasses = [] {
  ErrorClasses classes{};
  for (int error = 1; error <= kMostError; ++error) {
    const int before = classes.of[error - 1];
    classes.of[error] = static_cast<uint8_t>(before + (error == kErrors[before]));
  }
  return classes;
}();

void look_around(const Sight& s, Surroundings& result) {
  const Around around(s);
  find_span(s, around, result.span);
  const int lead = result.span.order[0];
  const Told told = ask_predictors(s, lead);
  const Sixteen* const by = told.by;
  store_sixteen(result.median_errors, told.actual - by[3]);
  Sixteen values[4], errors[4];
  for (int i = 0; i < 4; ++i) {
    const TwoPairs& pairs = kPairs[i];
    const auto off = [&](int predictor) { return absolute(by[predictor] - told.actual); };
    const Sixteen a = off(pairs.a), b = off(pairs.b), c = off(pairs.c), d = off(pairs.d);
    const Sixteen here[2] = {mix_low(a, b), mix_low(c, d)};
    const Sixteen west = low_halves(here[0], here[1]), north = high_halves(here[0], here[1]);
    const Sixteen twice = sum_to_limit(west, north);
    const Sixteen north_east = high_halves(mix_high(a, b), mix_high(c, d));
    errors[i] = sum_to_limit(sum_to_limit(twice, twice), north_east);
    values[i] = low_halves(mix_high(by[pairs.a], by[pairs.b]), mix_high(by[pairs.c], by[pairs.d]));
  }
  store_components(values, Sixteen::all(0), result.values);
  store_components(errors, load_sixteen(kEmpty), result.errors);
  for (int k = 0; k < s.components; ++k) {
    const Sixteen erred = load_sixteen(result.errors[k]);
    result.blends[k] = blend(load_sixteen(result.values[k]), erred);
    const int least = least_unsigned(min_unsigned(low_half(erred), high_half(erred)));
    result.least_errors[k] = least;
    result.error_classes[k] = kErrorClasses.of[least < kMostError ? least : kMostError];
  }
  const int blended = result.blends[lead];
  const int expected = blended < 0 ? 0 : blended > s.max_value ? s.max_value : blended;
  result.around = shares_around(around, result.span, expected);
}

}  // namespace

const ResidualKernels kResidualKernels = {look_around};

}  // namespace aicodec::screen::AICODEC_KERNELS
