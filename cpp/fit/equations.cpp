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

// Residuals and derivatives of kBlock groups: a row for each derivative and the residuals last, a column for
// each group and channel.
class Fitter::Rows {
 public:
  explicit Rows(size_t derivatives)
      : count_(derivatives + 1),
        rows_(static_cast<float*>(::operator new[](count_ * kColumns * 4, std::align_val_t{64}))) {}

  float* row(size_t number) { return rows_.get() + number * kColumns; }
  float* residuals() { return row(count_ - 1); }
  float bend(size_t group) const { return bends_[group]; }
  void clear() {
    std::fill_n(rows_.get(), count_ * kColumns, 0.0f);
    std::fill_n(bends_, kBlock, 0.0f);
  }

  // All of the last run, of the block at place `number` among those of the kBlock groups.
  void add_residuals(const GradientVm& vm, const Samples& samples, size_t first, size_t number) {
    for (size_t c = 0; c < kChannels; ++c) {
      float values[kBlock];
      for (int i = 0; i < kBlock; ++i) {
        const size_t sample = std::min(first + size_t(i), samples.size() - 1);
        values[i] = clamped(vm.output(int(c), i)) - samples.colours[sample * kChannels + c];
      }
      add(values, samples.group, number, residuals() + c * kBlock);
    }
  }
  void add_tangents(const GradientVm& vm, const GradientPlan& plan, const Samples& samples, size_t first,
                    size_t number) {
    for (size_t c = 0; c < kChannels; ++c) {
      float gate[kBlock];
      for (int i = 0; i < kBlock; ++i) gate[i] = passes(vm.output(int(c), i), samples, first + size_t(i), c);
      for (const Tangent& tangent : plan.tangents[c]) {
        const float* const slopes = vm.block(tangent.slot);
        float values[kBlock];
        for (int i = 0; i < kBlock; ++i) values[i] = finite(slopes[i]) * gate[i];
        add(values, samples.group, number, row(tangent.parameter) + c * kBlock);
      }
    }
  }
  // Along a direction: the residuals ahead, behind and here, of the first groups.
  void add_difference(size_t direction, const Rows& ahead, const Rows& behind, size_t groups) {
    for (size_t c = 0; c < kChannels; ++c)
      for (size_t g = 0; g < groups; ++g) {
        const float p = ahead.rows_[c * kBlock + g], q = behind.rows_[c * kBlock + g];
        const float here = residuals()[c * kBlock + g], bend = 0.5f * (p + q) - here;
        row(direction)[c * kBlock + g] = 0.5f * (p - q);
        bends_[g] += bend * bend;
      }
  }

  // Gives each group its weight; returns the cost.
  double weigh(const Samples& samples, size_t first_group, float scale) {
    const double square = double(scale) * double(scale);
    float roots[kBlock];
    double cost = 0;
    for (size_t g = 0; g < kBlock; ++g) {
      const bool real = first_group + g < samples.weights.size();
      const double weight = real ? double(samples.weights[first_group + g]) : 0.0;
      double q = 0;
      for (size_t c = 0; c < kChannels; ++c) {
        const double r = double(residuals()[c * kBlock + g]);
        q += r * r;
      }
      const double kept = std::isinf(scale) ? 1.0 : square / (square + q);
      cost += weight * q * kept;
      roots[g] = float(std::sqrt(weight) * kept);
    }
    for (size_t part = 0; part < count_ * kChannels; ++part) {
      float* const values = rows_.get() + part * kBlock;
      for (size_t g = 0; g < kBlock; ++g) values[g] *= roots[g];
    }
    return cost;
  }

 private:
  // Means over the groups of a block.
  static void add(const float* values, uint32_t group, size_t number, float* out) {
    if (group == 1) {
      std::copy_n(values, kBlock, out);
      return;
    }
    const size_t groups = kBlock / group;
    for (size_t g = 0; g < groups; ++g) {
      float sum = 0;
      for (size_t i = 0; i < group; ++i) sum += values[g * group + i];
      out[number * groups + g] = sum / float(group);
    }
  }

  // An output beyond its range has no derivative, but for a single pixel whose colour is within: it must come
  // back.
  static float passes(float v, const Samples& samples, size_t sample, size_t c) {
    if (sample >= samples.size() || !(v - v == 0.0f)) return 0.0f;
    if (v >= 0.0f && v <= 1.0f) return 1.0f;
    if (samples.group > 1) return 0.0f;
    const float colour = samples.colours[sample * kChannels + c];
    return v > 1.0f ? float(colour < 1.0f - kInside) : float(colour > kInside);
  }

  size_t count_;
  std::unique_ptr<float[], FreeFloats> rows_;
  float bends_[kBlock] = {};
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

// The rows of the kBlock groups from sample `begin` on.
void Fitter::fill(Rows& rows, GradientVm& machine, std::span<const float> values, const Samples& samples,
                  size_t begin, const Directions& directions) const {
  rows.clear();
  const size_t blocks = std::min<size_t>(samples.group, (samples.size() - begin + kBlock - 1) / kBlock);
  const size_t groups = kBlock / samples.group, count = values.size();
  machine.set_parameters(values.data());
  for (size_t b = 0; b < blocks; ++b) {
    machine.run(samples, begin + b * kBlock, directions.count == 0);
    rows.add_residuals(machine, samples, begin + b * kBlock, b);
    if (directions.count == 0) rows.add_tangents(machine, plan_, samples, begin + b * kBlock, b);
  }
  Rows sides[2] = {Rows(0), Rows(0)};
  std::vector<float> moved(count);
  for (size_t d = 0; d < directions.count; ++d) {
    for (const int side : {0, 1}) {
      for (size_t p = 0; p < count; ++p)
        moved[p] = values[p] + (side == 0 ? 1.0f : -1.0f) * directions.rows[d * count + p];
      machine.set_parameters(moved.data());
      sides[side].clear();
      for (size_t b = 0; b < blocks; ++b) {
        machine.run(samples, begin + b * kBlock, false);
        sides[side].add_residuals(machine, samples, begin + b * kBlock, b);
      }
    }
    rows.add_difference(d, sides[0], sides[1], blocks * groups);
  }
}

Equations Fitter::equations(std::span<const float> values, const Samples& samples, float scale,
                            const Directions& directions, unsigned threads) {
  const SlopeKernels& kernels = AICODEC_PICK_KERNELS(kSlopeKernels);
  const size_t unknowns = columns(directions), count = unknowns + 1, chunk = size_t{kBlock} * samples.group;
  std::vector<std::vector<double>> parts(kTasks, std::vector<double>(count * count));
  std::vector<double> costs(kTasks);
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    Rows rows(unknowns);
    for (size_t begin = task * chunk; begin < samples.size(); begin += kTasks * chunk) {
      fill(rows, vm(task), values, samples, begin, directions);
      costs[task] += rows.weigh(samples, begin / samples.group, scale);
      kernels.gram(rows.row(0), count, kColumns, parts[task].data());
    }
  });
  Equations made;
  made.gradient.resize(unknowns);
  made.matrix.resize(unknowns * unknowns);
  for (size_t task = 0; task < kTasks; ++task) {
    made.cost += costs[task];
    for (size_t i = 0; i < unknowns; ++i) {
      for (size_t j = i; j < unknowns; ++j) made.matrix[i * unknowns + j] += parts[task][i * count + j];
      made.gradient[i] += parts[task][i * count + unknowns];
    }
  }
  for (size_t i = 0; i < unknowns; ++i)
    for (size_t j = 0; j < i; ++j) made.matrix[i * unknowns + j] = made.matrix[j * unknowns + i];
  return made;
}

std::vector<double> Fitter::costs(std::span<const float> values, const Samples& samples, float scale,
                                  unsigned threads) {
  const size_t chunk = size_t{kBlock} * samples.group, lists = values.size() / plan_.parameters;
  std::vector<std::vector<double>> parts(kTasks, std::vector<double>(lists));
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    GradientVm& machine = vm(task);
    Rows rows(0);
    for (size_t list = 0; list < lists; ++list) {
      machine.set_parameters(values.data() + list * plan_.parameters);
      for (size_t begin = task * chunk; begin < samples.size(); begin += kTasks * chunk) {
        rows.clear();
        const size_t blocks = std::min<size_t>(samples.group, (samples.size() - begin + kBlock - 1) / kBlock);
        for (size_t b = 0; b < blocks; ++b) {
          machine.run(samples, begin + b * kBlock, false);
          rows.add_residuals(machine, samples, begin + b * kBlock, b);
        }
        parts[task][list] += rows.weigh(samples, begin / samples.group, scale);
      }
    }
  });
  std::vector<double> totals(lists);
  for (const std::vector<double>& part : parts)
    for (size_t list = 0; list < lists; ++list) totals[list] += part[list];
  return totals;
}

void Fitter::rows(std::span<const float> values, const Samples& samples, const Directions& directions,
                  float* residuals, float* derivatives, float* bends, unsigned threads) {
  const size_t chunk = size_t{kBlock} * samples.group, groups = samples.weights.size();
  const size_t unknowns = columns(directions);
  parallel_for(kTasks, threads, [&](size_t task) {
    const FloatEnvironment exact;
    Rows made(unknowns);
    for (size_t begin = task * chunk; begin < samples.size(); begin += kTasks * chunk) {
      fill(made, vm(task), values, samples, begin, directions);
      const size_t first = begin / samples.group, here = std::min<size_t>(kBlock, groups - first);
      for (size_t g = 0; g < here; ++g) {
        bends[first + g] = made.bend(g);
        for (size_t c = 0; c < kChannels; ++c) {
          const size_t out = (first + g) * kChannels + c;
          residuals[out] = made.residuals()[c * kBlock + g];
          for (size_t u = 0; u < unknowns; ++u) derivatives[out * unknowns + u] = made.row(u)[c * kBlock + g];
        }
      }
    }
  });
}

}  // namespace aicodec::fit
