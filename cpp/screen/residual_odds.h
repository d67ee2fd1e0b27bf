// The bits of a residual where a decoder has no time to mix them one by one: a context's line holds log odds
// for all nodes of a residual, weighted sums over the contexts give all probabilities at once, and one step
// moves all lines.
#pragma once

#include <array>
#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/odds_kernels.h"
#include "screen/pixel.h"
#include "screen/turn_kernels.h"

namespace aicodec::screen {

class ResidualOdds {
 public:
  ResidualOdds() : kernels_(&AICODEC_PICK_KERNELS(kOddsKernels)) {}

  // 2^bits lines a context; none at all until then.
  void start(int bits);

  OddsTables tables() { return {lines_[0].odds, weights_[0].odds, bits_}; }
  // Where the last context's line begins, which is asked for.
  uint32_t last_line(uint32_t hash) {
    const uint32_t line = (kContexts - 1u) << bits_ | (hash >> 8 & ((1u << bits_) - 1));
    prefetch(&lines_[line]);
    return line * OddsLine::kNodes;
  }

  // Codes a residual of at most `most_below` down and `most_above` up; the decoder ignores `residual`.
  template <typename Coder>
  int code(Coder& shared, const OpenOdds& open, int turn, uint32_t most_above, uint32_t most_below,
           int residual);

 private:
  static constexpr int kContexts = OpenOdds::kContexts;
  static constexpr int kZero = OddsLine::kPart;
  static constexpr int kSign = OddsLine::kPart + 1;
  static constexpr int kTopNode = OddsLine::kPart + 2;  // plus the exponent
  static constexpr int kTopExponents = 5;
  static constexpr int kNegative = 2 * OddsLine::kPart;
  static constexpr int kLargeTopNode = 7;  // of the part with the exponent
  static constexpr int kExponents = 7;
  static constexpr int kSecond = 3 * OddsLine::kPart;
  static constexpr int kLargeExponent = 4;
  static constexpr int kMostBits = 10;

  // What comes of a residual's nodes: two parts at a time are looked at.
  struct Nodes {
    alignas(32) uint16_t chances[OddsLine::kNodes];
    // Bit i of a node that was asked, and bit 32 + i where a 1 came.
    uint64_t came = 0;

    uint32_t asked() const { return static_cast<uint32_t>(came); }
    uint32_t ones() const { return static_cast<uint32_t>(came >> 32); }
    void add(uint64_t asked, uint64_t ones, int from) { came |= (asked | ones << 32) << from; }
  };
  template <typename Coder>
  static bool node(Coder& coder, Nodes& nodes, int i, bool bit) {
    const bool coded = coder.bit_with(nodes.chances[i], bit);
    nodes.add(1, coded, i);
    return coded;
  }
  template <typename Coder>
  uint32_t code_size(Coder& coder, const OpenOdds& open, Nodes& nodes, int turn, bool negative, uint32_t most,
                     uint32_t wanted);

  const OddsKernels* kernels_;
  // Of all contexts, one after the other, and of the classes.
  BigArray<OddsLine> lines_;
  int bits_ = 0;
  std::vector<OddsLine> weights_;
  BitModel larger_[3];
  BitModel low_bits_[3][kMostBits][kMostBits][2];
};

}  // namespace aicodec::screen

#include "screen/residual_odds.inl"
