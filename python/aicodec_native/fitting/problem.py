"""A program with free constants beside the clip that it should draw: what a search asks about, and its clock."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.fitting.constants import FreeConstants
from aicodec_native.fitting.pixels import Floats, Pixels, Places

Doubles = NDArray[np.float64]
NO_DIRECTIONS: Floats = np.zeros((0, 0), np.float32)


# Out of how many times as many groups the telling ones are drawn.
_CHOICE = 4
# Rows, and columns, of the grid in whose cells a group's pixels lie, one in each.
_GRID = {1: 1, 16: 4, 64: 8}


class Stopped(Exception):  # noqa: N818
    """The time is over, or the caller has had enough."""


class Clock:
    """Time, evaluations, and the best PSNR so far; raises Stopped when the search must end."""

    def __init__(
        self,
        seconds: float,
        progress: Callable[[float, float], object] | None,
        cancel: Callable[[], bool] | None,
    ) -> None:
        self.begin = time.perf_counter()
        self.seconds = seconds
        self.evaluations = 0
        self.best = -math.inf
        self._progress = progress
        self._cancel = cancel

    @property
    def elapsed(self) -> float:
        return time.perf_counter() - self.begin

    def past(self, share: float) -> bool:
        """Whether `share` of the time is over, or the caller has had enough."""
        return self.elapsed >= share * self.seconds or (self._cancel is not None and self._cancel())

    def tick(self, share: float = 1.0) -> None:
        """One evaluation more; Stopped if `share` of the time is over."""
        self.evaluations += 1
        if self.past(share):
            raise Stopped

    def report(self, psnr: float) -> None:
        self.best = max(self.best, psnr)
        if self._progress is not None:
            self._progress(min(1.0, self.elapsed / self.seconds), self.best)


@dataclass
class Pool:
    """Groups of pixels of the clip, each within a square of `side` pixels of one frame."""

    frame: Places
    y: Places
    x: Places
    colours: Floats
    group: int
    side: int
    all: _native.FitSamples

    @property
    def groups(self) -> int:
        return len(self.x) // self.group

    def part(self, groups: NDArray[np.intp]) -> Pool:
        at = (groups[:, None] * self.group + np.arange(self.group)).ravel()
        frame, y, x, colours = self.frame[at], self.y[at], self.x[at], self.colours[at]
        return Pool(frame, y, x, colours, self.group, self.side, samples_of(frame, y, x, colours, self.group))


def _cells(group: int) -> Doubles:
    """The corners (y, x) of the cells, as parts of the square: (2, group)."""
    return np.stack(np.divmod(np.arange(group), _GRID[group]), dtype=np.float64) / _GRID[group]


def samples_of(frame: Places, y: Places, x: Places, colours: Floats, group: int) -> _native.FitSamples:
    weights = np.ones(len(x) // group, np.float32)
    return _native.FitSamples(frame=frame, y=y, x=x, colours=colours, weights=weights, group=group)


class Problem:
    """Evaluates `constants.program` with other constants at pixels of the clip."""

    def __init__(
        self,
        constants: FreeConstants,
        pixels: Pixels,
        fps: float,
        track: Floats,
        below: list[_native.Picture],
        prev: list[_native.Picture | None],
        clock: Clock,
    ) -> None:
        self.constants = constants
        self.pixels = pixels
        self.clock = clock
        self.size = len(constants)
        self.native = _native.ProgramFit(
            program=constants.program.write(),
            parameter_of=constants.parameter_of,
            parameters=self.size,
            format=pixels.format,
            width=pixels.width,
            height=pixels.height,
            times=(np.arange(len(pixels)) / fps).astype(np.float32),
            track=track,
            below=below,
            prev=prev,
        )
        # The first frame has none before it: what reads that draws something else there.
        self.first_frame = int(constants.program.reads_prev and len(pixels) > 1)

    def pool(self, rng: np.random.Generator, groups: int, group: int, side: int, frames: int) -> Pool:
        """Groups anywhere in the first `frames` frames."""
        p = self.pixels
        frame = rng.integers(self.first_frame, max(frames, self.first_frame + 1), groups).astype(np.uint32)
        frame = np.repeat(frame, group)
        centre = rng.random((2, groups, 1)) * [[[p.height]], [[p.width]]]
        offset = (_cells(group)[:, None, :] + rng.random((2, groups, group)) / _GRID[group]) - 0.5
        places = np.clip((centre + offset * side).reshape(2, -1), 0, [[p.height - 1], [p.width - 1]])
        y, x = places.astype(np.uint32)
        colours = p.colours(frame, y, x)
        if group == 1:
            # Pixels that look alike leave loops at about the same turn, and a block goes on until all have left.
            order = np.lexsort(colours.T)
            frame, y, x, colours = frame[order], y[order], x[order], colours[order]
        return Pool(frame, y, x, colours, group, side, samples_of(frame, y, x, colours, group))

    def telling_pool(
        self,
        rng: np.random.Generator,
        groups: int,
        group: int,
        side: int,
        frames: int,
        values: Floats,
        directions: Doubles,
    ) -> Pool:
        """As pool(), but rather groups that are wrong with `values`, or change along `directions`: thin edges are
        where a drawing's constants show, and most pixels lie on none."""
        many = self.pool(rng, groups * _CHOICE, group, side, frames)
        self.clock.evaluations += 1
        along = directions.T.astype(np.float32)
        residuals, slopes, bends = self.native.rows(values, many.all, along)
        tells = np.square(residuals, dtype=np.float64).sum(1) + np.square(slopes, dtype=np.float64).sum((1, 2)) + bends
        # Drawn without putting back, as likely as the roots (Efraimidis and Spirakis, 2006).
        likely = np.sqrt(tells) + 0.25 * np.sqrt(tells).mean() + 1e-9
        drawn = np.argsort(rng.exponential(size=len(likely)) / likely, kind="stable")[:groups]
        return many.part(np.sort(drawn))

    def cost(self, values: Floats, samples: _native.FitSamples, scale: float = math.inf) -> float:
        self.clock.evaluations += 1
        return float(self.native.costs(values[None], samples, scale)[0])

    def costs(self, lists: Floats, samples: _native.FitSamples, scale: float = math.inf) -> Doubles:
        """Of each row of values."""
        self.clock.evaluations += len(lists)
        return self.native.costs(lists, samples, scale)

    def psnr(self, values: Floats, pool: Pool) -> float:
        """dB, of a pool without groups; infinite for no error."""
        cost = self.cost(values, pool.all)
        return 10 * math.log10(3 * pool.groups / cost) if cost > 0 else math.inf
