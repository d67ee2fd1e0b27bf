#include "fit/class_variance.h"

#include <algorithm>

namespace aicodec::fit {

ClassVariance::ClassVariance(std::span<const double> colours, size_t rows, size_t columns)
    : rows_(rows), columns_(columns), colours_(rows * columns), classes_(256) {
  Sums sum;
  for (size_t i = 0; i < colours_.size(); ++i) {
    const double* c = &colours[3 * i];
    colours_[i] = {c[0], c[1], c[2], 1};
    sum.red += c[0];
    sum.green += c[1];
    sum.blue += c[2];
    squares_ += c[0] * c[0] + c[1] * c[1] + c[2] * c[2];
  }
  const double pixels = static_cast<double>(colours_.size());
  variance_ = squares_ - (sum.red * sum.red + sum.green * sum.green + sum.blue * sum.blue) / pixels;
}

double ClassVariance::left_over(const uint8_t* classes, size_t stride) {
  std::fill(classes_.begin(), classes_.end(), Sums{});
  const Sums* colour = colours_.data();
  for (size_t y = 0; y < rows_; ++y)
    for (size_t x = 0; x < columns_; ++x, ++colour) {
      Sums& sum = classes_[classes[y * stride + x]];
      sum.red += colour->red;
      sum.green += colour->green;
      sum.blue += colour->blue;
      sum.pixels += colour->pixels;
    }
  double explained = 0;
  size_t used = 0;
  for (const Sums& sum : classes_) {
    if (sum.pixels == 0) continue;
    ++used;
    explained += (sum.red * sum.red + sum.green * sum.green + sum.blue * sum.blue) / sum.pixels;
  }
  const size_t pixels = colours_.size();
  if (3 * used >= pixels || !(variance_ > 0)) return 1;
  const double rest = (squares_ - explained) / static_cast<double>(pixels - used);
  return rest / (variance_ / static_cast<double>(pixels - 1));
}

}  // namespace aicodec::fit
