// The normal equations of a least-squares step: how far samples of a clip are from what a program draws
// there, and how that changes with the program's parameters.
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

// Where derivatives come from. None: the program's own, by each parameter. Else differences along directions,
// one row of `parameters` numbers each, over the whole length to both sides: what steps and repeating
// patterns want, which have no derivative that tells where they should move.
struct Directions {
  std::span<const float> rows;
  size_t count = 0;
};

// Residuals are differences of colours from 0 to 1, clamped as a picture clamps them; one of a group is the
// mean over its samples. `scale` tells outliers from errors (Geman and McClure, 1987): a group whose three
// residuals have the sum of squares q costs q * s / (s + q), s the square of scale; infinity for plain
// squares. The results do not depend on the number of threads (0: one per core).
class Fitter {
 public:
  // Precondition: verify(program).ok() and the clip has what it reads.
  Fitter(shader::Program program, const std::vector<int>& parameter_of, size_t parameters, Clip clip);

  size_t parameters() const { return plan_.parameters; }
  const Clip& clip() const { return clip_; }
  // Whether the parameter moves steps, where derivatives are 0 almost everywhere.
  bool has_edges(size_t parameter) const { return plan_.has_edges[parameter]; }

  Equations equations(std::span<const float> values, const Samples& samples, float scale,
                      const Directions& directions, unsigned threads);
  // The cost of each of several lists of values, one after another in `values`.
  std::vector<double> costs(std::span<const float> values, const Samples& samples, float scale,
                            unsigned threads);
  // The residuals themselves, three for each group; their derivatives, one by each parameter or direction for
  // each of them; and one number for each group that says how far from straight it is along the directions:
  // the sum of the squares of half the second differences.
  void rows(std::span<const float> values, const Samples& samples, const Directions& directions,
            float* residuals, float* derivatives, float* bends, unsigned threads);

 private:
  class Rows;

  GradientVm& vm(size_t task);
  size_t columns(const Directions& directions) const {
    return directions.count == 0 ? plan_.parameters : directions.count;
  }
  void fill(Rows& rows, GradientVm& machine, std::span<const float> values, const Samples& samples,
            size_t begin, const Directions& directions) const;

  shader::Program program_;
  GradientPlan plan_;
  Clip clip_;
  std::vector<std::unique_ptr<GradientVm>> vms_;
};

}  // namespace aicodec::fit
