// How well classes of pixels explain colours: what a recogniser asks for thousands of pictures of classes,
// such as the turns after which points of a fractal escape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace aicodec::fit {

// A picture's colours, three numbers for each of `rows` times `columns` pixels.
class ClassVariance {
 public:
  ClassVariance(std::span<const double> colours, size_t rows, size_t columns);

  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  // What share of the colours' variance the classes leave, by degrees of freedom, each class having its own
  // colour; 1 where a third of the pixels or more would be classes. `classes`: the first pixel's, `stride`
  // from row to row.
  double left_over(const uint8_t* classes, size_t stride);

 private:
  struct Sums {
    double red = 0, green = 0, blue = 0, pixels = 0;
  };
  size_t rows_;
  size_t columns_;
  std::vector<Sums> colours_;  // of one pixel each
  std::vector<Sums> classes_;
  double squares_ = 0;
  double variance_ = 0;
};

}  // namespace aicodec::fit
