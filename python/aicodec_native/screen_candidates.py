"""Screen layers, alone or over a program, at the tolerance that just reaches the goal.

The coder may be off at edges, by half of their contrast and at most by the tolerance (cpp/screen/tolerance.h), which is
searched. Tolerance 0 is exact, and comes first: it tells which component leads residuals best and what there is
to gain. A candidate is scored on what its encoder draws; the winner of all candidates is drawn by the
decoder.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Protocol

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal, Layers, Told
from aicodec_native.decode_rate import decode_rate
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
# Of the bytes: a probe that promises less is not made.
_LEAST_GAIN = {"fast": 0.02, "medium": 0.01, "slow": 0.005}
# What wins is coded once more with the coder's larger models: 1 to 8% fewer bytes.
_LAST_PRESETS = {"fast": "fast", "medium": "slow", "slow": "slow"}
# `slow` decides in several ways, whose pictures are not the same until one has won: it is no preset to search with.
_SEARCH_PRESETS = {"fast": "fast", "medium": "medium", "slow": "medium"}
# Exact pixels for so little more are worth it.
_WORTH_EXACTNESS = 1.02
# Errors at edges leave at least about a third of the bytes of exact pixels: nothing is tried where that is too much.
_MOST_EXACT = 2.2
# They leave a decoder at least a third of the work (with a tolerance of 14 0.45 to 0.6 of it on three dense clips).
_MOST_EXACT_WORK = 3.0
# The larger models, which take so much more time, are not asked where that is too much.
_LARGER_WORK = 1.3
# After so many frames, each unlike the one before, the leading component that has taken so many bytes more is dropped.
_TRIAL_FRAMES, _CLEARLY_WORSE = 12, 1.03
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
    known, and `gave_up` is then True; so are all where none will decode in time, unless `patient`.
    """

    def __init__(
        self,
        bench: Workbench,
        told: Told,
        over: Ground | None = None,
        *,
        limit: int | None = None,
        patient: bool = False,
    ) -> None:
        self._bench = bench
        self._told = told
        self._over = over
        self._limit = math.inf if limit is None else limit
        self._most_work = math.inf if patient else bench.most_work
        self._preset = _SEARCH_PRESETS[bench.preset]
        self._first_leads = False
        self._is_hopeless = False
        self.tried: dict[int, Candidate] = {}
        self._order: list[int] = []
        self._given_up: list[int] = []
        self.exact_bytes: list[int] = []
        """Of the exact layer up to each frame, as far as it was coded."""
        self.too_slow: float | None = None
        """The rate at which the exact layer would decode, where that is why all were given up."""

    @property
    def gave_up(self) -> bool:
        return bool(self._given_up)

    def run(self) -> Candidate | None:
        """The best of the candidates it tried, which stay in `tried` by tolerance; None where it gave up all."""
        self._try_exact()
        tolerance: int | None = typical_tolerance(self._bench.goal)
        if self._is_hopeless or (self._over is not None and self._over.moves):
            tolerance = None
        while tolerance is not None:
            self._try(tolerance)
            tolerance = self._next_tolerance()
        best = min(self.tried.values(), key=Candidate.rank, default=None)
        exact = self.tried.get(0)
        if exact and best and exact.is_slow <= best.is_slow and exact.size <= _WORTH_EXACTNESS * best.size:
            return exact
        return best

    def finer(self, than: Candidate, missing: float) -> Candidate | None:
        """One that scores so much more, about, than that one; None where that was not tried here, or no use."""
        of = next((tolerance for tolerance, candidate in self.tried.items() if candidate is than), 0)
        fall = max(100.0 - than.score, 1.0) * _PARTS_PER_DOUBLING
        tolerance = min(of - 1, math.floor(of * 2.0 ** (-missing / fall)))
        if tolerance > 0 and tolerance not in self.tried and tolerance not in self._given_up:
            self._try(tolerance)
        return self.tried.get(tolerance) if of else None

    def denser(self, best: Candidate) -> Candidate:
        """One of those tried, or the same by larger models if these decode in time, which then takes its place."""
        preset = _LAST_PRESETS[self._bench.preset]
        assert best.decode_rate is not None
        if preset == self._preset or not best.reached or best.decode_rate < _LARGER_WORK * self._bench.goal.decode_rate:
            return best
        started = time.perf_counter()
        tolerance = next(tolerance for tolerance, candidate in self.tried.items() if candidate is best)
        encoder = self._encoder(tolerance, self._first_leads, preset)
        for number, picture in enumerate(self._bench.frames):
            self._tell(0.95, number, tolerance)
            encoder.add(picture, self._below(number))
            if encoder.work > self._bench.most_work:
                return best
        work, layers = encoder.work, self._layers(encoder)
        score, scores, digest = self._bench.judged(layers, no_video)
        reached = tolerance == 0 or score >= self._bench.goal.target
        denser = self._bench.paced(self._candidate(tolerance, layers, score, scores), work)
        denser.digest, denser.reached = digest, reached
        denser.seconds = best.seconds + time.perf_counter() - started
        if denser.rank() < best.rank():
            self.tried[tolerance] = best = denser
        return best

    def _try_exact(self) -> None:
        """Both ways of leading residuals are coded at once, until one is clearly better."""
        started = time.perf_counter()
        bench = self._bench
        ways = (False,) if bench.frames.shape[0].startswith("yuv420") else (False, True)
        encoders = {leads: self._encoder(0, leads, self._preset) for leads in ways}
        hashes: dict[int, int] = {}
        changes = 0  # frames that repeat the one before tell nothing
        with ThreadPoolExecutor(max(1, min(bench.threads, len(ways)))) as pool:
            for number, picture in enumerate(bench.frames):
                self._tell(self._share(number), number, 0)
                below = self._below(number)
                list(pool.map(_native.ScreenEncoder.add, encoders.values(), repeat(picture), repeat(below)))
                hashes[number] = _native.picture_hash(picture)
                changes += hashes[number] != hashes.get(number - 1)
                self._first_leads = min(encoders, key=lambda leads: encoders[leads].size)
                least = encoders[self._first_leads].size
                self.exact_bytes.append(least)
                if least > self._limit:
                    self._given_up.append(0)
                    self._is_hopeless = least * len(bench.frames) > _MOST_EXACT * self._limit * (number + 1)
                    return
                if self._is_too_slow(encoders[self._first_leads].work, number + 1):
                    return
                if changes > _TRIAL_FRAMES:
                    encoders = {k: e for k, e in encoders.items() if e.size <= _CLEARLY_WORSE * least}
        bench.scorer.begin()
        for number in bench.scorer.frames:
            bench.scorer.add(number, bench.frames[number], hashes[number])
        work = encoders[self._first_leads].work
        exact = self._candidate(0, self._layers(encoders[self._first_leads]), *bench.scorer.result())
        bench.paced(exact, work)
        exact.hashes = hashes
        exact.seconds = time.perf_counter() - started
        self.tried[0] = exact

    def _is_too_slow(self, work: int, coded: int) -> bool:
        """Whether that much for so many frames of an exact layer means that no tolerance decodes in time."""
        share = (coded - 1) / max(1, len(self._bench.frames) - 1)
        if work <= self._most_work or work <= _MOST_EXACT_WORK * self._most_work * share:
            return False
        self.too_slow = decode_rate(work / share, len(self._bench.frames), self._bench.pixels)
        self._given_up.append(0)
        self._is_hopeless = True
        return True

    def _try(self, tolerance: int) -> None:
        started = time.perf_counter()
        bench = self._bench
        encoder = self._encoder(tolerance, self._first_leads, self._preset)
        counts, hashes = set(bench.scorer.frames), {}
        bench.scorer.begin()
        for number, picture in enumerate(bench.frames):
            self._tell(self._share(number), number, tolerance)
            encoder.add(picture, self._below(number))
            if encoder.size > self._limit:
                self._given_up.append(tolerance)
                return
            if number in counts:
                drawn = encoder.drawn()
                hashes[number] = _native.picture_hash(drawn)
                bench.scorer.add(number, drawn, hashes[number])
        work = encoder.work
        candidate = self._candidate(tolerance, self._layers(encoder), *bench.scorer.result())
        bench.paced(candidate, work)
        candidate.hashes = hashes
        candidate.reached = candidate.score >= bench.goal.target
        candidate.seconds = time.perf_counter() - started
        self.tried[tolerance] = candidate
        self._order.append(tolerance)

    def _next_tolerance(self) -> int | None:
        """The one where the score should meet the goal, between the last that reached it and the next known; None where
        nothing would be gained."""
        if not self._order or len(self.tried) + len(self._given_up) >= _PROBES[self._bench.preset]:
            return None  # finer ones were given up or would be
        reached = [tolerance for tolerance, candidate in self.tried.items() if candidate.reached]
        low = max([*reached, *self._given_up])
        high = min((tolerance for tolerance in self.tried if tolerance > low), default=_MOST + 1)
        if self._bench.goal.metric == "ssimulacra2":
            first = math.floor(self._interpolated(low, high))
        else:
            first = math.floor(math.sqrt(max(low, 1) * high))
        first = self._hastened(min(max(first, low + 1), high - 1), low, high)
        return first if low < first < high and self._gains(first, low, high) else None

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

    def _hastened(self, guess: int, low: int, high: int) -> int:
        """That one, or the middle where the last two probes moved the same end towards it: the curve has a step."""
        reached = [self.tried[tolerance].reached for tolerance in self._order[-2:]]
        if len(reached) < 2 or reached[0] != reached[1] or not 0 < low < high <= _MOST:
            return guess
        middle = round(math.sqrt(low * high))
        return max(guess, middle) if reached[0] else min(guess, middle)

    def _gains(self, tolerance: int, low: int, high: int) -> bool:
        """Whether that one should have clearly fewer bytes than the best so far: sizes go about along the tolerance's
        logarithm, and an exact layer is like one of tolerance 1."""
        sizes = {max(t, 1): candidate.size for t, candidate in self.tried.items()}
        least = min((candidate.size for candidate in self.tried.values() if candidate.reached), default=None)
        low = max(low, 1)
        other = high if high in sizes else max((t for t in sizes if t < low), default=None)
        if least is None or low not in sizes or other is None:
            return True
        slope = (sizes[other] - sizes[low]) / math.log(other / low)
        expected = sizes[low] + slope * math.log(tolerance / low)
        enough = least * (1 - _LEAST_GAIN[self._bench.preset])
        return expected < min(enough, sizes[1] / _WORTH_EXACTNESS if 1 in sizes else math.inf)

    def _encoder(self, tolerance: int, first_leads: bool, preset: str) -> _native.ScreenEncoder:
        depth = self._bench.frames[0].bit_depth
        return _native.ScreenEncoder(
            *self._bench.frames.shape,
            preset=preset,
            edge=tolerance << (depth - 8),
            flat=near_levels(depth) if tolerance and self._over is not None else 0,
            has_below=self._over is not None,
            threads=self._bench.threads,
            first_leads=first_leads,
        )

    def _below(self, number: int) -> _native.Picture | None:
        return None if self._over is None else self._over.picture(number)

    def _share(self, number: int) -> float:
        """Of the search, about, that is done."""
        return (len(self.tried) + number / len(self._bench.frames)) / _PROBES[self._bench.preset]

    def _tell(self, share: float, number: int, tolerance: int) -> None:
        if number % _REPORT_EVERY == 0:
            self._told(min(0.95, share), f"screen layer, {self._setting(tolerance)}")

    def _layers(self, encoder: _native.ScreenEncoder) -> Layers:
        layer = (_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=encoder.finish()))
        return [layer] if self._over is None else [*self._over.layers, layer]

    def _candidate(self, tolerance: int, layers: Layers, score: float, scores: list[float]) -> Candidate:
        stack = "screen" if self._over is None else f"{self._over.stack}+screen"
        return Candidate(stack, self._setting(tolerance), layers, score, scores)

    def _setting(self, tolerance: int) -> str:
        program = "" if self._over is None else f"{self._over.name}, "
        return program + (f"edges within {tolerance}" if tolerance else "exact")


def typical_tolerance(goal: Goal) -> int:
    """The one to begin with."""
    if goal.metric != "ssimulacra2":
        return _MIDDLE
    return next(tolerance for score, tolerance in _TYPICAL if goal.target >= score)
