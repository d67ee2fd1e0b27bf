"""Screen layers, alone or over a program, at the tolerance that just reaches the goal.

The coder may be off at edges, by half of their contrast and at most by the tolerance (cpp/screen/tolerance.h), which is
searched, the first two at once where there are two threads. Tolerance 0 is exact.
"""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal, Layers, Told
from aicodec_native.errors import EncodeError
from aicodec_native.recognise import near_levels
from aicodec_native.stack import no_video
from aicodec_native.workbench import Workbench

# In 8-bit code values.
_MOST = 128
# The tolerance that usually gives a SSIMULACRA2 score. Other metrics start in the middle.
_TYPICAL = ((95.0, 6), (90.0, 14), (85.0, 24), (80.0, 36), (70.0, 64), (0.0, 90))
_MIDDLE = 16
# Twice the tolerance costs so large a part of what a score is below 100 (text and a terminal 1 / 2.8, vector graphics
# 1 / 3, a game 1 / 4.2, dense coloured text 1 / 4.1).
_PARTS_PER_DOUBLING = 1 / 3.8
# Points above the goal that are aimed at, for the curve is not smooth.
_SPARE = 0.5
_PROBES = {"fast": 2, "medium": 7, "slow": 9}
# The best one is coded once more with the coder's larger models: 1 to 8% fewer bytes for two to three times the time of
# one probe. All probes with them would take as much again as the video search.
_LAST_PRESETS = {"fast": "fast", "medium": "slow", "slow": "slow"}
# Exact pixels for so little more are worth it.
_WORTH_EXACTNESS = 1.02
_REPORT_EVERY = 4


class Ground(Protocol):
    """What a screen layer corrects: `layers`, whose pictures are known before the layer is coded or, with `moves`, only
    where it is exact. `stack` and `name` as a candidate's stack and setting begin."""

    @property
    def stack(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def layers(self) -> Layers: ...
    @property
    def moves(self) -> bool: ...
    def picture(self, number: int) -> _native.Picture: ...


class ScreenSearch:
    """Of one segment; `over`: what is below, if anything is. A program rounds in its own way: over it flat areas may be
    off, too, by what nobody sees. A candidate of over `limit` bytes is of no use: it is given up as soon as that is
    known, and `gave_up` is then True.
    """

    def __init__(self, bench: Workbench, told: Told, over: Ground | None = None, *, limit: int | None = None) -> None:
        self._bench = bench
        self._told = told
        self._over = over
        self._limit = math.inf if limit is None else limit
        self.tried: dict[int, Candidate] = {}
        self._given_up: list[int] = []

    @property
    def gave_up(self) -> bool:
        return bool(self._given_up)

    def run(self) -> Candidate | None:
        """The best of the candidates it tried, which stay in `tried` by tolerance; None where it gave up all."""
        if self._over is not None and self._over.moves:
            self._probe([0])
            return self.tried.get(0)
        self._probe([0, typical_tolerance(self._bench.goal)])
        while len(self.tried) + len(self._given_up) < _PROBES[self._bench.preset] and not self._is_flat():
            tolerances = self._next_tolerances()
            if not tolerances:
                break
            self._probe(tolerances)
        best = min(self.tried.values(), key=Candidate.rank, default=None)
        exact = self.tried.get(0)
        if exact and best and exact.size <= _WORTH_EXACTNESS * best.size:
            best = exact
        return best and self._densest(best)

    def _densest(self, best: Candidate) -> Candidate:
        """That one, or the same by larger models, which then takes its place."""
        preset = _LAST_PRESETS[self._bench.preset]
        if preset == self._bench.preset or not best.reached:
            return best
        started = time.perf_counter()
        tolerance = next(tolerance for tolerance, candidate in self.tried.items() if candidate is best)
        layer = self._coded(tolerance, True, threading.Event(), preset)
        if layer is None:
            return best
        denser = self._measured(tolerance, layer)
        denser.seconds = best.seconds + time.perf_counter() - started
        if denser.rank() < best.rank():
            self.tried[tolerance] = best = denser
        return best

    def _next_tolerances(self) -> list[int]:
        """The one where the score should meet the target, between the last that reached it and the next known."""
        if not any(self.tried):
            return []  # finer ones were given up or would be
        reached = [tolerance for tolerance, candidate in self.tried.items() if candidate.reached]
        low = max([*reached, *self._given_up])
        high = min((tolerance for tolerance in self.tried if tolerance > low), default=_MOST + 1)
        if self._bench.goal.metric == "ssimulacra2":
            first = math.floor(self._interpolated(low, high))
        else:
            first = math.floor(math.sqrt(max(low, 1) * high))
        first = min(max(first, low + 1), high - 1)
        return [first] if low < first < high else []

    def _interpolated(self, low: int, high: int) -> float:
        """Where the goal is on a straight line over the tolerance's logarithm: between the two next to it, or from the
        nearest one."""
        aim = self._bench.goal.target + _SPARE
        scores = {tolerance: candidate.score for tolerance, candidate in self.tried.items() if tolerance > 0}
        if low in scores and high in scores and scores[low] > scores[high]:
            share = max(0.0, scores[low] - aim) / (scores[low] - scores[high])
            return float(low * (high / low) ** share)
        nearest = min(scores, key=lambda tolerance: abs(scores[tolerance] - aim))
        fall = max(100.0 - scores[nearest], 1.0) * _PARTS_PER_DOUBLING
        return float(nearest * 2.0 ** ((scores[nearest] - aim) / fall))

    def _is_flat(self) -> bool:
        """Whether tolerance saves nothing here: text and flat colours."""
        sizes = [candidate.size for candidate in self.tried.values()]
        return 0 in self.tried and self.tried[0].size <= _WORTH_EXACTNESS * min(sizes)

    def _probe(self, tolerances: list[int]) -> None:
        started = time.perf_counter()
        stopped = threading.Event()
        with ThreadPoolExecutor(min(self._bench.threads, len(tolerances))) as pool:
            try:
                preset = self._bench.preset
                coded = list(pool.map(lambda t: self._coded(t, t == tolerances[0], stopped, preset), tolerances))
            except BaseException:
                stopped.set()  # Ctrl-C, or what a progress callback raised: the others need not go on
                raise
        for tolerance, layer in zip(tolerances, coded, strict=True):
            if layer is None:
                self._given_up.append(tolerance)
            else:
                self.tried[tolerance] = self._measured(tolerance, layer)
        for tolerance in self.tried.keys() & set(tolerances):
            self.tried[tolerance].seconds = (time.perf_counter() - started) / len(tolerances)

    def _coded(self, tolerance: int, tells: bool, stopped: threading.Event, preset: str) -> bytes | None:
        """The layer's payload, or None where it becomes too large. One of those that are coded at once tells the
        progress."""
        depth = self._bench.frames[0].bit_depth
        encoder = _native.ScreenEncoder(
            *self._bench.frames.shape,
            preset=preset,
            edge=tolerance << (depth - 8),
            flat=near_levels(depth) if tolerance and self._over is not None else 0,
            has_below=self._over is not None,
        )
        for number, picture in enumerate(self._bench.frames):
            if stopped.is_set():
                raise EncodeError("stopped")
            if tells and number % _REPORT_EVERY == 0:
                share = (len(self.tried) + number / len(self._bench.frames)) / _PROBES[self._bench.preset]
                self._told(min(0.95, share), f"screen layer, {self._setting(tolerance)}")
            encoder.add(picture, None if self._over is None else self._over.picture(number))
            if encoder.size > self._limit:
                return None
        return _native.build_screen_layer(pictures=[], coded=encoder.finish())

    def _measured(self, tolerance: int, layer: bytes) -> Candidate:
        """Drawn by the decoder that users have, and scored."""
        layers = [(_native.LAYER_SCREEN, layer)]
        stack = "screen"
        if self._over is not None:
            layers = [*self._over.layers, *layers]
            stack = f"{self._over.stack}+screen"
        score, scores, digest = self._bench.judged(layers, no_video)
        reached = tolerance == 0 or score >= self._bench.goal.target
        return Candidate(stack, self._setting(tolerance), layers, score, scores, digest=digest, reached=reached)

    def _setting(self, tolerance: int) -> str:
        program = "" if self._over is None else f"{self._over.name}, "
        return program + (f"edges within {tolerance}" if tolerance else "exact")


def typical_tolerance(goal: Goal) -> int:
    """The one to begin with."""
    if goal.metric != "ssimulacra2":
        return _MIDDLE
    return next(tolerance for score, tolerance in _TYPICAL if goal.target >= score)
