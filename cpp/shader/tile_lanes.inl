// Divisions of integers and samples of pictures. Included by tile_kernels.cpp alone, inside the namespace of the
// instruction set.

// Operations that no vector instruction has, one lane after another. In functions of their own: a handler
// whose locals have addresses could not end in a tail call.
AICODEC_LANE uint32_t lane_of(const TileCode* code, const char* arena, int operand, int i) {
  return load<uint32_t>(place(code, arena, operand, i / kLanes) +
                        (code->step[operand] ? size_t(i % kLanes) * 4 : 0));
}
AICODEC_LANE void put_lane(const TileCode* code, char* arena, int i, uint32_t v) {
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
AICODEC_LANE U counted() {
  U lane;
  for (int i = 0; i < kLanes; ++i) lane[i] = uint32_t(i);
  return lane;
}
AICODEC_LANE F columns(const TileState* state, int vector) {
  const U x = counted() + splat(state->x + uint32_t(vector * kLanes)), last = splat(state->width - 1);
  return to_float(select(signed_less(x, last), x, last));
}
AICODEC_LANE F all_inside(F v, uint32_t last) {
  return minimum(maximum(v, splat(0.0f)), splat(float(last)));
}
template <typename T>
AICODEC_LANE const T* row_of(const SamplePlane& p, uint32_t y) {
  return reinterpret_cast<const T*>(p.data + ptrdiff_t(y) * p.stride);
}
template <typename T>
AICODEC_LANE F neighbours(const T* at) {
  return to_float(widened(at));
}
template <typename T>
AICODEC_LANE F scattered(const SamplePlane& p, U x, U y) {
  U samples;
  for (int i = 0; i < kLanes; ++i) samples[i] = row_of<T>(p, y[i])[x[i]];
  return to_float(samples);
}
// Whether places lie side by side, as they do wherever an offset is the same for all pixels.
AICODEC_LANE bool are_side_by_side(U x) { return !any((M)(x - counted() - splat(x[0]))); }
AICODEC_LANE bool are_equal(U y) { return !any((M)(y - splat(y[0]))); }

// As sample.h defines samples, kLanes at a time. Where the pixels of a vector read side by side in one row, the
// loads are vectors, too; and what follows from the vertical offset alone is computed once a strip where that is one
// for all.
template <typename T>
AICODEC_LANE void bilinear_strip(const TileCode* code, char* arena, const SamplePlane& p) {
  const TileState* state = reinterpret_cast<const TileState*>(arena);
  const U right = splat(p.width - 1), bottom = splat(p.height - 1);
  U y0 = {};
  F fy = {};
  bool one_row = false;
  const T *upper = nullptr, *lower = nullptr;
  for (int i = 0; i < kVectors; ++i) {
    if (i == 0 || code->step[1] != 0) {
      const F py = all_inside(splat(float(state->y)) + load<F>(place(code, arena, 1, i)), p.height - 1);
      y0 = truncate(py);
      fy = py - to_float(y0);
      one_row = are_equal(y0);
      upper = row_of<T>(p, y0[0]);
      lower = row_of<T>(p, y0[0] + (y0[0] + 1 < p.height));
    }
    const F px = all_inside(columns(state, i) + load<F>(place(code, arena, 0, i)), p.width - 1);
    const U x0 = truncate(px);
    const F fx = px - to_float(x0);
    F a, b, c, d;
    if (one_row && are_side_by_side(x0) && x0[0] + kLanes < p.width) {
      const uint32_t x = x0[0];
      a = neighbours(upper + x), b = neighbours(upper + x + 1);
      c = neighbours(lower + x), d = neighbours(lower + x + 1);
    } else {
      const U x1 = x0 - (U)signed_less(x0, right), y1 = y0 - (U)signed_less(y0, bottom);
      a = scattered<T>(p, x0, y0), b = scattered<T>(p, x1, y0);
      c = scattered<T>(p, x0, y1), d = scattered<T>(p, x1, y1);
    }
    const F top = a + (b - a) * fx, under = c + (d - c) * fx;
    store(arena + code->out + i * kVectorBytes, (top + (under - top) * fy) * splat(p.scale));
  }
}
template <typename T>
AICODEC_LANE void nearest_strip(const TileCode* code, char* arena, const SamplePlane& p) {
  const TileState* state = reinterpret_cast<const TileState*>(arena);
  for (int i = 0; i < kVectors; ++i) {
    const F dx = load<F>(place(code, arena, 0, i)), dy = load<F>(place(code, arena, 1, i)), half = splat(0.5f);
    const U x = truncate(all_inside(columns(state, i) + dx + half, p.width - 1));
    const U y = truncate(all_inside(splat(float(state->y)) + dy + half, p.height - 1));
    const bool side_by_side = are_equal(y) && are_side_by_side(x);
    const F found = side_by_side ? neighbours(row_of<T>(p, y[0]) + x[0]) : scattered<T>(p, x, y);
    store(arena + code->out + i * kVectorBytes, found * splat(p.scale));
  }
}
template <bool nearest, typename T>
AICODEC_LANE void sample_strip(const TileCode* code, char* arena, const SamplePlane& p) {
  if constexpr (nearest)
    nearest_strip<T>(code, arena, p);
  else
    bilinear_strip<T>(code, arena, p);
}
template <bool prev, bool nearest>
[[gnu::noinline]] void sample_lanes(const TileCode* code, char* arena) {
  const TileState* state = reinterpret_cast<const TileState*>(arena);
  const SamplePlane p = plane_of(state, (prev ? state->prev : state->below)[code->immediate]);
  if (p.data == nullptr)
    for (int i = 0; i < kVectors; ++i) store(arena + code->out + i * kVectorBytes, F{});
  else if (p.wide)
    sample_strip<nearest, uint16_t>(code, arena, p);
  else
    sample_strip<nearest, uint8_t>(code, arena, p);
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
