#include "fit/gradient_plan.h"

#include <algorithm>

#include "fit/dependence.h"

namespace aicodec::fit {
namespace {

using shader::Instruction;
using shader::Op;
using shader::Operand;
using shader::Program;

class Planner {
 public:
  Planner(const Program& program, const std::vector<int>& parameter_of, size_t parameters)
      : program_(program),
        parameter_of_(parameter_of),
        dependence_(dependence_of(program, parameter_of, parameters)),
        value_slot_(dependence_.smooth.size(), kNowhere),
        tangents_(dependence_.smooth.size()) {
    plan_.parameters = parameters;
    plan_.has_edges = dependence_.edges;
    plan_.first_parameter = GradientPlan::kFirstConstant + Slot(program.constants.size());
    plan_.slots = plan_.first_parameter + parameters;
    find_last_uses();
  }

  GradientPlan run() {
    size_t value = 0;
    for (size_t at = 0; at < program_.code.size(); ++at) {
      const Instruction& i = program_.code[at];
      switch (i.op) {
        case Op::kLoop:
          open_loop(i, at, value);
          value += i.count;
          break;
        case Op::kBreak:
          leave_loop(i);
          break;
        case Op::kEnd:
          close_loop(i);
          value += i.count;
          break;
        case Op::kOutput:
        case Op::kOutputInt:
          output(i);
          break;
        default:
          operation(i, value++);
      }
      for (const size_t dead : dying_[at]) release(dead);
    }
    return std::move(plan_);
  }

 private:
  struct Open {
    uint32_t loop;  // its step
    size_t carried, results;
    size_t count;
    Slot mask;
    std::vector<uint32_t> breaks;  // their steps
  };

  // A value that a loop reads lives to the end of the outermost loop that it was made outside of.
  void find_last_uses() {
    std::vector<size_t> made_at(value_slot_.size()), last(value_slot_.size());
    std::vector<size_t> open, end_of(program_.code.size());
    for (size_t at = 0; at < program_.code.size(); ++at) {
      if (program_.code[at].op == Op::kLoop) open.push_back(at);
      if (program_.code[at].op != Op::kEnd) continue;
      end_of[open.back()] = at;
      open.pop_back();
    }
    size_t value = 0;
    std::vector<size_t> carried;
    for (size_t at = 0; at < program_.code.size(); ++at) {
      const Instruction& i = program_.code[at];
      if (i.op == Op::kLoop) open.push_back(at);
      for (size_t k = 0; k < i.count; ++k) {
        const Operand& operand = program_.operands_of(i)[k];
        if (operand.source != Operand::Source::kValue) continue;
        size_t use = at;
        for (const size_t loop : open)
          if (made_at[operand.index] < loop) {
            use = end_of[loop];
            break;
          }
        last[operand.index] = std::max(last[operand.index], use);
      }
      const bool list = i.op == Op::kLoop || i.op == Op::kEnd;
      const size_t made = list ? i.count : size_t(shader::info(i.op).result != shader::Type::kNone);
      // Carried values are written by the End; results have their places from the Loop on.
      for (size_t k = 0; k < made; ++k, ++value) {
        made_at[value] = i.op == Op::kLoop ? at + 1 : at;
        last[value] = i.op == Op::kLoop ? end_of[at] : at;
      }
      if (i.op == Op::kEnd) open.pop_back();
    }
    dying_.resize(program_.code.size());
    for (size_t v = 0; v < last.size(); ++v) dying_[last[v]].push_back(v);
  }

  Slot take() {
    if (free_.empty()) return Slot(plan_.slots++);
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  void define(size_t value) {
    value_slot_[value] = take();
    const std::vector<bool>& active = dependence_.smooth[value];
    for (size_t p = 0; p < active.size(); ++p)
      if (active[p]) tangents_[value].push_back({uint32_t(p), take()});
  }
  void release(size_t value) {
    free_.push_back(value_slot_[value]);
    for (const Tangent& tangent : tangents_[value]) free_.push_back(tangent.slot);
  }

  int parameter(const Operand& operand) const {
    if (operand.source != Operand::Source::kConstant) return kFixed;
    return parameter_of_[size_t(&operand - program_.operands.data())];
  }
  Slot slot_of(const Operand& operand) {
    switch (operand.source) {
      case Operand::Source::kValue:
        return value_slot_[operand.index];
      case Operand::Source::kInput:
        if (std::find(plan_.inputs.begin(), plan_.inputs.end(), operand.index) == plan_.inputs.end())
          plan_.inputs.push_back(operand.index);
        return GradientPlan::kFirstInput + operand.index;
      case Operand::Source::kConstant:
        break;
    }
    const int number = parameter(operand);
    return number == kFixed ? GradientPlan::kFirstConstant + operand.index
                            : plan_.first_parameter + Slot(number);
  }
  // Where the operand's derivative by parameter `p` stands; kNowhere if it does not depend on it.
  Slot tangent_of(const Operand& operand, uint32_t p) const {
    if (parameter(operand) == int(p)) return GradientPlan::kOne;
    if (operand.source != Operand::Source::kValue) return kNowhere;
    for (const Tangent& tangent : tangents_[operand.index])
      if (tangent.parameter == p) return tangent.slot;
    return kNowhere;
  }

  void operation(const Instruction& i, size_t value) {
    const Operand* operands = program_.operands_of(i);
    Step step{.op = i.op, .immediate = i.immediate};
    for (size_t k = 0; k < i.count; ++k) step.in[k] = slot_of(operands[k]);
    // Before what dies here is free: results must not overwrite operands.
    define(value);
    step.out = value_slot_[value];
    step.first_chain = uint32_t(plan_.chains.size());
    for (const Tangent& tangent : tangents_[value]) {
      Chain chain{tangent.slot, 0, {}, {}};
      for (size_t k = 0; k < i.count; ++k) {
        const Slot from = is_smooth(i.op, k) ? tangent_of(operands[k], tangent.parameter) : kNowhere;
        if (from == kNowhere) continue;
        if (step.slopes[k] == kNowhere) step.slopes[k] = take();
        chain.slope[chain.terms] = step.slopes[k];
        chain.tangent[chain.terms++] = from;
      }
      plan_.chains.push_back(chain);
    }
    step.chains = uint32_t(plan_.chains.size()) - step.first_chain;
    for (const Slot slope : step.slopes)
      if (slope != kNowhere) free_.push_back(slope);
    plan_.steps.push_back(step);
  }

  // Copies of the operands to values from `first` on, and of their tangents.
  void copy_lists(Step& step, const Operand* operands, size_t first, size_t count) {
    step.first_copy = uint32_t(plan_.copies.size());
    for (size_t k = 0; k < count; ++k)
      plan_.copies.push_back({slot_of(operands[k]), value_slot_[first + k], kNowhere});
    step.value_copies = uint32_t(count);
    for (size_t k = 0; k < count; ++k)
      for (const Tangent& to : tangents_[first + k]) {
        const Slot from = tangent_of(operands[k], to.parameter);
        plan_.copies.push_back({from == kNowhere ? GradientPlan::kZero : from, to.slot, kNowhere});
      }
    step.copies = uint32_t(plan_.copies.size()) - step.first_copy;
  }

  void open_loop(const Instruction& i, size_t at, size_t value) {
    Step step{.op = i.op, .immediate = i.immediate};
    // Values are numbered in order, and the results come after all that the body makes.
    size_t results = value + i.count;
    for (size_t depth = 1, k = at + 1;; ++k) {
      const Instruction& inside = program_.code[k];
      depth += inside.op == Op::kLoop;
      depth -= inside.op == Op::kEnd;
      if (depth == 0) break;
      const bool list = inside.op == Op::kLoop || inside.op == Op::kEnd;
      results += list ? inside.count : size_t(shader::info(inside.op).result != shader::Type::kNone);
    }
    for (size_t k = 0; k < i.count; ++k) define(value + k);
    for (size_t k = 0; k < i.count; ++k) define(results + k);
    step.mask = take();
    copy_lists(step, program_.operands_of(i), value, i.count);
    open_.push_back({uint32_t(plan_.steps.size()), value, results, i.count, step.mask, {}});
    // The samples of the loop around it, or all.
    step.in[0] = open_.size() > 1 ? open_[open_.size() - 2].mask : GradientPlan::kTruth;
    plan_.steps.push_back(step);
  }

  void leave_loop(const Instruction& i) {
    Open& loop = open_.back();
    Step step{.op = i.op};
    step.in[0] = slot_of(program_.operands_of(i)[0]);
    step.mask = loop.mask;
    copy_lists(step, program_.operands_of(i) + 1, loop.results, loop.count);
    loop.breaks.push_back(uint32_t(plan_.steps.size()));
    plan_.steps.push_back(step);
  }

  void close_loop(const Instruction& i) {
    const Open loop = open_.back();
    open_.pop_back();
    Step step{.op = i.op};
    step.mask = loop.mask;
    step.to = loop.loop;
    copy_lists(step, program_.operands_of(i), loop.carried, loop.count);
    step.first_again = step.first_copy;
    step.again_copies = step.copies;
    // What goes round may read what it overwrites.
    std::vector<Slot> staging;
    for (uint32_t k = 0; k < step.again_copies; ++k) {
      staging.push_back(take());
      plan_.copies[step.first_again + k].staging = staging.back();
    }
    free_.insert(free_.end(), staging.begin(), staging.end());
    copy_lists(step, program_.operands_of(i), loop.results, loop.count);
    const uint32_t end = uint32_t(plan_.steps.size());
    plan_.steps[loop.loop].to = end;
    for (const uint32_t at : loop.breaks) plan_.steps[at].to = end;
    plan_.steps.push_back(step);
    free_.push_back(loop.mask);
  }

  void output(const Instruction& i) {
    const Operand* operands = program_.operands_of(i);
    plan_.integer_outputs = i.op == Op::kOutputInt;
    for (size_t c = 0; c < 3; ++c) {
      plan_.outputs[c] = slot_of(operands[c]);
      if (plan_.integer_outputs) continue;
      for (uint32_t p = 0; p < plan_.parameters; ++p) {
        const Slot tangent = tangent_of(operands[c], p);
        if (tangent != kNowhere) plan_.tangents[c].push_back({p, tangent});
      }
    }
  }

  const Program& program_;
  const std::vector<int>& parameter_of_;
  Dependence dependence_;
  GradientPlan plan_;
  std::vector<Slot> value_slot_, free_;
  std::vector<std::vector<Tangent>> tangents_;
  std::vector<std::vector<size_t>> dying_;  // by instruction: values that nothing needs afterwards
  std::vector<Open> open_;
};

}  // namespace

GradientPlan make_plan(const Program& program, const std::vector<int>& parameter_of, size_t parameters) {
  return Planner(program, parameter_of, parameters).run();
}

}  // namespace aicodec::fit
