// The turns of turn_kernels.h: the hashes of eight contexts are eight words of a vector.
#include "screen/turn_kernels.h"

#include "screen/classes.h"
#include "screen/sixteen.h"

namespace aicodec::screen::AICODEC_KERNELS {
namespace {

constexpr int kContexts = OpenOdds::kContexts;
constexpr int kClasses = OddsTables::kClasses;

inline int clamp(int value, int most) { return value < 0 ? 0 : value > most ? most : value; }

// The value of component k on the line through the ends of the span, where the one that leads has `first`.
inline int on_line(const Span& span, int first, int k) {
  const int low = static_cast<int>(span.low >> (10 * k) & 1023);
  const int high = static_cast<int>(span.high >> (10 * k) & 1023);
  const int width = span.high_value - span.low_value;
  return low + ((high - low) * (first - span.low_value) * 2 + width) / (2 * width);
}

inline Expected expect(const Sight& sight, const Surroundings& s, int turn, int first) {
  const int k = s.span.order[turn];
  const int width = s.span.high_value - s.span.low_value;
  Expected result;
  result.base = sight.rgb && turn > 0 ? first : 0;
  const int blended = s.blends[k] + result.base;
  const bool on_a_line = turn > 0 && width >= 10;
  result.value = clamp(on_a_line ? on_line(s.span, first, k) : blended, sight.max_value);
  result.by_line = on_a_line ? 1 + magnitude(result.value - blended) : 0;
  result.span_class = result.by_line > 7   ? 7
                      : result.by_line > 0 ? 4 + result.by_line / 2
                      : width < 3          ? 0
                      : width < 10         ? 1
                      : width < 64         ? 2
                                           : 3;
  return result;
}

using Words = uint32_t __attribute__((vector_size(32)));

constexpr Words kLanes = {0, 1, 2, 3, 4, 5, 6, 7};
// Contexts of two values at least, and those of three.
constexpr Words kOfTwo = {0, 0, ~0u, ~0u, 0, 0, 0, ~0u};
constexpr Words kOfThree = {0, 0, ~0u, 0, 0, 0, 0, 0};
// By slot, what a prediction counts in its context.
alignas(32) constexpr int16_t kFactors[16] = {0, 0, 0, 0, 0, 0, 8, 0, 128, 1, 256, 0, 128, 1, 1, 0};

inline void hash_in(Words& hash, const Words& values) {
  hash = (hash ^ values) * 0x9E3779B1u;
  hash ^= hash >> 15;
}

inline void open(const Sight& sight, const Surroundings& s, const OddsTables& tables, int turn, int first,
                 int residual, OpenTurn& opened) {
  const Expected expected = expect(sight, s, turn, first);
  opened.expected = expected;
  const int k = s.span.order[turn];
  // How far they are off, at most 40 to either side, and 64 more.
  const Sixteen off = load_sixteen(s.values[k]) - Sixteen::all(expected.value - expected.base - 64);
  const Sixteen near = min_of(max_of(off, Sixteen::all(64 - 40)), Sixteen::all(64 + 40));
  const Sixteen seen = sums_of_products(near, load_sixteen(kFactors));
  Words predicted;
  __builtin_memcpy(&predicted, &seen, sizeof predicted);

  const auto number = [](int value) { return static_cast<uint32_t>(value); };
  const uint32_t before = turn > 0 ? number(signed_magnitude(residual)) : 0;
  const uint32_t error_class = number(s.error_classes[k]);
  const uint32_t quarter = number(expected.value) >> 2;
  const Words told = {quarter << 4 | (turn > 0 ? before : error_class), s.around, s.span.low, error_class, 0,
                      number(expected.by_line) << 4 | before,           0,        0};
  Words hash = number(turn * 3 + k + 1) * 0x10001u + kLanes;
  hash_in(hash, predicted + told);
  opened.late_hash = hash[kContexts - 1];
  Words next = hash;
  hash_in(next, Words{0, 0, s.span.high, sight.guide, 0, 0, 0, turn > 0 ? number(residual) : 0});
  hash = (next & kOfTwo) | (hash & ~kOfTwo);
  hash_in(next, quarter + Words{});
  hash = (next & kOfThree) | (hash & ~kOfThree);
  const int bits = tables.bits;
  const Words at = (kLanes << bits | (hash >> 8 & ((1u << bits) - 1))) * OddsLine::kNodes;
  __builtin_memcpy(opened.odds.at, &at, sizeof at);
  for (int i = 0; i < kContexts; ++i)
    if (i < kContexts - 1 || turn < 2) __builtin_prefetch(tables.lines + opened.odds.at[i], 1);
  const int classes = (turn * kClasses + s.error_classes[k]) * kClasses + expected.span_class;
  opened.odds.at[kContexts] = ((uint32_t{kContexts} << bits) + number(classes)) * OddsLine::kNodes;
  opened.odds.table = tables.lines;
  opened.odds.weights =
      tables.weights + (turn * kClasses + expected.span_class) * kContexts * OddsLine::kNodes;
}

void open_first(const Sight& sight, const Surroundings& s, const OddsTables& tables, OpenTurn& opened) {
  open(sight, s, tables, 0, 0, 0, opened);
}

void open_next(const Sight& sight, const Surroundings& s, const OddsTables& tables, int turn, int first,
               int residual, OpenTurn& opened) {
  // What only turn 0 does is left out.
  // Always: so that what is the first turn's alone is not compiled.
  if (turn > 0) open(sight, s, tables, turn, first, residual, opened);
}

}  // namespace

const TurnKernels kTurnKernels = {expect, open_first, open_next};

}  // namespace aicodec::screen::AICODEC_KERNELS
