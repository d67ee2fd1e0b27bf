"""Levenberg-Marquardt steps along chosen directions, with a robust cost and a prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aicodec_native import _native
from aicodec_native.fitting.pixels import Floats
from aicodec_native.fitting.problem import NO_DIRECTIONS, Doubles, Problem

# Differences are taken over this part of a direction to both sides.
_REACH = 0.5
# Steps in a row that gain less than this part end it.
_SMALL, _PATIENCE = 1e-3, 3
_MAX_DAMPING = 1e6


@dataclass(frozen=True)
class Box:
    """What the parameters stay within."""

    low: Doubles
    high: Doubles

    def clip(self, values: Doubles) -> Floats:
        return np.clip(values, self.low, self.high).astype(np.float32)


@dataclass(frozen=True)
class Descent:
    """Where it ended, and the curvature there: half the second derivatives along the directions, the prior's too."""

    values: Floats
    curvature: Doubles
    cost: float


def descend(
    problem: Problem,
    start: Floats,
    samples: _native.FitSamples,
    directions: Doubles,
    *,
    scale: float,
    box: Box,
    prior: float = 0.0,
    differences: bool = False,
    rounds: int = 8,
    share: float = 1.0,
) -> Descent:
    """Improve `start` by multiples of the columns of `directions`, in at most so many steps of at most one length.

    The cost is the native one of `samples` with `scale`, and `prior` for the square of each multiple. `differences`
    takes the derivatives over half a direction to both sides, which sees over steps and short waves, instead of the
    program's own. Raises Stopped after `share` of the clock's time.
    """
    base = start.astype(np.float64)
    count = directions.shape[1]
    along = (_REACH * directions.T).astype(np.float32)

    def at(multiples: Doubles) -> Floats:
        return box.clip(base + directions @ multiples)

    def equations(multiples: Doubles) -> tuple[float, Doubles, Doubles]:
        problem.clock.tick(share)
        values = at(multiples)
        if differences:
            cost, gradient, matrix = problem.native.equations(values, samples, scale, along)
            gradient, matrix = gradient / _REACH, matrix / _REACH**2
        else:
            cost, gradient, matrix = problem.native.equations(values, samples, scale, NO_DIRECTIONS)
            gradient, matrix = directions.T @ gradient, directions.T @ matrix @ directions
        return (
            cost + prior * float(multiples @ multiples),
            gradient + prior * multiples,
            matrix + prior * np.eye(count),
        )

    multiples = np.zeros(count)
    cost, gradient, matrix = equations(multiples)
    damping, small = 1e-3, 0
    for _ in range(rounds):
        diagonal = np.diag(matrix)
        floor = 1e-9 * diagonal.mean() + 1e-15
        step = -np.linalg.solve(matrix + damping * np.diag(diagonal + floor) + 1e-15 * np.eye(count), gradient)
        step /= max(1.0, float(np.abs(step).max()))
        tried = multiples + step
        found = problem.cost(at(tried), samples, scale) + prior * float(tried @ tried)
        if found < cost:
            small = small + 1 if cost - found < _SMALL * cost else 0
            multiples, cost, damping = tried, found, max(damping * 0.2, 1e-9)
            if small >= _PATIENCE:
                break
            cost, gradient, matrix = equations(multiples)
        else:
            damping = max(damping, 1e-3) * 5
            if damping > _MAX_DAMPING:
                break
    return Descent(at(multiples), matrix, cost)
