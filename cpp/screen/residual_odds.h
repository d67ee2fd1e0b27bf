// The bits of a residual where a decoder has no time to mix them one by one: a context's line holds log odds
// for all nodes of a residual, weighted sums over the contexts give all probabilities at once, and one step
// moves all lines.
#pragma once

#include <array>
#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/odds.h"
#include "screen/pixel.h"

namespace aicodec::screen {

class ResidualOdds {
 public:
  static constexpr int kContexts = 8;
  static constexpr int kClasses = 8;

  // Nodes by parts of eight, which are summed only where they are needed: zero, sign, the line's age, and the
  // highest bit below the leading one for exponents from 1 to 5; the exponent of positive residuals, and that
  // bit for an exponent of 6; the same of negative ones; the next bit from an exponent of 4 on.
  struct alignas(64) Line {
    int16_t odds[32] = {};
  };
  // What the bits of a residual come from.
  struct Open {
    Line* lines[kContexts + 1];  // the last one is of the classes alone
    Line* weights;
  };

  // 2^bits lines a context; none at all until then.
  void start(int bits);

  Line* line(int context, uint32_t hash) {
    Line* found = &lines_[context][hash >> 8 & mask_];
    prefetch(found);
    return found;
  }
  Line* common_line(int turn, int error_class, int span_class) {
    return &common_[static_cast<size_t>((turn * kClasses + error_class) * kClasses + span_class)];
  }
  Line* weights(int turn, int span_class) {
    return &weights_[static_cast<size_t>((turn * kClasses + span_class) * kContexts)];
  }

  // Codes a residual of at most `most_below` down and `most_above` up; the decoder ignores `residual`.
  template <typename Coder>
  int code(Coder& coder, const Open& open, int turn, uint32_t most_above, uint32_t most_below, int residual);

 private:
  static constexpr int kPart = 8;
  static constexpr int kParts = 4;
  static constexpr int kZero = 0;
  static constexpr int kSign = 1;
  static constexpr int kAge = 2;
  static constexpr int kTopNode = 2;  // plus the exponent
  static constexpr int kTopExponents = 5;
  static constexpr int kLargeTopNode = 7;  // of the part with the exponent
  static constexpr int kExponents = 7;
  static constexpr int kSecondPart = 3;
  static constexpr int kLargeExponent = 4;
  static constexpr int kMostBits = 10;

  // A residual's nodes as they are used: part by part.
  struct Nodes {
    alignas(16) uint16_t chances[kPart * kParts];
    uint32_t asked = 0;
    uint32_t ones = 0;
  };
  static void look(const Open& open, int part, Nodes& nodes);
  static void learn(const Open& open, int part, const Nodes& nodes);
  template <typename Coder>
  static bool node(Coder& coder, Nodes& nodes, int i, bool bit) {
    const uint32_t coded = coder.bit_with(nodes.chances[i], bit);
    nodes.asked |= 1u << i;
    nodes.ones |= coded << i;
    return coded != 0;
  }
  template <typename Coder>
  uint32_t code_size(Coder& coder, const Open& open, Nodes& nodes, int turn, int part, uint32_t most,
                     uint32_t wanted);

  BigArray<Line> lines_[kContexts];
  uint32_t mask_ = 0;
  std::vector<Line> common_;
  std::vector<Line> weights_;  // in 2^-14
  BitModel larger_[3];
  BitModel low_bits_[3][kMostBits][kMostBits][2];
};

}  // namespace aicodec::screen

#include "screen/residual_odds.inl"
