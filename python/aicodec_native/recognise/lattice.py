"""The lattice of a noise: its period and place along x and y, without knowing what stands at its points.

At the lattice's points gradient noise is 0, whatever its octaves, and value noise is level. So one quantity (the
distance from a colour, the steepness) vanishes on a comb in two dimensions. The means over all combs of some periods
and phases are two products of matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.clip import Floats

Singles = npt.NDArray[np.float32]

# In samples: shorter cells are not seen, and a comb needs teeth.
_SHORTEST, _TEETH = 5.0, 3
# The error of a period over all teeth, and the distance of phases, in periods.
_DRIFT, _PHASES = 0.15, 10
# How sure a comb must be: points times the logarithm of how much calmer they are than others; and that logarithm,
# by the table and looked at closely.
_SURE, _CALM, _CONFIRMED = 45.0, 1.0, 1.8
# How far around it a comb is looked at more closely, in the steps of the table.
_REACHES = (1.0, 0.5, 0.25)
_SHOWN = 3
# On the lattice of gradient noise colours change, on that of value noise they differ, by this share of what is usual.
_LIVELY = 0.3


@dataclass(frozen=True)
class Lattice:
    """Points at x = phase_x + k period_x, y likewise, in samples; `kind` is "gradient" or "value"."""

    kind: str
    period_x: float
    phase_x: float
    period_y: float
    phase_y: float
    score: float


def lattices(image: Floats) -> list[Lattice]:
    """Of a grey image (rows, columns), 0 to 255: the likeliest, none where no comb stands out."""
    centred = image - image.mean()
    spread = float((centred**2).mean())
    combs_x, combs_y = _combs(image.shape[1]), _combs(image.shape[0])
    if spread < 4 or combs_x is None or combs_y is None:
        return []
    # Both directions count alike: where cells are long, one of them has most of the steepness.
    steep = sum(slope**2 / max(float((slope**2).mean()), 1e-3) for slope in np.gradient(image))
    seen = _Image(centred.astype(np.float32), np.asarray(steep, np.float32), spread, float(np.mean(steep)))
    found = [lattice for kind in ("gradient", "value") for lattice in _best(kind, seen, combs_y, combs_x)]
    return sorted(found, key=lambda lattice: -lattice.score)[:_SHOWN]


@dataclass(frozen=True)
class _Image:
    """What is looked at: levels less their mean, their steepness, and what is usual of their squares."""

    levels: Singles
    steep: Singles
    spread: float
    steepness: float

    def calm(self, kind: str, combs_y: _Combs, combs_x: _Combs) -> Floats:
        """The logarithm of how much calmer than usual combs are, (combs_y, combs_x); 0 where all is dead."""
        mean = _means(self.levels, combs_y, combs_x)
        varies = np.maximum(_means(self.levels**2, combs_y, combs_x) - mean**2, 0)
        steep = _means(self.steep, combs_y, combs_x)
        value, usual, lively = (
            (varies, self.spread, steep > _LIVELY * self.steepness)
            if kind == "gradient"
            else (steep, self.steepness, varies > _LIVELY * self.spread)
        )
        calmer: Floats = np.where(lively, np.log(usual / (value + 0.01 * usual)), 0.0)
        return calmer


@dataclass(frozen=True)
class _Combs:
    """`weights` (combs, samples): each takes the mean over its teeth, between samples where they lie there."""

    periods: Floats
    phases: Floats
    teeth: npt.NDArray[np.int64]
    weights: Singles

    def near(self, comb: int, reach: float) -> _Combs:
        """Some whose period and phase differ from that comb's a little."""
        size, period, phase = self.weights.shape[1], float(self.periods[comb]), float(self.phases[comb])
        drift = _DRIFT * period / size
        every = []
        for k in np.linspace(-reach, reach, 5):
            # The middle of the picture stays where it is if the period changes.
            shifted = phase - drift * k * (size / 2 - phase)
            every += [(period * (1 + drift * k), shifted + period * m / _PHASES) for m in np.linspace(-reach, reach, 5)]
        return _of(size, every)


@lru_cache(maxsize=8)
def _combs(size: int) -> _Combs | None:
    longest = (size - 1) / _TEETH
    if longest <= _SHORTEST:
        return None
    periods = [_SHORTEST]
    while periods[-1] < longest:
        periods.append(periods[-1] * (1 + _DRIFT * periods[-1] / size))
    return _of(size, [(period, period * k / _PHASES) for period in periods for k in range(_PHASES)])


def _of(size: int, every: list[tuple[float, float]]) -> _Combs:
    """Combs of the given periods and phases."""
    weights = np.zeros((len(every), size), np.float32)
    teeth = np.zeros(len(every), np.int64)
    for row, (period, phase) in enumerate(every):
        at = np.arange(phase % period, size - 1, period)
        low = at.astype(np.int64)
        teeth[row] = len(at)
        np.add.at(weights[row], low, (1 - (at - low)) / len(at))
        np.add.at(weights[row], low + 1, (at - low) / len(at))
    return _Combs(np.array([p for p, _ in every]), np.array([phase % p for p, phase in every]), teeth, weights)


def _means(image: Singles, combs_y: _Combs, combs_x: _Combs) -> Singles:
    found: Singles = np.matmul(np.matmul(combs_y.weights, image), combs_x.weights.T)
    return found


def _best(kind: str, seen: _Image, combs_y: _Combs, combs_x: _Combs) -> list[Lattice]:
    """Those of the highest score whose periods differ, which a closer look confirms."""
    found: list[Lattice] = []
    points = combs_y.teeth[:, None] * combs_x.teeth
    calm = seen.calm(kind, combs_y, combs_x)
    score: Floats = np.where(calm > _CALM, points * calm, 0.0)
    for _ in range(_SHOWN):
        row, column = (int(k) for k in np.unravel_index(int(np.argmax(score)), score.shape))
        if score[row, column] < _SURE:
            break
        lattice = _closer(kind, seen, (combs_y, row), (combs_x, column))
        if lattice is not None:
            found.append(lattice)
        near_x = np.abs(combs_x.periods / combs_x.periods[column] - 1) < 0.1
        near_y = np.abs(combs_y.periods / combs_y.periods[row] - 1) < 0.1
        score[np.ix_(near_y, near_x)] = 0
    return found


def _closer(kind: str, seen: _Image, y: tuple[_Combs, int], x: tuple[_Combs, int]) -> Lattice | None:
    """With periods and phases between those of the table: the right lattice's points become far calmer."""
    for reach in _REACHES:
        near_y, near_x = y[0].near(y[1], reach), x[0].near(x[1], reach)
        calm = seen.calm(kind, near_y, near_x)
        row, column = (int(k) for k in np.unravel_index(int(np.argmax(calm)), calm.shape))
        best, y, x = float(calm[row, column]), (near_y, row), (near_x, column)
    if best < _CONFIRMED:
        return None
    (combs_y, row), (combs_x, column) = y, x
    periods = float(combs_x.periods[column]), float(combs_y.periods[row])
    phases = float(combs_x.phases[column]), float(combs_y.phases[row])
    score = best * float(combs_x.teeth[column] * combs_y.teeth[row])
    return Lattice(kind, periods[0], phases[0], periods[1], phases[1], score)
