// Pixels of photographs and smooth shading: residuals against a blend of predictors, with few contexts, since
// noise repays no more; this model is for speed where every pixel of a block needs it.
#pragma once

#include <array>
#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/logistic.h"
#include "screen/mixer.h"
#include "screen/model_line.h"
#include "screen/site.h"

namespace aicodec::screen {

class PhotoModel {
 public:
  // With `near` above zero residuals go in steps of 2 * near + 1.
  PhotoModel(const SheetShape& shape, int near);

  // Before the pixels of row `y` of a frame; rows come from top to bottom.
  void begin_row(int y);

  // Rows are counted anew.
  void forget_rows() { row_ = -2; }

  // Codes the pixel in column `x` of the row; the decoder ignores `actual`. Returns the pixel as decoded.
  template <typename Coder>
  Pixel code(Coder& coder, const Site& site, int x, Pixel actual);

 private:
  static constexpr int kPredictors = 8;
  static constexpr int kContexts = 4;
  static constexpr int kContextSize = 512;
  // Nodes: zero, sign, nine of the exponent, and the highest bit below the leading one for exponents to 8.
  static constexpr int kNodes = ModelLine::kModels;
  static constexpr int kTopNode = 11;
  static constexpr int kTopExponents = 8;
  static constexpr int kExponents = 11;
  static constexpr int kEnergies = 16;

  // What was seen when a pixel was coded: how far off each predictor was, and the residual.
  struct Trace {
    std::array<uint16_t, kPredictors> errors{};
    int16_t residual = 0;
  };
  struct Bias {
    int32_t sum = 0;
    int32_t count = 0;
  };
  using Predictions = std::array<int, kPredictors>;

  int domain(Pixel pixel, int k) const {
    return component(pixel, k) - (shape_.rgb && k > 0 ? component(pixel, 0) : 0);
  }
  Trace& trace(int row, int x, int k) {
    return traces_[static_cast<size_t>(row)][static_cast<size_t>(x + 1) * 3 + static_cast<size_t>(k)];
  }
  // Predicts component k and sets the contexts of its residual.
  int predict(const Site& site, int x, int k, int first_residual, Predictions& predictions);

  template <typename Coder>
  int code_residual(Coder& coder, int k, int residual);
  template <typename Coder>
  bool code_bit(Coder& coder, int k, int node, bool bit);

  SheetShape shape_;
  int near_;
  int row_ = -2;
  std::vector<Trace> traces_[2];  // of this row and the one above, by (row & 1)
  BigArray<ModelLine> lines_[kContexts];
  std::vector<MixWeights<8>> weights_;
  BitModel low_bits_[3][kExponents][kExponents];
  std::vector<Bias> biases_;

  // Of the component being coded.
  size_t contexts_[kContexts] = {};
  size_t energy_ = 0;
  size_t bias_at_ = 0;
  int bias_ = 0;
};

}  // namespace aicodec::screen

#include "screen/photo_model.inl"
