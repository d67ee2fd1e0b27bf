"""A codec's rate-distortion curve on a clip: grown point by point where it is asked for, read at any quality."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aicodec_native.compare.point import Point
from aicodec_native.compare.search import Scale, next_quantiser

# How far apart the scores on both sides of a quality may lie: bytes between them are interpolated.
GAP = 2.0
_MOST_PROBES = 8
# An encode looks at samples of the frames: measured on all of them, its file may lie this far below what was asked.
_MOST_SHORT = 3.0
# Two curves are compared if their scores share at least this part of the narrower one's range.
_LEAST_OVERLAP = 0.5
_LEAST_POINTS = 4


@dataclass(slots=True)
class Curve:
    """Points of one codec, in any order."""

    name: str
    points: list[Point] = field(default_factory=list)

    def by_bytes(self) -> list[Point]:
        return sorted(self.points, key=lambda point: point.bytes)

    def smallest(self, score: float, metric: str = "ssimulacra2") -> Point | None:
        """The smallest file that reaches a score."""
        return min((p for p in self.points if p.scores[metric] >= score), key=lambda p: p.bytes, default=None)

    def best(self, metric: str = "ssimulacra2") -> Point:
        """The file with the highest score."""
        return max(self.points, key=lambda p: p.scores[metric])

    def bytes_at(self, score: float, metric: str = "ssimulacra2") -> float | None:
        """Bytes at exactly a score, between the smallest file that reaches it and the next smaller one along the line
        of log bytes over score; that file's own where none is smaller; None where none reaches it."""
        above = self.smallest(score, metric)
        if above is None:
            return None
        below = max((p for p in self.points if p.bytes < above.bytes), key=lambda p: p.bytes, default=None)
        if below is None or not math.isfinite(above.scores[metric]):
            return float(above.bytes)
        upper, lower = above.scores[metric], below.scores[metric]
        share = (score - lower) / (upper - lower)
        return math.exp(math.log(below.bytes) + share * (math.log(above.bytes) - math.log(below.bytes)))


def equal_score(asked: float, measured: float) -> float:
    """The score at which others are compared with a file of ours: what was asked, or what it has if that is a little
    less. One that lies far below has missed it, and the others are not spared what it could not do."""
    return measured if asked - _MOST_SHORT <= measured < asked else asked


def grow(
    curve: Curve,
    scale: Scale,
    scores: Sequence[float],
    probe: Callable[[float], Point],
    *,
    gap: float = GAP,
    metric: str = "ssimulacra2",
) -> None:
    """Adds points until each of the scores is bracketed, or known to be out of the codec's reach."""
    for score in scores:
        for _ in range(_MOST_PROBES):
            known = {p.quantiser: p.scores[metric] for p in curve.points if p.quantiser is not None}
            quantiser = next_quantiser(scale, known, score, gap)
            if quantiser is None:
                break
            curve.points.append(probe(quantiser))


def bd_rate(anchor: Curve, tested: Curve, metric: str = "ssimulacra2") -> float | None:
    """How many percent more bytes `tested` takes than `anchor` at equal scores (Bjontegaard 2001, pchip).

    Streams count without their containers, an `.aic` file as a whole. None with fewer than four points on a curve
    that rises, or where they hardly share a range of scores.
    """
    import bjontegaard

    one, other = _rising(anchor, metric), _rising(tested, metric)
    if min(len(one), len(other)) < _LEAST_POINTS:
        return None
    low = max(one[0][1], other[0][1])
    high = min(one[-1][1], other[-1][1])
    narrower = min(one[-1][1] - one[0][1], other[-1][1] - other[0][1])
    if high - low < _LEAST_OVERLAP * narrower:
        return None
    rates = [[rate for rate, _ in points] for points in (one, other)]
    marks = [[score for _, score in points] for points in (one, other)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own word on overlap, which is checked above
        found = bjontegaard.bd_rate(
            rates[0], marks[0], rates[1], marks[1], method="pchip", require_matching_points=False
        )
    return float(found)


def _rising(curve: Curve, metric: str) -> list[tuple[float, float]]:
    """(bytes, score) of the streams that score more than every smaller one."""
    kept: list[tuple[float, float]] = []
    for point in sorted(curve.points, key=lambda point: point.stream_bytes):
        score = point.scores[metric]
        if math.isfinite(score) and (not kept or (score > kept[-1][1] and point.stream_bytes > kept[-1][0])):
            kept.append((float(point.stream_bytes), score))
    return kept
