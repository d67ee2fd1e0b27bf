#include "fit/equations.h"

#include <algorithm>
#include <cmath>

#include "base/float_env.h"
#include "base/parallel.h"

namespace aicodec::fit {
namespace {

constexpr size_t kChannels = 3;
constexpr size_t kColumns = kChannels * kBlock;
// Sums are added up in this many parts, always the same ones, whatever the number of threads.
constexpr size_t kTasks = 8;
// How far a colour must be from the end of its range to call back an output beyond it.
constexpr float kInside = 1.0f / 512;

float clamped(float v) { return v > 0.0f ? (v < 1.0f ? v : 1.0f) : 0.0f; }
float finite(float v) { return v - v == 0.0f ? v : 0.0f; }

struct FreeFloats {
  void operator()(float* rows) const { ::operator delete[](rows, std::align_val_t{64}); }
};

}  // namespace

// Residuals and derivatives of kBlock groups: a row for each parameter and the residuals last, a column for each
// group and channel.
class Fitter::Rows {
 public:
  explicit Rows(size_t parameters)
      : count_(parameters + 1),
        rows_(static_cast<float*>(::operator new[](count_* kColumns * 4, std::align_val_t{64}))) {}

  float* row(size_t number) { return rows_.get() + number * kColumns; }
  size_t rows() const { return count_; }
  void clear() { std::fill_n(rows_.get(), count_ * kColumns, 0.0f); }

  // The last run's residuals, of the block at place `number` of the chunk.
  void add_residuals(const GradientVm& vm, const Samples& samples, size_t first, size_t number) {
    add(count_ - 1, vm, samples, first, number, 1.0f);
  }
  // `share` times the last run's colours, into the row of a parameter.
  void add_colours(size_t parameter, const GradientVm& vm, const Samples& samples, size_t first, size_t number,
                   float share) {
    add(parameter, vm, samples, first, number, share);
  }
  void add_tangents(const GradientVm& vm, const GradientPlan& plan, const Samples& samples, size_t first,
                    size_t number, std::span<const float> steps) {
    const float part = 1.0f / float(samples.group);
    for (size_t c = 0; c < kChannels; ++c) {
      float gate[kBlock];
      for (int i = 0; i < kBlock; ++i) gate[i] = passes(vm.output(int(c), i), samples, first + size_t(i), c) * part;
      for (const Tangent& tangent : plan.tangents[c]) {
        if (steps[tangent.parameter] != 0.0f) continue;
        const float* const slopes = vm.block(tangent.slot);
        float* const out = row(tangent.parameter) + c * kBlock;
        for (int i = 0; i < kBlock; ++i) out[column(samples, number, i)] += finite(slopes[i]) * gate[i];
      }
    }
  }

  // Gives each group its weight; returns the cost.
  double weigh(const Samples& samples, size_t first_group, float scale) {
    const float* const residuals = row(count_ - 1);
    const double square = double(scale) * double(scale);
    float roots[kBlock];
    double cost = 0;
    for (size_t g = 0; g < kBlock; ++g) {
      const bool real = first_group + g < samples.weights.size();
      const double weight = real ? double(samples.weights[first_group + g]) : 0.0;
      double q = 0;
      for (size_t c = 0; c < kChannels; ++c) {
        const double r = double(residuals[c * kBlock + g]);
        q += r * r;
      }
      const double kept = std::isinf(scale) ? 1.0 : square / (square + q);
      cost += weight * q * kept;
      roots[g] = float(std::sqrt(weight) * kept);
    }
    for (size_t r = 0; r < count_; ++r)
      for (size_t c = 0; c < kChannels; ++c)
        for (size_t g = 0; g < kBlock; ++g) row(r)[c * kBlock + g] *= roots[g];
    return cost;
  }

 private:
  static size_t column(const Samples& samples, size_t number, int i) {
    return (number * kBlock + size_t(i)) / samples.group;
  }

  void add(size_t to, const GradientVm& vm, const Samples& samples, size_t first, size_t number, float share) {
    const bool residuals = to == count_ - 1;
    const float part = share / float(samples.group);
    for (size_t c = 0; c < kChannels; ++c) {
      float* const out = row(to) + c * kBlock;
      for (int i = 0; i < kBlock; ++i) {
        const size_t sample = first + size_t(i);
        if (sample >= samples.size()) break;
        const float v = clamped(vm.output(int(c), i));
        out[column(samples, number, i)] += (residuals ? v - samples.colours[sample * kChannels + c] : v) * part;
      }
    }
  }

  // An output beyond its range has no derivative, but for a single pixel whose colour is within: it must come back.
  static float passes(float v, const Samples& samples, size_t sample, size_t c) {
    if (sample >= samples.size() || !(v - v == 0.0f)) return 0.0f;
    if (v >= 0.0f && v <= 1.0f) return 1.0f;
    if (samples.group > 1) return 0.0f;
    const float colour = samples.colours[sample * kChannels + c];
    return v > 1.0f ? float(colour < 1.0f - kInside) : float(colour > kInside);
  }

  size_t count_;
  std::unique_ptr<float, FreeFloats> rows_;
};

Fitter::Fitter(shader::Program program, const std::vector<int>& parameter_of, size_t parameters, Clip clip)
    : program_(std::move(program)),
      plan_(make_plan(program_, parameter_of, parameters)),
      clip_(std::move(clip)),
      vms_(kTasks) {}

GradientVm& Fitter::vm(size_t task) {
  if (!vms_[task]) vms_[task] = std::make_unique<GradientVm>(program_, plan_, clip_);
  return *vms_[task];
}

Equations Fitter::equations(std::span<const float> values, const Samples& samples, float scale,
                            std::span<const float> steps, unsigned threads) {
  const SlopeKernels& kernels = AICODEC_PICK_KERNELS(kSlopeKernels);
  const size_t count = plan_.parameters + 1, chunk = size_t{kBlock} * samples.group;
  std::vector<std::vector<double>> parts(kTasks, std::vector<double>(count * count));
  std::vector<double> costs(kTasks);
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    GradientVm& machine = vm(task);
    Rows rows(plan_.parameters);
    std::vector<float> moved(values.begin(), values.end());
    for (size_t begin = task * chunk; begin < samples.size(); begin += kTasks * chunk) {
      rows.clear();
      const size_t blocks = std::min<size_t>(samples.group, (samples.size() - begin + kBlock - 1) / kBlock);
      for (size_t b = 0; b < blocks; ++b) {
        const size_t first = begin + b * kBlock;
        for (size_t p = 0; p < plan_.parameters; ++p) {
          if (steps[p] == 0.0f) continue;
          for (const float side : {1.0f, -1.0f}) {
            moved[p] = values[p] + side * steps[p];
            machine.set_parameters(moved.data());
            machine.run(samples, first, false);
            rows.add_colours(p, machine, samples, first, b, side * 0.5f / steps[p]);
          }
          moved[p] = values[p];
        }
        machine.set_parameters(values.data());
        machine.run(samples, first, true);
        rows.add_residuals(machine, samples, first, b);
        rows.add_tangents(machine, plan_, samples, first, b, steps);
      }
      costs[task] += rows.weigh(samples, begin / samples.group, scale);
      kernels.gram(rows.row(0), count, kColumns, parts[task].data());
    }
  });
  Equations made;
  made.gradient.resize(plan_.parameters);
  made.matrix.resize(plan_.parameters * plan_.parameters);
  for (size_t task = 0; task < kTasks; ++task) {
    made.cost += costs[task];
    for (size_t i = 0; i + 1 < count; ++i) {
      for (size_t j = i; j + 1 < count; ++j) made.matrix[i * plan_.parameters + j] += parts[task][i * count + j];
      made.gradient[i] += parts[task][i * count + count - 1];
    }
  }
  for (size_t i = 0; i < plan_.parameters; ++i)
    for (size_t j = 0; j < i; ++j)
      made.matrix[i * plan_.parameters + j] = made.matrix[j * plan_.parameters + i];
  return made;
}

double Fitter::cost(std::span<const float> values, const Samples& samples, float scale, unsigned threads) {
  const size_t chunk = size_t{kBlock} * samples.group;
  std::vector<double> costs(kTasks);
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    GradientVm& machine = vm(task);
    machine.set_parameters(values.data());
    Rows rows(0);
    for (size_t begin = task * chunk; begin < samples.size(); begin += kTasks * chunk) {
      rows.clear();
      const size_t blocks = std::min<size_t>(samples.group, (samples.size() - begin + kBlock - 1) / kBlock);
      for (size_t b = 0; b < blocks; ++b) {
        machine.run(samples, begin + b * kBlock, false);
        rows.add_residuals(machine, samples, begin + b * kBlock, b);
      }
      costs[task] += rows.weigh(samples, begin / samples.group, scale);
    }
  });
  double total = 0;
  for (const double cost : costs) total += cost;
  return total;
}

void Fitter::outputs(std::span<const float> values, const Samples& samples, float* out, float* derivatives,
                     unsigned threads) {
  const size_t per_sample = kChannels * plan_.parameters;
  std::fill_n(derivatives, samples.size() * per_sample, 0.0f);
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    GradientVm& machine = vm(task);
    machine.set_parameters(values.data());
    for (size_t first = task * kBlock; first < samples.size(); first += kTasks * kBlock) {
      machine.run(samples, first, true);
      const size_t here = std::min<size_t>(kBlock, samples.size() - first);
      for (size_t c = 0; c < kChannels; ++c) {
        for (size_t i = 0; i < here; ++i) out[(first + i) * kChannels + c] = machine.output(int(c), int(i));
        for (const Tangent& tangent : plan_.tangents[c]) {
          const float* const slopes = machine.block(tangent.slot);
          for (size_t i = 0; i < here; ++i)
            derivatives[(first + i) * per_sample + c * plan_.parameters + tangent.parameter] = slopes[i];
        }
      }
    }
  });
}

}  // namespace aicodec::fit
