// Partial derivatives of the operations. Included by slope_kernels.cpp alone, inside the namespace of the instruction
// set, behind the operations (shader/tile_operations.inl). Each function gets the operands and the result `y`.
// Where an operation has a corner it is the slope of the side that the result was taken from; a step has 0.

template <typename Operation>
AICODEC_LANE void slopes_of(Operation, F, F, F, F, F*) {}

#define AICODEC_SLOPES(name, ...)                                                                             \
  AICODEC_LANE void slopes_of(name, [[maybe_unused]] F a, [[maybe_unused]] F b, [[maybe_unused]] F c,         \
                              [[maybe_unused]] F y, F* d) {                                                   \
    __VA_ARGS__                                                                                               \
  }

AICODEC_LANE F one() { return splat(1.0f); }
AICODEC_LANE F none() { return splat(0.0f); }
// 1 / v, 0 for 0.
AICODEC_LANE F inverse(F v) { return select(absolute(v) > splat(0x1p-100f), one() / v, none()); }

AICODEC_SLOPES(Mul, d[0] = b; d[1] = a;)
AICODEC_SLOPES(Add, d[0] = one(); d[1] = one();)
AICODEC_SLOPES(Sub, d[0] = one(); d[1] = none() - one();)
AICODEC_SLOPES(Div, d[0] = inverse(b); d[1] = none() - y * d[0];)
AICODEC_SLOPES(Neg, d[0] = none() - one();)
AICODEC_SLOPES(Min, d[0] = select(a < b, one(), none()); d[1] = one() - d[0];)
AICODEC_SLOPES(Max, d[0] = select(a > b, one(), none()); d[1] = one() - d[0];)
AICODEC_SLOPES(Abs, d[0] = select(a < none(), none() - one(), one());)
AICODEC_SLOPES(Sqrt, d[0] = splat(0.5f) * inverse(y);)
AICODEC_SLOPES(Length, const F r = inverse(y); d[0] = a * r; d[1] = b * r;)
AICODEC_SLOPES(Fract, d[0] = one();)
AICODEC_SLOPES(Mod, d[0] = one(); d[1] = none() - floor_of(a / b);)
AICODEC_SLOPES(Mix, d[0] = one() - c; d[1] = c; d[2] = b - a;)
AICODEC_SLOPES(Clamp, const M above = maximum(a, b) >= c; const F in = select(above, none(), one());
               d[0] = select(a > b, in, none()); d[1] = in - d[0]; d[2] = one() - in;)
AICODEC_SLOPES(Smoothstep, const F r = inverse(b - a);
               const F t = clamp_of((c - a) / (b - a), none(), one());
               const F k = splat(6.0f) * t * (one() - t) * r;
               d[0] = k * (t - one()); d[1] = none() - k * t; d[2] = k;)
AICODEC_SLOPES(Select, d[1] = select((M)a, one(), none()); d[2] = one() - d[1];)
AICODEC_SLOPES(Sin, d[0] = cos_radians(a);)
AICODEC_SLOPES(Cos, d[0] = none() - sin_radians(a);)
AICODEC_SLOPES(SinTurns, d[0] = splat(6.2831853f) * cos_turns(a);)
AICODEC_SLOPES(CosTurns, d[0] = splat(-6.2831853f) * sin_turns(a);)
AICODEC_SLOPES(Exp, d[0] = y;)
AICODEC_SLOPES(Exp2, d[0] = y * splat(0.69314718f);)
AICODEC_SLOPES(Log, d[0] = select(a > none(), inverse(a), none());)
AICODEC_SLOPES(Log2, d[0] = select(a > none(), inverse(a) * splat(1.4426950f), none());)
AICODEC_SLOPES(Pow, const M smooth = a > none(); d[0] = select(smooth, b * y * inverse(a), none());
               d[1] = select(smooth, y * log_of(a), none());)
// Of atan2(y, x): the first operand is y.
AICODEC_SLOPES(Atan2, const F r = inverse(a * a + b * b); d[0] = b * r; d[1] = none() - a * r;)

// Noise: the blending's derivative by the place in the cell, and of gradient noise the corners' own slopes.
AICODEC_SLOPES(ValueNoise, const Cell cell = cell_of(a, b, (U)c); const F u = smooth_step_of(cell.fx);
               const F v = smooth_step_of(cell.fy);
               const F p = unit_of(cell.corner[0]), q = unit_of(cell.corner[1]);
               const F r = unit_of(cell.corner[2]), s = unit_of(cell.corner[3]);
               d[0] = mix_of(q - p, s - r, v) * smooth_slope(cell.fx);
               d[1] = (mix_of(r, s, u) - mix_of(p, q, u)) * smooth_slope(cell.fy);)

struct Slant {
  F x, y;
};
AICODEC_LANE Slant gradient_slopes(F x, F y, U seed) {
  const Cell c = cell_of(x, y, seed);
  const F ex = c.fx - one(), ey = c.fy - one(), u = quintic(c.fx), v = quintic(c.fy);
  F gx[4], gy[4];
  for (int k = 0; k < 4; ++k) {
    gx[k] = to_float(c.corner[k] & splat(0xFFFFu)) * splat(0x1p-15f) - one();
    gy[k] = to_float(c.corner[k] >> 16) * splat(0x1p-15f) - one();
  }
  const F p = gx[0] * c.fx + gy[0] * c.fy, q = gx[1] * ex + gy[1] * c.fy;
  const F r = gx[2] * c.fx + gy[2] * ey, s = gx[3] * ex + gy[3] * ey;
  return {mix_of(mix_of(gx[0], gx[1], u), mix_of(gx[2], gx[3], u), v) + mix_of(q - p, s - r, v) * quintic_slope(c.fx),
          mix_of(mix_of(gy[0], gy[1], u), mix_of(gy[2], gy[3], u), v) +
              (mix_of(r, s, u) - mix_of(p, q, u)) * quintic_slope(c.fy)};
}
AICODEC_SLOPES(GradientNoise, const Slant s = gradient_slopes(a, b, (U)c); d[0] = s.x; d[1] = s.y;)
// Octave k is 2^k times as fine and 2^-(k+1) times as high: each adds half its slope.
AICODEC_LANE void slopes_of_fbm(F x, F y, U seed, int octaves, F* d) {
  d[0] = d[1] = none();
  for (int k = 0; k < octaves; ++k) {
    const Slant s = gradient_slopes(x, y, seed + splat(uint32_t(k)));
    d[0] = d[0] + s.x * splat(0.5f);
    d[1] = d[1] + s.y * splat(0.5f);
    x = x + x;
    y = y + y;
  }
}
