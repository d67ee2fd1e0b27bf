"""The reference shaders for numexpr: expressions over whole arrays, of one row or one column where that does.

All arithmetic is in binary32, as ours is. numexpr takes a float literal for binary64, so literals become arguments;
what holds for a whole frame is computed in Python. Loops are turns of expressions over all pixels.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from math import cos, exp2, sin

import numexpr
import numpy as np

_LITERAL = re.compile(r"\b\d+\.\d+\b")


@cache
def _without_literals(expression: str) -> tuple[str, dict[str, np.float32]]:
    literals: dict[str, np.float32] = {}

    def name(found: re.Match[str]) -> str:
        literals[f"c{len(literals)}"] = np.float32(found[0])
        return f"c{len(literals) - 1}"

    return _LITERAL.sub(name, expression), literals


class Canvas:
    """The picture, planes of bytes (3, height, width), and the arrays by name that expressions read and write."""

    def __init__(self, width: int, height: int) -> None:
        self.picture = np.empty((3, height, width), np.uint8)
        self._arrays: dict[str, np.ndarray] = {
            "x": np.arange(width, dtype=np.float32)[np.newaxis, :],
            "y": np.arange(height, dtype=np.float32)[:, np.newaxis],
        }
        # Results' memory is used again from frame to frame; a name may stand for a column first and a picture then.
        self._memory: dict[tuple[str, tuple[int, ...]], np.ndarray] = {}
        self.put(w=width, h=height)

    def put(self, **scalars: float) -> None:
        self._arrays.update({name: np.float32(value) for name, value in scalars.items()})

    def put_int(self, **scalars: int) -> None:
        """32 bits each, whatever their sign."""
        self._arrays.update({name: np.uint32(value).astype(np.int32) for name, value in scalars.items()})

    def __setitem__(self, name: str, expression: str) -> None:
        place = (name, self._shape(expression))
        self._arrays[name] = self._memory[place] = self._evaluate(expression, self._memory.get(place))

    def floor_to_int(self, name: str, expression: str) -> None:
        place = (name, self._shape(expression))
        out = self._memory.setdefault(place, np.empty(place[1], np.int32))
        self._arrays[name] = self._evaluate(f"floor({expression})", out)

    def rgb(self, *expressions: str) -> None:
        for plane, expression in zip(self.picture, expressions, strict=True):
            self._evaluate(f"minimum(maximum({expression}, 0), 1) * 255 + 0.5", plane)

    def _shape(self, expression: str) -> tuple[int, ...]:
        names = re.findall(r"\b[a-z]\w*", expression)
        return np.broadcast_shapes(*(self._arrays[name].shape for name in names if name in self._arrays))

    def _evaluate(self, expression: str, out: np.ndarray | None) -> np.ndarray:
        text, literals = _without_literals(expression)
        found: np.ndarray = numexpr.evaluate(text, literals, self._arrays, out=out, casting="unsafe")
        return found


def gradient(c: Canvas, t: float) -> None:
    c.put(a=0.5 * cos(t * 0.4), b=0.5 * sin(t * 0.4))
    c["u"], c["v"] = "x / w", "y / h"
    c["row"], c["column"] = "v * b + 0.5", "u * a"
    c["k"] = "minimum(maximum(column + row, 0), 1)"
    c["r0"], c["dr"] = "0.05 + 0.9 * u", "0.15 - 0.5 * u"
    c.rgb(
        "r0 + dr * v",
        "0.15 + 0.2 * k + (0.6 - 0.45 * k) * v",
        "0.55 - 0.45 * k * k",
    )


def plasma(c: Canvas, t: float) -> None:
    c.put(t=t, s=0.3 * sin(t) - 0.5)
    c["u"], c["v"] = "x / w", "y / h"
    c["row"], c["column"] = "sin(v * 7.5 - t * 1.3)", "sin(u * 9.5 + t)"
    c["au"], c["av"] = "(u + s) * (u + s)", "(v - 0.5) * (v - 0.5)"
    c["k"] = "column + row + sin((u + v) * 5.5 + t * 0.7) + sin(sqrt(au + av) * 18 - t * 2)"
    c.rgb("0.5 + 0.45 * sin(k)", "0.5 + 0.4 * sin(k + 2.1)", "0.5 + 0.35 * sin(k + 4.2)")


def rings(c: Canvas, t: float) -> None:
    c.put(a=0.45 * cos(t * 0.6), b=0.3 * sin(t * 0.8), d=t * 0.5, e=t * 0.3)
    c["u"], c["v"] = "(x - w * 0.5) / h", "(y - h * 0.5) / h"
    c["p"] = "sqrt((u - a) * (u - a) + (v - b) * (v - b))"
    c["q"] = "sqrt((u + 0.35) * (u + 0.35) + (v + 0.15) * (v + 0.15)) * 4.5 + e"
    c["k"] = "minimum(maximum((p * 6.5 - d - floor(p * 6.5 - d) - 0.35) / 0.3, 0), 1)"
    c["m"] = "minimum(maximum((q - floor(q) - 0.25) / 0.55, 0), 1)"
    c["k"], c["m"], c["glow"] = "k * k * (3 - 2 * k)", "m * m * (3 - 2 * m)", "0.25 / (1 + p * p * 9)"
    c.rgb("k * 0.8 + glow", "(m + (k - m) * 0.4) * 0.7 + glow * 0.5", "0.9 - m * 0.75")


def checker(c: Canvas, t: float) -> None:
    zoom = 48 + 16 * sin(t * 0.9)
    c.put(a=cos(t * 0.5) / zoom, b=sin(t * 0.5) / zoom)
    c["u"], c["v"] = "x - w * 0.5", "y - h * 0.5"
    c["both"] = "floor(u * a - v * b) + floor(u * b + v * a)"
    c["shade"] = "0.9 - 0.315 * sqrt((u / w) * (u / w) + (v / h) * (v / h))"
    c["k"] = "where(both - 2 * floor(both * 0.5) < 1, shade, 0.15)"
    c.rgb("k", "k * 0.95", "k * 0.75 + 0.075")


def zone_plate(c: Canvas, t: float) -> None:
    c.put(a=90 * sin(t * 0.7), b=60 * cos(t * 0.9), d=t * 0.8)
    c["u"], c["v"] = "x - w * 0.5 - a", "y - h * 0.5 - b"
    c["square"] = "u * u + v * v"
    c["k"] = "square * 0.00005 - d"
    c["k"] = "0.5 + 0.5 * cos((k - floor(k)) * 6.2831853)"
    c["k"] = "k * minimum(maximum(1.1 - sqrt(square) / w, 0), 1)"
    c.rgb("k", "k * 0.92", "0.08 + k * 0.85")


def mandelbrot(c: Canvas, t: float) -> None:
    c.put(scale=2.6 * exp2(t * -0.35))
    c["cx"], c["cy"] = "(x - w * 0.5) * (scale / h) - 0.7436", "(y - h * 0.5) * (scale / h) + 0.1318"
    c["a"], c["b"], c["n"] = "0.0 * cx * cy", "0.0 * cx * cy", "0.0 * cx * cy"
    for _ in range(96):
        # A pixel that has left stays where it is.
        c["stays"] = "a * a + b * b <= 16"
        c["a2"] = "where(stays, a * a - b * b + cx, a)"
        c["b2"] = "where(stays, 2 * a * b + cy, b)"
        c["n"] = "where(stays, n + 1, n)"
        c["a"], c["b"] = "a2", "b2"
    c["k"] = "sqrt(n / 96)"
    c.rgb(
        "where(n == 96, 0, 0.15 + 0.8 * k)",
        "where(n == 96, 0, 0.1 + 0.7 * k * k)",
        "where(n == 96, 0.05, 0.35 + 0.5 * sin(k * 5))",
    )


def _noise(c: Canvas, name: str, x: str, y: str, seed: int) -> None:
    """Gradient noise at the arrays `x`, `y` into the array `name`."""
    c.put_int(p=0x9E3779B1, q=0x85EBCA77, s=seed * 0xC2B2AE3D % 2**32, m1=0x2C1B3C6D, m2=0x297A2D39)
    c.floor_to_int("ix", x)
    c.floor_to_int("iy", y)
    c["fx"], c["fy"] = f"{x} - floor({x})", f"{y} - floor({y})"
    for corner, (dx, dy) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        c["hash"] = f"((ix + {dx}) * p) ^ ((iy + {dy}) * q) ^ s"
        c["hash"] = "(hash ^ ((hash >> 15) & 131071)) * m1"
        c["hash"] = "(hash ^ ((hash >> 12) & 1048575)) * m2"
        c["hash"] = "hash ^ ((hash >> 15) & 131071)"
        c[f"g{corner}"] = (
            f"((hash & 65535) * 0.000030517578125 - 1) * (fx - {dx}) + "
            f"(((hash >> 16) & 65535) * 0.000030517578125 - 1) * (fy - {dy})"
        )
    c["fx"] = "fx * fx * fx * (fx * (fx * 6 - 15) + 10)"
    c["fy"] = "fy * fy * fy * (fy * (fy * 6 - 15) + 10)"
    c["g0"], c["g2"] = "g0 + (g1 - g0) * fx", "g2 + (g3 - g2) * fx"
    c[name] = "g0 + (g2 - g0) * fy"


def clouds(c: Canvas, t: float) -> None:
    c.put(a=t * 0.3, b=t * 0.1)
    c["u"], c["v"] = "x / 210 + a", "y / 150"
    c["nx"], c["ny"] = "u * 0.7 + 3.5", "v * 0.7 - b"
    _noise(c, "warp", "nx", "ny", 3)
    c["px"], c["py"], c["total"] = "u + warp * 0.4", "v + warp * 0.3", "0.0 * warp"
    for octave in range(5):
        _noise(c, "one", "px", "py", 7 + octave)
        c.put(height=0.5 ** (octave + 1))
        c["total"], c["px"], c["py"] = "total + one * height", "px + px", "py + py"
    c["k"] = "minimum(maximum((total + 0.15) / 0.7, 0), 1)"
    c["k"], c["down"] = "k * k * (3 - 2 * k)", "y / h"
    c["r0"], c["g0"], c["b0"] = "0.2 + 0.25 * down", "0.45 + 0.2 * down", "0.85 + 0.05 * down"
    c.rgb("r0 + (1 - r0) * k", "g0 + (1 - g0) * k", "b0 + (0.98 - b0) * k")


def _cover(c: Canvas, name: str, distance: str) -> None:
    c[name] = f"minimum(maximum(0.5 - ({distance}), 0), 1)"


def _flower(c: Canvas, name: str, dx: float, dy: float, size: float, angle: float) -> None:
    c.put(dx=dx, dy=dy, size=size)
    for leaf in range(6):
        c.put(cs=cos(angle + leaf * 1.0472), sn=sin(angle + leaf * 1.0472))
        c["la"], c["lb"] = "(u + dx) * cs - (v + dy) * sn - size", "(u + dx) * sn + (v + dy) * cs"
        # Of the two circles' distances the larger is the one with the larger square.
        c["square"] = "la * la + (abs(lb) + size * 0.5) * (abs(lb) + size * 0.5)"
        c["near"] = "square" if leaf == 0 else "minimum(near, square)"
    _cover(c, name, "sqrt(near) - size * 1.1")


def _box(c: Canvas, name: str, half_width: float, half_height: float) -> None:
    c.put(bw=half_width, bh=half_height)
    c["bx"], c["by"] = "abs(px) - bw", "abs(py) - bh"
    c[name] = "sqrt(maximum(bx, 0) * maximum(bx, 0) + maximum(by, 0) * maximum(by, 0)) + minimum(maximum(bx, by), 0)"


def shapes(c: Canvas, t: float) -> None:
    c["u"], c["v"] = "x - w * 0.5", "y - h * 0.5"
    _flower(c, "k0", -230 - 40 * sin(t * 0.6), 60, 75, t * -0.5)
    _flower(c, "k1", 0, 0, 110, t * 0.4)
    c.put(radius=42 + 6 * sin(t * 3), cs=cos(t * -0.7), sn=sin(t * -0.7))
    _cover(c, "k2", "sqrt(u * u + v * v) - radius")
    c["px"], c["py"] = "(u + 420) * cs - (v - 120) * sn", "(u + 420) * sn + (v - 120) * cs"
    _box(c, "box", 130, 45)
    _cover(c, "k3", "box - 14")
    _box(c, "box", 160, 75)
    _cover(c, "k4", "abs(box) - 3")
    c.put(d=130 * sin(t * 1.1), e=130 * cos(t * 1.3))
    c["p"] = "sqrt((u - 430) * (u - 430) + (v + d) * (v + d)) - 70"
    c["q"] = "sqrt((u - 520) * (u - 520) + (v + e) * (v + e)) - 85"
    c["m"] = "minimum(maximum(0.5 + 0.5 * (q - p) / 60, 0), 1)"
    _cover(c, "k5", "q + (p - q) * m - 60 * m * (1 - m)")
    c.put(rise=40 * sin(t), square=1200**2 + (40 * sin(t)) ** 2)
    c["m"] = "minimum(maximum(((u + 600) * 1200 + (v - 330) * rise) / square, 0), 1)"
    c["px"], c["py"] = "u + 600 - 1200 * m", "v - 330 - rise * m"
    _cover(c, "k6", "sqrt(px * px + py * py) - 5")
    c["row"] = "y / h"
    colours = (
        (0.55, 0.25, 0.5),
        (0.15, 0.55, 0.35),
        (0.95, 0.8, 0.3),
        (0.85, 0.3, 0.25),
        (1, 1, 1),
        (0.3, 0.6, 0.95),
        (0.9, 0.9, 0.85),
    )
    channels = []
    for channel, start in enumerate(("0.1 + 0.15 * row", "0.12 + 0.08 * row", "0.2 + 0.15 * row")):
        name = "rgb"[channel]
        c[name] = start
        for k, colour in enumerate(colours[:-1]):
            c[name] = f"{name} + ({colour[channel]} - {name}) * k{k}"
        channels.append(f"{name} + ({colours[-1][channel]} - {name}) * k6")
    c.rgb(*channels)


def march(c: Canvas, t: float) -> None:
    c.put(sway=0.35 * sin(t * 0.8))
    c["u"], c["v"] = "(x - w * 0.5) / h", "(y - h * 0.5) / h"
    c["dz"] = "1 / sqrt(u * u + v * v + 1.44)"
    c["dx"], c["dy"], c["dz"] = "u * dz", "v * dz", "1.2 * dz"
    c["depth"], c["steps"], c["on"] = "0.0 * dx + 0.5", "0.0 * dx", "dx == dx"
    for _ in range(40):
        c["px"], c["py"], c["pz"] = "dx * depth", "dy * depth", "dz * depth - 3.2"
        c["rim"] = "sqrt((px + sway) * (px + sway) + pz * pz) - 1.5"
        c["gap"] = (
            "minimum(minimum(sqrt((px - sway) * (px - sway) + py * py + pz * pz) - 0.85, "
            "sqrt(rim * rim + (py - 0.3) * (py - 0.3)) - 0.22), 0.9 - py)"
        )
        c["on"] = "on & (gap >= 0.002)"
        c["depth"], c["steps"] = "where(on, depth + gap, depth)", "where(on, steps + 1, steps)"
    c["far"], c["glow"] = "minimum(maximum(1 - depth / 9, 0), 1)", "steps / 40"
    c.rgb(
        "far * 0.9 + glow * 0.2",
        "far * far * 0.7 + glow * 0.3",
        "0.15 + far * 0.35 + glow * glow * 0.4",
    )


def swirl(c: Canvas, t: float) -> None:
    c.put(d=t * 0.08)
    c["u"], c["v"] = "(x - w * 0.5) / h", "(y - h * 0.5) / h"
    c["r"] = "sqrt(u * u + v * v)"
    c["angle"] = "arctan2(v, u) * 0.15915494 + 0.35 * log(r + 0.02) + d"
    c["core"] = "exp(r * r * -14)"
    c["arms"] = "0.5 + 0.5 * cos((angle * 3 - floor(angle * 3)) * 6.2831853)"
    c["value"] = "minimum(maximum(arms ** 1.7 * 0.8 + core, 0), 1)"
    c["turns"], c["grey"] = "angle + r * 0.6", "0.75 - core * 0.5"
    channels = []
    for name, shift in zip("ijk", ("0.0", "0.66666667", "0.33333333"), strict=True):
        c[name] = f"turns + {shift}"
        hue = f"minimum(maximum(abs(({name} - floor({name})) * 6 - 3) - 1, 0), 1)"
        channels.append(f"value * (1 + ({hue} - 1) * grey)")
    c.rgb(*channels)


SHADERS: dict[str, Callable[[Canvas, float], None]] = {
    "gradient": gradient,
    "plasma": plasma,
    "rings": rings,
    "checker": checker,
    "zone plate": zone_plate,
    "mandelbrot": mandelbrot,
    "clouds": clouds,
    "shapes": shapes,
    "march": march,
    "swirl": swirl,
}
