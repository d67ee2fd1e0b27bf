// Pixels of photographs and smooth shading: residuals against a blend of predictors. All bits of a residual
// are predicted at once, by adding up what a few contexts say of them; noise repays no more, and this model
// is for speed where every pixel of a block needs it.
#pragma once

#include <array>
#include <vector>

#include "base/big_array.h"
#include "bits/models.h"
#include "screen/lanes.h"
#include "screen/raster.h"
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

  // Before the first of up to eight pixels of a row, from a column that is a multiple of eight on: looks at
  // what is known of all of them.
  void begin_run(const Site& first);

  // Codes the pixel in column `x` of the row; the decoder ignores `actual`. Returns the pixel as decoded.
  template <typename Coder>
  Pixel code(Coder& coder, const Site& site, int x, Pixel actual);

 private:
  static constexpr int kContexts = 5;
  static constexpr int kLines = 1024 + 4 * 256;  // of a component
  // Nodes of a line: zero, sign, six of "a higher class", and the first bit within classes 3 to 6. Classes
  // are those of magnitude().
  static constexpr int kNodes = 16;
  static constexpr int kClassNode = 1;
  static constexpr int kFirstBitNode = 5;
  static constexpr int kLastClass = 7;
  static constexpr int kMostBits = 10;  // below the leading one of a residual's magnitude less one

  // What a context has learned: how much it speaks for a 1 at every node. In 2^-12 of the natural logarithm
  // of the odds.
  struct alignas(32) Line {
    int16_t odds[kNodes] = {};
  };
  // How far off each predictor was.
  struct alignas(16) Errors {
    uint16_t e[8] = {};
  };
  struct Trace {
    uint16_t magnitude = 0;  // of the residual
    uint16_t signed_class = 0;
  };
  // What a residual tells the nodes, in all bits of each: whether it is asked, and whether it is 1.
  struct alignas(16) Path {
    uint16_t asked[kNodes] = {};
    uint16_t ones[kNodes] = {};
  };
  // By signed class and the first bit within it.
  using Paths = std::array<Path, 32>;
  static Paths make_paths();
  static const Paths kPaths;

  // A component before it is coded.
  struct Turn {
    Lanes predictions;
    int value;  // that is expected
    Line* open[kContexts];
  };
  // Of a component in a row of traces.
  size_t place(int x, int k) const { return static_cast<size_t>((x + 1) * shape_.components + k); }
  Lanes predict(int x, int k, int west) const;
  Turn prepare(const Site& site, int x, int k, int first_class);

  // Also tells the residual's signed class.
  template <typename Coder>
  int code_residual(Coder& coder, const Turn& turn, int residual, int& signed_class);
  // The magnitude of a residual of class 3 or higher, and the first bit within the class.
  template <typename Coder>
  int code_rest(Coder& coder, const uint16_t* probabilities, int size, int wanted, bool& first_bit);

  SheetShape shape_;
  int near_;
  int row_ = -2;
  // Of two rows: where this one begins, and the one above.
  size_t here_ = 0;
  size_t above_ = 0;
  std::vector<Errors> errors_;
  std::vector<Trace> traces_;
  // Of the predictions of a run's pixels, what does not wait for the pixel to the left.
  alignas(16) int16_t known_[3][8][8] = {};
  BigArray<Line> lines_;
  BitModel large_[kMostBits - 5];
};

}  // namespace aicodec::screen

#include "screen/photo_model.inl"
