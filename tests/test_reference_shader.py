"""The shader layer in the native decoder and in the one of tests/reference, which knows the document alone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import raw_programs
from aicodec_native import FormatError, _native, tracks
from aicodec_native.shader_source import compile_source
from reference import bits, colour, container, shader, table
from reference.program import read_program
from shader_examples import EXAMPLES
from shader_programs import RandomProgram, picture

WIDTH, HEIGHT, FIRST, STEP = 12, 9, 3, 2
HEADERS = {"rgb24": container.Header(0, 8, WIDTH, HEIGHT, (1, 1000), (100, 3))}
HEADERS["rgb30"] = container.Header(0, 10, WIDTH, HEIGHT, (1, 1000), (100, 3))
WAVES = compile_source(EXAMPLES["2. Plasma"]).write()


def planes_of(drawn):
    return [drawn.plane(index).astype(np.int64) for index in range(3)]


def both_draw(program, format_name, below, prev):
    """The frame by either decoder, as planes."""
    columns = [table.Column("", True, [0.25 * k - 1] * 9) for k in range(program.parameters)]
    ours = program.draw(
        format=format_name,
        width=WIDTH,
        height=HEIGHT,
        t=float(np.float32(float(FIRST + STEP) * 100.0 / 3000.0)),
        frame=FIRST + STEP,
        step=STEP,
        parameters=[column.values[0] for column in columns],
        below=below,
        prev=prev,
    )
    layer = shader.ShaderLayer(read_program(program.write()), columns)
    pictures = [None if p is None else planes_of(p) for p in (below, prev)]
    return planes_of(ours), shader.draw(layer, HEADERS[format_name], FIRST, STEP, *pictures)


@pytest.mark.parametrize("format_name", HEADERS)
@pytest.mark.parametrize("title", EXAMPLES)
def test_examples(title, format_name):
    below, prev = picture(format_name, WIDTH, HEIGHT, 1), picture(format_name, WIDTH, HEIGHT, 2)
    ours, theirs = both_draw(compile_source(EXAMPLES[title]), format_name, below, prev)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    format_name = "rgb30" if seed % 2 else "rgb24"
    program = _native.ShaderProgram.from_code(RandomProgram(seed, 40).code)
    read = read_program(program.write())
    assert (read.work, read.parameters) == (program.work, program.parameters)
    assert read.reads == {n for n, does in (("below", program.reads_below), ("prev", program.reads_prev)) if does}
    below = picture(format_name, WIDTH, HEIGHT, seed)
    ours, theirs = both_draw(
        program, format_name, below, picture(format_name, WIDTH, HEIGHT, -seed) if seed % 5 else None
    )
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("seed", range(100, 130))
def test_values_of_random_programs(seed):
    """Bit for bit, whether the programs make anything of them or not."""
    program = _native.ShaderProgram.from_code(RandomProgram(seed, 20).observed())
    pictures = [picture("rgb24", WIDTH, HEIGHT, number) for number in (seed, -seed)]
    ours, theirs = both_draw(program, "rgb24", *pictures)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert len(np.unique(ours)) > 10


def verdicts(native, theirs, data):
    """What either makes of some bytes: whether it reads them."""
    found = []
    for read, refusal in ((native, FormatError), (theirs, bits.RefusedError)):
        try:
            read(data)
            found.append(True)
        except refusal:
            found.append(False)
    return found


@given(st.binary(max_size=60))
@example(WAVES)
@settings(max_examples=400, deadline=None)
def test_the_same_programs_are_refused(data):
    ours, theirs = verdicts(_native.ShaderProgram.read, read_program, data)
    assert ours == theirs


@given(st.integers(0, 10**9))
@settings(max_examples=400, deadline=None)
def test_the_same_damaged_programs_are_refused(seed):
    dice = random.Random(seed)
    program = _native.ShaderProgram.from_code(RandomProgram(dice.randrange(20), dice.randrange(1, 20)).code)
    data = bytearray(program.write())
    for _ in range(dice.randint(1, 3)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    ours, theirs = verdicts(_native.ShaderProgram.read, read_program, bytes(data))
    assert ours == theirs


@given(st.binary(max_size=40))
@example(b"Fb\x00\x01\x00\x01?\x00\x00\x00\x01")
@settings(max_examples=400, deadline=None)
def test_the_same_tables_are_read(data):
    ours, theirs = verdicts(_native.unpack_table, table.read_table, data)
    assert ours == theirs


NUMBERS = st.floats(allow_nan=True) | st.floats(-100, 100).map(lambda v: round(v, 2)) | st.integers(-9, 9).map(float)
COLUMNS = st.lists(NUMBERS, min_size=1, max_size=20) | st.lists(
    st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20
)


@given(COLUMNS)
@example([0.5 + 0.3 * table.sine(0.1 * i) for i in range(50)])
@example([i % 5 for i in range(100)])
@settings(max_examples=200, deadline=None)
def test_tables_hold_the_same(values):
    rows, columns = table.read_table(tracks.pack({"name": values}))
    assert (rows, len(columns), columns[0].name) == (len(values), 1, "name")
    theirs = np.array(columns[0].values)
    assert columns[0].is_float == isinstance(values[0], float)
    ours = np.array(values)
    assert np.array_equal(theirs, ours, equal_nan=columns[0].is_float)
    if columns[0].is_float:
        assert np.array_equal(np.signbit(theirs[ours == 0]), np.signbit(ours[ours == 0]))


@given(st.floats(-(2.0**31), 2.0**31) | st.floats(-10, 10) | st.floats())
@settings(max_examples=500)
def test_sines(x):
    assert table.sine(x) == _native.sine64(np.array([x]))[0]


@pytest.mark.parametrize("matrix", [1, 2, 5, 6, 7, 9])
@pytest.mark.parametrize("target", ["yuv420p", "yuv420p10", "yuv444p", "yuv444p10"])
@pytest.mark.parametrize("source", ["rgb24", "rgb30"])
def test_rgb_to_ycbcr(source, target, matrix):
    wanted = (1 if "420" in target else 2), (10 if target.endswith("10") else 8)
    for size, full, centred in (
        ((31, 17), False, False),
        ((64, 6), True, True),
        ((1, 1), True, False),
        ((1200, 2), False, True),
    ):
        drawn = picture(source, *size, seed=matrix)
        description = _native.Colour(matrix=matrix, full_range=full, chroma_centred=centred)
        ours = planes_of(drawn.convert(target, description))
        theirs = colour.from_rgb(planes_of(drawn), 10 if source == "rgb30" else 8, wanted, matrix, full, centred)
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_tests_write_programs_as_the_native_writer_does():
    x, newest = ("input", 0), ("value", 0)
    native = _native.ShaderProgram.from_code(
        [
            ("loop", 5, [x, ("constant", "I", -7, 0, True)]),
            ("break_if", 0, [("constant", "B", 1, 0, True), ("constant", "F", -15, -1, True), ("value", 1)]),
            ("prev_int", 1 | 4 | (128 + 9) << 8 | (128 - 64) << 16, []),
            ("end", 0, [("constant", "F", -15, -1, True), ("value", 2)]),
            ("fbm", 3, [("value", 3), ("constant", "F", 3, -40, False), ("value", 4)]),
            ("rgb", 0, [("value", 5), ("value", 5), x]),
        ]
    )
    raw = raw_programs.program(
        ("loop", 5, [x, ("I", -7)]),
        ("break_if", None, [("B", 1), ("F", -15, 1, -1), newest]),
        ("prev_int", (1, 1, 9, -64), []),
        ("end", None, [("older", 0), newest]),
        ("fbm", 3, [("value", 1), ("F", 3, 0, -40), newest]),
        ("rgb", None, [newest, newest, x]),
    )
    assert raw == native.write()
