// Evaluates a program, and its derivatives, for a block of scattered pixels. One for each thread.
#pragma once

#include <memory>

#include "fit/clip.h"
#include "fit/gradient_plan.h"

namespace aicodec::fit {

class GradientVm {
 public:
  // All of them must outlive it. Precondition: `plan` is of `program`.
  GradientVm(const shader::Program& program, const GradientPlan& plan, const Clip& clip);

  // One number for each parameter of the plan.
  void set_parameters(const float* values);
  // Evaluates samples `first` to first + kBlock - 1; those past the last are the last again.
  void run(const Samples& samples, size_t first, bool with_tangents);

  // Of the last run's sample `i`: what the program returned (rgb_int as a part of the greatest sample).
  float output(int channel, int i) const;
  // A tangent of the last run, kBlock numbers.
  const float* block(Slot slot) const { return reinterpret_cast<const float*>(at(slot)); }

 private:
  struct FreeArena {
    void operator()(char* bytes) const;
  };

  char* at(Slot slot) const { return arena_.get() + size_t{slot} * kBlockBytes; }
  void fill(Slot slot, uint32_t bits);
  void load_inputs(const Samples& samples, size_t first);
  size_t step(size_t number, bool with_tangents);
  void copy(const Step& step, bool with_tangents, Slot mask);
  size_t go_round(const Step& step, size_t number, bool with_tangents);
  void integers(const Step& step);
  void sample_pictures(const Step& step);

  const GradientPlan& plan_;
  const Clip& clip_;
  const SlopeKernels& kernels_;
  std::unique_ptr<char, FreeArena> arena_;
  std::vector<int32_t> turns_;  // that are left, by step of the loop
  uint32_t x_[kBlock] = {}, y_[kBlock] = {}, frame_[kBlock] = {};
};

}  // namespace aicodec::fit
