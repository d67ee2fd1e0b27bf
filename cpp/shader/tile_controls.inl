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

AICODEC_LANE void put_samples(const TileCode* code, const char* arena, AICODEC_SAMPLES) {
  const TileState* const state = reinterpret_cast<const TileState*>(arena);
  uint8_t* const out = state->out[code->immediate];
  if (state->max_value > 255)
    put_words(out, AICODEC_SAMPLE_NAMES);
  else
    put_bytes(out, AICODEC_SAMPLE_NAMES);
}
AICODEC_LANE U sample_of(F v, F top) {
  return truncate(minimum(maximum(v, splat(0.0f)), splat(1.0f)) * top + splat(0.5f));
}
AICODEC_LANE F top_of(const char* arena) {
  return splat(float(reinterpret_cast<const TileState*>(arena)->max_value));
}
void emit_registers(const TileCode* code, char* arena, AICODEC_STRIP) {
  const F top = top_of(arena);
  put_samples(code, arena, sample_of(r0, top), sample_of(r1, top), sample_of(r2, top), sample_of(r3, top),
              sample_of(r4, top), sample_of(r5, top), sample_of(r6, top), sample_of(r7, top));
  AICODEC_CONTINUE(code + 1);
}
AICODEC_LANE U emitted(const TileCode* code, const char* arena, int vector, F top) {
  return sample_of(load<F>(place(code, arena, 0, vector)), top);
}
void emit(const TileCode* code, char* arena, AICODEC_STRIP) {
  const F top = top_of(arena);
  put_samples(code, arena, emitted(code, arena, 0, top), emitted(code, arena, 1, top),
              emitted(code, arena, 2, top), emitted(code, arena, 3, top), emitted(code, arena, 4, top),
              emitted(code, arena, 5, top), emitted(code, arena, 6, top), emitted(code, arena, 7, top));
  AICODEC_CONTINUE(code + 1);
}
AICODEC_LANE U emitted_int(const TileCode* code, const char* arena, int vector) {
  const M top = M{} + int32_t(reinterpret_cast<const TileState*>(arena)->max_value);
  const M v = load<M>(place(code, arena, 0, vector)), low = v > 0 ? v : M{};
  return (U)(low < top ? low : top);
}
void emit_int(const TileCode* code, char* arena, AICODEC_STRIP) {
  put_samples(code, arena, emitted_int(code, arena, 0), emitted_int(code, arena, 1),
              emitted_int(code, arena, 2), emitted_int(code, arena, 3), emitted_int(code, arena, 4),
              emitted_int(code, arena, 5), emitted_int(code, arena, 6), emitted_int(code, arena, 7));
  AICODEC_CONTINUE(code + 1);
}
