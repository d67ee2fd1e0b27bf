"""Fitting: derivatives against differences of the reference VM, constants found again, rounding, refusals."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import InputError, OptionError, ProgramError, _native
from aicodec_native.fitting.constants import FreeConstants, bits_of, decimal, value_of
from aicodec_native.fitting.evolution import Cloud, evolve
from aicodec_native.fitting.pixels import Pixels
from aicodec_native.fitting.problem import NO_DIRECTIONS, Clock, Problem, samples_of
from aicodec_native.fitting.rounding import rounded
from aicodec_native.fitting.scans import short_decimals
from aicodec_native.shader_source import compile_source
from shader_programs import picture

WIDTH, HEIGHT = 64, 48
RGB = _native.Colour()


def program(*lines):
    return "def color(x, y, t):\n" + "".join(f"    {line}\n" for line in lines)


def clip(text, frames=8, width=WIDTH, height=HEIGHT, fps=30, **arguments):
    """What a program draws, (frames, height, width, 3)."""
    compiled = compile_source(text)
    size = {"format": "rgb24", "width": width, "height": height}
    drawn = [
        compiled.draw(**size, t=float(np.float32(i / fps)), frame=i, step=i, **arguments).rgb(RGB)
        for i in range(frames)
    ]
    return np.stack(drawn)


def problem_of(text, frames, *, tied=True, below=(), prev=()):
    constants = FreeConstants(compile_source(text), tied=tied, zeros=False)
    track = np.zeros((len(frames), 0), np.float32)
    return Problem(constants, Pixels(frames), 30, track, list(below), list(prev), Clock(1e9, None, None))


WAVE = program(
    "u, v = x / width, y / height",
    "k = 0.5 + 0.4 * sin(u * 9 + t * 2) * cos(v * 5 - t)",
    "return rgb(k, k * 0.7, 0.9 - k * 0.6)",
)
WRONG_WAVE = WAVE.replace("u * 9", "u * 10.4").replace("t * 2", "t * 1.7").replace("0.4", "0.35").replace("0.6", "0.72")

# Derivatives. Each expression is in 0 to 1 and has its corners, if any, away from the pixels; c is 0.37.
SMOOTH = {
    "mul": "x * c * 0.01",
    "add": "x * 0.01 + c",
    "sub": "0.9 - x * 0.005 - c",
    "div": "(0.1 + x * 0.001) / c",
    "neg": "1 - -c * -1.0 * (x * 0.01)",
    "mix": "mix(c, 0.9, x * c * 0.02)",
    "min": "min(x * c * 0.03, 0.4 + c * 0.1)",
    "max": "max(x * c * 0.03, 0.4 + c * 0.1)",
    "abs": "abs(x * 0.01 - c)",
    "sqrt": "sqrt(x * 0.01 * c + 0.01)",
    "length": "length(x * c * 0.02, y * c * c * 0.02)",
    "fract": "fract(x * c * 0.1 + 0.013)",
    "clamp": "clamp(x * 0.02, c, 0.8)",
    "smoothstep": "smoothstep(c - 0.2, c + 0.5, x * 0.015)",
    "mod": "mod(x * 0.1 + 0.013, c)",
    "sin": "0.5 + 0.4 * sin(x * c)",
    "cos": "0.5 + 0.4 * cos(x * c)",
    "sin_turns": "0.5 + 0.4 * sin_turns(x * c * 0.1)",
    "cos_turns": "0.5 + 0.4 * cos_turns(x * c * 0.1)",
    "exp": "0.3 * exp(x * 0.01 * c)",
    "exp2": "0.3 * exp2(x * 0.01 * c)",
    "log": "0.2 * log(1.1 + x * c)",
    "log2": "0.1 * log2(1.1 + x * c)",
    "pow": "0.5 * pow(0.1 + x * 0.01, c)",
    "pow base": "pow(0.2 + x * 0.01 * c, 1.7)",
    "atan2": "0.5 + 0.1 * atan2(y - 20.5, x * c - 10.3)",
    "noise": "noise(x * c * 0.1 + 0.01, y * c * 0.2, 3)",
    "gnoise": "0.5 + 0.3 * gnoise(x * c * 0.1 + 0.01, y * c * 0.2, 3)",
    "fbm": "0.5 + 0.3 * fbm(x * c * 0.05 + 0.01, y * c * 0.1, 4, 9)",
    "select": "c * 0.5 if x < 30.5 else sqrt(c) * 0.9",
    "prev": "prev(c * 3, c - 2)[1]",
    "below": "below(c * -2, c * 4)[0]",
    "floor": "0.5 * c + floor(x * c) * 0.02",
    "step": "0.5 * c + 0.2 * step(10, x * c)",
    "prev_nearest": "0.5 * c + prev_nearest(c, c)[0] * 0.3",
}


def sampled(problem, frame, seed=0, count=500):
    r = np.random.default_rng(seed)
    at = [
        np.full(count, frame, np.uint32),
        *(r.integers(2, side - 2, count).astype(np.uint32) for side in (HEIGHT, WIDTH)),
    ]
    return at, samples_of(*at, np.zeros((count, 3), np.float32), 1)


def drawn_at(native, values, samples):
    """Colours as floats, without the rounding to samples: residuals against black."""
    return native.rows(values, samples, np.zeros((1, len(values)), np.float32))[0]


@pytest.mark.parametrize("name", SMOOTH)
def test_derivatives_are_what_differences_say(name):
    text = program("c = 0.37", f"k = {SMOOTH[name]}", "return rgb(k, k * 0.5, 0.3)")
    pictures = [picture("rgb24", WIDTH, HEIGHT, seed) for seed in range(4)]
    frames = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    problem = problem_of(text, frames, below=pictures[:2], prev=pictures[2:])
    values = problem.constants.values
    _, samples = sampled(problem, 1)
    colours, slopes, _ = problem.native.rows(values, samples, NO_DIRECTIONS)
    inside = (colours > 0.001).all(1) & (colours < 0.999).all(1)
    assert inside.mean() > 0.5
    checked = 0
    for number, value in enumerate(values):
        step = np.float32(2e-3 * max(abs(value), 0.1))
        sides = []
        for sign in (1, -1):
            moved = values.copy()
            moved[number] += sign * step
            sides.append((moved[number], drawn_at(problem.native, moved, samples)))
        difference = (sides[0][1] - sides[1][1]) / (sides[0][0] - sides[1][0])
        halves = np.abs(sides[0][1] + sides[1][1] - 2 * colours)
        found = slopes[:, :, number]
        # Where the two sides disagree a step or a corner lies between.
        smooth = (halves < 2e-3).all(1) & inside
        error = np.abs(found - difference)[smooth]
        tolerance = 0.02 * np.abs(difference[smooth]) + 0.02 * np.abs(difference[smooth]).max(initial=0) + 2e-3
        assert (error <= tolerance).mean() > 0.97, (value, error.max())
        checked += smooth.sum()
    assert checked > 300


def test_values_are_those_of_the_reference_vm():
    for text in (
        WAVE,
        program(
            "a = x * 0.01",
            "for i in range(40):",
            "    if a > 0.8:",
            "        break",
            "    a = a * 1.1 + 0.01",
            "return rgb(a, a * a, i_(a))",
        ).replace("i_(a)", "fract(a * 7)"),
    ):
        frames = clip(text, 3, reference=True)
        problem = problem_of(text, frames)
        at, samples = sampled(problem, 2)
        colours = drawn_at(problem.native, problem.constants.values, samples)
        assert (np.floor(colours * 255 + np.float32(0.5)) == frames[tuple(at)]).all()


def test_loops_and_breaks_carry_derivatives():
    lines = (
        "a, b = x * 0.002, c",
        "for i in range(9):",
        "    if a > 0.5:",
        "        break",
        "    a, b = a + b * 0.2, b + a * 0.1",
    )
    looped = program("c = 0.37", *lines, "return rgb(a, b, 0.2)")
    problem = problem_of(looped, np.zeros((1, HEIGHT, WIDTH, 3), np.uint8))
    values = problem.constants.values
    number = int(np.argmin(np.abs(values - 0.37)))
    _, samples = sampled(problem, 0)
    _, slopes, _ = problem.native.rows(values, samples, NO_DIRECTIONS)
    step = np.zeros_like(values)
    step[number] = 1e-3
    difference = (
        drawn_at(problem.native, values + step, samples) - drawn_at(problem.native, values - step, samples)
    ) / 2e-3
    same = np.abs(slopes[:, :, number] - difference) < 0.02
    # Those that leave the loop a turn earlier on one side differ.
    assert same.all(1).mean() > 0.9
    assert np.abs(difference[:, 0]).max() > 0.1


def test_exact_constants_and_integers_stay():
    text = program("k = exact(3, -3) + 0.4 * sin(x * 0.3) + noise(x * 0.2, y, 7) * 0.1", "return rgb(k, k, k)")
    wrong = text.replace("0.4", "0.3").replace("0.3)", "0.32)")
    result = aic.fit(wrong, clip(text, 3), seconds=5)
    assert "exact(3, -3)" in result.text
    assert ", 7)" in result.text
    assert result.psnr > 50


@pytest.mark.parametrize(
    "text",
    [
        WAVE,
        program("k = mix((0.1, 0.3, 0.6), (0.9, 0.5, 0.2), (x * 0.7 + y * 0.4) / width + t * 0.3)", "return rgb(k)"),
        program("r = length(x - 30, y - 20.5)", "k = 0.5 + 0.45 * sin(r * 0.4 - t * 3)", "return rgb(k, k * k, 0.2)"),
    ],
)
def test_known_programs_come_back(text):
    constants = FreeConstants(compile_source(text), tied=True, zeros=False)
    factors = 1 + 0.2 * np.random.default_rng(1).uniform(-1, 1, len(constants))
    wrong = constants.program_with([_native.shader_constant(float(v)) for v in constants.values * factors])
    result = aic.fit(wrong, clip(text), seconds=20)
    assert result.psnr > 55
    assert result.bytes <= len(compile_source(text).write()) + 4
    assert compile_source(result.text).write() == result.program.write()


THRESHOLDS = program(
    "u, v = x - width * 0.45, y - height * 0.55",
    "a, b = floor(u / (9 + 3 * t)), floor(v / 7)",
    "k = 0.85 if mod(a + b, 2) < 1 else 0.2",
    "return rgb(k, k * 0.9, 0.3)",
)
ESCAPES = program(
    "cx, cy = (x - width * 0.6) * 0.05, (y - height * 0.45) * 0.05",
    "a, b, n = 0.0, 0.0, 0",
    "for i in range(24):",
    "    if a * a + b * b > 16:",
    "        break",
    "    a, b = a * a - b * b + cx, 2 * a * b + cy",
    "    n = i + 1",
    "k = sqrt(n / 24)",
    "return rgb(0.1 + 0.7 * k, k * k * 0.8, 0.3)",
)
DRAWING = program(
    "c = 0.2",
    "c = mix(c, 0.8, clamp(0.5 - sd_circle(x - 20 - 9 * t, y - 15, 7), 0, 1))",
    "c = mix(c, 0.6, clamp(0.5 - sd_box(x - 45, y - 30 + 8 * t, 6, 4), 0, 1))",
    "c = mix(c, 0.95, clamp(0.5 - sd_circle(x - 48, y - 10, 3), 0, 1))",
    "return rgb(c, c * 0.7, 0.4)",
)


@pytest.mark.parametrize(("text", "seed"), [(THRESHOLDS, 1), (THRESHOLDS, 2), (ESCAPES, 1), (DRAWING, 1)])
def test_what_derivatives_do_not_see_comes_back(text, seed):
    constants = FreeConstants(compile_source(text), tied=True, zeros=False)
    factors = 1 + 0.2 * np.random.default_rng(seed).uniform(-1, 1, len(constants))
    wrong = constants.program_with([_native.shader_constant(float(v)) for v in constants.values * factors])
    frames = clip(text, 20)
    assert aic.fit(wrong, frames, spread=0, seconds=60).psnr < 30
    assert aic.fit(wrong, frames, seconds=60).psnr > 50


def test_a_cloud_finds_what_makes_up_for_what():
    turned, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(6, 6)))
    right = np.array([0.3, -0.7, 0.1, 0.5, -0.2, 0.6])

    def costs(trials):
        return (np.square((trials - right) @ turned) @ 10.0 ** np.arange(6)) + 1e-9

    def found(most, generations):
        cloud = Cloud(np.zeros(6), np.eye(6))
        low, high = np.full(6, -2.0), np.full(6, most)
        return evolve(costs, cloud, low, high, np.random.default_rng(1), generations)

    assert np.abs(found(2.0, 400) - right).max() < 1e-3
    assert (found(2.0, 400) == found(2.0, 400)).all()
    assert found(0.4, 100).max() <= 0.4


def test_short_decimals_of_a_range():
    assert short_decimals(1.7, 2.3) == pytest.approx([1.7, 1.8, 1.9, 2.0, 2.1, 2.2, 2.3])
    assert short_decimals(-0.021, -0.018) == pytest.approx([-0.021, -0.02, -0.019, -0.018])
    assert short_decimals(0.0, 0.0) == []


def test_costs_are_those_of_each_row():
    problem = problem_of(WRONG_WAVE, clip(WAVE, 2))
    _, samples = sampled(problem, 1)
    rows = problem.constants.values * np.linspace(0.9, 1.1, 5, dtype=np.float32)[:, None]
    together = problem.native.costs(rows, samples, 0.3)
    for number, row in enumerate(rows):
        residuals = problem.native.rows(row, samples, np.zeros((1, problem.size), np.float32))[0]
        squares = np.square(residuals, dtype=np.float64).sum(1)
        assert together[number] == pytest.approx((squares * 0.09 / (0.09 + squares)).sum(), rel=1e-5)
        assert together[number] == problem.cost(row, samples, 0.3)
    for wrong in (rows[:, :-1], rows[0], rows[:, :0]):
        with pytest.raises(ValueError, match="each parameter"):
            problem.native.costs(wrong, samples, 0.3)


def test_the_same_seed_gives_the_same_program():
    frames = clip(WAVE, 4)
    texts = {aic.fit(WRONG_WAVE, frames, seconds=60, seed=3).text for _ in range(2)}
    assert len(texts) == 1


def test_pictures_and_arrays_are_the_same():
    frames = clip(WAVE, 3)
    pictures = [_native.Picture.from_rgb(frame) for frame in frames]
    results = [aic.fit(WRONG_WAVE, source, seconds=60) for source in (frames, pictures, list(frames))]
    assert len({result.text for result in results}) == 1


def test_what_is_below_and_before_and_in_the_track():
    below = np.random.default_rng(2).integers(0, 256, (5, HEIGHT, WIDTH, 3)).astype(np.uint8)
    track = np.linspace(0, 0.2, 5, dtype=np.float32)[:, None]
    text = program("b = below(0.7, -0.4)", "return rgb(b * 0.6 + param(0))")
    compiled = compile_source(text)
    frames = np.stack(
        [
            compiled.draw(
                format="rgb24", width=WIDTH, height=HEIGHT, parameters=[float(track[i, 0])],
                below=_native.Picture.from_rgb(below[i]),
            ).rgb(RGB)
            for i in range(5)
        ]
    )  # fmt: skip
    wrong = text.replace("0.7", "0.62").replace("0.4", "0.45").replace("0.6", "0.7", 1)
    assert aic.fit(wrong, frames, below=below, track=track, seconds=10).psnr > 50
    with pytest.raises(OptionError, match="below"):
        aic.fit(wrong, frames, track=track)
    with pytest.raises(OptionError, match="track"):
        aic.fit(wrong, frames, below=below)
    with pytest.raises(InputError, match="differ"):
        aic.fit(wrong, frames, below=below[:4], track=track)
    moving = program("return rgb(prev(1.5, 0.5))")
    shifted = [below[0]]
    for _ in range(3):
        before = _native.Picture.from_rgb(shifted[-1])
        shifted.append(compile_source(moving).draw(format="rgb24", width=WIDTH, height=HEIGHT, prev=before).rgb(RGB))
    result = aic.fit(moving.replace("1.5", "1.3").replace("0.5", "0.6"), np.stack(shifted), seconds=5)
    assert "prev(1.5, 0.5)" in result.text


def test_progress_and_cancel():
    calls, told = [], []
    frames = clip(WAVE, 4)

    def cancel():
        calls.append(1)
        return len(calls) > 3

    result = aic.fit(WRONG_WAVE, frames, seconds=60, cancel=cancel)
    assert 4 <= len(calls) <= 6
    assert result.psnr >= aic.fit(WRONG_WAVE, frames, seconds=60, cancel=lambda: True).psnr - 1e-9
    aic.fit(WRONG_WAVE, frames, seconds=60, progress=lambda part, psnr: told.append((part, psnr)))
    assert told
    assert all(0 <= part <= 1 for part, _ in told)
    assert [psnr for _, psnr in told] == sorted(psnr for _, psnr in told)


def test_rounding_stays_within_its_bound():
    frames = clip(WAVE, 4)
    noisy = np.clip(frames + np.random.default_rng(0).integers(-9, 10, frames.shape), 0, 255).astype(np.uint8)
    problem = problem_of(WAVE, noisy)
    pool = problem.pool(np.random.default_rng(1), 4000, 1, 1, 4)
    values = problem.constants.values * np.float32(1.0001234)
    before = problem.cost(values, pool.all)
    bits = []
    for lost in (0.01, 0.1, 1.0):
        constants = rounded(problem, values, pool, lost)
        after = problem.cost(np.array([value_of(c) for c in constants], np.float32), pool.all)
        assert 10 * np.log10(after / before) <= lost + 1e-9
        bits.append(sum(map(bits_of, constants)))
    assert bits[0] >= bits[1] >= bits[2]


def test_decimals():
    assert decimal(0.1234, 2) == ("constant", "F", 12, -2, True)
    assert decimal(-1999.7, 3) == ("constant", "F", -2, 3, True)
    assert decimal(0.0, 3) == ("constant", "F", 0, 0, True)
    assert decimal(1e30, 1) is None
    for value in np.random.default_rng(0).normal(0, 100, 50).astype(np.float32):
        assert np.float32(value_of(decimal(float(value), 9))) == value


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        (np.zeros((0, 8, 8, 3), np.uint8), "no frames"),
        ([], "no frames"),
        (np.zeros((8, 8, 3), np.uint8), "arrays"),
        (np.zeros((2, 8, 8), np.uint8), "arrays"),
        (np.zeros((2, 8, 8, 4), np.uint8), "arrays"),
        (np.zeros((2, 8, 8, 3), np.float32), "uint8"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)], "differ"),
        ([_native.Picture("yuv420p", 8, 8)], "yuv420p"),
        (["no", "frames"], "arrays"),
    ],
)
def test_frames_that_are_refused(frames, says):
    with pytest.raises(InputError, match=says):
        aic.fit(WAVE, frames)


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"spread": 1}, {"spread": -0.1}, {"fps": 0}, {"max_loss": 0}])
def test_options_that_are_refused(wrong):
    with pytest.raises(OptionError):
        aic.fit(WAVE, clip(WAVE, 2), **wrong)


def test_texts_that_are_refused():
    with pytest.raises(ProgramError, match="line 2"):
        aic.fit(program("return rgb(q, 0, 0)"), clip(WAVE, 2))


def test_a_program_without_constants():
    text = program("return rgb(x / width, y / height, x / width)")
    result = aic.fit(text, clip(text, 2))
    assert result.psnr == float("inf")
    assert result.program.write() == compile_source(text).write()


# The command.


def aicodec(*arguments):
    command = [sys.executable, "-m", "aicodec_native", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_command_fits_what_shade_drew(tmp_path):
    (tmp_path / "wave.py").write_text(WAVE)
    (tmp_path / "wrong.py").write_text(WRONG_WAVE)
    aic.shade(WAVE, tmp_path / "wave.aic", size=(WIDTH, HEIGHT), duration=0.3)
    fitted = tmp_path / "fitted.py"
    done = aicodec("fit", tmp_path / "wrong.py", tmp_path / "wave.aic", "-o", fitted, "--json", "--seconds", 10)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert set(result) == {"psnr", "bytes", "evaluations", "elapsed", "text"}
    assert result["psnr"] is None or result["psnr"] > 50
    assert fitted.read_text() == result["text"]
    assert compile_source(result["text"]).write()
    again = aicodec("fit", tmp_path / "wrong.py", tmp_path / "wave.aic", "-o", fitted)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    to_output = aicodec("fit", tmp_path / "wave.py", tmp_path / "wave.aic", "--frames", 2)
    assert compile_source(to_output.stdout)
    assert " dB, " in to_output.stderr


def test_the_command_refuses_in_one_line(tmp_path):
    (tmp_path / "wave.py").write_text(WAVE)
    (tmp_path / "wrong.py").write_text("def color(x): return rgb(q, 0, 0)\n")
    aic.shade(WAVE, tmp_path / "wave.aic", size=(16, 16), duration=0.1)
    for program_name, video in (("wrong.py", "wave.aic"), ("none.py", "wave.aic"), ("wave.py", "none.mp4")):
        done = aicodec("fit", tmp_path / program_name, tmp_path / video, "-o", tmp_path / "out.py")
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert done.stderr.startswith("aicodec-native: ")
        assert not (tmp_path / "out.py").exists()
