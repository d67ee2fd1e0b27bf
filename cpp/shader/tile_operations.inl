// The operations that vector instructions compute. Included by tile_kernels.cpp alone, inside the namespace of the
// instruction set, behind what a lane is (vector.inl) and the functions of lanes (numeric/functions.inl).

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
