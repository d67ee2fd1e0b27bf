#include "observed.h"

#include <algorithm>
#include <bit>

namespace aicodec::shader {
namespace {

class Observer {
 public:
  Observer(const Program& program, const std::vector<Type>& types) : types_(types), values_(types.size()) {
    made_.code = program.code;
    made_.code.pop_back();  // the output
    for (Instruction& i : made_.code) {
      const Operand* const operands = program.operands_of(i);
      i.first = uint32_t(made_.operands.size());
      for (size_t k = 0; k < i.count; ++k) add_operand(program, operands[k]);
    }
  }

  Program run(uint32_t max_value) {
    const std::vector<size_t> seen = visible();
    const Operand x{Operand::Source::kInput, uint16_t(Input::kX)};
    // Both are the same everywhere, but no evaluation knows.
    one_ = add(Op::kClamp, {x, number(1), number(1)});
    large_ = add(Op::kClamp, {x, number(1 << 20), number(1 << 20)});
    column_ = hash_ = add(Op::kToInt, {x});
    for (const size_t value : seen) observe({Operand::Source::kValue, uint16_t(value)}, types_[value]);
    std::vector<Operand> samples;
    const int bits = std::bit_width(max_value);
    for (int k = 0; k < 3; ++k)
      samples.push_back(
          add(Op::kAndInt, {add(Op::kShiftRight, {hash_, integer(bits * k)}), integer(int32_t(max_value))}));
    add(Op::kOutputInt, samples);
    return std::move(made_);
  }

 private:
  // Those outside all loops.
  std::vector<size_t> visible() const {
    std::vector<size_t> seen;
    size_t next = 0, depth = 0;
    for (const Instruction& i : made_.code) {
      depth += i.op == Op::kLoop;
      depth -= i.op == Op::kEnd;
      const bool list = i.op == Op::kLoop || i.op == Op::kEnd;
      const size_t count = list ? i.count : info(i.op).result != Type::kNone;
      for (size_t k = 0; k < count; ++k, ++next)
        if (depth == 0) seen.push_back(next);
    }
    return seen;
  }

  void observe(Operand value, Type type) {
    if (type == Type::kInt) {
      hash_ = add(Op::kHash, {value, hash_, integer(1)});
    } else if (type == Type::kBool) {
      hash_ = add(Op::kHash, {add(Op::kSelectInt, {value, hash_, column_}), hash_, integer(2)});
    } else {
      // The inverse of a zero has its sign; no number becomes zero, which nothing else is all three times.
      const Operand fine = add(Op::kToInt, {add(Op::kMul, {value, large_})});
      const Operand inverse = add(Op::kToInt, {add(Op::kDiv, {one_, value})});
      const Operand whole = add(Op::kToInt, {value});
      hash_ = add(Op::kHash, {add(Op::kXorInt, {fine, hash_}), inverse, whole});
    }
  }

  Operand add(Op op, const std::vector<Operand>& operands) {
    made_.code.push_back({op, 0, uint32_t(made_.operands.size()), uint32_t(operands.size())});
    made_.operands.insert(made_.operands.end(), operands.begin(), operands.end());
    return {Operand::Source::kValue, uint16_t(values_++)};
  }

  // Constants stand in the order of their first use.
  void add_operand(const Program& from, Operand operand) {
    if (operand.source == Operand::Source::kConstant) operand = constant(from.constants[operand.index]);
    made_.operands.push_back(operand);
  }
  Operand constant(const Constant& wanted) {
    auto& known = made_.constants;
    const auto found = std::find(known.begin(), known.end(), wanted);
    const size_t index = size_t(found - known.begin());
    if (found == known.end()) known.push_back(wanted);
    return {Operand::Source::kConstant, uint16_t(index)};
  }
  Operand number(int32_t whole) { return constant(constant_of(float(whole))); }
  Operand integer(int32_t value) { return constant({Type::kInt, true, value, 0}); }

  const std::vector<Type>& types_;
  Program made_;
  size_t values_;
  Operand one_, large_, column_, hash_;
};

}  // namespace

Program observed(const Program& program, const std::vector<Type>& types, uint32_t max_value) {
  return Observer(program, types).run(max_value);
}

}  // namespace aicodec::shader
