// The normal equations of a least-squares step: how far samples of a clip are from what a program draws there,
// and how that changes with the program's parameters.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "fit/gradient_vm.h"

namespace aicodec::fit {

struct Equations {
  double cost = 0;
  std::vector<double> gradient;  // of half the cost
  std::vector<double> matrix;    // J^T W J, row by row, all of it
};

// Residuals are differences of colours from 0 to 1, clamped as a picture clamps them; one of a group is the mean
// over its samples. `scale` tells outliers from errors (Geman and McClure, 1987): a group whose three residuals
// have the sum of squares q costs q * s / (s + q), s the square of scale; infinity for plain squares.
class Fitter {
 public:
  // Precondition: verify(program).ok() and the clip has what it reads.
  Fitter(shader::Program program, const std::vector<int>& parameter_of, size_t parameters, Clip clip);

  size_t parameters() const { return plan_.parameters; }
  const Clip& clip() const { return clip_; }
  // Whether the parameter moves steps, where derivatives are 0 almost everywhere.
  bool has_edges(size_t parameter) const { return plan_.has_edges[parameter]; }

  // `values` of the parameters. Where `steps` is not 0 the derivative by that parameter is a difference over so much
  // to both sides. The result does not depend on the number of threads. Not for several threads at once.
  Equations equations(std::span<const float> values, const Samples& samples, float scale,
                      std::span<const float> steps, unsigned threads);
  double cost(std::span<const float> values, const Samples& samples, float scale, unsigned threads);
  // What the program returns for each sample, unclamped, three numbers each; and their derivatives, `parameters`
  // numbers for each of them.
  void outputs(std::span<const float> values, const Samples& samples, float* out, float* derivatives,
               unsigned threads);

 private:
  class Rows;

  GradientVm& vm(size_t task);

  shader::Program program_;
  GradientPlan plan_;
  Clip clip_;
  std::vector<std::unique_ptr<GradientVm>> vms_;
};

}  // namespace aicodec::fit
