"""Ways to search for constants that are far off, the quick ones first, until one of them comes near.

Scans of single constants bring drawings of many shapes back; a cloud of trials (CMA-ES) brings those back whose
constants only make sense together; the uncertain search (search.py) those that repeat.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from aicodec_native.fitting.evolution import Cloud, evolve
from aicodec_native.fitting.pixels import Floats
from aicodec_native.fitting.problem import Doubles, Pool, Problem, Stopped
from aicodec_native.fitting.scans import Scans
from aicodec_native.fitting.search import Search

# Pixels that trials are judged by, and how: residuals beyond this (of 1) are outliers.
_POINTS, _SCALE = 3072, 0.3
_WINDOWS = (1, 6, 30, 1 << 30)
# dB less than at the end do for going on to more frames.
_SLACK = 12.0
_SWEEPS, _GENERATIONS = 4, 300
# A sweep that gains less than this part is the last.
_WORTHWHILE = 0.02
# Squared residuals that are taken for noise when asking what a window leaves open, and over what part of the range.
_NOISE, _STEP = 2e-3, 0.05
# Until when, as parts of the time of the search: scans, one cloud, clouds window by window, the uncertain search.
# Scans of many constants may take longer: a cloud of so many unknowns wants more trials than there is time for.
_SCANNED_MANY, _MANY = 0.65, 30
_SCANNED, _EVOLVED, _GROWN, _FOLLOWED = 0.3, 0.65, 0.4, 0.85
# Clouds that a window may take, and how often all windows are gone through.
_CLOUDS, _TURNS = 4, 3


class Stages:
    """The search for values near `near.start`; tells `found` of those that may be better than all before."""

    def __init__(
        self, near: Search, rng: np.random.Generator, good: float, share: float, found: Callable[[Floats], float]
    ) -> None:
        self.near = near
        self.problem: Problem = near.problem
        self.rng = rng
        self.good = good
        self.share = share
        self.found = found
        self.full: Doubles = (near.box.high - near.box.low) / 2
        self.frames = len(self.problem.pixels)
        self.latest = near.start.astype(np.float32)
        self.windows = sorted({min(window, self.frames) for window in _WINDOWS})

    def run(self) -> None:
        """Raises Stopped when the time is over."""
        start = self.near.start.astype(np.float32)
        for stage, part in (
            (self._by_scans, _SCANNED if self.problem.size < _MANY else _SCANNED_MANY),
            (self._by_one_cloud, _EVOLVED),
            (self._by_clouds, _GROWN),
            (self._by_uncertainty, _FOLLOWED),
            (self._by_clouds, 1.0),
        ):
            try:
                if stage(start, part * self.share):
                    return
            except Stopped:
                if self.found(self.latest) >= self.good:
                    return
                if self.problem.clock.past(self.share):
                    raise

    def _pool(self, values: Floats, window: int) -> Pool:
        return self.problem.telling_pool(self.rng, _POINTS, 1, 1, window, values, np.diag(self.near.sizes))

    def _enough(self, values: Floats, pool: Pool, window: int) -> bool:
        """Whether a window is done with, by its telling pixels; all frames also by how they look on the whole."""
        psnr = self.problem.psnr(values, pool)
        if window == self.frames:
            return max(psnr, self.found(values)) >= self.good
        return psnr >= self.good - _SLACK

    def _swept(self, values: Floats, pool: Pool, reach: Doubles, share: float) -> tuple[float, Floats]:
        """Scans and steps down in turn: the robust cost, and the values."""
        scans = Scans(self.problem, self.near.box, _SCALE, share)
        cost = self.problem.cost(values, pool.all, _SCALE)
        for _ in range(_SWEEPS):
            before = cost
            values, cost, moves = scans.sweep(values, reach, pool.all)
            sharp = self.near.sharpen(values, pool, self.near.box, share)[1]
            found = self.problem.cost(sharp, pool.all, _SCALE)
            if found < cost:
                cost, values = found, sharp
            self.latest = values
            reach = np.where(np.abs(moves) < reach / 4, reach / 2, reach)
            if cost > before * (1 - _WORTHWHILE) or self.problem.psnr(values, pool) >= self.good:
                break
        return cost, values

    def _by_scans(self, start: Floats, limit: float) -> bool:
        values, share = start, limit
        for window in self.windows:
            pool = self._pool(values, window)
            values = self._swept(values, pool, self.full, share)[1]
            done = self._enough(values, pool, window)
            # What works so far may take its time.
            share = self.share if done else limit
        return done

    def _by_one_cloud(self, start: Floats, share: float) -> bool:
        pool = self._pool(start, self.frames)
        return self._enough(self._evolved(Cloud(*self._anywhere(False)), pool, share)[1], pool, self.frames)

    def _by_uncertainty(self, start: Floats, share: float) -> bool:
        return self.near.run(self.good, share, self.found) >= self.good

    def _by_clouds(self, start: Floats, share: float) -> bool:
        """From one frame to all, again from the beginning where that ends badly."""
        for _ in range(_TURNS):
            values, cloud, done = start, None, False
            for window in self.windows:
                pool = self._pool(values, window)
                values, done = self._clouds_of(window, values, cloud, pool, share)
                cloud = self._left_open(values, pool)
            if done:
                return True
        return False

    def _clouds_of(
        self, window: int, values: Floats, cloud: Cloud | None, pool: Pool, share: float
    ) -> tuple[Floats, bool]:
        """Clouds until the window is well met: `cloud`, or in the first window anywhere. The values, and whether."""
        best = (math.inf, values)
        if cloud is not None:
            best = self._swept(values, pool, self.full, share)
            if self._enough(best[1], pool, window):
                return best[1], True
        for number in range(_CLOUDS):
            drawn = cloud if cloud is not None else Cloud(*self._anywhere(number > 0))
            best = min(best, self._evolved(drawn, pool, share), key=lambda pair: pair[0])
            if self._enough(best[1], pool, window):
                return best[1], True
        return best[1], False

    def _anywhere(self, elsewhere: bool) -> tuple[Doubles, Doubles]:
        """The mean and covariance of what nothing is known about, in units of the sizes."""
        n = self.problem.size
        return (self.rng.uniform(-1, 1, n) if elsewhere else np.zeros(n)), np.eye(n, dtype=np.float64)

    def _left_open(self, values: Floats, pool: Pool) -> Cloud:
        """Where the pixels leave the constants, as far as differences over a small part of the range tell."""
        n = self.problem.size
        steps = (np.diag(self.near.sizes) * _STEP).astype(np.float32)
        _, slopes, _ = self.problem.native.rows(values, pool.all, steps)
        rows = slopes.reshape(-1, n).astype(np.float64) / _STEP
        covariance = np.asarray(np.linalg.inv(rows.T @ rows / _NOISE + np.eye(n)), np.float64)
        centre: Doubles = (values - self.near.start) / self.near.sizes
        return Cloud(centre, covariance)

    def _evolved(self, cloud: Cloud, pool: Pool, share: float) -> tuple[float, Floats]:
        start, sizes, box = self.near.start, self.near.sizes, self.near.box
        least = np.inf

        def costs(trials: Doubles) -> Doubles:
            nonlocal least
            self.problem.clock.tick(share)
            lists = (start + trials * sizes).astype(np.float32)
            found = self.problem.costs(lists, pool.all, _SCALE)
            if found.min() < least:
                least, self.latest = float(found.min()), lists[int(np.argmin(found))]
            return found

        evolve(costs, cloud, (box.low - start) / sizes, (box.high - start) / sizes, self.rng, _GENERATIONS)
        return self._swept(self.latest, pool, self.full / 5, share)
