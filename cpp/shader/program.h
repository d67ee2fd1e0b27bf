// A shader program: what draws the pixels of a `shader` layer. Static single assignment over scalars in the
// order of evaluation; loops carry values from turn to turn and stand as Loop ... End brackets. A Program is
// plain data and may be anything until verify() has passed it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shader/ops.h"

namespace aicodec::shader {

enum class Type : char { kFloat = 'F', kInt = 'I', kBool = 'B', kNone = 'N' };
enum class Immediate : uint8_t { kNone, kOctaves, kChannel, kPlace, kTrips };

struct OpInfo {
  std::string_view text;
  Type result;
  std::string_view operands;  // one letter each
  uint32_t work;
  Immediate immediate;
};
inline constexpr std::array<OpInfo, kOps> kOpTable = {{
#define AICODEC_OP(name, text, result, operands, work, immediate) \
  {#text, static_cast<Type>((#result)[0]), operands, work, Immediate::k##immediate},
#include "shader/op_table.inl"
#undef AICODEC_OP
}};
inline const OpInfo& info(Op op) { return kOpTable[static_cast<size_t>(op)]; }

// What a program can read without computing it. kParameter + k is the k-th column of the layer's track.
enum class Input : uint8_t { kX, kY, kT, kWidth, kHeight, kFrame, kStep, kParameter };
inline constexpr size_t kMaxParameters = 64;
inline constexpr size_t kMaxInputs = static_cast<size_t>(Input::kParameter) + kMaxParameters;
inline Type input_type(size_t input) {
  return input == size_t(Input::kFrame) || input == size_t(Input::kStep) ? Type::kInt : Type::kFloat;
}

// A number as it is stored. Floats: mantissa * 10^exponent (decimal; the quotient or product in binary64,
// then rounded to binary32) or mantissa * 2^exponent, exact. The mantissa has no factor 10 (or 2) that the
// exponent could take. Integers and truth values: the mantissa.
struct Constant {
  Type type = Type::kFloat;
  bool decimal = true;
  int32_t mantissa = 0;
  int32_t exponent = 0;

  bool operator==(const Constant&) const = default;
};
inline constexpr int32_t kMaxDecimalExponent = 22;
// Whether the constant is of the form above and finite.
bool is_valid(const Constant& constant);
// The 32 bits of the value: of the float, of the integer, or all ones for true. Precondition: is_valid.
uint32_t bits_of(const Constant& constant);
// The shortest exact form of a finite float, decimal where at most nine digits give it back.
Constant constant_of(float value);

struct Operand {
  enum class Source : uint8_t { kValue, kConstant, kInput };
  Source source = Source::kValue;
  uint16_t index = 0;

  bool operator==(const Operand&) const = default;
};

// Immediate of the samples with whole offsets: bits 0-1 channel, bit 2 set if the picture repeats beyond its
// edges (else its edges do), 8-15 dx + 128, 16-23 dy + 128.
struct Place {
  uint32_t channel = 0;
  bool wrap = false;
  int32_t dx = 0, dy = 0;

  static Place from(int32_t immediate) {
    return {uint32_t(immediate) & 3, (immediate & 4) != 0, ((immediate >> 8) & 255) - 128,
            ((immediate >> 16) & 255) - 128};
  }
  int32_t immediate() const {
    return int32_t(channel | (wrap ? 4u : 0u) | uint32_t(dx + 128) << 8 | uint32_t(dy + 128) << 16);
  }
};
inline constexpr int32_t kMaxReach = 64;

// Loop: operands are the initial values, its values the carried ones as the turn finds them. Break: a
// condition, then what the carried values end with where it holds. End: the values for the next turn; its own
// values are the final ones. Everything else: operands as in the table, one value or none.
struct Instruction {
  Op op = Op::kOutput;
  int32_t immediate = 0;
  uint32_t first = 0;  // of its operands, in Program::operands
  uint32_t count = 0;
};

struct Program {
  std::vector<Instruction> code;
  std::vector<Operand> operands;
  std::vector<Constant> constants;  // in the order of their first use, no two equal

  const Operand* operands_of(const Instruction& i) const { return operands.data() + i.first; }
};

inline constexpr size_t kMaxCode = 4096;
inline constexpr size_t kMaxConstants = 1024;
inline constexpr size_t kMaxCarried = 32;
inline constexpr size_t kMaxDepth = 4;
inline constexpr int32_t kMaxTrips = 1 << 16;
inline constexpr int32_t kMaxOctaves = 8;
// Of work (op_table.inl) for one pixel, and for all pixels of a frame.
inline constexpr uint64_t kMaxPixelWork = uint64_t{1} << 17;
inline constexpr uint64_t kMaxFrameWork = uint64_t{1} << 37;

// What verify() finds.
struct Summary {
  uint64_t work = 0;      // for one pixel
  size_t parameters = 0;  // one more than the highest that is read
  bool reads_below = false;
  bool reads_prev = false;
  std::vector<Type> types;  // of every value
};

// Types, scopes, loops and bounds. kBadValue for a program that makes no sense, kTooLarge for one over a
// limit.
Result<Summary> verify(const Program& program);

}  // namespace aicodec::shader
