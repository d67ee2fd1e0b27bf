// Pixels as residuals: each component is predicted by a blend of predictors, weighted by how well they did
// nearby; the residual goes bit by bit, every bit's probability mixed from many contexts (rich models) or
// added up from few. Serves pixels whose colour no ranking knows.
//
// Drawn edges are mixtures of two colours. So the component that varies most around the pixel is coded first
// (it leads), and the two pixels at the ends of its range span a line on which the others are looked for.
// Where colours are few and return, it remembers more of them if always the same component leads: settings
// say so.
#pragma once

#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/logistic.h"
#include "screen/mixer.h"
#include "screen/model_line.h"
#include "screen/model_settings.h"
#include "screen/residual_kernels.h"
#include "screen/residual_odds.h"
#include "screen/site.h"

namespace aicodec::screen {

class ResidualModel {
 public:
  // With settings.near above zero residuals go in steps of 2 * near + 1.
  ResidualModel(const SheetShape& shape, const ModelSettings& settings);

  // What can be done before it is known that the pixel at `site` has to be coded: its models are asked for.
  void prepare(const Site& site) {
    sight_.here = site.here;
    sight_.reference = site.reference;
    sight_.stride = site.stride;
    sight_.guide = site.guide;
    kernels_->look_around(sight_, surroundings_);
    if (rich_)
      prepare_rich(site, 0, 0, nullptr);
    else
      turn_kernels_->open_first(sight_, surroundings_, odds_.tables(), few_[0]);
    if (joint_) ask_for_remembered(site, rich_ ? turns_[0].expected.value : few_[0].expected.value);
  }

  // Codes one pixel, after prepare(); the decoder ignores `actual`. Returns the pixel as decoded, every
  // component within `near` of the actual one.
  template <typename Coder>
  Pixel code(Coder& coder, const Site& site, Pixel actual) {
    return rich_ ? code_with<true>(coder, site, actual) : code_with<false>(coder, site, actual);
  }

 private:
  static constexpr int kContexts = 24;
  static constexpr int kExponents = 10;
  static constexpr uint32_t kRemembered = 1u << 16;
  // Nodes of the first line: zero, sign, seven of the exponent for either sign, and the highest bit below the
  // leading one up to an exponent of kTopExponents. The second line has that bit for greater exponents, and
  // the next bit from kLargeExponent on.
  static constexpr int kTopNode = 16;
  static constexpr int kTopExponents = ModelLine::kModels - kTopNode;
  static constexpr int kLargeExponent = 4;
  // Where residuals are small, and what a guess has to be worth there, in 2^-16.
  static constexpr int kSmallResidual = 2;
  static constexpr int kSmallErrors = 4;
  static constexpr uint32_t kLikely = 20000;

  // With rich models.
  struct Turn {
    Expected expected;
    uint32_t contexts[kContexts];
    ModelLine* open[2][kContexts];
  };
  // At the components after the first; without a model once it has been asked.
  struct Guess {
    Pixel rest;
    BitModel* model;
  };
  struct Remembered {
    Pixel rest = 0;
    uint8_t times = 0;
  };

  // What followed such a value of the component that leads: between the same two colours, beside the same
  // pixel, or anywhere. What followed near values stands near.
  void find_remembered(int first);
  // Asks for what followed about the expected value.
  void ask_for_remembered(const Site& site, int expected);
  Remembered& remembered(int i, int first) {
    return remembered_[i][(remembered_at_[i] + static_cast<uint32_t>(first)) % kRemembered];
  }
  void remember(Pixel rest);

  // The greatest residual that may be needed where a sample can be so far off.
  uint32_t steps(int difference) const {
    return static_cast<uint32_t>(near_ == 0 ? difference : (difference + near_) / (2 * near_ + 1));
  }
  // The residual for a wanted difference: with steps the nearest one, else the roundest within the tolerance,
  // whose last bits soon cost nothing.
  int chosen_residual(int wanted, int tolerance) const;
  // Whether the components after the first are expected where they will be, all of them.
  bool errors_are_small() const {
    int classes = 0;
    for (int turn = 1; turn < shape_.components; ++turn)
      classes += surroundings_.error_classes[surroundings_.span.order[turn]];
    return classes <= kSmallErrors;
  }
  template <typename Coder>
  bool code_rest(Coder& coder, const Site& site, bool is_small, Pixel actual, Pixel& rest);
  // Expects the component of a turn and opens the lines of its contexts. `first`: the value of the component
  // that leads; `residuals`: those so far.
  void prepare_rich(const Site& site, int turn, int first, const int* residuals);
  void set_contexts(const Site& site, int turn, const int* residuals);
  // Finds the contexts' lines, the first ones or those of large residuals, and asks for them.
  void open_lines(Turn& turn, int line);
  // The same without rich models after turn 0, by the residual of that alone. The last turn's context that
  // sees the residual before it waits for add_residual().
  void open_next(int turn, int first, int residual) {
    turn_kernels_->open_next(sight_, surroundings_, odds_.tables(), turn, first, residual, few_[turn]);
  }
  void add_residual(int residual);
  template <bool Rich, typename Coder>
  Pixel code_with(Coder& coder, const Site& site, Pixel actual);
  template <typename Coder>
  int code_residual(Coder& coder, int turn, int residual);
  template <typename Coder>
  bool code_bit(Coder& coder, int turn, int line, int node, bool bit);

  const ResidualKernels* kernels_;
  const TurnKernels* turn_kernels_;
  SheetShape shape_;
  int near_;
  bool joint_;  // there are other components than the one that leads
  bool rich_;
  uint32_t line_mask_;
  BigArray<ModelLine> lines_[kContexts];
  // Per turn, line, node and error class; per turn, line, node and span class.
  std::vector<MixWeights<kContexts>> weights_[2];
  std::vector<BitModel> refine_;
  BigArray<Remembered> remembered_[2];
  Remembered by_first_[3][1024];
  BitModel rest_hit_[2][512];
  BitModel low_bits_[3][kExponents][kExponents][2];
  uint32_t rest_history_ = 0;
  ResidualOdds odds_;

  // Of the pixel being coded.
  Sight sight_;
  Surroundings surroundings_ = {};
  Turn turns_[3] = {};
  OpenTurn few_[3] = {};
  uint32_t remembered_at_[2] = {};
  Remembered* known_[3] = {};
  Guess guesses_[2] = {};
};

}  // namespace aicodec::screen

#include "screen/residual_model.inl"
