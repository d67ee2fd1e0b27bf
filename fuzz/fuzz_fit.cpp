// What fitting asks of a program that a stranger wrote: its residuals, derivatives and costs at any values of
// its constants. The first bytes choose which constants are free, their values, the samples and the
// directions; the rest is the program. Everything must be finite, the same with three threads as with one,
// and what the constants' own values draw must be what the reference VM draws.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "fit/equations.h"
#include "shader/serialize.h"
#include "shader/vm_reference.h"

namespace {

using namespace aicodec;

constexpr uint64_t kMaxWork = 5000;
constexpr uint32_t kWidth = 21, kHeight = 3, kFrames = 2;
constexpr size_t kHead = 4, kMaxFree = 12, kSamples = 128;

void require(bool condition) {
  if (!condition) std::abort();
}

// Numbers from a seed: the same input is the same run.
class Numbers {
 public:
  explicit Numbers(uint32_t seed) : state_(seed * 2654435761u + 1) {}
  uint32_t below(uint32_t end) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % end;
  }
  // Mostly near `around`, at times what a search should not but may try.
  float near(float around) {
    constexpr float kOdd[] = {0.0f,
                              -1.0f,
                              1e30f,
                              -1e-30f,
                              std::numeric_limits<float>::infinity(),
                              std::numeric_limits<float>::quiet_NaN()};
    const uint32_t kind = below(16);
    if (kind < std::size(kOdd)) return kOdd[kind];
    return around * (0.5f + float(below(1024)) / 1024) + float(below(64)) / 1024;
  }

 private:
  uint32_t state_;
};

// Pictures for a program to read, with something in them.
Picture drawn(PixelFormat format, uint32_t step) {
  Picture picture(format, kWidth, kHeight);
  picture.clear();
  for (int p = 0; p < 3; ++p)
    for (uint32_t y = 0; y < kHeight; ++y)
      for (uint32_t x = 0; x < kWidth; ++x) picture.plane(p).row<uint8_t>(y)[x] = uint8_t(x * step + y * 40);
  picture.clamp_samples();
  return picture;
}

uint32_t sample_of(const Picture& picture, int channel, uint32_t x, uint32_t y) {
  const ConstPlane plane = picture.view().planes[size_t(channel)];
  return picture.format().sample_bytes() > 1 ? plane.row<uint16_t>(y)[x] : plane.row<uint8_t>(y)[x];
}

// The free constants: which operands are which parameter, and what each stands for in the program.
struct Free {
  std::vector<int> parameter_of;
  std::vector<float> own;
};

Free free_constants(const shader::Program& program, Numbers numbers) {
  Free free{std::vector<int>(program.operands.size(), fit::kFixed), {}};
  for (size_t i = 0; i < program.operands.size(); ++i) {
    const shader::Operand& operand = program.operands[i];
    if (operand.source != shader::Operand::Source::kConstant || free.own.size() == kMaxFree) continue;
    const shader::Constant& constant = program.constants[operand.index];
    if (constant.type != shader::Type::kFloat || numbers.below(4) == 0) continue;
    free.parameter_of[i] = int(free.own.size());
    free.own.push_back(std::bit_cast<float>(shader::bits_of(constant)));
  }
  return free;
}

fit::Samples some_samples(uint32_t group, Numbers& numbers) {
  fit::Samples samples;
  samples.group = group;
  for (size_t i = 0; i < kSamples; ++i) {
    samples.x.push_back(numbers.below(kWidth));
    samples.y.push_back(numbers.below(kHeight));
    samples.frame.push_back(numbers.below(kFrames));
    for (int c = 0; c < 3; ++c) samples.colours.push_back(float(numbers.below(256)) / 255);
  }
  for (size_t g = 0; g < kSamples / group; ++g) samples.weights.push_back(float(numbers.below(5)) / 4);
  return samples;
}

template <typename Numbers>
bool all_finite(const Numbers& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](auto v) { return std::isfinite(v); });
}

// Residuals against colours of 0 are what is drawn.
void compare_with_reference(fit::Fitter& fitter, const shader::Program& program, const Free& free,
                            PixelFormat format, fit::Samples samples) {
  std::fill(samples.colours.begin(), samples.colours.end(), 0.0f);
  samples.group = 1;
  samples.weights.assign(kSamples, 1.0f);
  std::vector<float> residuals(3 * kSamples), derivatives(3 * kSamples * free.own.size()), bends(kSamples);
  fitter.rows(free.own, samples, {}, residuals.data(), derivatives.data(), bends.data(), 1);
  require(all_finite(derivatives));
  std::vector<Picture> wanted;
  for (const shader::Frame& frame : fitter.clip().frames) {
    wanted.emplace_back(format, kWidth, kHeight);
    shader::draw_reference(program, frame, wanted.back());
  }
  for (size_t i = 0; i < kSamples; ++i)
    for (size_t c = 0; c < 3; ++c) {
      const float sample = residuals[3 * i + c] * float(format.max_value()) + 0.5f;
      require(uint32_t(sample) == sample_of(wanted[samples.frame[i]], int(c), samples.x[i], samples.y[i]));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= kHead) return 0;
  const Result<shader::Program> program = shader::read_program(ByteSpan(data + kHead, size - kHead));
  if (!program.ok()) return 0;
  const Result<shader::Summary> summary = shader::verify(program.value());
  require(summary.ok());
  if (summary->work > kMaxWork) return 0;
  Numbers numbers(uint32_t(data[0]) << 16 | uint32_t(data[1]) << 8 | data[2]);
  const Free free = free_constants(program.value(), Numbers(data[3]));
  if (free.own.empty()) return 0;

  const PixelFormat format{Layout::kRgb, uint8_t(data[0] & 1 ? 10 : 8)};
  const Picture below = drawn(format, 3), prev = drawn(format, 7);
  const std::vector<float> track(shader::kMaxParameters, 0.75f);
  fit::Clip clip{kWidth, kHeight, format.max_value(), {}};
  for (uint32_t i = 0; i < kFrames; ++i)
    clip.frames.push_back({1.5f + float(i), 45 + i, 3 + i, track, below.view(), prev.view()});
  fit::Fitter fitter(program.value(), free.parameter_of, free.own.size(), std::move(clip));

  const fit::Samples samples = some_samples(1u << numbers.below(7), numbers);
  const float scale = data[1] & 1 ? std::numeric_limits<float>::infinity() : 0.1f;
  std::vector<float> values, rows;
  for (const float own : free.own) values.push_back(numbers.near(own));
  const size_t directions = numbers.below(4);
  for (size_t i = 0; i < directions * free.own.size(); ++i) rows.push_back(numbers.near(0.1f));
  const fit::Directions along{rows, directions};
  const fit::Equations one = fitter.equations(values, samples, scale, along, 1);
  const fit::Equations three = fitter.equations(values, samples, scale, along, 3);
  require(one.cost == three.cost && one.gradient == three.gradient && one.matrix == three.matrix);
  require(std::isfinite(one.cost) && one.cost >= 0 && all_finite(one.gradient) && all_finite(one.matrix));
  require(fitter.costs(values, samples, scale, 1).at(0) == one.cost);
  compare_with_reference(fitter, program.value(), free, format, samples);
  return 0;
}
