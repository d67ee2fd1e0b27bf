"""Section 9.5 of docs/bitstream.md in numpy: floats are arrays of float32, integers of uint32."""

import re
from pathlib import Path

import numpy as np

F, U, S = np.float32, np.uint32, np.int32

_TABLE = (Path(__file__).parents[2] / "cpp/numeric/coefficients.inl").read_text()
_ROWS = re.findall(r"AICODEC_POLYNOMIAL\((\w+), ([^()]*)\)", re.sub("//.*", "", _TABLE))
_COEFFICIENTS = {name: [F(float.fromhex(c.strip()[:-1])) for c in row.split(",")] for name, row in _ROWS}


def constant(text):
    return F(float.fromhex(text))


def polynomial(name, x):
    *rest, total = _COEFFICIENTS[name]
    for c in reversed(rest):
        total = total * x + c
    return total


def bits(x):
    return np.ascontiguousarray(x, F).view(U)


def float_of(u):
    return np.ascontiguousarray(u, U).view(F)


def signed(u):
    return u.astype(S)


def minimum(a, b):
    return np.where(a < b, a, b)


def maximum(a, b):
    return np.where(a > b, a, b)


def absolute(x):
    return float_of(bits(x) & U(0x7FFFFFFF))


def floor(x):
    return np.floor(x) + F(0)


def to_int(x):
    inside = np.where(x < F(2147483520), x, F(2147483520))
    inside = np.where(inside > F(-(2**31)), inside, F(-(2**31)))
    return np.floor(np.where(x == x, inside, F(0))).astype(S).astype(U)


def to_float(u):
    return signed(u).astype(F)


def _turns(a, quarter):
    big = constant("0x1.8p22")
    x = np.where(absolute(a) < F(2**21), a, F(0))
    s = x + big
    r = x - (s - big)
    if quarter:
        r = F(0.25) - absolute(r)
    return float_of(bits(r * polynomial("Sin", r * r)) ^ (bits(s) << U(31)))


def sin_turns(a):
    return _turns(a, False)


def cos_turns(a):
    return _turns(a, True)


def sin(a):
    return sin_turns(a * constant("0x1.45f306p-3"))


def cos(a):
    return cos_turns(a * constant("0x1.45f306p-3"))


def exp2(a):
    big = constant("0x1.8p23")
    c = np.where(a > F(128), F(128), a)
    c = np.where(c < F(-127), F(-127), c)
    s = c + big
    n = bits(s) - U(0x4B400000)
    scaled = float_of(bits(polynomial("Exp2", c - (s - big))) + (n << U(23)))
    return np.where(a == a, np.where(c < F(-126), F(0), scaled), a)


def exp(a):
    return exp2(a * constant("0x1.715476p+0"))


def log2(a):
    e = signed(bits(a) - U(0x3F3504F3)) >> S(23)
    f = float_of(bits(a) - (e.astype(U) << U(23))) - F(1)
    r = f * polynomial("Log2", f) + e.astype(F)
    r = np.where(a < constant("0x1p-126"), np.where(a < F(0), F(np.nan), F(-np.inf)), r)
    return np.where(a < F(np.inf), r, a)


def log(a):
    return log2(a) * constant("0x1.62e430p-1")


def power(a, b):
    return np.where(b == F(0), F(1), exp2(b * log2(a)))


def atan2(y, x):
    ax, ay = absolute(x), absolute(y)
    q = minimum(ax, ay) / maximum(ax, ay)
    q = np.where(q == q, q, F(0))
    r = q * polynomial("Atan", q * q)
    r = np.where(ay > ax, constant("0x1.921fb6p+0") - r, r)
    r = np.where(x < F(0), constant("0x1.921fb6p+1") - r, r)
    return np.where(y < F(0), F(0) - r, r)


def mix(a, b, k):
    return a + (b - a) * k


def clamp(a, low, high):
    return minimum(maximum(a, low), high)


def smoothstep(low, high, a):
    k = clamp((a - low) / (high - low), F(0), F(1))
    return k * k * (F(3) - (k + k))


def finish(h):
    h = (h ^ (h >> U(15))) * U(0x2C1B3C6D)
    h = (h ^ (h >> U(12))) * U(0x297A2D39)
    return h ^ (h >> U(15))


def hash_of(a, b, c):
    return finish(a * U(0x9E3779B1) ^ b * U(0x85EBCA77) ^ c * U(0xC2B2AE3D))


def unit(h):
    return to_float(h >> U(8)) * constant("0x1p-24")


def _cell(x, y, seed):
    """Place in the cell, and the hashes of the corners (0, 0), (1, 0), (0, 1), (1, 1)."""
    cx, cy = floor(x), floor(y)
    i, j = to_int(cx), to_int(cy)
    return x - cx, y - cy, [hash_of(i + U(a), j + U(b), seed) for b in (0, 1) for a in (0, 1)]


def noise(x, y, seed):
    fx, fy, corners = _cell(x, y, seed)
    u, v = fx * fx * (F(3) - (fx + fx)), fy * fy * (F(3) - (fy + fy))
    a, b, c, d = map(unit, corners)
    return mix(mix(a, b, u), mix(c, d, u), v)


def _slope(h, dx, dy):
    gx = to_float(h & U(0xFFFF)) * constant("0x1p-15") - F(1)
    gy = to_float(h >> U(16)) * constant("0x1p-15") - F(1)
    return gx * dx + gy * dy


def _quintic(k):
    return k * k * k * (k * (k * F(6) - F(15)) + F(10))


def gnoise(x, y, seed):
    fx, fy, (a, b, c, d) = _cell(x, y, seed)
    ex, ey, u = fx - F(1), fy - F(1), _quintic(fx)
    top = mix(_slope(a, fx, fy), _slope(b, ex, fy), u)
    return mix(top, mix(_slope(c, fx, ey), _slope(d, ex, ey), u), _quintic(fy))


def fbm(x, y, seed, octaves):
    total, height = F(0), F(0.5)
    for k in range(octaves):
        total = total + gnoise(x, y, seed + U(k)) * height
        x, y, height = x + x, y + y, height * F(0.5)
    return total
