// The functions themselves, written once and included into a namespace that says what a lane is: one number
// (numeric/scalar.h) or a vector of them (shader/vector.inl, once for each instruction set). The includer defines
//   F, U, M       binary32, 32 bits of an integer (arithmetic modulo 2^32), truth value
//   splat(float), splat(uint32_t), select(M, a, b), bits(F), from_bits(U), truncate(F), to_float(U, signed),
//   minimum(F, F), maximum(F, F) (the second operand where they are equal or one is NaN), absolute(F), floor_of(F),
//   square_root(F), signed_less(U, U), arithmetic_right(U, int), operators + - * / < & | ^ << >>
// Every function is total: NaN and infinity have results that follow from the operations as written, and no
// result depends on the sign or payload of a NaN. docs/bitstream.md states the same in words.

using numeric::kAtan;
using numeric::kExp2;
using numeric::kLog2;
using numeric::kSin;

template <int n>
AICODEC_LANE F horner(const float (&c)[n], F x) {
  F sum = splat(c[n - 1]);
  for (int i = n - 2; i >= 0; --i) sum = sum * x + splat(c[i]);
  return sum;
}

AICODEC_LANE F fraction(F x) { return x - floor_of(x); }
AICODEC_LANE F modulo(F x, F y) { return x - y * floor_of(x / y); }

// floor(x) as an integer, -2^31 to 2147483520 (the largest binary32 below 2^31); 0 for NaN.
AICODEC_LANE U to_integer(F x) {
  F inside = select(x < splat(2147483520.0f), x, splat(2147483520.0f));
  inside = select(inside > splat(-2147483648.0f), inside, splat(-2147483648.0f));
  inside = select(x == x, inside, splat(0.0f));
  return truncate(floor_of(inside));
}

// Angles in turns leave a remainder without error: k is the nearest multiple of 1/2 (ties to even) because
// the sum's last bit stands for 1/2. From 2^21 turns on (and for NaN) the angle counts as 0.
struct Angle {
  F rest;  // -1/4 to 1/4
  U flip;  // the sign bit, set where a half turn changes the sign
};
AICODEC_LANE Angle reduce(F turns) {
  const F x = select(absolute(turns) < splat(0x1p21f), turns, splat(0.0f));
  const F sum = x + splat(0x1.8p22f);
  return {x - (sum - splat(0x1.8p22f)), bits(sum) << 31};
}
AICODEC_LANE F sine_of_rest(F r) { return r * horner(kSin, r * r); }
AICODEC_LANE F sin_turns(F turns) {
  const Angle a = reduce(turns);
  return from_bits(bits(sine_of_rest(a.rest)) ^ a.flip);
}
AICODEC_LANE F cos_turns(F turns) {
  const Angle a = reduce(turns);
  return from_bits(bits(sine_of_rest(splat(0.25f) - absolute(a.rest))) ^ a.flip);
}
// 1 / (2 pi)
AICODEC_LANE F sin_radians(F x) { return sin_turns(x * splat(0x1.45f306p-3f)); }
AICODEC_LANE F cos_radians(F x) { return cos_turns(x * splat(0x1.45f306p-3f)); }

// Below -126: 0; from 128 on: infinity; NaN for NaN.
AICODEC_LANE F exp2_of(F x) {
  F c = select(x > splat(128.0f), splat(128.0f), x);
  c = select(c < splat(-127.0f), splat(-127.0f), c);
  const F sum = c + splat(0x1.8p23f);
  const U n = bits(sum) - splat(0x4B400000u);
  const F p = horner(kExp2, c - (sum - splat(0x1.8p23f)));
  const F scaled = from_bits(bits(p) + (n << 23));
  const F kept = select(c < splat(-126.0f), splat(0.0f), scaled);
  return select(x == x, kept, x);
}
AICODEC_LANE F exp_of(F x) { return exp2_of(x * splat(0x1.715476p+0f)); }

// Below 2^-126, zero included: minus infinity; below 0: NaN; infinity and NaN: themselves.
AICODEC_LANE F log2_of(F x) {
  const U e = arithmetic_right(bits(x) - splat(0x3F3504F3u), 23);
  const F f = from_bits(bits(x) - (e << 23)) - splat(1.0f);
  F r = f * horner(kLog2, f) + to_float(e);
  const F low = select(x < splat(0.0f), from_bits(splat(0x7FC00000u)), from_bits(splat(0xFF800000u)));
  r = select(x < splat(0x1p-126f), low, r);
  return select(x < from_bits(splat(0x7F800000u)), r, x);
}
AICODEC_LANE F log_of(F x) { return log2_of(x) * splat(0x1.62e430p-1f); }

// 1 for y = 0, whatever x; else 2^(y log2 x), so NaN for x below 0.
AICODEC_LANE F power(F x, F y) {
  return select(y == splat(0.0f), splat(1.0f), exp2_of(y * log2_of(x)));
}

// The angle of (x, y) in radians, -pi to pi; a quotient that is NaN counts as 0, the sign of a zero y as plus.
AICODEC_LANE F atan2_of(F y, F x) {
  const F ax = absolute(x), ay = absolute(y);
  F q = minimum(ax, ay) / maximum(ax, ay);
  q = select(q == q, q, splat(0.0f));
  F r = q * horner(kAtan, q * q);
  r = select(ay > ax, splat(0x1.921fb6p+0f) - r, r);
  r = select(x < splat(0.0f), splat(0x1.921fb6p+1f) - r, r);
  return select(y < splat(0.0f), splat(0.0f) - r, r);
}

AICODEC_LANE F mix_of(F a, F b, F t) { return a + (b - a) * t; }
AICODEC_LANE F clamp_of(F x, F low, F high) { return minimum(maximum(x, low), high); }
AICODEC_LANE F smoothstep_of(F low, F high, F x) {
  const F t = clamp_of((x - low) / (high - low), splat(0.0f), splat(1.0f));
  return t * t * (splat(3.0f) - (t + t));
}
AICODEC_LANE F length_of(F x, F y) { return square_root(x * x + y * y); }

// Integer hashing: three products that differ in every bit, then two rounds of shift and multiply (the shape and
// constants of MurmurHash3's and Wellons' finalisers).
AICODEC_LANE U finish_hash(U h) {
  h = (h ^ (h >> 15)) * splat(0x2C1B3C6Du);
  h = (h ^ (h >> 12)) * splat(0x297A2D39u);
  return h ^ (h >> 15);
}
AICODEC_LANE U hash_of(U a, U b, U c) {
  return finish_hash((a * splat(0x9E3779B1u)) ^ (b * splat(0x85EBCA77u)) ^ (c * splat(0xC2B2AE3Du)));
}
// The upper 24 bits as 0 to 1 - 2^-24.
AICODEC_LANE F unit_of(U h) { return to_float(h >> 8) * splat(0x1p-24f); }

// Noise over a lattice of hashed integers. The four corners share the products of hash_of().
struct Cell {
  F fx, fy;  // place in the cell, 0 to 1
  U corner[4];  // hashes: (0,0), (1,0), (0,1), (1,1)
};
AICODEC_LANE Cell cell_of(F x, F y, U seed) {
  const F cx = floor_of(x), cy = floor_of(y);
  const U px = to_integer(cx) * splat(0x9E3779B1u), qx = px + splat(0x9E3779B1u);
  const U py = to_integer(cy) * splat(0x85EBCA77u), qy = py + splat(0x85EBCA77u);
  const U s = seed * splat(0xC2B2AE3Du), low = py ^ s, high = qy ^ s;
  return {x - cx, y - cy, {finish_hash(px ^ low), finish_hash(qx ^ low), finish_hash(px ^ high), finish_hash(qx ^ high)}};
}
// Value noise, 0 to 1: a smooth step between the corners' values.
AICODEC_LANE F value_noise(F x, F y, U seed) {
  const Cell c = cell_of(x, y, seed);
  const F u = c.fx * c.fx * (splat(3.0f) - (c.fx + c.fx)), v = c.fy * c.fy * (splat(3.0f) - (c.fy + c.fy));
  const F top = mix_of(unit_of(c.corner[0]), unit_of(c.corner[1]), u);
  return mix_of(top, mix_of(unit_of(c.corner[2]), unit_of(c.corner[3]), u), v);
}
// Gradient noise, -2 to 2 and mostly within 1: gradients with both parts in -1 to 1, quintic blending.
AICODEC_LANE F slope(U h, F dx, F dy) {
  const F gx = to_float(h & splat(0xFFFFu)) * splat(0x1p-15f) - splat(1.0f);
  const F gy = to_float(h >> 16) * splat(0x1p-15f) - splat(1.0f);
  return gx * dx + gy * dy;
}
AICODEC_LANE F quintic(F t) { return t * t * t * (t * (t * splat(6.0f) - splat(15.0f)) + splat(10.0f)); }
AICODEC_LANE F gradient_noise(F x, F y, U seed) {
  const Cell c = cell_of(x, y, seed);
  const F ex = c.fx - splat(1.0f), ey = c.fy - splat(1.0f), u = quintic(c.fx);
  const F top = mix_of(slope(c.corner[0], c.fx, c.fy), slope(c.corner[1], ex, c.fy), u);
  return mix_of(top, mix_of(slope(c.corner[2], c.fx, ey), slope(c.corner[3], ex, ey), u), quintic(c.fy));
}
// Octave k has 2^k times the frequency, 2^-(k+1) times the height and the seed + k.
AICODEC_LANE F fbm_of(F x, F y, U seed, int octaves) {
  F sum = splat(0.0f), height = splat(0.5f);
  for (int k = 0; k < octaves; ++k) {
    sum = sum + gradient_noise(x, y, seed + splat(uint32_t(k))) * height;
    x = x + x;
    y = y + y;
    height = height * splat(0.5f);
  }
  return sum;
}

