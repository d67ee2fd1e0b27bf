// How a program is evaluated together with its derivatives: which numbers are free, which values depend on
// which of them, and where everything stands. Derivatives go forward, along with the values: a value carries
// one tangent for each parameter that it depends on, and the normal equations, quadratic in their number,
// cost more than that.
#pragma once

#include <vector>

#include "fit/slope_kernels.h"
#include "shader/program.h"

namespace aicodec::fit {

// A block in the arena; kNowhere where there is none.
using Slot = uint32_t;
inline constexpr Slot kNowhere = ~Slot{0};

// What a float constant stands for at one place of the program.
inline constexpr int kFixed = -1;

struct Copy {
  Slot from, to, staging;
};

struct Step {
  shader::Op op = shader::Op::kOutput;
  int32_t immediate = 0;
  Slot in[3] = {0, 0, 0};
  Slot out = 0;
  Slot slopes[3] = {kNowhere, kNowhere, kNowhere};  // of operands that derivatives go through
  uint32_t first_chain = 0, chains = 0;
  // Loop: carried values from the initial ones. Break and End: to the results; `again` of End: to the carried
  // ones for the next turn. Those of values come first, `value_copies` of them; the rest are of tangents.
  uint32_t first_copy = 0, copies = 0, value_copies = 0;
  uint32_t first_again = 0, again_copies = 0;
  Slot mask = 0;    // of the samples in the loop
  uint32_t to = 0;  // Loop and Break: the step of the End; End: that of the Loop
};

struct Tangent {
  uint32_t parameter;
  Slot slot;
};

struct GradientPlan {
  static constexpr Slot kZero = 0, kOne = 1, kTruth = 2, kTaken = 3, kFirstInput = 4;
  static constexpr Slot kFirstConstant = kFirstInput + Slot(shader::kMaxInputs);

  std::vector<Step> steps;
  std::vector<Chain> chains;
  std::vector<Copy> copies;
  std::vector<uint32_t> inputs;  // that the program reads
  Slot first_parameter = 0;
  size_t parameters = 0;
  size_t slots = 0;
  bool integer_outputs = false;
  Slot outputs[3] = {};
  std::vector<Tangent> tangents[3];  // of the outputs
  std::vector<bool> has_edges;       // parameters that a step (floor, a comparison, an integer) depends on
};

// `parameter_of` has an entry for each operand of the program: kFixed, or the number below `parameters` that
// a float constant there is replaced by. Precondition: verify(program).ok().
GradientPlan make_plan(const shader::Program& program, const std::vector<int>& parameter_of,
                       size_t parameters);

}  // namespace aicodec::fit
