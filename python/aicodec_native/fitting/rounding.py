"""Short constants in place of exact ones: as few digits as the error allows.

A digit more costs about 3.3 bits (cpp/shader/serialize.cpp). Constants are fixed one after another, the one that
matters most first; those still free move along the normal equations to make up for what was rounded.
"""

from __future__ import annotations

import numpy as np

from aicodec_native.fitting.constants import ZERO, decimal, value_of
from aicodec_native.fitting.pixels import Floats
from aicodec_native.fitting.problem import NO_DIRECTIONS, Doubles, Pool, Problem
from aicodec_native.shader_values import Operand

_DIGITS = 9
_TRIES = 5
# Decimals of up to so many digits are tried in place of values that they differ from by this part at most.
_SHORT_DIGITS, _NEAR, _PASSES = 5, 0.03, 3
# As parts: how far all may be moved together.
_TOGETHER = (0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001)


def rounded(problem: Problem, values: Floats, pool: Pool, lost: float) -> list[Operand]:
    """A constant for each parameter; together they lose at most `lost` dB on the pixels of `pool`."""
    values = snapped(problem, values, pool)
    cost = problem.cost(values, pool.all)
    # Below a hundredth of a code value nobody can tell what is lost.
    budget = cost * (10 ** (lost / 10) - 1)
    least = 3 * pool.groups * (0.01 / problem.pixels.peak) ** 2
    budget = max(budget, least if cost < least else 0.0)
    _, _, matrix = problem.native.equations(values, pool.all, np.inf, NO_DIRECTIONS)
    share = budget / 2
    for _ in range(_TRIES):
        constants = _fixed(problem, values, pool, matrix, cost, budget, share)
        if problem.cost(_values(constants), pool.all) <= cost + budget:
            return constants
        share /= 8
    return [_full(float(value)) for value in values]


def snapped(problem: Problem, values: Floats, pool: Pool, share: float = 1.0) -> Floats:
    """Values that short decimals near them beat: most programs were written with such, and where a constant moves
    edges no derivative leads to it. All at once, for they may make up for each other, then one after another; until
    `share` of the time is over."""
    cost = problem.cost(values, pool.all)

    def better(lists: list[Floats]) -> bool:
        nonlocal values, cost
        if not lists:
            return False
        costs = problem.costs(np.array(lists, np.float32), pool.all)
        best = int(np.argmin(costs))
        if costs[best] >= cost:
            return False
        values, cost = lists[best], float(costs[best])
        return True

    for _ in range(_PASSES):
        if problem.clock.past(share):
            break
        gained = better([np.array([_shortest(v, near) for v in values.tolist()], np.float32) for near in _TOGETHER])
        for number in range(problem.size):
            if problem.clock.past(share):
                return values
            here = float(values[number])
            decimals = [decimal(here, digits) for digits in range(1, _SHORT_DIGITS + 1)]
            tried = sorted({value_of(d) for d in decimals if d is not None} - {here})
            tried = [v for v in tried if abs(v - here) <= _NEAR * abs(here)]
            lists = [values.copy() for _ in tried]
            for one, v in zip(lists, tried, strict=True):
                one[number] = v
            gained |= better(lists)
        if not gained:
            break
    return values


def _shortest(value: float, near: float) -> float:
    """Of the decimals within that part of `value`, one of the fewest digits."""
    for digits in range(1, _DIGITS):
        candidate = decimal(value, digits)
        if candidate is not None and abs(value_of(candidate) - value) <= near * abs(value):
            return value_of(candidate)
    return value


def _fixed(
    problem: Problem, values: Floats, pool: Pool, matrix: Doubles, cost: float, budget: float, share: float
) -> list[Operand]:
    now = values.astype(np.float64)
    free = list(range(problem.size))
    constants: dict[int, Operand] = {}
    # In the order of what one part in a hundred of each changes.
    weight = np.diag(matrix) * now**2
    spent = 0.0
    for number in sorted(free, key=lambda i: (-weight[i], i)):
        others = [i for i in free if i != number]
        inner = matrix[np.ix_(others, others)]
        inner = inner + np.eye(len(others)) * (1e-9 * max(np.trace(inner), 1e-12) / max(len(others), 1))
        pull = np.linalg.solve(inner, matrix[others, number]) if others else np.zeros(0)
        curvature = max(matrix[number, number] - float(matrix[number, others] @ pull), 0.0)
        allowed = (share - spent) / max(len(free), 1) * 2
        for digits in range(1, _DIGITS + 1):
            candidate = decimal(float(now[number]), digits)
            if candidate is None:
                continue
            moved = value_of(candidate) - now[number]
            expected = curvature * moved * moved
            if expected > max(allowed, 0.0) and digits < _DIGITS:
                continue
            tried = now.copy()
            tried[number] += moved
            tried[others] -= pull * moved
            if digits == _DIGITS or problem.cost(tried.astype(np.float32), pool.all) <= cost + budget:
                break
        else:
            candidate, tried, expected = _full(float(now[number])), now, 0.0
        assert candidate is not None
        constants[number] = candidate
        now, spent = tried, spent + expected
        free = others
    return [constants[i] for i in range(problem.size)]


def _full(value: float) -> Operand:
    """The nearest constant of at most nine digits, which gives every binary32 number back."""
    return decimal(value, _DIGITS) or ZERO


def _values(constants: list[Operand]) -> Floats:
    return np.array([value_of(constant) for constant in constants], np.float32)
