// Steps that are no operation of the program's: counting, copying, loops and output. Included by tile_kernels.cpp alone,
// inside the namespace of the instruction set.

void finish(const TileCode*, char*, F, F, F, F, F, F, F, F) {}

void next_row(const TileCode* code, char* arena, AICODEC_STRIP) {
  TileState* const state = reinterpret_cast<TileState*>(arena);
  const uint32_t y = ++state->y;
  if (y == state->end_row) return;
  const int bytes = kVectors * kLanes * (state->max_value > 255 ? 2 : 1);
  for (int p = 0; p < 3; ++p) {
    uint8_t* const out = state->column[p] + ptrdiff_t(y) * state->stride[p];
    state->out[p] = out;
    // Going down no machine foresees which lines are written next, and stores that wait for one hold up all
    // others.
    if (y + 1 < state->end_row)
      for (int line = 0; line < bytes; line += 64) __builtin_prefetch(out + state->stride[p] + line, 1);
  }
  for (size_t i = 0; i < state->row_values; ++i) {
    uint32_t v;  // its bits: it may be an integer, a negative zero or a NaN
    __builtin_memcpy(&v, arena + state->row_from[i] + size_t{4} * (y - state->first_row), 4);
    store(arena + state->row_to[i], splat(v));
  }
  AICODEC_CONTINUE(code + code->immediate);
}

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

AICODEC_LANE uint8_t* samples_at(const TileCode* code, const char* arena) {
  return reinterpret_cast<const TileState*>(arena)->out[code->immediate];
}
AICODEC_LANE uint32_t max_value(const char* arena) {
  return reinterpret_cast<const TileState*>(arena)->max_value;
}
AICODEC_LANE U scaled(F v, F top) {
  return truncate(minimum(maximum(v, splat(0.0f)), splat(1.0f)) * top + splat(0.5f));
}
// What put_bytes() makes the same bytes of. x86 truncates NaN and all that is too low for an integer to the lowest
// one, and the second operand of a minimum is NaN if that is: all this becomes 0 without a maximum.
AICODEC_LANE U scaled_for_bytes(F v) {
#if defined(AICODEC_X86)
  return truncate(minimum(splat(1.0f), v) * splat(255.0f) + splat(0.5f));
#else
  return scaled(v, splat(255.0f));
#endif
}
#define AICODEC_BYTE(i, r) r = (F)scaled_for_bytes(r);
#define AICODEC_WORD(i, r) r = (F)scaled(r, top);
AICODEC_LANE void put_floats(const TileCode* code, const char* arena, AICODEC_STRIP) {
  uint8_t* const out = samples_at(code, arena);
  if (max_value(arena) > 255) {
    const F top = splat(float(max_value(arena)));
    AICODEC_EACH(AICODEC_WORD)
    put_words(out, (U)r0, (U)r1, (U)r2, (U)r3, (U)r4, (U)r5, (U)r6, (U)r7);
  } else {
    AICODEC_EACH(AICODEC_BYTE)
    put_bytes(out, (U)r0, (U)r1, (U)r2, (U)r3, (U)r4, (U)r5, (U)r6, (U)r7);
  }
}
#undef AICODEC_BYTE
#undef AICODEC_WORD
void emit_registers(const TileCode* code, char* arena, AICODEC_STRIP) {
  put_floats(code, arena, AICODEC_REGISTERS);
  AICODEC_CONTINUE(code + 1);
}
void emit(const TileCode* code, char* arena, AICODEC_STRIP) {
#define AICODEC_ONE(i, r) r = load<F>(place(code, arena, 0, i));
  AICODEC_EACH(AICODEC_ONE)
#undef AICODEC_ONE
  put_floats(code, arena, AICODEC_REGISTERS);
  AICODEC_CONTINUE(code + 1);
}
AICODEC_LANE void put_integers(const TileCode* code, const char* arena, AICODEC_SAMPLES) {
  if (max_value(arena) > 255)
    put_words(samples_at(code, arena), AICODEC_SAMPLE_NAMES);
  else
    put_bytes(samples_at(code, arena), AICODEC_SAMPLE_NAMES);
}
AICODEC_LANE U emitted_int(const TileCode* code, const char* arena, int vector) {
  const M top = M{} + int32_t(max_value(arena));
  const M v = load<M>(place(code, arena, 0, vector)), low = v > 0 ? v : M{};
  return (U)(low < top ? low : top);
}
void emit_int(const TileCode* code, char* arena, AICODEC_STRIP) {
  put_integers(code, arena, emitted_int(code, arena, 0), emitted_int(code, arena, 1),
               emitted_int(code, arena, 2), emitted_int(code, arena, 3), emitted_int(code, arena, 4),
               emitted_int(code, arena, 5), emitted_int(code, arena, 6), emitted_int(code, arena, 7));
  AICODEC_CONTINUE(code + 1);
}
