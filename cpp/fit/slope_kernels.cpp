// The loops of slope_kernels.h. Values come from the very operations of the tile VM, so that what is fitted
// is what is drawn.
#include "fit/slope_kernels.h"

#include "base/intrinsics.h"
#include "numeric/coefficients.h"
#include "shader/ops.h"

namespace aicodec::fit::AICODEC_KERNELS {
namespace {

using shader::kOps;
using shader::Op;

// clang-format off: each says what the next computes with.
#include "shader/vector.inl"

#include "numeric/functions.inl"

#include "shader/tile_operations.inl"
// clang-format on

AICODEC_LANE F smooth_step_of(F t) { return t * t * (splat(3.0f) - (t + t)); }
AICODEC_LANE F smooth_slope(F t) { return splat(6.0f) * t * (splat(1.0f) - t); }
AICODEC_LANE F quintic_slope(F t) {
  const F s = t * (splat(1.0f) - t);
  return splat(30.0f) * s * s;
}

#include "fit/slopes.inl"

inline constexpr int kVectorsOfBlock = kBlock / kLanes;

AICODEC_LANE F load(const char* block, int i) {
  return *reinterpret_cast<const F*>(block + i * kVectorBytes);
}
AICODEC_LANE void store(char* block, int i, F v) { *reinterpret_cast<F*>(block + i * kVectorBytes) = v; }

AICODEC_LANE void store_slopes(char* const slopes[3], int i, const F* d) {
  for (int k = 0; k < 3; ++k)
    if (slopes[k] != nullptr) store(slopes[k], i, d[k]);
}

// `Evaluate` has a value and slopes of three operands.
template <typename Evaluate>
void over_block(int32_t immediate, const char* const in[3], char* out, char* const slopes[3]) {
  const bool any = slopes[0] != nullptr || slopes[1] != nullptr || slopes[2] != nullptr;
  for (int i = 0; i < kVectorsOfBlock; ++i) {
    const F a = load(in[0], i), b = load(in[1], i), c = load(in[2], i);
    const F y = Evaluate::value(a, b, c, immediate);
    if (any) {
      F d[3] = {none(), none(), none()};
      Evaluate::slopes(a, b, c, y, immediate, d);
      store_slopes(slopes, i, d);
    }
    store(out, i, y);
  }
}

template <typename Operation>
struct Unary {
  AICODEC_LANE F value(F a, F, F, int32_t) { return Operation::of((typename Operation::First)a); }
  AICODEC_LANE void slopes(F a, F b, F c, F y, int32_t, F* d) { slopes_of(Operation{}, a, b, c, y, d); }
};
template <typename Operation>
struct Binary {
  AICODEC_LANE F value(F a, F b, F, int32_t) {
    return Operation::of((typename Operation::First)a, (typename Operation::Second)b);
  }
  AICODEC_LANE void slopes(F a, F b, F c, F y, int32_t, F* d) { slopes_of(Operation{}, a, b, c, y, d); }
};
template <typename Operation>
struct Ternary {
  AICODEC_LANE F value(F a, F b, F c, int32_t) {
    return Operation::of((typename Operation::First)a, (typename Operation::Second)b,
                         (typename Operation::Third)c);
  }
  AICODEC_LANE void slopes(F a, F b, F c, F y, int32_t, F* d) { slopes_of(Operation{}, a, b, c, y, d); }
};
struct FbmOfOctaves {
  AICODEC_LANE F value(F a, F b, F c, int32_t octaves) { return fbm_of(a, b, (U)c, octaves); }
  AICODEC_LANE void slopes(F a, F b, F c, F, int32_t octaves, F* d) { slopes_of_fbm(a, b, (U)c, octaves, d); }
};

struct Table {
  SlopeKernels::Operation rows[kOps] = {};
};
constexpr Table make_table() {
  Table table;
#define AICODEC_PUT(form, name) table.rows[size_t(Op::k##name)] = over_block<form<name>>;
  AICODEC_PUT(Unary, Neg)
  AICODEC_PUT(Unary, Abs)
  AICODEC_PUT(Unary, Sqrt)
  AICODEC_PUT(Unary, Floor)
  AICODEC_PUT(Unary, Fract)
  AICODEC_PUT(Unary, ToInt)
  AICODEC_PUT(Unary, ToFloat)
  AICODEC_PUT(Unary, Unit)
  AICODEC_PUT(Unary, Not)
  AICODEC_PUT(Unary, BoolInt)
  AICODEC_PUT(Unary, Sin)
  AICODEC_PUT(Unary, Cos)
  AICODEC_PUT(Unary, SinTurns)
  AICODEC_PUT(Unary, CosTurns)
  AICODEC_PUT(Unary, Exp)
  AICODEC_PUT(Unary, Exp2)
  AICODEC_PUT(Unary, Log)
  AICODEC_PUT(Unary, Log2)
  AICODEC_PUT(Binary, Mul)
  AICODEC_PUT(Binary, Add)
  AICODEC_PUT(Binary, Sub)
  AICODEC_PUT(Binary, Div)
  AICODEC_PUT(Binary, Min)
  AICODEC_PUT(Binary, Max)
  AICODEC_PUT(Binary, Less)
  AICODEC_PUT(Binary, LessEqual)
  AICODEC_PUT(Binary, Equal)
  AICODEC_PUT(Binary, And)
  AICODEC_PUT(Binary, Or)
  AICODEC_PUT(Binary, AddInt)
  AICODEC_PUT(Binary, SubInt)
  AICODEC_PUT(Binary, MulInt)
  AICODEC_PUT(Binary, AndInt)
  AICODEC_PUT(Binary, OrInt)
  AICODEC_PUT(Binary, XorInt)
  AICODEC_PUT(Binary, ShiftLeft)
  AICODEC_PUT(Binary, ShiftRight)
  AICODEC_PUT(Binary, EqualInt)
  AICODEC_PUT(Binary, LessInt)
  AICODEC_PUT(Binary, Length)
  AICODEC_PUT(Binary, Mod)
  AICODEC_PUT(Binary, Pow)
  AICODEC_PUT(Binary, Atan2)
  AICODEC_PUT(Ternary, Select)
  AICODEC_PUT(Ternary, SelectInt)
  AICODEC_PUT(Ternary, Mix)
  AICODEC_PUT(Ternary, Clamp)
  AICODEC_PUT(Ternary, Smoothstep)
  AICODEC_PUT(Ternary, ValueNoise)
  AICODEC_PUT(Ternary, GradientNoise)
  AICODEC_PUT(Ternary, Hash)
#undef AICODEC_PUT
  table.rows[size_t(Op::kFbm)] = over_block<FbmOfOctaves>;
  return table;
}

// Made by the compiler: nothing of this file may run before the machine is known to have the instruction set.
constexpr Table kTable = make_table();

SlopeKernels::Operation operation(size_t op) { return kTable.rows[op]; }

// A slope of 0 cuts a way off, whatever comes along it: what was not chosen may be infinite or no number.
AICODEC_LANE F term(const Chain& chain, const char* arena, int k, int i) {
  const F slope = load(arena + chain.slope[k] * kBlockBytes, i);
  return select((M)(slope != none()), slope * load(arena + chain.tangent[k] * kBlockBytes, i), none());
}

void run_chains(const Chain* chains, size_t count, char* arena) {
  for (const Chain* chain = chains; chain != chains + count; ++chain) {
    char* const out = arena + chain->out * kBlockBytes;
    switch (chain->terms) {
      case 1:
        for (int i = 0; i < kVectorsOfBlock; ++i) store(out, i, term(*chain, arena, 0, i));
        break;
      case 2:
        for (int i = 0; i < kVectorsOfBlock; ++i)
          store(out, i, term(*chain, arena, 0, i) + term(*chain, arena, 1, i));
        break;
      default:
        for (int i = 0; i < kVectorsOfBlock; ++i)
          store(out, i, term(*chain, arena, 0, i) + term(*chain, arena, 1, i) + term(*chain, arena, 2, i));
    }
  }
}

void blend(const char* mask, const char* yes, const char* no, char* out) {
  for (int i = 0; i < kVectorsOfBlock; ++i)
    store(out, i, select((M)load(mask, i), load(yes, i), load(no, i)));
}

int leave(const char* condition, char* mask, char* taken) {
  M left = {}, gone = {};
  for (int i = 0; i < kVectorsOfBlock; ++i) {
    const M before = (M)load(mask, i), holds = (M)load(condition, i);
    store(mask, i, (F)(before & ~holds));
    store(taken, i, (F)(before & holds));
    left |= before & ~holds;
    gone |= before & holds;
  }
  return (any(left) ? kAnyLeft : 0) | (any(gone) ? kAnyTaken : 0);
}

AICODEC_LANE F vector_at(const float* row, size_t i) { return *reinterpret_cast<const F*>(row + i); }
AICODEC_LANE double sum_of(F v) {
  double sum = 0;
  for (int i = 0; i < kLanes; ++i) sum += double(v[i]);
  return sum;
}

void gram(const float* rows, size_t count, size_t length, double* out) {
  for (size_t i = 0; i < count; ++i) {
    const float* const left = rows + i * length;
    size_t j = i;
    // Four products at once: a row loaded once serves them all.
    for (; j + 4 <= count; j += 4) {
      const float* const right = rows + j * length;
      F sums[4] = {none(), none(), none(), none()};
      for (size_t at = 0; at < length; at += kLanes) {
        const F v = vector_at(left, at);
        for (size_t k = 0; k < 4; ++k) sums[k] = sums[k] + v * vector_at(right + k * length, at);
      }
      for (size_t k = 0; k < 4; ++k) out[i * count + j + k] += sum_of(sums[k]);
    }
    for (; j < count; ++j) {
      F sum = none();
      for (size_t at = 0; at < length; at += kLanes)
        sum = sum + vector_at(left, at) * vector_at(rows + j * length, at);
      out[i * count + j] += sum_of(sum);
    }
  }
}

}  // namespace

extern const SlopeKernels kSlopeKernels;
const SlopeKernels kSlopeKernels = {operation, run_chains, blend, leave, gram};

}  // namespace aicodec::fit::AICODEC_KERNELS
