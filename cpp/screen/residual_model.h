// Pixels as residuals: each component is predicted by a blend of predictors, weighted by how well they did
// nearby; the residual goes bit by bit, every bit's probability mixed from several contexts. Serves pixels
// whose colour no ranking knows, and whole blocks of photographs and smooth shading.
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
#include "screen/site.h"

namespace aicodec::screen {

class ResidualModel {
 public:
  // With settings.near above zero residuals go in steps of 2 * near + 1; settings.rich mixes more contexts.
  ResidualModel(const SheetShape& shape, const ModelSettings& settings);

  // Codes one pixel; the decoder ignores `actual`. Returns the pixel as decoded, every component within
  // `near` of the actual one.
  template <typename Coder>
  Pixel code(Coder& coder, const Site& site, Pixel actual);

 private:
  static constexpr int kContexts = 16;
  static constexpr int kRichContexts = 24;
  static constexpr int kPredictors = 12;
  static constexpr int kExponents = 11;
  // Nodes of the first line: zero, sign, seven of the exponent for either sign, and the highest bit below the
  // leading one up to an exponent of kTopExponents. The second line has that bit for greater exponents, and
  // the next bit from kLargeExponent on.
  static constexpr int kTopNode = 16;
  static constexpr int kTopExponents = ModelLine::kModels - kTopNode;
  static constexpr int kLargeExponent = 4;

  // The neighbourhood's widest component, the two colours at the ends of its range, and the order in which
  // the components are coded.
  struct Span {
    Pixel low, high;
    int low_value, high_value;
    int order[3];
    int lead() const { return order[0]; }
    int width() const { return high_value - low_value; }
  };
  struct Prediction {
    int value;  // in the component's domain
    int error;  // how badly the best predictor did nearby
    int best;   // which that was
    int p[kPredictors];
    int west_error, north_error;  // of the plane predictor
  };
  struct Remembered {
    Pixel rest = 0;
    uint8_t times = 0;
  };

  // Component k as it is predicted: in RGB, the others by their distance from the one that leads.
  int domain(Pixel pixel, int k, int lead) const {
    return component(pixel, k) - (shape_.rgb && k != lead ? component(pixel, lead) : 0);
  }
  Span span_of(const Site& site) const;
  void predictors(const Pixel* here, const Pixel* reference, ptrdiff_t stride, int k, int lead,
                  int* out) const;
  Prediction predict(const Site& site, int k, int lead) const;
  int on_line(const Span& span, int first, int k) const;
  Pixel interpolated(const Site& site, const Span& span, int first) const;
  void remember(const Site& site, const Span& span, int first, Pixel rest);
  Remembered& by_span(const Span& span, int first);
  Remembered& by_neighbour(const Site& site, int first);

  // The residual for a wanted difference: with steps the nearest one, else the roundest within the tolerance,
  // whose last bits soon cost nothing.
  int chosen_residual(int wanted, int tolerance) const;
  template <typename Coder>
  bool code_rest(Coder& coder, const Site& site, const Span& span, int first, Pixel actual, Pixel& rest);
  void set_contexts(const Site& site, const Span& span, const Prediction& prediction, int turn, int value,
                    int base, const int* residuals);
  // Finds the contexts' lines, the first ones or those of large residuals, and asks for them.
  void open_lines(int line);
  template <typename Coder>
  int code_residual(Coder& coder, int residual);
  template <typename Coder>
  bool code_bit(Coder& coder, int line, int node, bool bit) {
    return rich_ ? code_bit_with<kRichContexts>(coder, line, node, bit)
                 : code_bit_with<kContexts>(coder, line, node, bit);
  }
  template <int Count, typename Coder>
  bool code_bit_with(Coder& coder, int line, int node, bool bit);

  SheetShape shape_;
  int near_;
  bool joint_;  // there are other components than the one that leads
  bool rich_;
  int leaders_;  // of the components the first so many may lead
  uint32_t line_mask_;
  BigArray<ModelLine> lines_[kRichContexts];
  // Per turn, line, node and error class; per turn, line, node and span class.
  std::vector<MixWeights<kRichContexts>> weights_[2];
  std::vector<BitModel> refine_;
  std::vector<Remembered> remembered_[2];
  Remembered by_first_[3][1024];
  BitModel rest_hit_[3][1024];
  BitModel low_bits_[3][kExponents][kExponents][2];
  uint32_t rest_history_ = 0;

  // Of the component being coded.
  uint32_t contexts_[kRichContexts] = {};
  ModelLine* open_[2][kRichContexts] = {};
  int turn_ = 0;
  int error_class_ = 0;
  int span_class_ = 0;
};

}  // namespace aicodec::screen

#include "screen/residual_model.inl"
