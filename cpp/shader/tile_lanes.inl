// Divisions of integers and samples of pictures. Included by tile_kernels.cpp alone, inside the namespace of the
// instruction set.

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
