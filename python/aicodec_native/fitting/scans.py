"""Values of one constant after another: for each, the best of many along its range, all others held.

This sees over what stops derivatives (edges of shapes, thresholds) as long as a constant shows by itself. Short
decimals are tried, too: a threshold that whole numbers are compared with (`mod(n, 2) < 1`) may be right nowhere else.
"""

from __future__ import annotations

import numpy as np

from aicodec_native import _native
from aicodec_native.fitting.descent import Box
from aicodec_native.fitting.pixels import Floats
from aicodec_native.fitting.problem import Doubles, Problem

# Values over a range, and then about the best of these.
_COARSE, _FINE = 21, 9
# Of short decimals: digits, and how many in a range are few enough to be tried.
_DIGITS, _MANY = 2, 40
# Of a unit: what the ends of a range may be off from having been computed.
_ROUNDED = 1e-6
# Parts of the cost: what a constant must gain to be moved.
_WORTHWHILE = 1e-4


def short_decimals(low: float, high: float, digits: int = _DIGITS) -> list[float]:
    """Those of at most so many significant digits in a range, where they are not many."""
    largest = max(abs(low), abs(high))
    if largest == 0:
        return []
    found: set[float] = set()
    for count in range(1, digits + 1):
        unit = 10.0 ** (np.floor(np.log10(largest)) - (count - 1))
        steps = np.arange(np.ceil(low / unit - _ROUNDED), np.floor(high / unit + _ROUNDED) + 1)
        if len(steps) <= _MANY:
            found.update((steps * unit).tolist())
    return sorted(found)


class Scans:
    """Scans of `problem` within `box`, judged by the robust cost of that scale. Raises Stopped after `share`."""

    def __init__(self, problem: Problem, box: Box, scale: float, share: float) -> None:
        self.problem = problem
        self.box = box
        self.scale = scale
        self.share = share

    def sweep(self, values: Floats, reach: Doubles, samples: _native.FitSamples) -> tuple[Floats, float, Doubles]:
        """Each constant within `reach` of where it is, those first that gain most: values, their cost, the moves."""
        began = cost = self.problem.cost(values, samples, self.scale)
        moves = np.zeros(self.problem.size)
        alone = [self._scan(values, i, reach[i], _COARSE, samples) for i in range(self.problem.size)]
        order = sorted(range(self.problem.size), key=lambda i: (alone[i][0], i))
        first = True
        for number in order:
            if alone[number][0] > began * (1 - _WORTHWHILE):
                break
            # Others have moved since.
            found = alone[number] if first else self._scan(values, number, reach[number], _COARSE, samples)
            first = False
            for again in (True, False):
                if found[0] < cost:
                    moves[number] += found[1] - float(values[number])
                    cost, values = found[0], values.copy()
                    values[number] = found[1]
                    if again:
                        found = self._scan(values, number, 2 * reach[number] / _COARSE, _FINE, samples)
        return values, cost, moves

    def _scan(
        self, values: Floats, number: int, reach: float, count: int, samples: _native.FitSamples
    ) -> tuple[float, float]:
        """The least cost, and the value that has it."""
        self.problem.clock.tick(self.share)
        here = float(values[number])
        low, high = max(here - reach, self.box.low[number]), min(here + reach, self.box.high[number])
        if low >= high:
            return np.inf, here
        tried = np.concatenate([np.linspace(low, high, count), short_decimals(low, high)]).astype(np.float32)
        lists = np.repeat(values[None], len(tried), 0)
        lists[:, number] = tried
        costs = self.problem.costs(lists, samples, self.scale)
        best = int(np.argmin(costs))
        return float(costs[best]), float(tried[best])
