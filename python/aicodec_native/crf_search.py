"""Finds the coarsest quantiser that still reaches a quality, with few probes.

Quality falls steadily with CRF, nearly along a line over the few steps that matter, so a guess, a step along the
slope and an interpolation usually suffice (Av1an and ab-av1 search alike). Where it is known how curves are bent, they
are looked at over axes that make lines of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

STEPS_PER_CRF = 4
MIN_STEP = 1 * STEPS_PER_CRF
MAX_STEP = 63 * STEPS_PER_CRF
# No probe goes further than this from the ones before: far finer steps cost many bytes and much time to code.
_LONGEST_STRIDE = 10 * STEPS_PER_CRF
# A slope towards coarser steps is at least this part of what was thought; none is flat or rises.
_FLATTEST = 3.0
_LEAST_SLOPE = 0.005
# What a perfect score counts as lacking.
_LEAST_LACK = 0.05
# What may be over the target once the usual number of probes is made.
_LOOSER = 2.0

# Logarithms of the quantiser (AC, 8 bits: the AV1 specification's Ac_Qlookup) at some steps. From CRF 56 on, two and
# a half times its growth: photographs among drawings lack so much more there (decision 0009).
_CRFS = (1, 8, 16, 24, 32, 40, 48, 56, 60, 63)
_STEPS = np.multiply(_CRFS, STEPS_PER_CRF)
_QUANTISERS = np.log([11, 39, 71, 104, 176, 305, 550, 1007, 1369, 1828])
_QUANTISERS[-2:] += 1.5 * (_QUANTISERS[-2:] - _QUANTISERS[-3])
_OUT_OF_REACH = math.log(2)


class Axes(Protocol):
    """Where steps and scores are for a curve to be about a straight line."""

    def place(self, step: float) -> float: ...
    def step(self, place: float) -> float: ...
    def level(self, score: float) -> float: ...


class PlainAxes:
    """Each step takes about as much of the score."""

    def place(self, step: float) -> float:
        return step

    def step(self, place: float) -> float:
        return place

    def level(self, score: float) -> float:
        return score


class PowerAxes:
    """What a score lacks of 100 grows with a power of the step. What needs half of the finest step is out of reach."""

    def place(self, step: float) -> float:
        return math.log(step)

    def step(self, place: float) -> float:
        return -math.inf if place < math.log(MIN_STEP / 2) else math.exp(min(place, math.log(2 * MAX_STEP)))

    def level(self, score: float) -> float:
        return -math.log(max(100.0 - score, _LEAST_LACK))


class QuantiserAxes(PowerAxes):
    """That grows with a power of AV1's quantiser itself instead; more steeply where that is very coarse."""

    def place(self, step: float) -> float:
        return float(np.interp(step, _STEPS, _QUANTISERS))

    def step(self, place: float) -> float:
        return -math.inf if place < _QUANTISERS[0] - _OUT_OF_REACH else float(np.interp(place, _QUANTISERS, _STEPS))


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is asked, and what is known beforehand about the curve.

    `guess` is in quarter steps of CRF; `slope` (below zero) that of the line over `axes`: the score lost per step, or
    with PowerAxes the power. A result at most `tolerance` over the target ends the search, after `usual_probes` one
    that is a few times that over it, and after `max_probes` any. Only multiples of `grid` steps are probed.
    """

    target: float
    guess: int
    slope: float
    tolerance: float
    max_probes: int = 6
    usual_probes: int = 6
    grid: int = 1
    axes: Axes = field(default_factory=PlainAxes)

    @property
    def aim(self) -> float:
        """A little above the target: a narrow miss would cost another probe."""
        return self.target + self.tolerance / 2


@dataclass(slots=True)
class SearchResult:
    """The chosen step, whether its score reaches the target, and every probe made (step -> score)."""

    step: int
    reached: bool
    probes: dict[int, float] = field(default_factory=dict)


def search(plan: SearchPlan, probe: Callable[[int], float]) -> SearchResult:
    """Probe steps until the largest one with score >= target is known well enough.

    Where even MIN_STEP misses the target, or the score no longer rises with finer steps, the coarsest step among the
    best scores is chosen and `reached` is False.
    """
    scores: dict[int, float] = {}
    step = clamp(plan.guess, plan.grid)
    while True:
        score = probe(step)
        scores[step] = -math.inf if math.isnan(score) else score
        following = _next_step(plan, scores)
        if following is None:
            break
        step = following
    passing = [s for s, score in scores.items() if score >= plan.target]
    if passing:
        return SearchResult(max(passing), True, scores)
    best = max(scores.values())
    near_best = [s for s, score in scores.items() if score >= best - plan.tolerance]
    return SearchResult(max(near_best), False, scores)


def clamp(step: float, grid: int = 1) -> int:
    """The nearest step that there is. `grid` divides MIN_STEP and MAX_STEP."""
    return round(max(MIN_STEP, min(MAX_STEP, step)) / grid) * grid


def _next_step(plan: SearchPlan, scores: dict[int, float]) -> int | None:
    """The step to probe next, or None where the search is over."""
    coarsest_pass = max((s for s, score in scores.items() if score >= plan.target), default=None)
    finest_fail = min((s for s, score in scores.items() if score < plan.target), default=None)
    if len(scores) >= plan.max_probes and coarsest_pass is not None:
        return None
    tolerance = plan.tolerance * (_LOOSER if len(scores) >= plan.usual_probes else 1.0)
    if coarsest_pass is not None and scores[coarsest_pass] - plan.target <= tolerance:
        return None
    if coarsest_pass is None:
        assert finest_fail is not None
        return _finer(plan, scores, finest_fail)
    if finest_fail is None:
        return _coarser(plan, scores, coarsest_pass)
    if finest_fail - coarsest_pass <= plan.grid:
        return None
    slope = _slope(plan, scores, [coarsest_pass, finest_fail])
    guess = clamp(coarsest_pass + _stride(plan, scores, coarsest_pass, slope), plan.grid)
    return min(max(guess, coarsest_pass + plan.grid), finest_fail - plan.grid)


def _finer(plan: SearchPlan, scores: dict[int, float], finest: int) -> int | None:
    if finest == MIN_STEP or len(scores) >= plan.max_probes + 2:
        return None
    slope = _slope(plan, scores, _apart(sorted(scores), plan.grid))
    stride = -_stride(plan, scores, finest, slope)
    if len(scores) >= 3 and stride > 2 * _LONGEST_STRIDE:
        return None  # the curve has gone flat below the target: finer steps only cost bytes
    return clamp(finest - max(plan.grid, min(stride, _LONGEST_STRIDE)), plan.grid)


def _coarser(plan: SearchPlan, scores: dict[int, float], coarsest: int) -> int | None:
    if coarsest == MAX_STEP:
        return None
    # Two scores side by side may be as good: that is no reason to go far.
    slope = min(_slope(plan, scores, sorted(scores)[-2:]), plan.slope / _FLATTEST)
    stride = _stride(plan, scores, coarsest, slope)
    return clamp(coarsest + max(plan.grid, min(stride, 2 * _LONGEST_STRIDE)), plan.grid)


def _apart(steps: list[int], grid: int) -> list[int]:
    """The first step, and the next one that is not its neighbour on a coarse grid, where two may be as good."""
    return [steps[0], *[step for step in steps[1:] if grid == 1 or step > steps[0] + grid][:1]]


def _slope(plan: SearchPlan, scores: dict[int, float], nearest: list[int]) -> float:
    """Between the two probes nearest to where the search goes; never flat or rising."""
    if len(nearest) < 2:
        return plan.slope
    axes, (fine, coarse) = plan.axes, nearest
    fall = axes.level(scores[coarse]) - axes.level(scores[fine])
    return min(fall / (axes.place(coarse) - axes.place(fine)), -_LEAST_SLOPE)


def _stride(plan: SearchPlan, scores: dict[int, float], start: int, slope: float) -> float:
    """Steps from `start`, on a line of that slope, to what is aimed at."""
    axes = plan.axes
    way = (axes.level(plan.aim) - axes.level(scores[start])) / slope
    return axes.step(axes.place(start) + way) - start
