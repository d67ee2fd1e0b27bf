#include "shader/serialize.h"

#include <algorithm>
#include <bit>

#include "bits/range_coder.h"

namespace aicodec::shader {
namespace {

// A number below 32, the highest bit first, each bit under those before it.
class FiveBits {
 public:
  template <typename Coder>
  uint32_t code(Coder& coder, uint32_t value) {
    uint32_t node = 1;
    for (int i = 4; i >= 0; --i) node = node << 1 | uint32_t(coder.bit(bits_[node], (value >> i) & 1));
    return node - 32;
  }

 private:
  BitModel bits_[32];
};

// Operands behave by their place: a first operand is mostly the value before. Lists share the last models.
constexpr size_t kPlaces = 4;

struct Models {
  NumberModel op, octaves, channel, trips, carried;
  BitModel wrap;
  SignedModel offset;
  BitModel is_value[kPlaces], is_constant[kPlaces], is_new;
  NumberModel distance[kPlaces], older, input;
  BitModel int_type, float_type, decimal, negative;
  FiveBits width;
  SignedModel exponent, integer;
};

// Codes one part of a program each way; with a RangeDecoder what goes in is ignored and what was read comes
// back.
template <typename Coder>
class ProgramCoder {
 public:
  explicit ProgramCoder(Coder& coder) : coder_(coder) {}

  uint64_t op(uint64_t value) { return models_.op.code(coder_, value); }
  uint64_t carried(uint64_t count) { return models_.carried.code(coder_, count); }

  int32_t immediate(Immediate kind, int32_t value) {
    switch (kind) {
      case Immediate::kNone:
        return 0;
      case Immediate::kOctaves:
        return bounded(models_.octaves.code(coder_, uint64_t(value - 1))) + 1;
      case Immediate::kChannel:
        return bounded(models_.channel.code(coder_, uint64_t(value)));
      case Immediate::kTrips:
        return bounded(models_.trips.code(coder_, uint64_t(value - 1))) + 1;
      case Immediate::kPlace: {
        Place place = Place::from(value);
        place.channel = uint32_t(std::min<uint64_t>(models_.channel.code(coder_, place.channel), 3));
        place.wrap = coder_.bit(models_.wrap, place.wrap);
        place.dx = int32_t(std::clamp<int64_t>(models_.offset.code(coder_, place.dx), -128, 127));
        place.dy = int32_t(std::clamp<int64_t>(models_.offset.code(coder_, place.dy), -128, 127));
        return place.immediate();
      }
    }
    return 0;
  }

  // Of a constant, what is left where the type is known (kNone: it is not, and is coded).
  Constant constant(Type known, Constant c) {
    c.type = known != Type::kNone ? known : type(c.type);
    if (c.type == Type::kInt) {
      const int64_t value = models_.integer.code(coder_, c.mantissa);
      return {Type::kInt, true, int32_t(uint32_t(uint64_t(value))), value == int32_t(value) ? 0 : 1};
    }
    if (c.type == Type::kBool) return {Type::kBool, true, coder_.even_bit(c.mantissa != 0), 0};
    const uint32_t magnitude = uint32_t(c.mantissa < 0 ? -c.mantissa : c.mantissa);
    const uint32_t width = models_.width.code(coder_, uint32_t(std::bit_width(magnitude)));
    if (width == 0) return {};
    uint32_t read = 1;
    for (int i = int(width) - 2; i >= 0; --i)
      read = read << 1 | uint32_t(coder_.even_bit((magnitude >> i) & 1));
    const bool negative = coder_.bit(models_.negative, c.mantissa < 0);
    const bool decimal = coder_.bit(models_.decimal, c.decimal);
    // Of a binary one, of its leading bit: that tells the magnitude.
    const int64_t shift = decimal ? 0 : int64_t(width) - 1;
    const int64_t exponent = models_.exponent.code(coder_, c.exponent + shift) - shift;
    return {Type::kFloat, decimal, negative ? -int32_t(read) : int32_t(read),
            int32_t(std::clamp<int64_t>(exponent, -1000, 1000))};
  }

  bool is_value(size_t place, bool is) { return coder_.bit(models_.is_value[place], is); }
  bool is_constant(size_t place, bool is) { return coder_.bit(models_.is_constant[place], is); }
  bool is_new(bool is) { return coder_.bit(models_.is_new, is); }
  uint64_t distance(size_t place, uint64_t value) { return models_.distance[place].code(coder_, value); }
  uint64_t older(uint64_t value) { return models_.older.code(coder_, value); }
  uint64_t input(uint64_t value) { return models_.input.code(coder_, value); }

 private:
  // What is out of every range stays so.
  static int32_t bounded(uint64_t value) { return int32_t(std::min<uint64_t>(value, 1 << 24)); }

  Type type(Type of) {
    if (coder_.bit(models_.float_type, of == Type::kFloat)) return Type::kFloat;
    return coder_.bit(models_.int_type, of == Type::kInt) ? Type::kInt : Type::kBool;
  }

  Coder& coder_;
  Models models_;
};

// What both directions keep count of: values, constants, and the loops that are open.
struct Position {
  size_t values = 0;
  size_t constants = 0;
  std::vector<size_t> carried;

  size_t operands_of(const Instruction& i) const {
    if (i.op == Op::kBreak || i.op == Op::kEnd)
      return carried.empty() ? 0 : carried.back() + (i.op == Op::kBreak);
    return info(i.op).operands.size();
  }
  // The type that operand `place` must have; kNone where only the operand tells.
  static Type wanted(const Instruction& i, size_t place) {
    if (i.op == Op::kBreak && place == 0) return Type::kBool;
    const std::string_view types = info(i.op).operands;
    return place < types.size() ? Type(types[place]) : Type::kNone;
  }
  void pass(const Instruction& i) {
    if (i.op == Op::kLoop) carried.push_back(i.count);
    values += i.op == Op::kLoop  ? i.count
              : i.op == Op::kEnd ? carried.back()
                                 : info(i.op).result != Type::kNone;
    if (i.op == Op::kEnd) carried.pop_back();
  }
};

size_t model_place(size_t place) { return std::min(place, kPlaces - 1); }

}  // namespace

Bytes write_program(const Program& program) {
  RangeEncoder encoder;
  ProgramCoder coder(encoder);
  Position position;
  for (const Instruction& i : program.code) {
    coder.op(uint64_t(i.op));
    coder.immediate(info(i.op).immediate, i.immediate);
    if (i.op == Op::kLoop) coder.carried(i.count - 1);
    for (size_t k = 0; k < i.count; ++k) {
      const Operand& operand = program.operands_of(i)[k];
      const size_t place = model_place(k);
      if (coder.is_value(place, operand.source == Operand::Source::kValue)) {
        coder.distance(place, position.values - 1 - operand.index);
      } else if (!coder.is_constant(place, operand.source == Operand::Source::kConstant)) {
        coder.input(operand.index);
      } else if (coder.is_new(operand.index == position.constants)) {
        coder.constant(Position::wanted(i, k), program.constants[operand.index]);
        ++position.constants;
      } else {
        coder.older(position.constants - 1 - operand.index);
      }
    }
    position.pass(i);
  }
  return encoder.finish();
}

Result<Program> read_program(ByteSpan bytes) {
  RangeDecoder decoder(bytes);
  ProgramCoder coder(decoder);
  Program program;
  Position position;
  for (bool last = false; !last;) {
    if (program.code.size() >= kMaxCode) return Error::kTooLarge;
    const uint64_t op = coder.op(0);
    if (decoder.overrun()) return Error::kTruncated;
    if (op >= kOps) return Error::kBadValue;
    Instruction i{Op(op), 0, uint32_t(program.operands.size()), 0};
    i.immediate = coder.immediate(info(i.op).immediate, 0);
    const uint64_t count = i.op == Op::kLoop ? coder.carried(0) + 1 : position.operands_of(i);
    if (count > kMaxCarried + 1) return Error::kTooLarge;
    if ((i.op == Op::kBreak || i.op == Op::kEnd) && position.carried.empty()) return Error::kBadValue;
    i.count = uint32_t(count);
    for (size_t k = 0; k < i.count; ++k) {
      const size_t place = model_place(k);
      Operand operand;
      uint64_t index = 0;
      if (coder.is_value(place, false)) {
        index = position.values - 1 - coder.distance(place, 0);
      } else if (!coder.is_constant(place, false)) {
        operand.source = Operand::Source::kInput;
        index = coder.input(0);
      } else {
        operand.source = Operand::Source::kConstant;
        if (coder.is_new(false)) {
          index = position.constants++;
          program.constants.push_back(coder.constant(Position::wanted(i, k), {}));
        } else {
          index = position.constants - 1 - coder.older(0);
        }
      }
      if (decoder.overrun()) return Error::kTruncated;
      // A number that wrapped below zero is as much out of range as one above.
      if (index > 0xFFFF) return Error::kBadValue;
      if (program.constants.size() > kMaxConstants) return Error::kTooLarge;
      operand.index = uint16_t(index);
      program.operands.push_back(operand);
    }
    position.pass(i);
    program.code.push_back(i);
    last = i.op == Op::kOutput || i.op == Op::kOutputInt;
  }
  AICODEC_TRY(decoder.finish());
  Result<Summary> summary = verify(program);
  if (!summary.ok()) return summary.error();
  // One form only: equal constants, or one that fits the models in two ways, would give the same program
  // twice.
  for (size_t a = 0; a < program.constants.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      if (program.constants[a] == program.constants[b]) return Error::kBadValue;
  return program;
}

}  // namespace aicodec::shader
