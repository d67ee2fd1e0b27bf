// The syntax of the block tree: flags whose probabilities are mixed from several contexts (what surrounds the
// block, what was there in the frame before, how long ago it last changed), and vectors as indices into a
// list of likely ones or in full.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <vector>

#include "bits/models.h"
#include "screen/block.h"
#include "screen/logistic.h"
#include "screen/mixer.h"

namespace aicodec::screen {

enum class Flag : uint8_t { kSkip, kSplit, kCopy, kPhoto };
inline constexpr int kFlags = 4;

// A node of the tree: `cells` cells a side from (column, row).
struct Node {
  int level;
  int column;
  int row;
  int cells() const { return kRootCells >> level; }
};

// What is known about a node's surroundings, in the form of context hashes.
inline constexpr int kFlagContexts = 6;
using FlagContexts = std::array<uint32_t, kFlagContexts>;

// How many frames ago every cell last changed, at most kOldest.
inline constexpr uint8_t kOldest = 15;
using Ages = std::vector<uint8_t>;

// `top`: the sheet's row of cells that is the maps' first one.
FlagContexts flag_contexts(const Node& node, int top, const BlockMap& current, const BlockMap& previous,
                           const Ages& ages);

class FlagModel {
 public:
  FlagModel();

  template <typename Coder>
  bool code(Coder& coder, Flag flag, const Node& node, const FlagContexts& contexts, bool bit) {
    MixInputs<8> inputs;
    BitModel* models[kFlagContexts];
    const uint32_t kind = static_cast<uint32_t>(flag) * kLevels + static_cast<uint32_t>(node.level);
    for (size_t i = 0; i < kFlagContexts; ++i) {
      const uint32_t at = ((contexts[i] ^ kind * 0x9E3779B1u) * 0x85EBCA6Bu) >> (32 - kTableBits);
      models[i] = &tables_[i][at];
      inputs.x[i] = static_cast<int16_t>(stretch(models[i]->probability()));
      // Trust grows with experience.
      if (models[i]->count() < 3) inputs.x[i] = static_cast<int16_t>(inputs.x[i] / 2);
    }
    inputs.x[kFlagContexts] = 256;
    MixWeights<8>& weights = weights_[kind];
    const uint32_t probability = safe_squash(mix(weights, inputs));
    bit = coder.bit_with(probability, bit);
    learn(weights, inputs, mix_error(bit, probability));
    for (size_t i = 0; i < kFlagContexts; ++i) models[i]->learn(bit, 250);
    return bit;
  }

 private:
  static constexpr int kTableBits = 14;
  std::array<std::vector<BitModel>, kFlagContexts> tables_;
  std::array<MixWeights<8>, kFlags * kLevels> weights_;
};

// Vectors lately used, the newest first.
class RecentVectors {
 public:
  void push(Vector vector);
  int count() const { return count_; }
  Vector operator[](int i) const { return vectors_[static_cast<size_t>(i)]; }

 private:
  static constexpr int kKept = 10;
  std::array<Vector, kKept> vectors_{};
  int count_ = 0;
};

inline constexpr int kMaxCandidates = 12;
struct CandidateVectors {
  std::array<Vector, kMaxCandidates> vectors;
  int count = 0;
  // The way that a photo block's vector in full is told from.
  Way expected;

  bool has(Vector vector) const {
    return std::find(vectors.begin(), vectors.begin() + count, vector) != vectors.begin() + count;
  }
  void add(Vector vector) {
    if (has(vector)) return;
    if (count < kMaxCandidates) vectors[static_cast<size_t>(count++)] = vector;
  }
};
// The vectors that a block may name by index. `below` is the reference that is the canvas below, or negative.
CandidateVectors candidate_vectors(const Node& node, Mode mode, const BlockMap& current,
                                   const BlockMap& previous, const RecentVectors& recent, int below);
// Those of a photo block's second vector, when the first one is known.
CandidateVectors second_candidates(const Node& node, Vector first, const BlockMap& current,
                                   const BlockMap& previous);

class VectorModel {
 public:
  // `references`: how many there are.
  template <typename Coder>
  Vector code(Coder& coder, const CandidateVectors& candidates, Mode mode, int level, int references,
              Vector vector) {
    const size_t kind = static_cast<size_t>(mode) - 1;
    if (const auto named = code_index(coder, candidates, kind, level, vector)) return *named;
    Vector coded;
    int reference = 0;
    while (reference < references - 1 &&
           coder.bit(reference_[static_cast<size_t>(reference)], reference != vector.reference))
      ++reference;
    coded.reference = static_cast<uint8_t>(reference);
    if (mode == Mode::kPhoto)
      return code_way(coder, 2, candidates.expected, vector, static_cast<uint8_t>(reference));
    coded.dx = code_offset(coder, 0, vector.dx);
    coded.dy = code_offset(coder, 1, vector.dy);
    return coded;
  }

  // Whether a photo block has a second vector. `around`: how many of those to the left and above have one.
  template <typename Coder>
  bool code_has_second(Coder& coder, int around, bool has) {
    return coder.bit(has_second_[around], has);
  }
  template <typename Coder>
  Vector code_second(Coder& coder, const CandidateVectors& candidates, int level, Vector vector) {
    if (const auto named = code_index(coder, candidates, kSecond, level, vector)) return *named;
    return code_way(coder, 4, candidates.expected, vector, 0);
  }

  // Whether a photo block's vector, the first or the second one, can be told: by index or in full.
  static bool can_tell(const CandidateVectors& candidates, Vector vector) {
    return candidates.has(vector) || is_in_reach(candidates.expected, vector);
  }
  // Whether it can be told in full.
  static bool is_in_reach(Way from, Vector vector) {
    const Way more = way_of(vector) - from;
    return std::max(std::abs(more.dx), std::abs(more.dy)) < 1 << kExponents;
  }

 private:
  static constexpr int kExponents = 15;
  static_assert(kVectorLimit == 1 << kExponents);

  static constexpr int kAxes = 6;  // of vectors in whole pixels, in steps, and of second ones
  static constexpr size_t kSecond = 3;

  template <typename Coder>
  std::optional<Vector> code_index(Coder& coder, const CandidateVectors& candidates, size_t kind, int level,
                                   Vector vector) {
    for (int i = 0; i < candidates.count; ++i) {
      const Vector candidate = candidates.vectors[static_cast<size_t>(i)];
      if (coder.bit(index_[kind][static_cast<size_t>(i)][static_cast<size_t>(level)], candidate == vector))
        return candidate;
    }
    return std::nullopt;
  }

  template <typename Coder>
  Vector code_way(Coder& coder, size_t axis, Way expected, Vector vector, uint8_t reference) {
    const Way wanted = way_of(vector) - expected;
    Way more;
    more.dx = code_offset(coder, axis, wanted.dx);
    more.dy = code_offset(coder, axis + 1, wanted.dy);
    return vector_of(expected + more, reference);
  }

  template <typename Coder>
  int code_offset(Coder& coder, size_t axis, int offset) {
    if (coder.bit(zero_[axis], offset == 0)) return 0;
    const bool negative = coder.bit(sign_[axis], offset < 0);
    const uint32_t wanted = static_cast<uint32_t>(offset < 0 ? -offset : offset);
    size_t exponent = 0;
    while (exponent < kExponents - 1 && coder.bit(exponent_[axis][exponent], wanted >> (exponent + 1) != 0))
      ++exponent;
    uint32_t value = 1;
    for (size_t i = exponent; i-- > 0;)
      value = value << 1 | static_cast<uint32_t>(coder.bit(mantissa_[axis][exponent][i], wanted >> i & 1));
    return negative ? -static_cast<int>(value) : static_cast<int>(value);
  }

  BitModel index_[4][kMaxCandidates][kLevels];  // by mode, and of second vectors
  BitModel reference_[64];
  BitModel has_second_[3];
  BitModel zero_[kAxes], sign_[kAxes], exponent_[kAxes][kExponents], mantissa_[kAxes][kExponents][kExponents];
};

}  // namespace aicodec::screen
