"""Shader programs as text: what it means, how errors read, and that shown programs compile to the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from aicodec_native import CorruptError, ProgramError, _native
from aicodec_native.shader_source import compile_source
from aicodec_native.shader_text import program_text
from shader_examples import EXAMPLES
from shader_programs import RandomProgram, picture

SIZE = {"width": 48, "height": 27}


def drawn(text, **arguments):
    program = compile_source(text)
    values = {"format": "rgb24", **SIZE, "t": 1.25, "parameters": [0.3, 0.7], **arguments}
    shown = program.draw(**values)
    assert shown.packed() == program.draw(**values, reference=True).packed()
    return [shown.plane(p).astype(int) for p in range(3)]


def value_of(expression, **arguments):
    """One number, as the program computes it, in 1/1000 (clamped to -0.1 .. 0.9)."""
    text = f"def color(x, y, t):\n    v = {expression}\n    k = int(round(v * 1000)) + 100\n    return rgb_int(k, k, k)"
    found = compile_source(text).draw(format="rgb30", width=1, height=1, **arguments)
    return (int(found.plane(0)[0, 0]) - 100) / 1000


def body(text):
    lines = "\n".join("    " + line for line in text.strip().splitlines())
    return f"def color(x, y, t):\n{lines}\n"


# The documentation's examples.


def test_there_are_ten_examples():
    assert len(EXAMPLES) == 10


@pytest.mark.parametrize("title", EXAMPLES)
def test_examples_compile_and_draw(title):
    size = {"width": 160, "height": 90}
    program = compile_source(EXAMPLES[title])
    assert 15 <= len(program.write()) <= 200
    pictures = {name: picture("rgb24", **size, seed=seed) for seed, name in enumerate(("below", "prev"))}
    frames = []
    for step in (0, 1, 2):
        arguments = {"format": "rgb24", **size, "t": step / 2, "frame": step, "step": step, "parameters": [step / 7]}
        frames.append(program.draw(**arguments, **pictures))
        assert frames[-1].packed() == program.draw(**arguments, **pictures, reference=True).packed()
        pictures["prev"] = frames[-1]
    assert all(len(np.unique(frame.plane(p))) > 1 for frame in frames for p in range(3))
    assert frames[0].packed() != frames[1].packed() != frames[2].packed()


@pytest.mark.parametrize("title", EXAMPLES)
def test_examples_are_shown_as_text_of_the_same_bytes(title):
    program = compile_source(EXAMPLES[title])
    text = program_text(program)
    assert compile_source(text).write() == program.write()
    assert "@verbatim" not in text
    assert len(text.splitlines()) <= 2 * len(EXAMPLES[title].splitlines()) + 12


def test_life_follows_its_rule():
    text = EXAMPLES["8. Life"]
    before = (np.random.default_rng(3).random((27, 48)) < 0.4).astype(np.uint8)
    previous = _native.Picture.from_rgb(np.repeat(before[:, :, None] * 255, 3, axis=2).astype(np.uint8))
    neighbours = sum(np.roll(before, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dx, dy) != (0, 0))
    wanted = 255 * ((neighbours == 3) | ((neighbours == 2) & (before == 1)))
    assert np.array_equal(drawn(text, prev=previous, step=1)[0], wanted)


# The language.


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 * 0.25 + 0.1", 0.6),
        ("7 // 2 / 10", 0.3),
        ("-7 // 2 / -10", 0.4),
        ("float(frame // 2) / 10", 0.3),
        ("float(-frame // 2) / -10", 0.4),
        ("-frame % 4 / 10", 0.1),
        ("mod(-0.7, 0.5)", 0.3),
        ("0.3 if frame > 6 else 0.8", 0.3),
        ("0.3 if 1 < frame <= 6 else 0.8", 0.8),
        ("(frame & 5) / 10", 0.5),
        ("(frame ^ 5 | 1) / 10", 0.3),
        ("(~frame + 9 << 2 >> 1) / 10", 0.2),
        ("0.3 if not (frame == 7 and t < 1) else 0.8", 0.8),
        ("0.3 if frame != 7 or t > 1 else 0.8", 0.8),
        ("(param(0) + 0.1) ** 2", 0.25),
        ("pow(param(0), 0.5)", 0.4**0.5),
        ("0.1 * 2 ** (frame - 5)", 0.4),
        ("min(frame, 3, 9) / 10", 0.3),
        ("max(0.2, param(0), 0.1)", 0.4),
        ("max(frame, 3) / 10", 0.7),
        ("abs(-frame) / 10", 0.7),
        ("sign(-param(0)) / -10", 0.1),
        ("step(0.4, param(0)) / 2", 0.5),
        ("ceil(param(0)) / 5", 0.2),
        ("round(2.5) / 10", 0.3),
        ("fract(-param(0))", 0.6),
        ("smoothstep(0, 0.8, param(0))", 0.5),
        ("clamp(param(0), 0.45, 0.5)", 0.45),
        ("mix(0.2, 0.4, param(0))", 0.28),
        ("length(3, 4) / 10", 0.5),
        ("length((1, 2, 2)) / 10", 0.3),
        ("distance((0.1, 0.2), (0.4, 0.6))", 0.5),
        ("dot((1, 2), (0.1, 0.2))", 0.5),
        ("(1, 2, 3)[1] / 10", 0.2),
        ("atan2(1, 1)", np.pi / 4),
        ("atan(0.5)", np.arctan(0.5)),
        ("tan(0.5)", np.tan(0.5)),
        ("sin_turns(1 / 12)", 0.5),
        ("log(2)", np.log(2)),
        ("log2(frame - 5) / 2", 0.5),
        ("exp(-1)", np.exp(-1)),
        ("sd_circle(3, 4, 4.5)", 0.5),
        ("sd_box(0.6, 0, 0.2, 1)", 0.4),
        ("sd_segment(0.5, 0.3, 0, 0, 1, 0)", 0.3),
        ("hsv(1 / 3, 0.5, 0.8)[0]", 0.4),
        ("hsv(1 / 3, 0.5, 0.8)[1]", 0.8),
        ("pi / 10 + tau / 100", np.pi / 10 + np.pi / 50),
        ("(frame > 6) / 2", 0.5),
        ("exact(5, -3)", 0.625),
        ("1e-1 + 3E-1", 0.4),
    ],
)
def test_expressions(expression, value):
    found = value_of(expression, t=0.5, frame=7, parameters=[0.4])
    assert found == pytest.approx(value, abs=6e-4), expression


def test_hash_is_an_even_spread_and_depends_on_each_argument():
    seen = [
        drawn(body(f"k = rand({arguments})\nreturn rgb(k, k, k)"), width=256, height=64)[0]
        for arguments in ("x, y", "x, y, 1", "y, x", "x + 1, y")
    ]
    for plane in seen:
        assert abs(plane.mean() - 127.5) < 2
        assert abs(np.corrcoef(plane[:, 1:].ravel(), plane[:, :-1].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(seen[0].ravel(), seen[1].ravel())[0, 1]) < 0.03
    assert np.array_equal(seen[0][:, 1:], seen[3][:, :-1])


def test_statements():
    text = body("""
total, i = 0, 5
for i in range(2, 20, 3):
    if i > 12 and x < 24:
        break
    if i % 2 == 0:
        total += i
    elif i == 5:
        total += 100
    else:
        pass
v = (0, 0)
for _ in range(3):
    v = v + (1, 2)
return rgb_int(total, i, v[0] + v[1])
""")
    left, right, last = drawn(text)
    assert set(left[:, :24].ravel()) == {2 + 100 + 8}
    assert set(left[:, 24:].ravel()) == {2 + 100 + 8 + 14}
    assert set(right[:, :24].ravel()) == {14}
    assert set(last.ravel()) == {9}


def test_loops_in_loops_and_integers_that_become_floats():
    text = body("""
n = 0
for i in range(5):
    m = 0
    for k in range(10):
        if k > i:
            break
        m = m + 0.5
    n = n + m
return rgb(n / 255, x / 255 * 0, 0)
""")
    assert set(drawn(text)[0].ravel()) == {round(0.5 * (1 + 2 + 3 + 4 + 5) + 1e-9)}


def test_equal_expressions_cost_nothing_and_dead_ones_neither():
    short = body("k = sin(x * 0.1 + t)\nreturn rgb(k, k, k)")
    long = body(
        "a = sin(x * 0.1 + t)\nb = cos(y) * 7\nfor i in range(9):\n    b += a\nreturn rgb(a, sin(x * 0.1 + t), a)"
    )
    assert compile_source(short).write() == compile_source(long).write()


def test_rgba_mixes_with_what_is_below():
    below = picture("rgb24", **SIZE, seed=5)
    got = drawn(body("return rgba(1, 0, 0.5, 0.25)"), below=below)
    for p, level in enumerate((255, 0, 127.5)):
        wanted = below.plane(p) * 0.75 + level * 0.25
        assert np.abs(got[p] - wanted).max() <= 0.51


# Shown programs.


def test_any_program_has_a_text():
    count = 0
    for seed in range(150):
        try:
            program = _native.ShaderProgram.from_code(RandomProgram(seed, 5 + seed % 30).code)
        except CorruptError:
            continue
        assert compile_source(program_text(program)).write() == program.write(), seed
        count += 1
    assert count > 120


@pytest.mark.parametrize("number", [0.1, -0.02, 1 / 3, 1e-30, 3.4e38, 123456.0, -7e5, 1.5e-45, 16777217.0, 2.0**-20])
def test_constants_come_back(number):
    program = compile_source(body(f"return rgb({number!r}, x, y)"))
    (operand,) = [o for o in program.code[-1][2] if o[0] == "constant"]
    assert _native.shader_constant_value(*operand[2:]) == np.float32(number)
    assert compile_source(program_text(program)).write() == program.write()


# Errors.


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("def color(x, y, t)\n    return rgb(x, y, t)", 1, 19, "expected ':'"),
        ("x = 1", 0, 0, "there is no function color"),
        ("import os\ndef color(x): return rgb(x, x, x)", 1, 1, "only functions and constants"),
        ("def color(x, z): return rgb(x, x, x)", 1, 1, "color takes x, y and t"),
        (body("return x"), 2, 5, "must end in a return of a colour"),
        (body("return rgb(x, y)"), 2, 12, "takes 3 numbers, not 2"),
        (body("return hsv(x, y, t)"), 2, 12, "color returns rgb"),
        (body("return rgb(x, y, q)"), 2, 22, "q has no value here"),
        (body("return rgb(x, sine(y), 0)"), 2, 19, "no function sine"),
        (body("return rgb(x, sin(y, x), 0)"), 2, 19, "takes 1 arguments, not 2"),
        (body("return rgb(x, x & 3, 0)"), 2, 19, "an integer is wanted here, not a float"),
        (body("return rgb(x, y if x else t, 0)"), 2, 19, "a truth value is wanted here"),
        (body("while x < 3:\n    x = x + 1\nreturn rgb(x, x, x)"), 2, 5, "while is not there"),
        (body("n = 0\nfor i in range(int(x)):\n    n += 1\nreturn rgb(n, n, n)"), 3, 20, "must be a whole constant"),
        (body("n = 0\nfor i in (1, 2):\n    n += 1\nreturn rgb(n, n, n)"), 3, 14, "a loop is over range"),
        (body("if x > 3:\n    k = 1\nreturn rgb(k, 0, 0)"), 4, 16, "k has no value here"),
        (body("k = x.real\nreturn rgb(k, 0, 0)"), 2, 9, "a name with a dot is not part"),
        (body("k = [i for i in range(3)]\nreturn rgb(0, 0, 0)"), 2, 9, "ListComp is not part"),
        (body("k = prev_int(x, 0)\nreturn rgb(0, 0, 0)"), 2, 9, "whole constants from -64 to 64"),
        (body("k = prev_int(65, 0)\nreturn rgb(0, 0, 0)"), 2, 9, "whole constants from -64 to 64"),
        (body("k = 1 / 0\nreturn rgb(k, 0, 0)"), 2, 9, "cannot be computed"),
        (body("k = x + 1e39\nreturn rgb(k, 0, 0)"), 2, 9, "not a finite 32-bit float"),
        (body("k = frame + 3000000000\nreturn rgb(k, 0, 0)"), 2, 9, "more than 32 bits"),
        (body("k = (1, 2) + (1, 2, 3)\nreturn rgb(k)"), 2, 9, "do not go together"),
        (body("return rgb(fbm(x, y, 9), 0, 0)"), 2, 16, "constant from 1 to 8"),
        ("def f(a): return f(a)\ndef color(x): return rgb(f(x), 0, 0)", 1, 18, "calls itself"),
        ("def f(a, *b): return a\ndef color(x): return rgb(f(x), 0, 0)", 2, 26, "takes 1 arguments"),
        (body("k = 0\nfor i in range(60000):\n    k = sin(k)\nreturn rgb(k, k, k)"), 0, 0, "over a limit"),
        (body("k = 0\nfor i in range(70000):\n    k = sin(k)\nreturn rgb(k, k, k)"), 3, 14, "at most 65,536 turns"),
        (body("k = x\n" + "k = sin(k)\n" * 5000 + "return rgb(k, k, k)"), 0, 0, "over a limit"),
        ("def color(x):\n    return rgb(" + "(" * 150 + "x" + ")" * 150 + ", 0, 0)", None, None, None),
        (body("k = " + "-" * 5000 + "x\nreturn rgb(k, k, k)"), None, None, None),
        ("\0", 0, 0, ""),
    ],
)
def test_errors_say_where_and_what(text, line, column, says):
    if says is None:  # deep nesting: whatever Python's parser makes of it, no crash
        try:
            compile_source(text)
        except ProgramError:
            return
        return
    with pytest.raises(ProgramError) as caught:
        compile_source(text)
    assert says in str(caught.value)
    if says:
        assert (caught.value.line, caught.value.column) == (line, column)


def test_nothing_is_executed(tmp_path):
    marker = tmp_path / "ran"
    for text in (
        f"open({str(marker)!r}, 'w')\ndef color(x): return rgb(x, x, x)",
        f"def color(x):\n    k = open({str(marker)!r}, 'w')\n    return rgb(x, x, x)",
        f"@open({str(marker)!r}, 'w')\ndef color(x): return rgb(x, x, x)",
    ):
        with pytest.raises(ProgramError):
            compile_source(text)
    assert not marker.exists()
