"""Fits the constants of a shader program to frames."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.errors import InputError, OptionError
from aicodec_native.fitting.constants import ZERO, FreeConstants, decimal
from aicodec_native.fitting.pixels import Floats, Frames, Pixels
from aicodec_native.fitting.problem import Clock, Pool, Problem, Stopped
from aicodec_native.fitting.rounding import rounded, snapped
from aicodec_native.fitting.scans import Scans
from aicodec_native.fitting.search import Search
from aicodec_native.fitting.stages import Stages
from aicodec_native.quality import psnr_of
from aicodec_native.shader_source import compile_source
from aicodec_native.shader_text import program_text

# dB: what is drawn as well as this needs no search among other starts.
_GOOD = 45.0
_POINTS, _MANY_POINTS = 16384, 131072
# The work for a pixel up to which many points take no time to speak of.
_LIGHT = 500
_SHOWN_FRAMES = 12
# Parts of the time after which the search ends, and the last polish.
_SEARCH, _POLISH = 0.8, 0.92
_LAST_TURNS, _LAST_ROUNDS, _LAST_SWEEPS = 6, 50, 3
# dB that a turn must gain for another.
_WORTH_ANOTHER = 0.1
# Residuals that the last scans take for outliers, of 1.
_OUTLIER = 0.3
# How far start values may be off that are taken for near ones, as a part of their size.
_NEAR = 0.02
# dB that constants must gain together to be kept apart: each costs some 20 bits.
_WORTH_PARTING = 0.2


@dataclass(frozen=True)
class FitResult:
    """What `fit` found."""

    program: _native.ShaderProgram
    text: str
    """Of the program, as `aicodec-native show` prints it."""
    psnr: float
    """dB, of all R, G and B samples of at most 12 frames evenly spread over the clip; infinite without error."""
    evaluations: int
    """How often the program was evaluated on a set of pixels, with or without derivatives."""
    bytes: int
    """The program's size in a file."""
    elapsed: float
    """Seconds."""


def fit(
    program: str | _native.ShaderProgram,
    frames: Frames,
    *,
    fps: float | Fraction = 30,
    below: Frames | None = None,
    track: Any = None,
    spread: float = 0.2,
    max_loss: float = 0.1,
    seconds: float = 20.0,
    seed: int = 0,
    progress: Callable[[float, float], object] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> FitResult:
    """Change the float constants of a program so that it draws `frames`.

    `program` is a text in the language of docs/shader.md, or a program of the core's. Its float constants are start
    values; whole numbers and `exact(m, e)` stay as they are. Constants of equal value are one at first, and part ways
    at the end if that helps. `spread` says how far from right the start values may be, as a part of their size (0.2: a
    fifth); 0 looks for the nearest optimum alone.

    `frames` is an array (n, height, width, 3), RGB, uint8 or uint16 in 0..1023, or a sequence of such frames or of
    RGB pictures. Frame i is drawn at time i / `fps` seconds with number i; `prev` is the frame before it as given,
    not as drawn. `below` has a picture for each frame, of the same kind. `track` is an array (n, columns) of the
    values of param(0), param(1), ..., which are not fitted.

    At the end each constant is rounded to as few digits as the pixels looked at allow, all together losing at most
    `max_loss` dB there. The search ends after about `seconds`, earlier when nothing is left to gain; the same `seed`
    gives the same result as long as time does not cut it short. `progress(part, psnr)` is called with the part of the
    time used and the PSNR so far; `cancel()` is asked often, and True ends the search with the best constants found
    by then.

    Raises ProgramError for the text, InputError for frames, OptionError for an option or a missing track or `below`.
    """
    if not seconds > 0 or not 0 <= spread < 1 or not max_loss > 0 or not 0 < fps < math.inf:
        raise OptionError("seconds, fps and max_loss are more than 0, spread is 0 to below 1")
    compiled = compile_source(program) if isinstance(program, str) else program
    clock = Clock(seconds, progress, cancel)
    pixels = Pixels(frames)
    inputs = _inputs(compiled, pixels, below, track)

    def problem_of(start: _native.ShaderProgram, *, tied: bool) -> Problem:
        return Problem(FreeConstants(start, tied=tied, zeros=not tied), pixels, float(fps), *inputs, clock)

    rng = np.random.default_rng(seed)
    best = _Best(problem_of(compiled, tied=True), rng)
    if best.problem.size:
        with contextlib.suppress(Stopped):
            _search(best, lambda start: problem_of(start, tied=False), spread, rng)
        constants = rounded(best.problem, best.values, best.rounding_pool(rng), max_loss)
        compiled = best.problem.constants.program_with(constants)
    return FitResult(
        program=compiled,
        text=program_text(compiled),
        psnr=_psnr(compiled, pixels, float(fps), inputs),
        evaluations=clock.evaluations,
        bytes=len(compiled.write()),
        elapsed=clock.elapsed,
    )


_Inputs = tuple[Floats, list[_native.Picture], list[_native.Picture | None]]


def _inputs(program: _native.ShaderProgram, pixels: Pixels, below: Frames | None, track: Any) -> _Inputs:
    """The track, the pictures below and the previous ones, as far as the program reads them."""
    columns: NDArray[np.float32] = np.zeros((len(pixels), 0), np.float32)
    if program.parameters:
        try:
            columns = np.asarray(track, np.float32)
        except (TypeError, ValueError):
            raise OptionError("the track is no table of numbers") from None
        if columns.ndim != 2 or columns.shape[0] != len(pixels) or columns.shape[1] < program.parameters:
            raise OptionError(
                f"the program reads {program.parameters} parameters: a track (frames, columns) is missing"
            )
    pictures: list[_native.Picture] = []
    if program.reads_below:
        if below is None:
            raise OptionError("the program reads what is below it: give the frames of that")
        under = Pixels(below, "frames below")
        if (len(under), under.format, under.height, under.width) != (
            len(pixels), pixels.format, pixels.height, pixels.width,
        ):  # fmt: skip
            raise InputError("the frames below differ from the frames in number, size or format")
        pictures = [under.picture(i) for i in range(len(under))]
    prev: list[_native.Picture | None] = []
    if program.reads_prev:
        prev = [None, *(pixels.picture(i) for i in range(len(pixels) - 1))]
    return columns, pictures, prev


class _Best:
    """The best values so far, judged on one set of pixels."""

    def __init__(self, problem: Problem, rng: np.random.Generator) -> None:
        self.problem = problem
        self.values = problem.constants.values
        self.pool = problem.pool(rng, _POINTS, 1, 1, len(problem.pixels))
        self.psnr = problem.psnr(self.values, self.pool) if problem.size else math.inf
        # What rounding to whole samples leaves of a perfect fit, about.
        self.ceiling = psnr_of(1 / 12, 8 if problem.pixels.peak == 255 else 10) - 0.5

    def telling_pool(self, rng: np.random.Generator) -> Pool:
        """Pixels that show what is wrong with the values, or near it."""
        directions = np.diag(np.maximum(np.abs(self.values.astype(np.float64)), 1e-3) * _NEAR)
        frames = len(self.problem.pixels)
        return self.problem.telling_pool(rng, _POINTS, 1, 1, frames, self.values, directions)

    def rounding_pool(self, rng: np.random.Generator) -> Pool:
        """Enough pixels to see an edge that moves by a small part of one."""
        points = _POINTS
        if self.problem.native.edges.any():
            points = max(points, min(_MANY_POINTS, _MANY_POINTS * _LIGHT // self.problem.constants.program.work))
        return self.problem.pool(rng, points, 1, 1, len(self.problem.pixels))

    def offer(self, problem: Problem, values: Floats, gain: float = 0.0) -> float:
        """Takes them if they are better by more than `gain` dB. The best PSNR so far."""
        psnr = problem.psnr(values, self.pool)
        if psnr > self.psnr + gain:
            self.problem, self.values, self.psnr = problem, values, psnr
        problem.clock.report(self.psnr)
        return self.psnr


_Parted = Callable[[_native.ShaderProgram], Problem]


def _search(best: _Best, parted: _Parted, spread: float, rng: np.random.Generator) -> None:
    """From the start values down; from others, where that ends badly."""
    problem = best.problem
    near = Search(problem, best.values, max(spread, _NEAR), rng)
    best.offer(problem, near.sharpen(best.values, best.pool, near.free, _SEARCH)[1])
    _part(best, parted, rng)
    if best.psnr >= _GOOD or spread == 0:
        return
    with contextlib.suppress(Stopped):
        Stages(near, rng, _GOOD, _SEARCH, lambda values: best.offer(problem, values)).run()
    if best.problem is problem:
        _polish(best, near, rng)
    _part(best, parted, rng)


def _polish(best: _Best, near: Search, rng: np.random.Generator) -> None:
    """Short decimals, steps down, and single constants over what they may still be off, as long as that helps: where
    edges move, each makes room for the others."""
    problem = best.problem
    for _ in range(_LAST_TURNS):
        before = best.psnr
        pool = best.telling_pool(rng)
        best.offer(problem, snapped(problem, best.values, pool, _POLISH))
        for some in (pool, best.pool):
            best.offer(problem, near.sharpen(best.values, some, near.free, _POLISH, _LAST_ROUNDS)[1])
        if not problem.native.edges.any():
            break
        reach = np.maximum(np.abs(best.values.astype(np.float64)) * _NEAR, 1e-4)
        for _ in range(_LAST_SWEEPS):
            scans = Scans(problem, near.free, _OUTLIER, _POLISH)
            best.offer(problem, scans.sweep(best.values, reach, pool.all)[0])
            reach = reach / 5
        if best.psnr < before + _WORTH_ANOTHER or best.psnr > best.ceiling:
            break


def _part(best: _Best, parted: _Parted, rng: np.random.Generator) -> None:
    """Equal constants as several, and zeros as others, where the frames want that."""
    if best.psnr > best.ceiling:
        return
    values = [decimal(float(value), 9) or ZERO for value in best.values]
    problem = parted(best.problem.constants.program_with(values))
    near = Search(problem, problem.constants.values, _NEAR, rng)
    best.offer(problem, near.sharpen(problem.constants.values, best.pool, near.free, 1.0)[1], _WORTH_PARTING)


def _psnr(program: _native.ShaderProgram, pixels: Pixels, fps: float, inputs: _Inputs) -> float:
    columns, below, prev = inputs
    count = min(len(pixels), _SHOWN_FRAMES)
    errors = []
    for frame in np.unique(np.linspace(0, len(pixels) - 1, count).round().astype(int)).tolist():
        drawn = program.draw(
            format=pixels.format,
            width=pixels.width,
            height=pixels.height,
            t=float(np.float32(frame / fps)),
            frame=frame,
            step=frame,
            parameters=columns[frame].tolist(),
            below=below[frame] if below else None,
            prev=prev[frame] if prev else None,
            threads=0,
        )
        errors.append(np.mean(_native.mse(pixels.picture(frame), drawn, 0)))
    return psnr_of(float(np.mean(errors)), 8 if pixels.peak == 255 else 10)
