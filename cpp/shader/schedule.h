// Puts the nodes of one level into an order of steps: every value right before its user where that can be, so
// that it is still in the registers. Loops become jumps and masks here.
#pragma once

#include "shader/graph.h"
#include "shader/tile_kernels.h"

namespace aicodec::shader {

// Values are numbered like the graph's nodes; masks, counters and places to swap through have numbers above.
struct Step {
  bool is_operation = false;
  Op op = Op::kMul;
  Control control = Control::kFinish;
  std::array<int, 3> in = {-1, -1, -1};
  int out = -1;  // of an emit: which sample of the pixel
  int32_t immediate = 0;
  int target = -1;  // the step that a jump leads to

  bool is(Control which) const { return !is_operation && control == which; }
};

struct Schedule {
  struct Extent {
    size_t first, end;  // steps
  };
  std::vector<Step> steps;       // the last is kFinish, or kNextRow at kPixel
  std::vector<Extent> loops;     // inner ones before outer ones
  std::vector<int> imports;      // values of lower levels that it reads
  std::vector<int> exports;      // the values that hold the roots; none at kPixel
  std::vector<bool> is_label;    // by step: a jump leads to it
  std::vector<bool> is_lasting;  // by value: read on another way than straight from step to step
  size_t values = 0;
};

// The steps that compute `roots`. At kPixel they are the graph's outputs, and are emitted.
Schedule make_schedule(const Graph& graph, Level level, const std::vector<int>& roots);

}  // namespace aicodec::shader
