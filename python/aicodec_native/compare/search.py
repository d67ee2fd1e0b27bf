"""Which quantiser to try next, until the coarsest one that reaches a score is known well enough.

The answer lies between a file that reaches the score and one that does not. Both are real; bytes at exactly the
score are interpolated between them, so a codec with coarse steps is not charged for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# In quantiser units: no guess goes further beyond what is known.
_LONGEST_STRIDE = 12.0
# Two scores tell the slope only if their quantisers lie so far apart: quality wavers from step to step.
_LEAST_BASE = 2.0


@dataclass(frozen=True, slots=True)
class Scale:
    """The quantisers of a codec, finest to coarsest; a usual one; and the SSIMULACRA2 lost per unit there."""

    finest: float
    coarsest: float
    step: float
    guess: float
    slope: float

    def snap(self, quantiser: float) -> float:
        return max(self.finest, min(self.coarsest, round(quantiser / self.step) * self.step))


def bracket(known: Mapping[float, float], target: float) -> tuple[float | None, float | None]:
    """Of scores by quantiser: the coarsest quantiser that reaches `target`, and the next one, which does not."""
    passing = max((q for q, score in known.items() if score >= target), default=None)
    failing = min((q for q in known if passing is None or q > passing), default=None)
    return passing, failing


def next_quantiser(scale: Scale, known: Mapping[float, float], target: float, gap: float) -> float | None:
    """Where to probe, or None: the bracket is one step or `gap` points wide, or the score is out of reach."""
    if not known:
        return scale.guess
    passing, failing = bracket(known, target)
    if passing is None:
        return _finer(scale, known, target + gap / 4)
    if failing is None:
        return _coarser(scale, known, target - gap / 4)
    above, below = known[passing] - target, target - known[failing]
    if failing - passing <= scale.step or above + below <= gap:
        return None
    # Beside a score that is near already, aim for the other side of the target: else the far end would never move.
    aim = target - gap / 2 if above < gap / 2 else target + gap / 2 if below < gap / 2 else target
    share = (known[passing] - aim) / (above + below)
    guess = scale.snap(passing + share * (failing - passing))
    return min(max(guess, passing + scale.step), failing - scale.step)


def _finer(scale: Scale, known: Mapping[float, float], aim: float) -> float | None:
    finest = min(known)
    if finest <= scale.finest:
        return None
    base = min((q for q in known if q >= finest + _LEAST_BASE), default=None)
    slope = _slope(scale, known, finest, base)
    stride = (aim - known[finest]) / -slope
    if base is not None and stride > 3 * _LONGEST_STRIDE:
        return None  # the scores have gone flat below the target: finer steps only cost bytes and hours
    return min(scale.snap(finest - min(stride, _LONGEST_STRIDE)), finest - scale.step)


def _coarser(scale: Scale, known: Mapping[float, float], aim: float) -> float | None:
    coarsest = max(known)
    if coarsest >= scale.coarsest:
        return None
    base = max((q for q in known if q <= coarsest - _LEAST_BASE), default=None)
    stride = (known[coarsest] - aim) / -_slope(scale, known, base, coarsest)
    return max(scale.snap(coarsest + min(stride, _LONGEST_STRIDE)), coarsest + scale.step)


def _slope(scale: Scale, known: Mapping[float, float], fine: float | None, coarse: float | None) -> float:
    """Points per unit of quantiser; never flat or rising."""
    if fine is None or coarse is None:
        return scale.slope
    return min((known[coarse] - known[fine]) / (coarse - fine), -0.02)
