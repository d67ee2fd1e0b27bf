// Which parameters each value of a program depends on: smoothly, so that it has a derivative by them, or at
// all.
#pragma once

#include <vector>

#include "shader/program.h"

namespace aicodec::fit {

struct Dependence {
  std::vector<std::vector<bool>> smooth;  // by value and parameter
  std::vector<bool> edges;                // by parameter: whether a step of any value depends on it
};

// Whether derivatives go through operand `place` of an operation.
bool is_smooth(shader::Op op, size_t place);
Dependence dependence_of(const shader::Program& program, const std::vector<int>& parameter_of,
                         size_t parameters);

}  // namespace aicodec::fit
