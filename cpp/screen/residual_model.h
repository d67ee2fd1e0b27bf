// Pixels as residuals: each component is predicted by a blend of predictors, weighted by how well they did
// nearby; the residual goes bit by bit, every bit's probability mixed from several contexts. Serves pixels
// whose colour no ranking knows, and whole blocks of photographs and smooth shading.
//
// Drawn edges are mixtures of two colours. So the neighbourhood's darkest and brightest pixel span a line on
// which the other components are looked for once the first one is known.
#pragma once

#include <vector>

#include "bits/models.h"
#include "screen/logistic.h"
#include "screen/mixer.h"
#include "screen/site.h"

namespace aicodec::screen {

class ResidualModel {
 public:
  // With `near` above zero residuals go in steps of 2 * near + 1. `joint` looks for all components after the
  // first at once, which pays for drawn pictures and never for photographs.
  ResidualModel(const SheetShape& shape, int near, int table_bits, bool joint);

  // Codes one pixel; the decoder ignores `actual`. Returns the pixel as decoded, every component within
  // `near` of the actual one.
  template <typename Coder>
  Pixel code(Coder& coder, const Site& site, Pixel actual);

 private:
  static constexpr int kContexts = 14;
  static constexpr int kPredictors = 8;
  static constexpr int kLine = 16;  // bit models that lie together: a cache line
  static constexpr int kExponents = 11;

  using Line = std::array<BitModel, kLine>;

  // The colours of the neighbourhood with the least and the greatest first component.
  struct Span {
    Pixel low, high;
    int low_value, high_value;
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

  int domain(Pixel pixel, int k) const {
    return component(pixel, k) - (shape_.rgb && k > 0 ? component(pixel, 0) : 0);
  }
  Span span_of(const Site& site) const;
  void predictors(const Pixel* here, const Pixel* reference, ptrdiff_t stride, int k, int* out) const;
  Prediction predict(const Site& site, int k) const;
  int on_line(const Span& span, int first, int k) const;
  Pixel interpolated(const Site& site, const Span& span, int first) const;
  void remember(const Site& site, const Span& span, int first, Pixel rest);
  Remembered& by_span(const Span& span, int first);
  Remembered& by_neighbour(const Site& site, int first);

  template <typename Coder>
  bool code_rest(Coder& coder, const Site& site, const Span& span, int first, Pixel actual, Pixel& rest);
  void set_contexts(const Site& site, const Span& span, const Prediction& prediction, int k, int value,
                    const int* done, const int* residuals);
  template <typename Coder>
  int code_residual(Coder& coder, int residual);
  template <typename Coder>
  bool code_bit(Coder& coder, int line, int node, bool bit);

  SheetShape shape_;
  int near_;
  bool joint_;
  uint32_t line_mask_;
  std::vector<Line> lines_[kContexts];
  // Per component, bit and error class; per component, bit and span class.
  std::vector<MixWeights> weights_[2];
  std::vector<BitModel> refine_;
  std::vector<Remembered> remembered_[2];
  Remembered by_first_[1024];
  BitModel rest_hit_[3][1024];
  BitModel low_bits_[kExponents][kExponents];
  uint32_t rest_history_ = 0;

  // Of the component being coded.
  uint32_t contexts_[kContexts] = {};
  int component_ = 0;
  int error_class_ = 0;
  int span_class_ = 0;
};

}  // namespace aicodec::screen

#include "screen/residual_model.inl"
