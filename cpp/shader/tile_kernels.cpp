// The handlers of tile_kernels.h; operations, lanes and controls are in the .inl files beside it. The
// register file of a strip is the argument list: eight vectors fill exactly the vector registers that the
// calling conventions of x86-64 and AArch64 pass arguments in.
#include "shader/tile_kernels.h"

#include "base/intrinsics.h"
#include "numeric/coefficients.h"
#include "shader/ops.h"
#include "shader/sample.h"

namespace aicodec::shader::AICODEC_KERNELS {
namespace {

// clang-format off: the first says what the second computes with.
#include "shader/vector.inl"

#include "numeric/functions.inl"
// clang-format on

#define AICODEC_STRIP F r0, F r1, F r2, F r3, F r4, F r5, F r6, F r7
#define AICODEC_REGISTERS r0, r1, r2, r3, r4, r5, r6, r7
using Handler = void (*)(const TileCode*, char*, AICODEC_STRIP);

#if defined(__clang__)
#define AICODEC_TAIL [[clang::musttail]] return
#else
#define AICODEC_TAIL return
#endif
// The step at `at` takes over.
#define AICODEC_CONTINUE(at) \
  AICODEC_TAIL reinterpret_cast<Handler>((at)->handler)((at), arena, AICODEC_REGISTERS)

template <typename T>
AICODEC_LANE T load(const char* at) {
  return *reinterpret_cast<const T*>(at);
}
template <typename T>
AICODEC_LANE void store(char* at, T v) {
  *reinterpret_cast<T*>(at) = v;
}
AICODEC_LANE const char* place(const TileCode* code, const char* arena, int operand, int vector) {
  return arena + code->in[operand] + size_t(vector) * code->step[operand];
}

// An operand is of one of three types in 32 bits; registers hold it as floats.
AICODEC_LANE void from(F v, F& out) { out = v; }
AICODEC_LANE void from(F v, U& out) { out = (U)v; }
AICODEC_LANE void from(F v, M& out) { out = (M)v; }
template <typename T>
AICODEC_LANE T as(F v) {
  T out;
  from(v, out);
  return out;
}

#include "shader/tile_operations.inl"

// Short operations, unrolled over the strip.
#define AICODEC_EACH(do_one)                                                                        \
  do_one(0, r0) do_one(1, r1) do_one(2, r2) do_one(3, r3) do_one(4, r4) do_one(5, r5) do_one(6, r6) \
      do_one(7, r7)

// An operand of a short operation. What it reads of the code it keeps: stores into the arena may not change
// it, but the compiler cannot know.
template <int source>
class Operand {
 public:
  [[gnu::always_inline]] Operand(const TileCode* code, const char* arena, int number)
      : at_(arena + code->in[number]), same_{} {
    if constexpr (source == kSame) same_ = load<F>(at_);
  }
  [[gnu::always_inline]] F of(int vector, F registers) const {
    if constexpr (source == kRegisters) return registers;
    if constexpr (source == kSame) return same_;
    return load<F>(at_ + vector * kVectorBytes);
  }

 private:
  const char* at_;
  F same_;
};

template <int variant, int number>
inline constexpr int kSourceOf = variant /
                                 (number == 0   ? 1
                                  : number == 1 ? kSources
                                                : kSources * kSources) %
                                 kSources;
template <int variant>
inline constexpr bool kIsStored = variant >= int(kVariants / 2);

template <typename Operation, int variant>
void unary(const TileCode* code, char* arena, AICODEC_STRIP) {
  const Operand<kSourceOf<variant, 0>> first(code, arena, 0);
  char* const out = arena + code->out;
#define AICODEC_ONE(i, r)                                           \
  r = Operation::of(as<typename Operation::First>(first.of(i, r))); \
  if constexpr (kIsStored<variant>) store(out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}

template <typename Operation, int variant>
void binary(const TileCode* code, char* arena, AICODEC_STRIP) {
  const Operand<kSourceOf<variant, 0>> first(code, arena, 0);
  const Operand<kSourceOf<variant, 1>> second(code, arena, 1);
  char* const out = arena + code->out;
#define AICODEC_ONE(i, r)                                             \
  r = Operation::of(as<typename Operation::First>(first.of(i, r)),    \
                    as<typename Operation::Second>(second.of(i, r))); \
  if constexpr (kIsStored<variant>) store(out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}

template <typename Operation, int variant>
void ternary(const TileCode* code, char* arena, AICODEC_STRIP) {
  const Operand<kSourceOf<variant, 0>> first(code, arena, 0);
  const Operand<kSourceOf<variant, 1>> second(code, arena, 1);
  const Operand<kSourceOf<variant, 2>> third(code, arena, 2);
  char* const out = arena + code->out;
#define AICODEC_ONE(i, r)                                            \
  r = Operation::of(as<typename Operation::First>(first.of(i, r)),   \
                    as<typename Operation::Second>(second.of(i, r)), \
                    as<typename Operation::Third>(third.of(i, r)));  \
  if constexpr (kIsStored<variant>) store(out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}

AICODEC_LANE F reloaded(const TileCode* code, const char* arena, int vector) {
  return load<F>(arena + code->out + vector * kVectorBytes);
}
#define AICODEC_RELOAD(i, r) r = reloaded(code, arena, i);

// Long operations, from memory to memory in a loop: their constants stay in registers from vector to vector.
template <typename Operation>
void long_unary(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i)
    store(arena + code->out + i * kVectorBytes,
          Operation::of(load<typename Operation::First>(place(code, arena, 0, i))));
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}
template <typename Operation>
void long_binary(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i)
    store(arena + code->out + i * kVectorBytes,
          Operation::of(load<typename Operation::First>(place(code, arena, 0, i)),
                        load<typename Operation::Second>(place(code, arena, 1, i))));
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}
template <typename Operation>
void long_ternary(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i)
    store(arena + code->out + i * kVectorBytes,
          Operation::of(load<typename Operation::First>(place(code, arena, 0, i)),
                        load<typename Operation::Second>(place(code, arena, 1, i)),
                        load<typename Operation::Third>(place(code, arena, 2, i))));
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}
void fbm(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i)
    store(arena + code->out + i * kVectorBytes,
          fbm_of(load<F>(place(code, arena, 0, i)), load<F>(place(code, arena, 1, i)),
                 load<U>(place(code, arena, 2, i)), code->immediate));
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}

#include "shader/tile_lanes.inl"

template <void (*lanes)(const TileCode*, char*)>
void by_lanes(const TileCode* code, char* arena, AICODEC_STRIP) {
  lanes(code, arena);
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}

// clang-format off: the first says how the second puts samples down.
#include "shader/tile_samples.inl"

#include "shader/tile_controls.inl"
// clang-format on

// Tables.
struct Table {
  Handler operations[kOps][kVariants] = {};
  Handler controls[kControls] = {};
};

// Every variant below `end` whose operands the form has, stored and not.
template <template <typename, int> class Form, typename Operation, int end, int variant = 0>
constexpr void put_variants(Handler (&row)[kVariants]) {
  if constexpr (variant < end) {
    row[variant] = Form<Operation, variant>::kHandler;
    row[variant + kVariants / 2] = Form<Operation, variant + int(kVariants / 2)>::kHandler;
    put_variants<Form, Operation, end, variant + 1>(row);
  }
}
template <typename Operation, int variant>
struct Unary {
  static constexpr Handler kHandler = unary<Operation, variant>;
};
template <typename Operation, int variant>
struct Binary {
  static constexpr Handler kHandler = binary<Operation, variant>;
};
template <typename Operation, int variant>
struct Ternary {
  static constexpr Handler kHandler = ternary<Operation, variant>;
};
template <typename Operation>
constexpr void put_unary(Handler (&row)[kVariants]) {
  put_variants<Unary, Operation, int(kSources)>(row);
}
template <typename Operation>
constexpr void put_binary(Handler (&row)[kVariants]) {
  put_variants<Binary, Operation, int(kSources * kSources)>(row);
}
template <typename Operation>
constexpr void put_ternary(Handler (&row)[kVariants]) {
  put_variants<Ternary, Operation, int(kSources * kSources * kSources)>(row);
}

constexpr Table make_table() {
  Table table;
  const auto row = [&](Op op) -> Handler(&)[kVariants] { return table.operations[size_t(op)]; };
#define AICODEC_PUT(form, name) put_##form<name>(row(Op::k##name));
#define AICODEC_PUT_LONG(form, name) row(Op::k##name)[kLongVariant] = long_##form<name>;
#define AICODEC_PUT_LANES(name, ...) row(Op::k##name)[kLongVariant] = by_lanes<__VA_ARGS__>;
  AICODEC_PUT(unary, Neg)
  AICODEC_PUT(unary, Abs)
  AICODEC_PUT(unary, Sqrt)
  AICODEC_PUT(unary, Floor)
  AICODEC_PUT(unary, Fract)
  AICODEC_PUT(unary, ToInt)
  AICODEC_PUT(unary, ToFloat)
  AICODEC_PUT(unary, Unit)
  AICODEC_PUT(unary, Not)
  AICODEC_PUT(unary, BoolInt)
  AICODEC_PUT(binary, Mul)
  AICODEC_PUT(binary, Add)
  AICODEC_PUT(binary, Sub)
  AICODEC_PUT(binary, Div)
  AICODEC_PUT(binary, Min)
  AICODEC_PUT(binary, Max)
  AICODEC_PUT(binary, Less)
  AICODEC_PUT(binary, LessEqual)
  AICODEC_PUT(binary, Equal)
  AICODEC_PUT(binary, And)
  AICODEC_PUT(binary, Or)
  AICODEC_PUT(binary, AddInt)
  AICODEC_PUT(binary, SubInt)
  AICODEC_PUT(binary, MulInt)
  AICODEC_PUT(binary, AndInt)
  AICODEC_PUT(binary, OrInt)
  AICODEC_PUT(binary, XorInt)
  AICODEC_PUT(binary, ShiftLeft)
  AICODEC_PUT(binary, ShiftRight)
  AICODEC_PUT(binary, EqualInt)
  AICODEC_PUT(binary, LessInt)
  AICODEC_PUT(ternary, Select)
  AICODEC_PUT(ternary, SelectInt)
  AICODEC_PUT(ternary, Mix)
  AICODEC_PUT(ternary, Clamp)
  AICODEC_PUT(binary, Length)
  AICODEC_PUT(binary, Mod)
  AICODEC_PUT(ternary, Smoothstep)
  AICODEC_PUT_LONG(unary, Sin)
  AICODEC_PUT_LONG(unary, Cos)
  AICODEC_PUT_LONG(unary, SinTurns)
  AICODEC_PUT_LONG(unary, CosTurns)
  AICODEC_PUT_LONG(unary, Exp)
  AICODEC_PUT_LONG(unary, Exp2)
  AICODEC_PUT_LONG(unary, Log)
  AICODEC_PUT_LONG(unary, Log2)
  AICODEC_PUT_LONG(binary, Pow)
  AICODEC_PUT_LONG(binary, Atan2)
  AICODEC_PUT_LONG(ternary, ValueNoise)
  AICODEC_PUT_LONG(ternary, GradientNoise)
  AICODEC_PUT_LONG(ternary, Hash)
  row(Op::kFbm)[kLongVariant] = fbm;
  AICODEC_PUT_LANES(DivInt, divide_lanes)
  AICODEC_PUT_LANES(ModInt, modulo_lanes)
  AICODEC_PUT_LANES(Below, sample_lanes<false, false>)
  AICODEC_PUT_LANES(BelowNearest, sample_lanes<false, true>)
  AICODEC_PUT_LANES(Prev, sample_lanes<true, false>)
  AICODEC_PUT_LANES(PrevNearest, sample_lanes<true, true>)
  AICODEC_PUT_LANES(BelowInt, place_lanes<false>)
  AICODEC_PUT_LANES(PrevInt, place_lanes<true>)
  const auto control = [&](Control which) -> Handler& { return table.controls[size_t(which)]; };
  control(Control::kFinish) = finish;
  control(Control::kNextRow) = next_row;
  control(Control::kCount) = count;
  control(Control::kCopy) = copy;
  control(Control::kStore) = store_registers;
  control(Control::kAll) = all;
  control(Control::kBegin) = begin;
  control(Control::kTest) = test;
  control(Control::kLatch) = latch;
  control(Control::kLeave) = leave;
  control(Control::kAgain) = again;
  control(Control::kEmit) = emit;
  control(Control::kEmitInt) = emit_int;
  control(Control::kTestRegisters) = test_registers;
  control(Control::kEmitRegisters) = emit_registers;
  return table;
}

// Made by the compiler: nothing of this file may run before the machine is known to have the instruction set.
constexpr Table kTable = make_table();

TileHandler operation(size_t op, size_t variant) {
  return reinterpret_cast<TileHandler>(kTable.operations[op][variant]);
}
TileHandler control(Control which) { return reinterpret_cast<TileHandler>(kTable.controls[size_t(which)]); }

void run(const TileCode* code, char* arena) {
  const F zero = {};
  reinterpret_cast<Handler>(code->handler)(code, arena, zero, zero, zero, zero, zero, zero, zero, zero);
}

}  // namespace

extern const TileKernels kTileKernels;
const TileKernels kTileKernels = {kVectorBytes, operation, control, run};

}  // namespace aicodec::shader::AICODEC_KERNELS
