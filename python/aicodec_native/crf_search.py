"""Finds the coarsest quantiser that still reaches a quality, with few probes.

Quality falls steadily with CRF, nearly along a line over the few steps that matter, so a guess, a step along the
slope and an interpolation usually suffice (Av1an and ab-av1 search alike).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

STEPS_PER_CRF = 4
MIN_STEP = 1 * STEPS_PER_CRF
MAX_STEP = 63 * STEPS_PER_CRF
# No probe goes further than this from the ones before: far finer steps cost many bytes and much time to code.
_LONGEST_STRIDE = 10 * STEPS_PER_CRF
# A slope towards coarser steps is at least this part of what was thought.
_FLATTEST = 3.0
# What may be over the target once the usual number of probes is made.
_LOOSER = 2.0


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What is asked, and what is known beforehand about the curve.

    `guess` and `slope` are in quarter steps of CRF; `slope` (below zero) is the score lost per step. A result at most
    `tolerance` over the target ends the search, after `usual_probes` one that is a few times that over it, and after
    `max_probes` any. Only multiples of `grid` steps are probed.
    """

    target: float
    guess: int
    slope: float
    tolerance: float
    max_probes: int = 6
    usual_probes: int = 6
    grid: int = 1


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
    return max(MIN_STEP, min(MAX_STEP, round(step / grid) * grid))


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
    # Aim a little above the target: a narrow miss would cost another probe.
    aim = plan.target + plan.tolerance / 2
    above, below = scores[coarsest_pass], scores[finest_fail]
    share = (above - aim) / (above - below) if above > below else 0.5
    guess = clamp(coarsest_pass + share * (finest_fail - coarsest_pass), plan.grid)
    return min(max(guess, coarsest_pass + plan.grid), finest_fail - plan.grid)


def _finer(plan: SearchPlan, scores: dict[int, float], finest: int) -> int | None:
    if finest == MIN_STEP or len(scores) >= plan.max_probes + 2:
        return None
    missing = plan.target + plan.tolerance / 2 - scores[finest]
    stride = missing / -_slope(plan, scores, _apart(sorted(scores), plan.grid))
    if len(scores) >= 3 and stride > 2 * _LONGEST_STRIDE:
        return None  # the curve has gone flat below the target: finer steps only cost bytes
    return clamp(finest - max(plan.grid, min(stride, _LONGEST_STRIDE)), plan.grid)


def _coarser(plan: SearchPlan, scores: dict[int, float], coarsest: int) -> int | None:
    if coarsest == MAX_STEP:
        return None
    spare = scores[coarsest] - plan.target - plan.tolerance / 2
    # Two scores side by side may be as good: that is no reason to go far.
    slope = min(_slope(plan, scores, sorted(scores)[-2:]), plan.slope / _FLATTEST)
    return clamp(coarsest + max(plan.grid, min(spare / -slope, 2 * _LONGEST_STRIDE)), plan.grid)


def _apart(steps: list[int], grid: int) -> list[int]:
    """The first step, and the next one that is not its neighbour on a coarse grid, where two may be as good."""
    return [steps[0], *[step for step in steps[1:] if grid == 1 or step > steps[0] + grid][:1]]


def _slope(plan: SearchPlan, scores: dict[int, float], nearest: list[int]) -> float:
    """Score per step between the two probes nearest to where the search goes; never flat or rising."""
    if len(nearest) < 2:
        return plan.slope
    fine, coarse = nearest
    return min((scores[coarse] - scores[fine]) / (coarse - fine), -0.005)
