#include "fit/gradient_vm.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "shader/sample.h"

namespace aicodec::fit {
namespace {

using shader::Input;
using shader::Op;
using shader::SamplePlane;

constexpr size_t kAlignment = 64;

uint32_t divided(uint32_t a, uint32_t b) {
  if (b == 0) return 0;
  const int64_t x = int32_t(a), y = int32_t(b), q = x / y;
  return uint32_t(q - (x % y != 0 && (x < 0) != (y < 0)));
}

// The value between four samples and how it changes with dx and dy: not at all where the place was moved into
// the picture.
struct Bilinear {
  float value, by_dx, by_dy;
};
Bilinear sample_with_slopes(const SamplePlane& p, uint32_t x, uint32_t y, float dx, float dy) {
  const float wanted_x = float(x) + dx, wanted_y = float(y) + dy;
  const float px = shader::kept_inside(wanted_x, p.width - 1),
              py = shader::kept_inside(wanted_y, p.height - 1);
  const uint32_t x0 = uint32_t(int32_t(px)), y0 = uint32_t(int32_t(py));
  const uint32_t x1 = x0 + 1 < p.width ? x0 + 1 : x0, y1 = y0 + 1 < p.height ? y0 + 1 : y0;
  const float fx = px - float(x0), fy = py - float(y0);
  const float a = float(p.at(x0, y0)), b = float(p.at(x1, y0)), c = float(p.at(x0, y1)),
              d = float(p.at(x1, y1));
  return {shader::sample_bilinear(p, x, y, dx, dy),
          px == wanted_x ? ((b - a) + ((d - c) - (b - a)) * fy) * p.scale : 0.0f,
          py == wanted_y ? ((c - a) + ((d - b) - (c - a)) * fx) * p.scale : 0.0f};
}

}  // namespace

void GradientVm::FreeArena::operator()(char* bytes) const {
  ::operator delete[](bytes, std::align_val_t{kAlignment});
}

GradientVm::GradientVm(const shader::Program& program, const GradientPlan& plan, const Clip& clip)
    : plan_(plan),
      clip_(clip),
      kernels_(AICODEC_PICK_KERNELS(kSlopeKernels)),
      arena_(static_cast<char*>(::operator new[](plan.slots* kBlockBytes, std::align_val_t{kAlignment}))),
      turns_(plan.steps.size()) {
  std::memset(arena_.get(), 0, plan.slots * kBlockBytes);
  fill(GradientPlan::kOne, std::bit_cast<uint32_t>(1.0f));
  fill(GradientPlan::kTruth, ~0u);
  for (size_t c = 0; c < program.constants.size(); ++c)
    fill(GradientPlan::kFirstConstant + Slot(c), shader::bits_of(program.constants[c]));
  for (const auto& [input, value] : {std::pair{Input::kWidth, clip.width}, {Input::kHeight, clip.height}})
    fill(GradientPlan::kFirstInput + Slot(input), std::bit_cast<uint32_t>(float(value)));
}

void GradientVm::fill(Slot slot, uint32_t bits) {
  for (int i = 0; i < kBlock; ++i) std::memcpy(at(slot) + 4 * i, &bits, 4);
}

void GradientVm::set_parameters(const float* values) {
  for (size_t p = 0; p < plan_.parameters; ++p)
    fill(plan_.first_parameter + Slot(p), std::bit_cast<uint32_t>(values[p]));
}

void GradientVm::run(const Samples& samples, size_t first, bool with_tangents) {
  load_inputs(samples, first);
  for (size_t at = 0; at < plan_.steps.size();) at = step(at, with_tangents);
}

float GradientVm::output(int channel, int i) const {
  const float v = block(plan_.outputs[channel])[i];
  return plan_.integer_outputs ? float(std::bit_cast<int32_t>(v)) / float(clip_.max_value) : v;
}

void GradientVm::load_inputs(const Samples& samples, size_t first) {
  for (size_t i = 0; i < kBlock; ++i) {
    const size_t from = std::min(first + i, samples.size() - 1);
    x_[i] = samples.x[from];
    y_[i] = samples.y[from];
    frame_[i] = samples.frame[from];
  }
  for (const uint32_t input : plan_.inputs) {
    char* const out = at(GradientPlan::kFirstInput + input);
    const auto each = [&](auto value) {
      for (int i = 0; i < kBlock; ++i) {
        const auto v = value(i);
        std::memcpy(out + 4 * i, &v, 4);
      }
    };
    const auto frame = [&](int i) -> const shader::Frame& { return clip_.frames[frame_[i]]; };
    switch (Input(input)) {
      case Input::kX:
        each([&](int i) { return float(x_[i]); });
        break;
      case Input::kY:
        each([&](int i) { return float(y_[i]); });
        break;
      case Input::kT:
        each([&](int i) { return frame(i).t; });
        break;
      case Input::kFrame:
        each([&](int i) { return frame(i).number; });
        break;
      case Input::kStep:
        each([&](int i) { return frame(i).step; });
        break;
      case Input::kWidth:
      case Input::kHeight:
        break;
      default:
        each([&](int i) { return frame(i).parameters[input - size_t(Input::kParameter)]; });
    }
  }
}

// Runs one step and returns the number of the next.
size_t GradientVm::step(size_t number, bool with_tangents) {
  const Step& s = plan_.steps[number];
  switch (s.op) {
    case Op::kLoop:
      turns_[number] = s.immediate;
      std::memcpy(at(s.mask), at(s.in[0]), kBlockBytes);
      copy(s, with_tangents, kNowhere);
      return number + 1;
    case Op::kBreak: {
      const int found = kernels_.leave(at(s.in[0]), at(s.mask), at(GradientPlan::kTaken));
      if (found & kAnyTaken) copy(s, with_tangents, GradientPlan::kTaken);
      return found & kAnyLeft ? number + 1 : s.to + 1;
    }
    case Op::kEnd:
      return go_round(s, number, with_tangents);
    case Op::kDivInt:
    case Op::kModInt:
      integers(s);
      return number + 1;
    case Op::kBelow:
    case Op::kPrev:
    case Op::kBelowNearest:
    case Op::kPrevNearest:
    case Op::kBelowInt:
    case Op::kPrevInt:
      sample_pictures(s);
      break;
    default: {
      const char* const in[3] = {at(s.in[0]), at(s.in[1]), at(s.in[2])};
      char* slopes[3] = {};
      if (with_tangents)
        for (int k = 0; k < 3; ++k) slopes[k] = s.slopes[k] == kNowhere ? nullptr : at(s.slopes[k]);
      kernels_.operation(size_t(s.op))(s.immediate, in, at(s.out), slopes);
    }
  }
  if (with_tangents) kernels_.chain(plan_.chains.data() + s.first_chain, s.chains, arena_.get());
  return number + 1;
}

void GradientVm::copy(const Step& step, bool with_tangents, Slot mask) {
  const Copy* const first = plan_.copies.data() + step.first_copy;
  const Copy* const end = first + (with_tangents ? step.copies : step.value_copies);
  for (const Copy* c = first; c != end; ++c) {
    if (mask == kNowhere)
      std::memcpy(at(c->to), at(c->from), kBlockBytes);
    else
      kernels_.blend(at(mask), at(c->from), at(c->to), at(c->to));
  }
}

size_t GradientVm::go_round(const Step& step, size_t number, bool with_tangents) {
  if (--turns_[step.to] == 0) {
    copy(step, with_tangents, step.mask);
    return number + 1;
  }
  const Copy* const first = plan_.copies.data() + step.first_again;
  const Copy* const end = first + (with_tangents ? step.again_copies : step.value_copies);
  for (const Copy* c = first; c != end; ++c) std::memcpy(at(c->staging), at(c->from), kBlockBytes);
  for (const Copy* c = first; c != end; ++c) std::memcpy(at(c->to), at(c->staging), kBlockBytes);
  return step.to + 1;
}

void GradientVm::integers(const Step& s) {
  const auto word = [&](Slot slot, int i) {
    uint32_t v;
    std::memcpy(&v, at(slot) + 4 * i, 4);
    return v;
  };
  for (int i = 0; i < kBlock; ++i) {
    const uint32_t a = word(s.in[0], i), b = word(s.in[1], i), q = divided(a, b);
    const uint32_t v = s.op == Op::kDivInt ? q : b == 0 ? 0 : a - q * b;
    std::memcpy(at(s.out) + 4 * i, &v, 4);
  }
}

void GradientVm::sample_pictures(const Step& s) {
  const bool prev = s.op == Op::kPrev || s.op == Op::kPrevNearest || s.op == Op::kPrevInt;
  const bool placed = s.op == Op::kBelowInt || s.op == Op::kPrevInt;
  const shader::Place place = shader::Place::from(s.immediate);
  const auto put = [&](Slot slot, int i, auto v) {
    if (slot != kNowhere) std::memcpy(at(slot) + 4 * i, &v, 4);
  };
  for (int i = 0; i < kBlock; ++i) {
    const shader::Frame& frame = clip_.frames[frame_[i]];
    const SamplePlane plane =
        SamplePlane::of(prev ? frame.prev : frame.below, placed ? place.channel : uint32_t(s.immediate),
                        clip_.width, clip_.height, clip_.max_value);
    if (placed) {
      put(s.out, i,
          shader::sample_placed(plane, int64_t{x_[i]} + place.dx, int64_t{y_[i]} + place.dy, place.wrap));
      continue;
    }
    const float dx = block(s.in[0])[i], dy = block(s.in[1])[i];
    if (s.op == Op::kBelowNearest || s.op == Op::kPrevNearest) {
      put(s.out, i, shader::sample_nearest(plane, x_[i], y_[i], dx, dy));
      continue;
    }
    const Bilinear found = sample_with_slopes(plane, x_[i], y_[i], dx, dy);
    put(s.out, i, found.value);
    put(s.slopes[0], i, found.by_dx);
    put(s.slopes[1], i, found.by_dy);
  }
}

}  // namespace aicodec::fit
