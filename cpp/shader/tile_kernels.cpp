// The handlers of tile_kernels.h. The register file of a strip is the argument list: eight vectors fill
// exactly the vector registers that the calling conventions of x86-64 and AArch64 pass arguments in.
#include "shader/tile_kernels.h"

#if defined(AICODEC_X86)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"  // of what intrinsics leave undefined on purpose
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

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

// Operations: a type with a static `of`, whose parameters say the operands' types.
#define AICODEC_UNARY(name, A, expression)             \
  struct name {                                        \
    using First = A;                                   \
    AICODEC_LANE F of(A a) { return (F)(expression); } \
  };
#define AICODEC_BINARY(name, A, B, expression)              \
  struct name {                                             \
    using First = A;                                        \
    using Second = B;                                       \
    AICODEC_LANE F of(A a, B b) { return (F)(expression); } \
  };
#define AICODEC_TERNARY(name, A, B, C, expression)               \
  struct name {                                                  \
    using First = A;                                             \
    using Second = B;                                            \
    using Third = C;                                             \
    AICODEC_LANE F of(A a, B b, C c) { return (F)(expression); } \
  };

AICODEC_UNARY(Neg, F, splat(0.0f) - a)
AICODEC_UNARY(Abs, F, absolute(a))
AICODEC_UNARY(Sqrt, F, square_root(a))
AICODEC_UNARY(Floor, F, floor_of(a))
AICODEC_UNARY(Fract, F, fraction(a))
AICODEC_UNARY(ToInt, F, to_integer(a))
AICODEC_UNARY(ToFloat, U, to_float(a))
AICODEC_UNARY(Unit, U, unit_of(a))
AICODEC_UNARY(Not, M, ~a)
AICODEC_UNARY(BoolInt, M, a & 1)
AICODEC_BINARY(Mul, F, F, a* b)
AICODEC_BINARY(Add, F, F, a + b)
AICODEC_BINARY(Sub, F, F, a - b)
AICODEC_BINARY(Div, F, F, a / b)
AICODEC_BINARY(Min, F, F, minimum(a, b))
AICODEC_BINARY(Max, F, F, maximum(a, b))
AICODEC_BINARY(Less, F, F, (M)(a < b))
AICODEC_BINARY(LessEqual, F, F, (M)(a <= b))
AICODEC_BINARY(Equal, F, F, (M)(a == b))
AICODEC_BINARY(And, M, M, a& b)
AICODEC_BINARY(Or, M, M, a | b)
AICODEC_BINARY(AddInt, U, U, a + b)
AICODEC_BINARY(SubInt, U, U, a - b)
AICODEC_BINARY(MulInt, U, U, a* b)
AICODEC_BINARY(AndInt, U, U, a& b)
AICODEC_BINARY(OrInt, U, U, a | b)
AICODEC_BINARY(XorInt, U, U, a ^ b)
AICODEC_BINARY(ShiftLeft, U, U, a << (b & 31u))
AICODEC_BINARY(ShiftRight, U, U, (M)a >> (M)(b & 31u))
AICODEC_BINARY(EqualInt, U, U, (M)(a == b))
AICODEC_BINARY(LessInt, U, U, signed_less(a, b))
AICODEC_TERNARY(Select, M, F, F, select(a, b, c))
AICODEC_TERNARY(SelectInt, M, U, U, select(a, b, c))
AICODEC_TERNARY(Mix, F, F, F, mix_of(a, b, c))
AICODEC_TERNARY(Clamp, F, F, F, clamp_of(a, b, c))

AICODEC_UNARY(Sin, F, sin_radians(a))
AICODEC_UNARY(Cos, F, cos_radians(a))
AICODEC_UNARY(SinTurns, F, sin_turns(a))
AICODEC_UNARY(CosTurns, F, cos_turns(a))
AICODEC_UNARY(Exp, F, exp_of(a))
AICODEC_UNARY(Exp2, F, exp2_of(a))
AICODEC_UNARY(Log, F, log_of(a))
AICODEC_UNARY(Log2, F, log2_of(a))
AICODEC_BINARY(Length, F, F, length_of(a, b))
AICODEC_BINARY(Mod, F, F, modulo(a, b))
AICODEC_BINARY(Pow, F, F, power(a, b))
AICODEC_BINARY(Atan2, F, F, atan2_of(a, b))
AICODEC_TERNARY(Smoothstep, F, F, F, smoothstep_of(a, b, c))
AICODEC_TERNARY(ValueNoise, F, F, U, value_noise(a, b, c))
AICODEC_TERNARY(GradientNoise, F, F, U, gradient_noise(a, b, c))
AICODEC_TERNARY(Hash, U, U, U, hash_of(a, b, c))

// Short operations, unrolled over the strip.
#define AICODEC_EACH(do_one)                                                                        \
  do_one(0, r0) do_one(1, r1) do_one(2, r2) do_one(3, r3) do_one(4, r4) do_one(5, r5) do_one(6, r6) \
      do_one(7, r7)

template <int variant, int flag, typename T>
AICODEC_LANE T operand(const TileCode* code, const char* arena, int number, int vector, F registers) {
  if constexpr ((variant & flag) != 0) return as<T>(registers);
  return load<T>(place(code, arena, number, vector));
}

template <typename Operation, int variant>
void unary(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r)                                                                                  \
  r = Operation::of(operand<variant, kFirstInRegisters, typename Operation::First>(code, arena, 0, i, r)); \
  if constexpr ((variant & kStored) != 0) store(arena + code->out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}

template <typename Operation, int variant>
void binary(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r)                                                                                    \
  r = Operation::of(operand<variant, kFirstInRegisters, typename Operation::First>(code, arena, 0, i, r),    \
                    operand<variant, kSecondInRegisters, typename Operation::Second>(code, arena, 1, i, r)); \
  if constexpr ((variant & kStored) != 0) store(arena + code->out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}

template <typename Operation, int variant>
void ternary(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r)                                                                                   \
  r = Operation::of(operand<variant, kFirstInRegisters, typename Operation::First>(code, arena, 0, i, r),   \
                    operand<variant, kSecondInRegisters, typename Operation::Second>(code, arena, 1, i, r), \
                    operand<variant, kThirdInRegisters, typename Operation::Third>(code, arena, 2, i, r));  \
  if constexpr ((variant & kStored) != 0) store(arena + code->out + i * kVectorBytes, r);
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

// Operations that no vector instruction has, one lane after another. In functions of their own: a handler
// whose locals have addresses could not end in a tail call.
AICODEC_LANE uint32_t lane_of(const TileCode* code, const char* arena, int operand, int i) {
  return load<uint32_t>(place(code, arena, operand, i / kLanes) +
                        (code->step[operand] ? size_t(i % kLanes) * 4 : 0));
}
AICODEC_LANE float float_lane(const TileCode* code, const char* arena, int operand, int i) {
  const uint32_t word = lane_of(code, arena, operand, i);
  float v;
  __builtin_memcpy(&v, &word, 4);
  return v;
}
AICODEC_LANE void put_lane(const TileCode* code, char* arena, int i, uint32_t v) {
  __builtin_memcpy(arena + code->out + 4 * i, &v, 4);
}
AICODEC_LANE void put_float_lane(const TileCode* code, char* arena, int i, float v) {
  __builtin_memcpy(arena + code->out + 4 * i, &v, 4);
}
AICODEC_LANE uint32_t divided(uint32_t a, uint32_t b) {
  if (b == 0) return 0;
  const int64_t x = int32_t(a), y = int32_t(b), q = x / y;
  return uint32_t(q - (x % y != 0 && (x < 0) != (y < 0)));
}
[[gnu::noinline]] void divide_lanes(const TileCode* code, char* arena) {
  for (int i = 0; i < kVectors * kLanes; ++i)
    put_lane(code, arena, i, divided(lane_of(code, arena, 0, i), lane_of(code, arena, 1, i)));
}
[[gnu::noinline]] void modulo_lanes(const TileCode* code, char* arena) {
  for (int i = 0; i < kVectors * kLanes; ++i) {
    const uint32_t a = lane_of(code, arena, 0, i), b = lane_of(code, arena, 1, i);
    put_lane(code, arena, i, b == 0 ? 0 : a - divided(a, b) * b);
  }
}

AICODEC_LANE SamplePlane plane_of(const TileState* state, const TilePlane& plane) {
  return {plane.data,
          plane.stride,
          state->width,
          state->height,
          1.0f / float(state->max_value),
          state->max_value > 255};
}
// Lanes past the picture's right edge take the last column's place; nobody sees them.
AICODEC_LANE uint32_t column(const TileState* state, int i) {
  const uint32_t x = state->x + uint32_t(i);
  return x < state->width ? x : state->width - 1;
}
template <bool prev, bool nearest>
[[gnu::noinline]] void sample_lanes(const TileCode* code, char* arena) {
  const TileState* state = reinterpret_cast<const TileState*>(arena);
  const SamplePlane p = plane_of(state, (prev ? state->prev : state->below)[code->immediate]);
  for (int i = 0; i < kVectors * kLanes; ++i) {
    const float dx = float_lane(code, arena, 0, i), dy = float_lane(code, arena, 1, i);
    put_float_lane(code, arena, i,
                   nearest ? sample_nearest(p, column(state, i), state->y, dx, dy)
                           : sample_bilinear(p, column(state, i), state->y, dx, dy));
  }
}

template <typename T>
AICODEC_LANE void copy_row(const T* row, char* out) {
  for (int i = 0; i < kVectors * kLanes; ++i) reinterpret_cast<uint32_t*>(out)[i] = row[i];
}
template <bool prev>
[[gnu::noinline]] void place_lanes(const TileCode* code, char* arena) {
  const TileState* state = reinterpret_cast<const TileState*>(arena);
  const uint32_t channel = uint32_t(code->immediate) & 3;
  const bool wrap = (code->immediate & 4) != 0;
  const int64_t dx = ((code->immediate >> 8) & 255) - 128, dy = ((code->immediate >> 16) & 255) - 128;
  const SamplePlane p = plane_of(state, (prev ? state->prev : state->below)[channel]);
  const uint32_t y = place_inside(int64_t{state->y} + dy, p.height, wrap);
  const int64_t first = int64_t{state->x} + dx;
  if (p.data != nullptr && first >= 0 && first + kVectors * kLanes <= int64_t{p.width}) {
    const uint8_t* row = p.data + ptrdiff_t(y) * p.stride;
    if (p.wide)
      copy_row(reinterpret_cast<const uint16_t*>(row) + first, arena + code->out);
    else
      copy_row(row + first, arena + code->out);
    return;
  }
  for (int i = 0; i < kVectors * kLanes; ++i)
    put_lane(code, arena, i, p.at(place_inside(int64_t{column(state, i)} + dx, p.width, wrap), y));
}

template <void (*lanes)(const TileCode*, char*)>
void by_lanes(const TileCode* code, char* arena, AICODEC_STRIP) {
  lanes(code, arena);
  AICODEC_EACH(AICODEC_RELOAD)
  AICODEC_CONTINUE(code + 1);
}

// Control.
void finish(const TileCode*, char*, F, F, F, F, F, F, F, F) {}

void count(const TileCode* code, char* arena, AICODEC_STRIP) {
  M lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = i;
  const M first = lane + int32_t(reinterpret_cast<const TileState*>(arena)->origin);
#define AICODEC_ONE(i, r)                         \
  r = to_float((U)(first + int32_t(i * kLanes))); \
  store(arena + code->out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}
void copy(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r)                \
  r = load<F>(place(code, arena, 0, i)); \
  store(arena + code->out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}
void store_registers(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r) store(arena + code->out + i * kVectorBytes, r);
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}
void all(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i) store(arena + code->out + i * kVectorBytes, ~M{});
  AICODEC_CONTINUE(code + 1);
}
void begin(const TileCode* code, char* arena, AICODEC_STRIP) {
  *reinterpret_cast<int32_t*>(arena + code->out) = code->immediate;
  AICODEC_CONTINUE(code + 1);
}
AICODEC_LANE M leaving(const TileCode* code, const char* arena, int i) {
  return load<M>(place(code, arena, 0, i)) & load<M>(arena + code->out + i * kVectorBytes);
}
void test(const TileCode* code, char* arena, AICODEC_STRIP) {
  M some = {};
  for (int i = 0; i < kVectors; ++i) some |= leaving(code, arena, i);
  const TileCode* next = code + code->immediate;
  if (any(some)) [[unlikely]] {
    for (int i = 0; i < kVectors; ++i) {
      char* active = arena + code->out + i * kVectorBytes;
      const M mask = leaving(code, arena, i);
      store(active, load<M>(active) & ~mask);
      store(arena + code->in[1] + i * kVectorBytes, mask);
    }
    next = code + 1;
  }
  AICODEC_CONTINUE(next);
}
void test_registers(const TileCode* code, char* arena, AICODEC_STRIP) {
  M some = {};
#define AICODEC_ONE(i, r)                                        \
  r = (F)((M)r & load<M>(arena + code->out + i * kVectorBytes)); \
  some |= (M)r;
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  const TileCode* next = code + code->immediate;
  if (any(some)) [[unlikely]] {
#define AICODEC_ONE(i, r)                                                                             \
  store(arena + code->out + i * kVectorBytes, load<M>(arena + code->out + i * kVectorBytes) & ~(M)r); \
  store(arena + code->in[1] + i * kVectorBytes, r);
    AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
    next = code + 1;
  }
  AICODEC_CONTINUE(next);
}
void latch(const TileCode* code, char* arena, AICODEC_STRIP) {
  for (int i = 0; i < kVectors; ++i) {
    char* out = arena + code->out + i * kVectorBytes;
    store(out, select(load<M>(place(code, arena, 1, i)), load<F>(place(code, arena, 0, i)), load<F>(out)));
  }
  AICODEC_CONTINUE(code + 1);
}
void leave(const TileCode* code, char* arena, AICODEC_STRIP) {
  M some = {};
  for (int i = 0; i < kVectors; ++i) some |= load<M>(place(code, arena, 0, i));
  const TileCode* next = code + (any(some) ? 1 : code->immediate);
  AICODEC_CONTINUE(next);
}
void again(const TileCode* code, char* arena, AICODEC_STRIP) {
  int32_t* const counter = reinterpret_cast<int32_t*>(arena + code->out);
  const TileCode* next = code + (--*counter > 0 ? code->immediate : 1);
  AICODEC_CONTINUE(next);
}

AICODEC_LANE void put_samples(char* arena, uint32_t out, int vector, U samples) {
  typedef uint16_t Narrow __attribute__((vector_size(kVectorBytes / 2), may_alias));
  store(arena + out + vector * kVectorBytes / 2, __builtin_convertvector(samples, Narrow));
}
void emit(const TileCode* code, char* arena, AICODEC_STRIP) {
  const F top = splat(float(reinterpret_cast<const TileState*>(arena)->max_value));
  for (int i = 0; i < kVectors; ++i) {
    const F v = load<F>(place(code, arena, 0, i));
    const F clamped = select(v > splat(0.0f), minimum(v, splat(1.0f)), splat(0.0f));
    put_samples(arena, code->out, i, truncate(clamped * top + splat(0.5f)));
  }
  AICODEC_CONTINUE(code + 1);
}
void emit_registers(const TileCode* code, char* arena, AICODEC_STRIP) {
  const F top = splat(float(reinterpret_cast<const TileState*>(arena)->max_value));
#define AICODEC_ONE(i, r)                                            \
  r = select(r > splat(0.0f), minimum(r, splat(1.0f)), splat(0.0f)); \
  put_samples(arena, code->out, i, truncate(r* top + splat(0.5f)));
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  AICODEC_CONTINUE(code + 1);
}
void emit_int(const TileCode* code, char* arena, AICODEC_STRIP) {
  const M top = M{} + int32_t(reinterpret_cast<const TileState*>(arena)->max_value);
  for (int i = 0; i < kVectors; ++i) {
    const M v = load<M>(place(code, arena, 0, i));
    const M low = v > 0 ? v : M{};
    put_samples(arena, code->out, i, (U)(low < top ? low : top));
  }
  AICODEC_CONTINUE(code + 1);
}

// Tables.
struct Table {
  Handler operations[kOps][kVariants] = {};
  Handler controls[kControls] = {};
};

template <typename Operation>
constexpr void put_unary(Handler (&row)[kVariants]) {
  row[0] = unary<Operation, 0>;
  row[1] = unary<Operation, 1>;
  row[8] = unary<Operation, 8>;
  row[9] = unary<Operation, 9>;
}
template <typename Operation>
constexpr void put_binary(Handler (&row)[kVariants]) {
  row[0] = binary<Operation, 0>;
  row[1] = binary<Operation, 1>;
  row[2] = binary<Operation, 2>;
  row[3] = binary<Operation, 3>;
  row[8] = binary<Operation, 8>;
  row[9] = binary<Operation, 9>;
  row[10] = binary<Operation, 10>;
  row[11] = binary<Operation, 11>;
}
template <typename Operation>
constexpr void put_ternary(Handler (&row)[kVariants]) {
  row[0] = ternary<Operation, 0>;
  row[1] = ternary<Operation, 1>;
  row[2] = ternary<Operation, 2>;
  row[3] = ternary<Operation, 3>;
  row[4] = ternary<Operation, 4>;
  row[5] = ternary<Operation, 5>;
  row[6] = ternary<Operation, 6>;
  row[7] = ternary<Operation, 7>;
  row[8] = ternary<Operation, 8>;
  row[9] = ternary<Operation, 9>;
  row[10] = ternary<Operation, 10>;
  row[11] = ternary<Operation, 11>;
  row[12] = ternary<Operation, 12>;
  row[13] = ternary<Operation, 13>;
  row[14] = ternary<Operation, 14>;
  row[15] = ternary<Operation, 15>;
}

constexpr Table make_table() {
  Table table;
  const auto row = [&](Op op) -> Handler(&)[kVariants] { return table.operations[size_t(op)]; };
#define AICODEC_PUT(form, name) put_##form<name>(row(Op::k##name));
#define AICODEC_PUT_LONG(form, name) row(Op::k##name)[kStored] = long_##form<name>;
#define AICODEC_PUT_LANES(name, ...) row(Op::k##name)[kStored] = by_lanes<__VA_ARGS__>;
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
  AICODEC_PUT_LONG(unary, Sin)
  AICODEC_PUT_LONG(unary, Cos)
  AICODEC_PUT_LONG(unary, SinTurns)
  AICODEC_PUT_LONG(unary, CosTurns)
  AICODEC_PUT_LONG(unary, Exp)
  AICODEC_PUT_LONG(unary, Exp2)
  AICODEC_PUT_LONG(unary, Log)
  AICODEC_PUT_LONG(unary, Log2)
  AICODEC_PUT_LONG(binary, Length)
  AICODEC_PUT_LONG(binary, Mod)
  AICODEC_PUT_LONG(binary, Pow)
  AICODEC_PUT_LONG(binary, Atan2)
  AICODEC_PUT_LONG(ternary, Smoothstep)
  AICODEC_PUT_LONG(ternary, ValueNoise)
  AICODEC_PUT_LONG(ternary, GradientNoise)
  AICODEC_PUT_LONG(ternary, Hash)
  row(Op::kFbm)[kStored] = fbm;
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

void narrow(const uint16_t* __restrict in, uint8_t* __restrict out, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) out[i] = uint8_t(in[i]);
}

}  // namespace

extern const TileKernels kTileKernels;
const TileKernels kTileKernels = {kVectorBytes, operation, control, run, narrow};

}  // namespace aicodec::shader::AICODEC_KERNELS
