"""Shader programs in the core: functions, serialised form, verifier, and the tile VM against the reference VM."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from aicodec_native import CorruptError, FormatError, TruncatedError, _native
from aicodec_native.shader_source import compile_source
from instruction_sets import same_under_all
from shader_programs import RandomProgram, picture

FLOAT = np.float32


def error_of(name, x, exact, y=None):
    """Largest absolute error, and largest error in ulps, of a function of the core."""
    x = x.astype(FLOAT)
    second = np.zeros_like(x) if y is None else y.astype(FLOAT)
    got = _native.numeric(name, x, second).astype(np.float64)
    with np.errstate(all="ignore"):
        wanted = exact(*(v.astype(np.float64) for v in ((x,) if y is None else (x, second))))
    wrong = np.abs(got - wanted)
    return wrong.max(), (wrong / np.spacing(np.abs(wanted).astype(FLOAT))).max(), (wrong / np.abs(wanted)).max()


RNG = np.random.default_rng(4)
ONES = RNG.uniform(-1, 1, 300_000)


def turned(function):
    return lambda x: function(2 * np.pi * (x - np.round(x)))


# (function, arguments, exact, index into error_of's result, bound): the table "Accuracy" of docs/shader.md.
ACCURACY = [
    ("sin_turns", ONES * 10, turned(np.sin), 0, 2e-7),
    ("cos_turns", ONES * 10, turned(np.cos), 0, 2e-7),
    ("sin_turns", ONES / 8, turned(np.sin), 1, 3.5),
    ("sin", ONES * np.pi, np.sin, 0, 2.5e-7),
    ("cos", ONES * np.pi, np.cos, 0, 2.5e-7),
    ("sin", ONES * 100, np.sin, 0, 8e-6),
    ("exp2", ONES * 120, np.exp2, 1, 1.5),
    ("exp", ONES * 80, np.exp, 2, 4e-6),
    ("log2", np.exp2(ONES * 120), np.log2, 1, 2),
    ("log", np.exp2(ONES), np.log, 1, 3),
]


@pytest.mark.parametrize(
    ("name", "x", "exact", "kind", "bound"), ACCURACY, ids=[f"{a[0]}{i}" for i, a in enumerate(ACCURACY)]
)
def test_accuracy(name, x, exact, kind, bound):
    assert error_of(name, x, exact)[kind] <= bound


def test_accuracy_of_functions_of_two():
    assert error_of("atan2", ONES, np.arctan2, RNG.permutation(ONES))[1] <= 3
    assert error_of("pow", np.abs(ONES) * 0.99 + 0.01, np.power, RNG.permutation(ONES) * 4)[2] <= 2e-6


SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, 3e38, -1.0, 2.0**24], dtype=FLOAT)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("sin", [0, 0, 0, 0, 0, 1e-40, 0, -0.8414710, None]),
        ("cos_turns", [1, 1, 1, 1, 1, 1, 1, 1, 1]),
        ("exp2", [math.nan, math.inf, 0, 1, 1, 1, math.inf, 0.5, math.inf]),
        ("log2", [math.nan, math.inf, math.nan, -math.inf, -math.inf, -math.inf, 127.81823, math.nan, 24]),
        ("floor", [math.nan, math.inf, -math.inf, 0, 0, 0, 3e38, -1, 2.0**24]),
    ],
)
def test_functions_are_total(name, wanted):
    for got, value in zip(_native.numeric(name, SPECIAL, SPECIAL), wanted, strict=True):
        if value is not None:
            assert got == pytest.approx(value, rel=1e-6, nan_ok=True), (name, got, value)
    assert not np.signbit(_native.numeric("floor", FLOAT([-0.0, 0.5]), FLOAT([0, 0]))).any()


def test_noise_lies_where_the_documentation_says():
    x, y = RNG.uniform(-500, 500, (2, 100_000))
    for name, low, high in (("noise", 0, 1), ("gnoise", -2, 2)):
        values = _native.numeric(name, x, y)
        assert low <= values.min() < values.max() <= high
        assert 0.1 < values.std() < 0.5
        # Neighbours are alike, and the lattice's points are not.
        assert np.abs(_native.numeric(name, x + 1e-3, y) - values).max() < 0.02
    corners = _native.numeric("noise", np.arange(1000.0), np.zeros(1000))
    assert abs(np.corrcoef(corners[1:], corners[:-1])[0, 1]) < 0.1


# Serialised form.


def accepted(seeds):
    """Random programs within the limits, by seed."""
    for seed in seeds:
        try:
            program = _native.ShaderProgram.from_code(RandomProgram(seed, 12 + seed % 40).code)
        except CorruptError:
            continue
        if program.work < 20_000:
            yield seed, program


def test_programs_come_back():
    count = 0
    for seed, program in accepted(range(300)):
        data = program.write()
        again = _native.ShaderProgram.read(data)
        assert (
            again.code
            == program.code
            == [(t, i, [tuple(o) for o in os_]) for t, i, os_ in RandomProgram(seed, 12 + seed % 40).code]
        )
        assert again.write() == data
        count += 1
    assert count > 250


def test_truncations_are_refused_or_give_another_program():
    """The range coder's last bytes only tell where in an interval the program lies: without them it is another one."""
    refused = others = 0
    for _, program in accepted(range(12)):
        data = program.write()
        for length in range(len(data)):
            try:
                found = _native.ShaderProgram.read(data[:length])
            except FormatError:
                refused += 1
                continue
            assert found.code != program.code
            others += 1
        with pytest.raises(FormatError):
            _native.ShaderProgram.read(data + b"\1\2\3\4\5\6")
    assert refused > 20 * others


def test_flipped_bits_are_refused_or_give_a_program_that_draws():
    refused = drawn = 0
    for _, program in accepted(range(20)):
        data = program.write()
        for bit in range(0, 8 * len(data), 3):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            try:
                found = _native.ShaderProgram.read(bytes(damaged))
            except FormatError:
                refused += 1
                continue
            assert _native.ShaderProgram.read(found.write()).code == found.code
            if found.work < 20_000:
                arguments = {"format": "rgb24", "width": 9, "height": 2, "parameters": [0.0] * 64}
                assert found.draw(**arguments).packed() == found.draw(**arguments, reference=True).packed()
                drawn += 1
    assert refused > 100
    assert drawn > 30


# The verifier.

X, ONE, TRUE = ("input", 0), ("constant", "F", 1, 0, True), ("constant", "B", 1, 0, True)
OUT = ("rgb", 0, [X, X, X])


def made(*code):
    return _native.ShaderProgram.from_code(list(code))


@pytest.mark.parametrize(
    "code",
    [
        [],
        [("add", 0, [X, X])],
        [OUT, OUT],
        [("add", 0, [X]), OUT],
        [("add", 1, [X, X]), OUT],
        [("add", 0, [X, TRUE]), OUT],
        [("add", 0, [X, ("value", 0)]), OUT],
        [("add", 0, [X, ("input", 71)]), OUT],
        [("rgb", 0, [X, X])],
        [("end", 0, []), OUT],
        [("break_if", 0, [TRUE]), OUT],
        [("loop", 3, []), ("end", 0, []), OUT],
        [("loop", 3, [X]), OUT],
        [("loop", 0, [X]), ("end", 0, [X]), OUT],
        [("loop", 3, [X]), ("end", 0, [TRUE]), OUT],
        [("loop", 3, [X]), ("break_if", 0, [X, X]), ("end", 0, [X]), OUT],
        [("loop", 3, [X]), ("add", 0, [X, X]), ("end", 0, [X]), ("rgb", 0, [("value", 1)] * 3)],
        [("fbm", 9, [X, X, ("input", 5)]), OUT],
        [("fbm", 0, [X, X, ("input", 5)]), OUT],
        [("below", 3, [X, X]), OUT],
        [("prev_int", 3 | 128 << 8 | 128 << 16, []), OUT],
        [("prev_int", 0, []), OUT],
        [("rgb", 0, [("constant", "F", 10, 0, True), X, X])],
        [("rgb", 0, [("constant", "F", 2, 0, False), X, X])],
        [("rgb", 0, [("constant", "F", 1, 128, False), X, X])],
        [("rgb", 0, [("constant", "F", 1, 23, True), X, X])],
        [("rgb_int", 0, [("constant", "B", 2, 0, True)] * 3)],
    ],
)
def test_programs_without_sense_are_refused(code):
    with pytest.raises(CorruptError):
        made(*code)


@pytest.mark.parametrize(
    "code",
    [
        [("add", 0, [X, X])] * 4096 + [OUT],
        [("loop", 65537, [X]), ("end", 0, [X]), OUT],
        [("loop", 65536, [X]), ("loop", 65536, [X]), ("end", 0, [X]), ("end", 0, [X]), OUT],
        [("loop", 60000, [X]), ("sin", 0, [X]), ("end", 0, [X]), OUT],
        [("loop", 2, [X])] * 5 + [("end", 0, [X])] * 5 + [OUT],
        [("loop", 2, [X] * 33), ("end", 0, [X] * 33), OUT],
        [("prev_int", (128 + 65) << 8 | 128 << 16, []), OUT],
        [("rgb_int", 0, [("constant", "I", n, 0, True)] * 3) for n in range(1)]
        and [
            ("add_int", 0, [("constant", "I", 2 * n, 0, True), ("constant", "I", 2 * n + 1, 0, True)])
            for n in range(520)
        ]
        + [OUT],
    ],
)
def test_programs_over_a_limit_are_refused(code):
    with pytest.raises(CorruptError, match="over the format's limit"):
        made(*code)


# The tile VM.


def arguments_for(seed):
    format_name = "rgb24" if seed % 3 else "rgb30"
    width, height = ((37, 5), (150, 3), (1, 40))[seed % 3]
    return {
        "format": format_name,
        "width": width,
        "height": height,
        "t": 0.37 * seed,
        "frame": seed,
        "step": seed % 7,
        "parameters": [0.5, -2.0],
        "below": picture(format_name, width, height, 1),
        "prev": picture(format_name, width, height, 2),
    }


def test_both_vms_draw_the_same():
    varied = 0
    for seed, program in accepted(range(1000, 1400)):
        drawn = program.draw(**arguments_for(seed), threads=1 + seed % 3).packed()
        assert drawn == program.draw(**arguments_for(seed), reference=True).packed(), seed
        varied += len(set(drawn)) > 2
    assert varied > 100


def test_both_vms_find_the_same_values():
    """Bit for bit, whether the program makes anything of them or not."""
    told = 0
    parameters = [-0.0, -2.0, math.nan, math.inf, 1e-40, 0.5]
    for seed in range(4000, 4250):
        program = RandomProgram(seed, 10 + seed % 20)
        try:
            values = _native.ShaderProgram.from_code(program.observed())
        except CorruptError:
            continue
        if values.work > 5_000:
            continue
        arguments = arguments_for(seed) | {"parameters": parameters[seed % 5 :]}
        if seed % 4 == 0:
            arguments |= {"t": -0.0, "frame": 2**31}
        drawn = values.draw(**arguments, threads=1 + seed % 3).packed()
        assert drawn == values.draw(**arguments, reference=True).packed(), seed
        told += len(set(drawn)) > 10
    assert told > 150


DISTANCES = """
def color(x, y, t):
    u, v = x * 0.25 - 4, y * 0.25 - 4
    far = u / (v * v * v * {small})
    d = max(length(u, v - 1) - 1.5, length(u, v + 1) - 1.5)
    for k in range(4):
        d = min(d, max(length(u - k, v) - 1.5, length(u - 0.5, v * k) - 1.5))
    e = min(length(far, v) - 2, length(u, far) - 2)
    f = max(length(far - far, v), length(u, v))
    g = min(sqrt(u), sqrt(v)) + max(sqrt(u) - 1, sqrt(far) - 1)
    h = max(length(u, far) - far, length(v, far) - far)
    i = min(length(u, v) - 3, length(v, u + 1) - 3) + length(u, v) * 0.1
    return rgb(fract(d * {scale}), fract(e * 0.3 + f), fract(g + h * 0.2 + i))
"""


def test_the_least_and_greatest_of_distances_are_what_they_were():
    """Those that the tile VM takes one root of, at places where the distances are infinite and no numbers, too."""
    for small, scale in (("1", "0.7"), ("0.0000000001 * 0.0000000001 * 0.0000000001", "9.1")):
        program = compile_source(DISTANCES.format(small=small, scale=scale))
        size = {"format": "rgb30", "width": 70, "height": 40}
        drawn = program.draw(**size, threads=2).packed()
        assert drawn == program.draw(**size, reference=True).packed()
        assert len(set(drawn)) > 100


SCRIPT = """
import hashlib
import random
from aicodec_native import _native
from test_shader import accepted, arguments_for
for seed, program in accepted(range(2000, 2150)):
    print(seed, hashlib.sha256(program.draw(**arguments_for(seed), threads=2).packed()).hexdigest())
"""


def test_instruction_sets_draw_the_same():
    same_under_all(SCRIPT)


def test_threads_draw_the_same():
    for seed, program in accepted(range(3000, 3010)):
        arguments = arguments_for(seed) | {"width": 70, "height": 130, "below": None, "prev": None}
        found = {program.draw(**arguments, threads=threads).packed() for threads in (1, 2, 3, 8)}
        assert len(found) == 1


@pytest.mark.parametrize("width", [1, 15, 31, 32, 33, 127, 128, 129])
def test_columns_past_the_last_strip_are_left_alone(width):
    drawn = made(("rgb_int", 0, [("input", 5)] * 3)).draw(format="rgb24", width=width, height=3, frame=77)
    assert set(drawn.packed()) == {77}


LEVELS = [0.0, 0.5 / 255, 0.49 / 255, 254.49 / 255, 1.0, 1.2, 8.5e6, 1e30, math.inf]
LEVELS += [-1e-45, -0.0, -0.4 / 255, -0.6 / 255, -3.0, -8.5e6, -1e30, -math.inf, math.nan]
ROUNDING = """
from test_shader import LEVELS, made
program = made(("rgb", 0, [("input", 7)] * 3))
for level in LEVELS:
    print([set(program.draw(format="rgb30", width=130, height=2, parameters=[level]).packed())])
    print([set(program.draw(format="rgb24", width=130, height=2, parameters=[level]).packed())])
"""


def test_rounding_of_samples():
    wanted = [0, 1, 0, 254, 255, 255, 255, 255, 255] + [0] * 9
    program = made(("rgb", 0, [("input", 7)] * 3))
    for level, sample in zip(LEVELS, wanted, strict=True):
        drawn = program.draw(format="rgb24", width=130, height=2, parameters=[level])
        assert set(drawn.packed()) == {sample}, level
    same_under_all(ROUNDING)


def test_samples_of_other_pictures():
    seen = picture("rgb24", 40, 7, 3)
    plane = seen.plane(1).astype(int)

    def drawn(text, immediate, operands):
        values = [(text, immediate, operands)]
        kind = "rgb_int" if "int" in text else "rgb"
        program = made(*values, (kind, 0, [("value", 0)] * 3))
        return program.draw(format="rgb24", width=40, height=7, prev=seen, parameters=[0.5, -0.25]).plane(0).astype(int)

    def place(dx, dy, wrap):
        return 1 | wrap * 4 | (dx + 128) << 8 | (dy + 128) << 16

    rows, columns = np.mgrid[0:7, 0:40]
    for dx, dy in ((0, 0), (-1, 2), (64, -64), (5, -3)):
        clamped = plane[np.clip(rows + dy, 0, 6), np.clip(columns + dx, 0, 39)]
        assert np.array_equal(drawn("prev_int", place(dx, dy, False), []), clamped)
        assert np.array_equal(drawn("prev_int", place(dx, dy, True), []), plane[(rows + dy) % 7, (columns + dx) % 40])
    half, quarter = ("input", 7), ("input", 8)
    nearest = plane[rows, np.clip(columns + 1, 0, 39)]
    assert np.array_equal(drawn("prev_nearest", 1, [half, quarter]), nearest)
    right, up = np.clip(columns + 1, 0, 39), np.clip(rows - 1, 0, 6)
    exact = 0.75 * (plane + plane[rows, right]) / 2 + 0.25 * (plane[up, columns] + plane[up, right]) / 2
    assert np.abs(drawn("prev", 1, [half, quarter]) - exact).max() <= 0.5 + 1e-4


OFFSETS = {
    "one for all": "0.4, -1.3",
    "one a row": "3 * sin(y), y - 7",
    "one a column": "sin(x) * 90, 2 * cos(x)",
    "turned": "0.2 * x - 0.3 * y, 0.3 * x + 0.2 * y",
    "far outside": "x * 1e9 - 3e10, 1e9 - y * 1e9",
}


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("format_name", ["rgb24", "rgb30"])
def test_samples_at_every_kind_of_offset(offset, format_name):
    """The VM has a fast way where neighbouring pixels read neighbouring samples; the reference has none."""
    for name in ("prev", "prev_nearest"):
        program = compile_source(f"def color(x, y, t):\n    return rgb({name}({OFFSETS[offset]}))")
        seen = picture(format_name, 150, 40, 5)
        for other in (seen, None):
            arguments = {"format": format_name, "width": 150, "height": 40, "prev": other}
            assert program.draw(**arguments).packed() == program.draw(**arguments, reference=True).packed()


def test_integers_divide_downwards_and_wrap():
    rng = random.Random(1)
    numbers = [0, 1, -1, 2**31 - 1, -(2**31), *(rng.randint(-(2**31), 2**31 - 1) for _ in range(40)), 3, -7]

    def result(text, a, b):
        operands = [("constant", "I", value, 0, True) for value in (a, b)]
        code = [(text, 0, operands)]
        # A byte at a time comes out.
        for k in range(3):
            code += [("shift_right", 0, [("value", 0), ("constant", "I", 11 * k, 0, True)])]
            code += [("and_int", 0, [("value", 2 * k + 1), ("constant", "I", 1023, 0, True)])]
        drawn = made(*code, ("rgb_int", 0, [("value", 2), ("value", 4), ("value", 6)]))
        samples = np.frombuffer(drawn.draw(format="rgb30", width=1, height=1).packed(), dtype="<u2")
        return [int(v) for v in samples]

    def wanted(value):
        value = (value + 2**31) % 2**32 - 2**31
        return [value >> 11 * k & 1023 for k in range(3)]

    for a, b in zip(numbers, reversed(numbers), strict=True):
        assert result("add_int", a, b) == wanted(a + b)
        assert result("mul_int", a, b) == wanted(a * b)
        assert result("div_int", a, b) == wanted(a // b if b else 0)
        assert result("mod_int", a, b) == wanted(a % b if b else 0)
        assert result("shift_left", a, b) == wanted(a << (b & 31))


def test_truncated_is_told_apart():
    with pytest.raises(TruncatedError):
        _native.ShaderProgram.read(b"")


def test_a_program_of_many_loops_is_drawn_like_any_other():
    """Its results all live to the end; what prepares it must not take time for every pair of loops and values."""
    code, results = [], []
    for k in range(1300):
        value = 2 * k
        code += [("loop", 1, [X]), ("break_if", 0, [TRUE, ("value", value)]), ("end", 0, [("value", value)])]
        results.append(("value", value + 1))
    total = results[0]
    for k in range(190):
        code.append(("add", 0, [total, results[-1 - k]]))
        total = ("value", 2600 + k)
    program = made(*code, ("rgb", 0, [total, total, X]))
    arguments = {"format": "rgb24", "width": 40, "height": 1}
    assert program.draw(**arguments).packed() == program.draw(**arguments, reference=True).packed()
