"""Streams with shader layers that every decoder must read."""

from __future__ import annotations

import math
import random
from typing import Any

from accepted import stream

from aic_files import assemble, coded, head_of, header, layer, nominal
from aicodec_native import _native, tracks
from aicodec_native.shader_source import compile_source
from raw_programs import program
from shader_examples import EXAMPLES
from shader_programs import RandomProgram

VIDEO, SHADER = 0, 1
WAVES = EXAMPLES["2. Plasma"]
FILM = EXAMPLES["10. Film: what is below, softened, with grain and dark corners"]


def shader(code: str | list[Any] | bytes, track: bytes = b"") -> tuple[int, bytes]:
    """A layer of text, of code for ShaderProgram.from_code, or of a program's bytes."""
    if isinstance(code, bytes):
        packed = code
    else:
        native = compile_source(code) if isinstance(code, str) else _native.ShaderProgram.from_code(code)
        packed = native.write()
    return SHADER, _native.build_shader_layer(program=packed, track=track)


def shaded(*layers: tuple[int, bytes], first: int = 0, frames: int = 3, **fields: Any) -> bytes:
    """A file of one segment, its canvas 23 x 14 RGB of 8 bits unless `fields` say otherwise."""
    h = header(**{"format": "rgb24", "width": 23, "height": 14, **fields})
    times = nominal(h, first, frames)
    payload = _native.build_segment(header=h, first_frame=first, times=times, digest=None, layers=list(layers))
    return assemble(head_of(h), [("S", payload)])


_OPS = {op[0]: op for op in _native.shader_ops()}
_SCALE = ("constant", "F", 8388608, 0, True)


def each_operation(operands: dict[str, list[Any]], seed: int, length: int, reads: tuple[str, ...] = ()) -> list[Any]:
    """Operations in random order, each with operands out of lists by type; all results go into one hash, floats in
    steps of 2^-23, and its bits are the colour."""
    dice = random.Random(seed)
    names = [n for n, op in _OPS.items() if op[1] != "N" and (("below" not in n and "prev" not in n) or n in reads)]
    names = (names * (length // len(names) + 1))[:length]
    dice.shuffle(names)
    code: list[Any] = []

    def value(name: str, immediate: int, *inputs: Any) -> tuple[str, int]:
        code.append((name, immediate, list(inputs)))
        return ("value", len(code) - 1)

    seen: Any = ("constant", "I", seed, 0, True)
    for name in names:
        _, result, kinds, _, immediate = _OPS[name]
        number = {"octaves": dice.randint(1, 4), "channel": dice.randrange(3)}.get(immediate, 0)
        if immediate == "place":
            dx, dy = dice.choice([-64, -3, 0, 1, 64]), dice.choice([-64, -1, 0, 5, 64])
            number = dice.randrange(3) | dice.choice([0, 4]) | (dx + 128) << 8 | (dy + 128) << 16
        found: Any = value(name, number, *(dice.choice(operands[kind]) for kind in kinds))
        if result == "F":
            found = value("to_int", 0, value("mul", 0, found, _SCALE))
        elif result == "B":
            found = value("bool_int", 0, found)
        seen = value("hash", 0, seen, found, ("constant", "I", len(code), 0, True))
    byte = ("constant", "I", 255, 0, True)
    parts = []
    for shift in (24, 12, 0):
        moved = value("shift_right", 0, seen, ("constant", "I", shift, 0, True))
        parts.append(value("and_int", 0, moved, byte))
    code.append(("rgb_int", 0, parts))
    return code


def _numbers(*values: float) -> list[Any]:
    return [_native.shader_constant(v) for v in values]


# x, y, t and numbers near them; whole numbers of either sign; truth values.
_NEAR = {
    "F": [("input", n) for n in (0, 1, 2, 0, 1, 2)] + _numbers(0.3, -0.7, 1.5, 7.25, 40.1),
    "I": [("input", 5), ("input", 6), *(("constant", "I", n, 0, True) for n in (0, 1, -5, 77, 35, -(2**31)))],
    "B": [("constant", "B", 0, 0, True), ("constant", "B", 1, 0, True)],
}


def _rooted(operands: dict[str, list[Any]], roots: list[Any], seed: int, **more: Any) -> list[Any]:
    """As each_operation, with instructions before it whose values are operands too."""
    shifted = len(roots)

    def moved(operand: Any) -> Any:
        return ("value", operand[1] + shifted) if operand[0] == "value" else operand

    known = {kind: list(values) for kind, values in operands.items()}
    for number, (name, _, _) in enumerate(roots):
        known[_OPS[name][1]] += [("value", number - shifted)] * 3
    body = each_operation(known, seed, **more)
    return roots + [(name, number, [moved(operand) for operand in inputs]) for name, number, inputs in body]


_ROOTS: list[Any] = [
    ("sub", 0, [("input", 0), ("constant", "F", 11, 0, True)]),
    ("mul", 0, [("value", 0), ("constant", "F", 37, -2, True)]),
    ("sub", 0, [("constant", "F", 65, -1, True), ("input", 1)]),
    ("to_int", 0, [("value", 1)]),
    ("hash", 0, [("value", 3), ("constant", "I", 9, 0, True), ("input", 5)]),
    ("less", 0, [("value", 0), ("value", 2)]),
    ("less", 0, [("input", 1), ("constant", "F", 3, 0, True)]),
]


@stream
def shader_text() -> bytes:
    """A program of usual size, 8-bit RGB."""
    return shaded(shader(WAVES))


@stream
def shader_ten_bit() -> bytes:
    """The same on a 10-bit RGB canvas, with another rate and a late first frame."""
    return shaded(shader(WAVES), first=1000, format="rgb30", time_base=(7, 90000), frame_duration=(15015, 4))


@stream
def shader_every_operation() -> bytes:
    """Each operation several times, with operands of ordinary size; the colours are bits of a hash of all results."""
    return shaded(shader(_rooted(_NEAR, _ROOTS, 1, length=150)))


@stream
def shader_extreme_operands() -> bytes:
    """Each operation with infinities, NaN, subnormal numbers, zeros of both signs and the ends of all ranges."""
    far = _numbers(0.0, 1e-39, 3e38, -3e38, 1e9, 2097152.0, 128.0, -127.0, -126.5, 2147483520.0, 8388608.5, -0.5)
    roots = [
        *_ROOTS,
        ("mul", 0, [_native.shader_constant(3e38), ("value", 0)]),  # infinities, and zero in the middle
        ("sub", 0, [("value", 7), ("value", 7)]),  # NaN but for the middle
        ("mul", 0, [_native.shader_constant(-1e-44), ("value", 1)]),
        ("mul", 0, [("constant", "F", 0, 0, True), ("value", 1)]),  # zeros of both signs
    ]
    operands = {"F": far, "I": _NEAR["I"], "B": _NEAR["B"]}
    return shaded(shader(_rooted(operands, roots, 2, length=200)))


@stream
def shader_reads_every_way() -> bytes:
    """All ways to read what is below and the frame before, with offsets far outside, over a shader layer."""
    reads = tuple(name for name in _OPS if "below" in name or "prev" in name)
    code = _rooted(_NEAR, _ROOTS, 3, length=120, reads=reads)
    return shaded(shader(WAVES), shader(code))


@stream
def shader_over_video() -> bytes:
    """10-bit 4:2:0, matrix 9, full range: a program reads the video layer below it."""
    colour = _native.Colour(matrix=9, full_range=True, chroma_centred=True)
    h = header(format="yuv420p10", colour=colour, width=31, height=17)
    video = VIDEO, layer(h, coded(depth=10))
    return shaded(video, shader(FILM), format="yuv420p10", colour=colour, width=31, height=17)


@stream
def shader_under_ycbcr() -> bytes:
    """8-bit 4:2:0, limited range, odd sides: a rule on the frame before, which has gone through YCbCr."""
    return shaded(shader(EXAMPLES["8. Life"]), frames=5, format="yuv420p", width=37, height=19)


@stream
def shader_under_full_chroma() -> bytes:
    """10-bit 4:4:4, matrix unspecified, in two layers that see the finished frame before."""
    fade = "def color(x, y, t):\n    return rgb(mix(below(1.5, -0.25), prev(-0.5, 2), 0.6))"
    return shaded(shader(WAVES), shader(fade), frames=4, format="yuv444p10", width=20, height=11)


@stream
def shader_loops() -> bytes:
    """Loops four deep, left at once, late and never, with all three types carried."""
    text = """
def color(x, y, t):
    a, n, hit = x * 0.1 + t * 9, frame, x < y
    for i in range(7):
        if a > 3:
            break
        for j in range(3, 9, 2):
            a = a + noise(a, y * 0.3, j) * 0.5
            for k in range(4):
                n = n + i * k
                for m in range(2):
                    hit = not hit
                    if n % 5 == 3 and hit:
                        break
                    n = n + 1
                if n > 90:
                    break
        if n > 1000:
            break
    return rgb_int(n, int(a * 50), 255 if hit else n // 3)
"""
    return shaded(shader(text))


@stream
def shader_random() -> bytes:
    """Seven segments of random programs over a gradient, with loops in loops."""
    h = header(format="rgb24", width=9, height=7)
    track = tracks.pack({"a": [0.5, -3.0], "b": [1, 300]})
    parts = []
    for number, seed in enumerate((12, 19, 26, 84, 92, 98, 112)):
        layers = [shader(EXAMPLES["1. A moving gradient"]), shader(RandomProgram(seed, 60).code, track)]
        times = nominal(h, 2 * number, 2)
        parts.append(_native.build_segment(header=h, first_frame=2 * number, times=times, digest=None, layers=layers))
    return assemble(head_of(h), [("S", part) for part in parts])


@stream
def shader_track() -> bytes:
    """A track with every formula, orders and a period, corrections and integers, each column a parameter."""
    count = 40
    rows = [
        {
            "frame": i,
            "time": i / 30,
            "wave": 0.5 + 0.3 * math.sin(0.1 * i),
            "step": 0.25 + 0.1 * i,
            "scene": i % 5,
            "Größe": random.Random(i).uniform(-9, 9),
            "square": i * i - 700,
            "wide": (-1) ** i * 2**62,
        }
        for i in range(count)
    ]
    used = " + ".join(f"fract(param({k}) * {k + 1}.37)" for k in range(8))
    text = f"def color(x, y, t):\n    s = {used}\n    return rgb(fract(s), fract(s * x * 0.1), fract(param(2) * 16))"
    return shaded(shader(text, tracks.pack(rows)), frames=count, width=4, height=3)


@stream
def shader_constants_by_hand() -> bytes:
    """What our writer never emits: one number as a decimal and as a binary constant, the least and the largest
    constants there are, operations whose values nobody reads."""
    code = program(
        ("mul", None, [("input", 0), ("F", 1, 0, -149)]),
        ("add", None, [("value", 0), ("F", 2**24 - 1, 0, 104)]),
        ("div", None, [("input", 0), ("F", 2**31 - 1, 1, -22)]),
        ("mul", None, [("input", 2), ("F", 5, 1, -2)]),
        ("add", None, [("value", 0), ("F", -(2**31) + 9, 1, 22)]),
        ("mul", None, [("input", 1), ("F", 1, 0, -5)]),
        ("mul", None, [("value", 0), ("F", 1, 0, 0)]),
        ("mul", None, [("value", 0), ("F", 1, 1, 0)]),
        ("rgb", None, [("value", 4), ("value", 0), ("F", 0, 1, 0)]),
    )
    return shaded(shader(code))
