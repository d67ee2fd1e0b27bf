"""A search without derivatives: CMA-ES (Hansen, The CMA Evolution Strategy: A Tutorial, 2016).

A cloud of trial values is drawn from a normal distribution, which moves towards the better half of them and takes on
their shape: so it learns which constants make up for each other, and which must be exact together, where no derivative
tells: numbers that thresholds are made of, or the plane that a fractal lies in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aicodec_native.fitting.problem import Doubles

# Trials in a generation, for each doubling of the unknowns.
_FEW, _MORE = 32, 8
# It ends where so many generations gain less than this part of the cost, or the cloud is a point.
_PATIENCE, _SMALL = 30, 2e-3
_POINT = 1e-5
# Multiples of the units that the cloud is never wider than.
_WIDEST = 1.5


@dataclass
class Cloud:
    """Where trials are drawn: their mean and covariance, in units of the caller's."""

    mean: Doubles
    covariance: Doubles


def evolve(
    costs: Callable[[Doubles], Doubles],
    cloud: Cloud,
    low: Doubles,
    high: Doubles,
    rng: np.random.Generator,
    generations: int,
) -> Doubles:
    """The best of all trials, each within `low` and `high`.

    `costs` has rows of trials, and returns a number for each; what it raises goes through.
    """
    n = len(cloud.mean)
    count = _FEW + _MORE * int(np.log2(n + 1))
    half = count // 2
    weights = np.log(half + 0.5) - np.log(np.arange(1, half + 1))
    weights /= weights.sum()
    mass = 1 / float(np.square(weights).sum())
    # The tutorial's rates.
    path_rate = (4 + mass / n) / (n + 4 + 2 * mass / n)
    length_rate = (mass + 2) / (n + mass + 5)
    one_rate = 2 / ((n + 1.3) ** 2 + mass)
    many_rate = min(1 - one_rate, 2 * (mass - 2 + 1 / mass) / ((n + 2) ** 2 + mass))
    damping = 1 + 2 * max(0.0, np.sqrt((mass - 1) / (n + 1)) - 1) + length_rate
    usual = np.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n))

    mean, shape, step = cloud.mean.copy(), cloud.covariance.copy(), 1.0
    path, length = np.zeros(n), np.zeros(n)
    best, best_cost, last_gain, cost_then = mean.copy(), np.inf, 0, np.inf
    for generation in range(generations):
        variances, axes = np.linalg.eigh(shape)
        roots = np.sqrt(np.maximum(variances, 1e-20))
        step *= min(1.0, _WIDEST / float(step * roots.max()))
        trials = np.clip(mean + step * (rng.standard_normal((count, n)) * roots) @ axes.T, low, high)
        found = costs(trials)
        order = np.argsort(found, kind="stable")
        if found[order[0]] < best_cost:
            best, best_cost = trials[order[0]].copy(), float(found[order[0]])
        if best_cost < cost_then * (1 - _SMALL):
            last_gain, cost_then = generation, best_cost
        moves = (trials[order[:half]] - mean) / step
        move = weights @ moves
        mean = mean + step * move
        length = (1 - length_rate) * length
        length += np.sqrt(length_rate * (2 - length_rate) * mass) * (axes @ ((axes.T @ move) / roots))
        size = float(np.linalg.norm(length))
        steady = size / np.sqrt(1 - (1 - length_rate) ** (2 * (generation + 1))) < (1.4 + 2 / (n + 1)) * usual
        path = (1 - path_rate) * path + steady * np.sqrt(path_rate * (2 - path_rate) * mass) * move
        lost = (1 - float(steady)) * path_rate * (2 - path_rate)
        shape = (1 - one_rate - many_rate + one_rate * lost) * shape
        shape += one_rate * np.outer(path, path) + many_rate * (moves.T * weights) @ moves
        step *= float(np.exp(min(1.0, (length_rate / damping) * (size / usual - 1))))
        if generation - last_gain > _PATIENCE or step * roots.max() < _POINT:
            break
    return best
