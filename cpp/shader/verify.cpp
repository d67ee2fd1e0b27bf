#include <algorithm>

#include "shader/program.h"

namespace aicodec::shader {
namespace {

struct OpenLoop {
  size_t first_value;  // of the carried ones
  size_t carried;
  uint64_t trips;       // of this loop and those around it together
  size_t first_inside;  // values from here on end with the loop
};

class Verifier {
 public:
  explicit Verifier(const Program& program) : program_(program) {}

  Result<Summary> run() {
    if (program_.code.size() > kMaxCode || program_.constants.size() > kMaxConstants) return Error::kTooLarge;
    AICODEC_TRY(constants());
    for (size_t i = 0; i < program_.code.size(); ++i) {
      const Instruction& instruction = program_.code[i];
      if (size_t(instruction.op) >= kOps) return Error::kBadValue;
      if (instruction.first > program_.operands.size() ||
          instruction.count > program_.operands.size() - instruction.first)
        return Error::kBadValue;
      const bool last = i + 1 == program_.code.size();
      const bool output = instruction.op == Op::kOutput || instruction.op == Op::kOutputInt;
      if (last != output || (last && !loops_.empty())) return Error::kBadValue;
      AICODEC_TRY(immediate(instruction));
      AICODEC_TRY(step(instruction));
      // A product of at most 2^64 / 2^7: trips are capped in open().
      summary_.work += work_of(instruction) * (loops_.empty() ? 1 : loops_.back().trips);
      if (summary_.work > kMaxPixelWork) return Error::kTooLarge;
    }
    if (program_.code.empty()) return Error::kBadValue;
    if (used_constants_ != program_.constants.size()) return Error::kBadValue;
    return std::move(summary_);
  }

 private:
  Status constants() const {
    for (const Constant& constant : program_.constants)
      if (!is_valid(constant)) return Error::kBadValue;
    return Ok{};
  }

  static uint64_t work_of(const Instruction& i) {
    const uint64_t times = i.op == Op::kFbm ? uint64_t(i.immediate) : i.count > 3 ? i.count : 1;
    return info(i.op).work * times;
  }

  Status immediate(const Instruction& i) const {
    const int32_t value = i.immediate;
    switch (info(i.op).immediate) {
      case Immediate::kNone:
        return value == 0 ? Status(Ok{}) : Status(Error::kBadValue);
      case Immediate::kOctaves:
        return value >= 1 && value <= kMaxOctaves ? Status(Ok{}) : Status(Error::kBadValue);
      case Immediate::kChannel:
        return value >= 0 && value <= 2 ? Status(Ok{}) : Status(Error::kBadValue);
      case Immediate::kTrips:
        if (value < 1) return Error::kBadValue;
        return value <= kMaxTrips ? Status(Ok{}) : Status(Error::kTooLarge);
      case Immediate::kPlace: {
        const Place place = Place::from(value);
        if (value < 0 || place.immediate() != value || place.channel > 2) return Error::kBadValue;
        const bool near = place.dx >= -kMaxReach && place.dx <= kMaxReach && place.dy >= -kMaxReach &&
                          place.dy <= kMaxReach;
        return near ? Status(Ok{}) : Status(Error::kTooLarge);
      }
    }
    return Error::kBadValue;
  }

  // The type of an operand, kNone if it must not be used here.
  Type type_of(const Operand& operand) {
    switch (operand.source) {
      case Operand::Source::kValue:
        return operand.index < visible_.size() && visible_[operand.index] ? summary_.types[operand.index]
                                                                          : Type::kNone;
      case Operand::Source::kConstant:
        if (operand.index >= program_.constants.size() || operand.index > used_constants_) return Type::kNone;
        if (operand.index == used_constants_) ++used_constants_;
        return program_.constants[operand.index].type;
      case Operand::Source::kInput: {
        if (operand.index >= kMaxInputs) return Type::kNone;
        const size_t parameter = size_t(Input::kParameter);
        if (operand.index >= parameter)
          summary_.parameters = std::max(summary_.parameters, size_t(operand.index) - parameter + 1);
        return input_type(operand.index);
      }
    }
    return Type::kNone;
  }

  void define(Type type) {
    summary_.types.push_back(type);
    visible_.push_back(true);
  }

  Status step(const Instruction& i) {
    if (i.op == Op::kLoop) return open(i);
    if (i.op == Op::kBreak || i.op == Op::kEnd) return inside(i);
    const OpInfo& op = info(i.op);
    if (i.count != op.operands.size()) return Error::kBadValue;
    for (size_t k = 0; k < i.count; ++k)
      if (type_of(program_.operands_of(i)[k]) != Type(op.operands[k])) return Error::kBadValue;
    summary_.reads_below |= i.op == Op::kBelow || i.op == Op::kBelowNearest || i.op == Op::kBelowInt;
    summary_.reads_prev |= i.op == Op::kPrev || i.op == Op::kPrevNearest || i.op == Op::kPrevInt;
    if (op.result != Type::kNone) define(op.result);
    return Ok{};
  }

  Status open(const Instruction& i) {
    if (loops_.size() >= kMaxDepth || i.count > kMaxCarried) return Error::kTooLarge;
    if (i.count == 0) return Error::kBadValue;
    std::vector<Type> types;
    for (size_t k = 0; k < i.count; ++k) {
      types.push_back(type_of(program_.operands_of(i)[k]));
      if (types.back() == Type::kNone) return Error::kBadValue;
    }
    uint64_t trips = uint64_t(i.immediate) * (loops_.empty() ? 1 : loops_.back().trips);
    if (trips > kMaxPixelWork) return Error::kTooLarge;
    loops_.push_back({summary_.types.size(), i.count, trips, summary_.types.size()});
    for (const Type type : types) define(type);
    return Ok{};
  }

  Status inside(const Instruction& i) {
    if (loops_.empty()) return Error::kBadValue;
    const OpenLoop loop = loops_.back();
    const size_t before = i.op == Op::kBreak;
    if (i.count != loop.carried + before) return Error::kBadValue;
    const Operand* operand = program_.operands_of(i);
    if (before && type_of(*operand++) != Type::kBool) return Error::kBadValue;
    for (size_t k = 0; k < loop.carried; ++k)
      if (type_of(operand[k]) != summary_.types[loop.first_value + k]) return Error::kBadValue;
    if (before) return Ok{};
    for (size_t v = loop.first_inside; v < visible_.size(); ++v) visible_[v] = false;
    for (size_t k = 0; k < loop.carried; ++k) define(summary_.types[loop.first_value + k]);
    loops_.pop_back();
    return Ok{};
  }

  const Program& program_;
  Summary summary_;
  std::vector<bool> visible_;
  std::vector<OpenLoop> loops_;
  size_t used_constants_ = 0;
};

}  // namespace

Result<Summary> verify(const Program& program) { return Verifier(program).run(); }

}  // namespace aicodec::shader
