"""The search for constants that are far off: from the first frame to all of them, from blurred to sharp, from what is
nearly right already to the rest, and again from other starts.

A wave that is a fifth too fast is right where its phase is 0 and wrong by whole periods elsewhere. So the search keeps,
besides the values, how sure it is of them (a covariance, as a Kalman filter does), fits the pixels first whose
colours that uncertainty changes least, becomes surer, and goes on to others. Derivatives are differences over the
uncertainty itself, of means over squares: both see over edges and periods that are shorter.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aicodec_native import _native
from aicodec_native.fitting.descent import Box, descend
from aicodec_native.fitting.pixels import Floats
from aicodec_native.fitting.problem import Doubles, Pool, Problem

# The standard deviation of what is evenly spread over -1 to 1.
_EVEN = 1 / np.sqrt(3)
# Frames, and how many starts at most.
_WINDOWS = ((1, 40), (6, 12), (30, 12), (1 << 30, 12))
# Groups, pixels of each, side of the square that they are in; what part of them is looked at, one after another.
_LEVELS = ((192, 64, 160), (384, 16, 48), (512, 16, 16), (2048, 1, 1))
_FRACTIONS = ((0.35, 1.0), (0.15, 0.3, 0.6, 1.0), (0.25, 1.0), (0.06, 0.12, 0.25, 0.5, 1.0))
_FEWEST = 64
# dB less than at the end do for going on to more frames.
_SLACK = 12.0
# Squares of colours: errors beyond so many times what is expected, or beyond the least that is, call for a correction.
_SURPRISE, _LEAST_DOUBT, _CORRECTIONS = 3.0, 1e-3, 4
# Squares of standard deviations, in parts of a direction: what is known better than this is not followed further.
_LEAST_VARIANCE = 1e-10


class Search:
    """Values of the parameters near `start`: each is right within `spread` of its own size."""

    def __init__(self, problem: Problem, start: Floats, spread: float, rng: np.random.Generator) -> None:
        self.problem = problem
        self.start = start.astype(np.float64)
        self.spread = spread
        self.rng = rng
        self.sizes = np.maximum(np.abs(self.start) * spread, 1e-4) * _EVEN
        reach = self.sizes / _EVEN * (1.3 / max(1 - spread, 0.5))
        self.box = Box(self.start - reach, self.start + reach)
        self.free = Box(np.full(len(start), -1e30), np.full(len(start), 1e30))

    def run(self, good: float, share: float, found: Callable[[Floats], float]) -> float:
        """Tells `found`, which returns the best PSNR so far, of good values on the way, and returns that.

        A window of frames is done with when a start comes to `good` dB. Raises Stopped after `share` of the time.
        """
        problem, frames = self.problem, len(self.problem.pixels)
        centre, covariance = self.start, np.eye(problem.size)
        window_before, reached = 0, -np.inf
        for window, starts in _WINDOWS:
            window = min(window, frames)
            if window == window_before:
                break
            window_before = window
            roots, axes = _roots(covariance)
            directions = self.sizes[:, None] * axes * roots
            values = self.box.clip(centre)
            pools = [problem.telling_pool(self.rng, *level, window, values, directions) for level in _LEVELS]
            best: tuple[float, Floats, Doubles] | None = None
            for number in range(starts):
                values = self.box.clip(centre + (self._drawn(covariance) if number else 0))
                values = self._follow(values, covariance, pools, share)
                cost, values, curvature = self.sharpen(values, pools[-1], self.box, share)
                if best is None or cost < best[0]:
                    best = (cost, values, curvature)
                    if window == frames:
                        reached = found(values)
                enough = good if window == frames else good - _SLACK
                if 10 * np.log10(3 * pools[-1].groups / max(cost, 1e-12)) > enough:
                    break
            assert best is not None
            cost, values, curvature = best
            centre = values.astype(np.float64)
            covariance = _inverse(curvature / max(4 * cost / (3 * pools[-1].groups), 4e-5) + np.eye(problem.size))
        return reached

    def sharpen(
        self, values: Floats, pool: Pool, box: Box, share: float, rounds: int = 12
    ) -> tuple[float, Floats, Doubles]:
        """Fit single pixels by the program's own derivatives: the sum of squares left, the values, the curvature."""
        directions = np.diag(self.sizes)
        for scale in (0.2, 0.05):
            done = descend(self.problem, values, pool.all, directions, scale=scale, box=box, rounds=rounds, share=share)
            values = done.values
        return self.problem.cost(values, pool.all), values, done.curvature

    def _drawn(self, covariance: Doubles) -> Doubles:
        """An offset as likely as the covariance says."""
        roots, axes = _roots(covariance)
        even = self.rng.uniform(-1, 1, len(roots)) / _EVEN
        offset: Doubles = self.sizes * (axes @ (roots * even))
        return offset

    def _follow(self, values: Floats, covariance: Doubles, pools: list[Pool], share: float) -> Floats:
        for level, pool in enumerate(pools):
            for number, fraction in enumerate(_FRACTIONS[level]):
                # What was used before is used again: it counts for less.
                covariance = covariance * (2.0 if level + number else 1.0)
                for _ in range(_CORRECTIONS):
                    roots, axes = _roots(covariance)
                    directions = self.sizes[:, None] * axes * roots
                    samples, doubt = self._surest(values, pool, fraction, directions)
                    errors = self._errors(values, samples)
                    # Colours further off than the uncertainty allows: it is larger than was believed.
                    surprise = float(np.square(errors).mean()) / (doubt + _LEAST_DOUBT)
                    if surprise < _SURPRISE:
                        break
                    covariance = covariance * min(surprise, 16.0)
                for _ in range(2):
                    scale = 3 * max(float(np.median(errors)), 0.005)
                    variance = max(float((np.minimum(errors, scale) ** 2).mean()) / 3, 1e-5)
                    done = descend(
                        self.problem, values, samples, directions, scale=scale, box=self.box, prior=variance,
                        differences=True, rounds=4, share=share,
                    )  # fmt: skip
                    values = done.values
                    errors = self._errors(values, samples)
                variance = max(float((np.minimum(errors, scale) ** 2).mean()) / 3, 1e-5)
                axes = axes * roots
                covariance = axes @ _inverse(done.curvature / variance) @ axes.T
        return values

    def _surest(
        self, values: Floats, pool: Pool, fraction: float, directions: Doubles
    ) -> tuple[_native.FitSamples, float]:
        """The groups whose colours change least, and straightest, with what is unsure; the mean square of that."""
        count = max(int(pool.groups * fraction), min(pool.groups, _FEWEST))
        self.problem.clock.evaluations += 1
        _, slopes, bends = self.problem.native.rows(values, pool.all, directions.T.astype(np.float32))
        doubt = np.square(slopes, dtype=np.float64).sum((1, 2)) + bends
        surest = np.sort(np.argsort(doubt, kind="stable")[:count])
        return pool.part(surest).all if count < pool.groups else pool.all, float(doubt[surest].mean())

    def _errors(self, values: Floats, samples: _native.FitSamples) -> Doubles:
        self.problem.clock.evaluations += 1
        here = np.zeros((1, self.problem.size), np.float32)
        residuals = self.problem.native.rows(values, samples, here)[0]
        errors: Doubles = np.sqrt(np.square(residuals, dtype=np.float64).sum(1))
        return errors


def _roots(covariance: Doubles) -> tuple[Doubles, Doubles]:
    """Standard deviations, at most those at the start, and their axes as columns."""
    variances, axes = np.linalg.eigh(0.5 * (covariance + covariance.T))
    return np.sqrt(np.clip(variances, _LEAST_VARIANCE, 1.0)), axes


def _inverse(matrix: Doubles) -> Doubles:
    inverse = np.linalg.inv(matrix + 1e-12 * np.eye(len(matrix)) * max(1.0, float(np.abs(matrix).max())))
    return 0.5 * (inverse + inverse.T)
