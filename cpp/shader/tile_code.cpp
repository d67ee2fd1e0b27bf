#include "shader/tile_code.h"

#include <algorithm>

namespace aicodec::shader {
namespace {

constexpr size_t kUnset = ~size_t{0};

bool is_emit(const Step& step) { return step.is(Control::kEmit) || step.is(Control::kEmitInt); }

class Encoder {
 public:
  Encoder(const Schedule& schedule, const TileKernels& kernels, const Places& others, uint32_t begin)
      : schedule_(schedule),
        kernels_(kernels),
        others_(others),
        strip_(kernels.vector_bytes * kVectors),
        place_(schedule.values, kNowhere) {
    program_.end = begin;
  }

  TileProgram run() {
    find_lives();
    give_places();
    for (size_t s = 0; s < schedule_.steps.size(); ++s) encode(s);
    for (const int root : schedule_.exports) program_.exports.push_back(where(root));
    return std::move(program_);
  }

 private:
  struct Life {
    size_t first = kUnset, last = 0;
    size_t uses = 0;
  };

  bool is_own(int value) const { return value >= 0 && lives_[size_t(value)].first != kUnset; }
  bool is_strip(int value) const {
    return is_own(value) ||
           (size_t(value) < others_.strips.size() && others_.strips[size_t(value)] != kNowhere);
  }
  uint32_t where(int value) const {
    if (place_[size_t(value)] != kNowhere) return place_[size_t(value)];
    return is_strip(value) ? others_.strips[size_t(value)] : others_.scalars[size_t(value)];
  }

  void find_lives() {
    lives_.resize(schedule_.values);
    const auto& steps = schedule_.steps;
    for (size_t s = 0; s < steps.size(); ++s) {
      if (steps[s].out >= 0 && !is_emit(steps[s])) touch(steps[s].out, s);
      // What a test leaves behind is its second operand.
      if (steps[s].is(Control::kTest)) touch(steps[s].in[1], s);
      for (const int in : steps[s].in)
        if (in >= 0 && lives_[size_t(in)].first != kUnset) {
          lives_[size_t(in)].last = s;
          ++lives_[size_t(in)].uses;
        }
    }
    for (const int root : schedule_.exports)
      if (is_own(root)) {
        lives_[size_t(root)].last = steps.size();
        ++lives_[size_t(root)].uses;
      }
    // What is alive at both ends of a loop's body, or lasts from turn to turn, is so all through it. Outer
    // loops stand after inner ones, and widen what these have widened.
    for (const Schedule::Extent& loop : schedule_.loops) {
      for (size_t v = 0; v < lives_.size(); ++v) {
        Life& life = lives_[v];
        if (life.first == kUnset || life.last < loop.first || life.first >= loop.end) continue;
        // The question arises only for a value that is born here: it is not asked of every pair.
        const bool lasts = life.first >= loop.first && v < schedule_.is_lasting.size() &&
                           schedule_.is_lasting[v] && !inside_deeper(life, loop);
        if (life.first < loop.first || lasts) life.last = std::max(life.last, loop.end - 1);
        if (lasts) life.first = std::min(life.first, loop.first);
      }
    }
  }
  // Whether a lasting value belongs to a loop further inside: it is then born anew in each turn of this one.
  bool inside_deeper(const Life& life, const Schedule::Extent& loop) const {
    for (const Schedule::Extent& inner : schedule_.loops)
      if (inner.first >= loop.first && inner.end <= loop.end &&
          inner.end - inner.first < loop.end - loop.first && life.first >= inner.first &&
          life.first < inner.end)
        return true;
    return false;
  }
  void touch(int value, size_t step) {
    Life& life = lives_[size_t(value)];
    life.first = std::min(life.first, step);
    life.last = std::max(life.last, step);
  }

  void give_places() {
    std::vector<std::vector<int>> born(schedule_.steps.size() + 1), dead(schedule_.steps.size() + 2);
    for (size_t v = 0; v < lives_.size(); ++v) {
      if (lives_[v].first == kUnset) continue;
      born[lives_[v].first].push_back(int(v));
      dead[std::max(lives_[v].last, lives_[v].first)].push_back(int(v));
    }
    std::vector<uint32_t> free;
    for (size_t s = 0; s < born.size(); ++s) {
      // A step may write where it reads for the last time: it does so vector by vector.
      for (const int v : dead[s])
        if (lives_[size_t(v)].first < s) free.push_back(place_[size_t(v)]);
      for (const int v : born[s]) {
        if (free.empty()) {
          place_[size_t(v)] = program_.end;
          program_.end += strip_;
        } else {
          place_[size_t(v)] = free.back();
          free.pop_back();
        }
      }
      for (const int v : dead[s])
        if (lives_[size_t(v)].first == s) free.push_back(place_[size_t(v)]);
    }
  }

  // Whether the value that step s computes is read again after step s + 1 took it from the registers.
  bool must_store(size_t s, size_t taken) const {
    const int out = schedule_.steps[s].out;
    return (size_t(out) < schedule_.is_lasting.size() && schedule_.is_lasting[size_t(out)]) ||
           lives_[size_t(out)].uses > taken;
  }

  void operand(TileCode& code, int number, int value) {
    if (value < 0) return;
    code.in[number] = where(value);
    code.step[number] = is_strip(value) ? kernels_.vector_bytes : 0;
  }

  // Whether the operation takes and gives values in registers.
  bool is_short(Op op) const { return kernels_.operation(size_t(op), 0) != nullptr; }

  // The operands of step s that the registers hold, a bit each; 0 where the handler cannot take them so.
  unsigned taken_by(size_t s) const {
    if (s >= schedule_.steps.size() || in_registers_ < 0) return 0;
    const Step& step = schedule_.steps[s];
    unsigned bits = 0;
    for (unsigned k = 0; k < 3; ++k)
      if (step.in[k] == in_registers_) bits |= 1u << k;
    if (step.is_operation) return is_short(step.op) ? bits : 0;
    const bool can = step.is(Control::kEmit) || step.is(Control::kTest) || step.is(Control::kCopy);
    return can ? bits & 1u : 0;
  }

  void encode(size_t s) {
    const Step& step = schedule_.steps[s];
    if (schedule_.is_label[s]) in_registers_ = -1;
    const unsigned taken = taken_by(s);
    TileCode code{};
    for (int k = 0; k < 3; ++k) operand(code, k, step.in[size_t(k)]);
    code.immediate = step.target >= 0 ? int32_t(step.target) - int32_t(s) : step.immediate;
    if (is_emit(step)) {
      code.immediate = step.out;
    } else if (step.out >= 0) {
      code.out = place_[size_t(step.out)];
    }
    if (step.is_operation)
      code.handler = operation(s, taken);
    else
      code.handler = kernels_.control(control(step, taken));
    program_.code.push_back(code);
  }

  TileHandler operation(size_t s, unsigned taken) {
    const Step& step = schedule_.steps[s];
    in_registers_ = step.out;
    if (!is_short(step.op)) return kernels_.operation(size_t(step.op), kLongVariant);
    const unsigned next = schedule_.is_label[s + 1] ? 0 : taken_by(s + 1);
    const auto source = [&](unsigned k) {
      if (taken & 1u << k) return kRegisters;
      return step.in[k] < 0 || is_strip(step.in[k]) ? kStrip : kSame;
    };
    return kernels_.operation(size_t(step.op), variant_of(source(0), source(1), source(2),
                                                          must_store(s, size_t(__builtin_popcount(next)))));
  }

  Control control(const Step& step, unsigned taken) {
    const bool first = taken & 1u;
    switch (step.control) {
      case Control::kCopy:
        in_registers_ = step.out;
        return first ? Control::kStore : Control::kCopy;
      case Control::kCount:
        in_registers_ = step.out;
        return Control::kCount;
      case Control::kTest:
        in_registers_ = -1;
        return first ? Control::kTestRegisters : Control::kTest;
      case Control::kEmit:
        in_registers_ = -1;
        return first ? Control::kEmitRegisters : Control::kEmit;
      default:
        in_registers_ = -1;
        return step.control;
    }
  }

  const Schedule& schedule_;
  const TileKernels& kernels_;
  const Places& others_;
  uint32_t strip_;
  std::vector<Life> lives_;
  std::vector<uint32_t> place_;
  TileProgram program_;
  int in_registers_ = -1;  // the value whose strip they hold
};

}  // namespace

TileProgram make_tile_program(const Schedule& schedule, const TileKernels& kernels, const Places& others,
                              uint32_t begin) {
  return Encoder(schedule, kernels, others, begin).run();
}

}  // namespace aicodec::shader
