// Steps that are no operation of the program's: counting, copying, loops and output. Included by tile_kernels.cpp alone,
// inside the namespace of the instruction set.

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
