#include "fit/dependence.h"

#include "fit/gradient_plan.h"

namespace aicodec::fit {
namespace {

using shader::Instruction;
using shader::Op;
using shader::Operand;
using shader::Program;

using Set = std::vector<bool>;

bool has_steps(Op op) {
  switch (op) {
    case Op::kFloor:
    case Op::kFract:
    case Op::kMod:
    case Op::kToInt:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kEqual:
    case Op::kPrevNearest:
    case Op::kBelowNearest:
      return true;
    default:
      return false;
  }
}

// Adds `from` to `to`; whether that changed it.
bool join(const Set& from, Set& to) {
  bool changed = false;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!from[i] || to[i]) continue;
    to[i] = true;
    changed = true;
  }
  return changed;
}

class Finder {
 public:
  Finder(const Program& program, const std::vector<int>& parameter_of, size_t parameters)
      : program_(program), parameter_of_(parameter_of), parameters_(parameters) {
    size_t values = 0;
    for (const Instruction& i : program.code)
      values += i.op == Op::kLoop || i.op == Op::kEnd
                    ? i.count
                    : size_t(shader::info(i.op).result != shader::Type::kNone);
    smooth_.assign(values, Set(parameters));
    at_all_.assign(values, Set(parameters));
    edges_.assign(parameters, false);
  }

  // A loop's carried values depend on the turn before: again until nothing is new.
  Dependence run() {
    while (pass()) {
    }
    return {std::move(smooth_), std::move(edges_)};
  }

 private:
  struct Open {
    size_t carried;                    // its first value
    std::vector<const Operand*> outs;  // first operands of what its breaks end it with
    Set conditions;                    // what these depend on
  };

  Set of(const Operand& operand, const std::vector<Set>& sets) const {
    if (operand.source == Operand::Source::kValue) return sets[operand.index];
    Set set(parameters_);
    const int parameter = parameter_of_[size_t(&operand - program_.operands.data())];
    if (operand.source == Operand::Source::kConstant && parameter != kFixed) set[size_t(parameter)] = true;
    return set;
  }

  bool pass() {
    bool changed = false;
    size_t value = 0;
    std::vector<Open> open;
    const auto flow = [&](const Operand& operand, size_t to) {
      changed |= join(of(operand, smooth_), smooth_[to]);
      changed |= join(of(operand, at_all_), at_all_[to]);
    };
    for (const Instruction& i : program_.code) {
      const Operand* operands = program_.operands_of(i);
      switch (i.op) {
        case Op::kLoop:
          open.push_back({value, {}, Set(parameters_)});
          for (size_t k = 0; k < i.count; ++k) flow(operands[k], value++);
          break;
        case Op::kBreak:
          join(of(operands[0], at_all_), open.back().conditions);
          open.back().outs.push_back(operands + 1);
          break;
        case Op::kEnd:
          for (size_t k = 0; k < i.count; ++k, ++value) {
            flow(operands[k], open.back().carried + k);
            flow(operands[k], value);
            for (const Operand* out : open.back().outs) flow(out[k], value);
            changed |= join(open.back().conditions, at_all_[value]);
          }
          open.pop_back();
          break;
        default:
          for (size_t k = 0; k < i.count; ++k) {
            const Set reach = of(operands[k], at_all_);
            if (has_steps(i.op)) join(reach, edges_);
            if (shader::info(i.op).result == shader::Type::kNone) continue;
            changed |= join(reach, at_all_[value]);
            if (is_smooth(i.op, k)) changed |= join(of(operands[k], smooth_), smooth_[value]);
          }
          value += shader::info(i.op).result != shader::Type::kNone;
      }
    }
    return changed;
  }

  const Program& program_;
  const std::vector<int>& parameter_of_;
  size_t parameters_;
  std::vector<Set> smooth_, at_all_;
  Set edges_;
};

}  // namespace

bool is_smooth(Op op, size_t place) {
  if (op == Op::kFloor || op == Op::kPrevNearest || op == Op::kBelowNearest) return false;
  const shader::OpInfo& row = shader::info(op);
  return row.result == shader::Type::kFloat && row.operands[place] == 'F';
}

Dependence dependence_of(const Program& program, const std::vector<int>& parameter_of, size_t parameters) {
  return Finder(program, parameter_of, parameters).run();
}

}  // namespace aicodec::fit
