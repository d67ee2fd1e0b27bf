"""Chooses among the stacks that were coded for each segment, for the file as a whole: bytes go where they raise the
mean score most.

Each segment has points (bytes, score). All files that these make are followed segment by segment, those left out that
are beaten in both bytes and score: with many points near each other this is where all segments have one slope.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# How far below what was asked one segment may be.
FLOORS = {"ssimulacra2": 5.0, "psnr": 1.0, "xpsnr": 1.0, "ssim": 0.004, "ms_ssim": 0.003}

# So many files are followed: of others with about the same score, the smallest.
_MOST_FILES = 4096


@dataclass(frozen=True, slots=True)
class Point:
    """One way to code a segment."""

    bytes: int
    score: float


@dataclass(frozen=True, slots=True)
class SegmentPoints:
    """A segment's `points`, of which `usual` is the one that it would get alone, and its share in the mean."""

    points: Sequence[Point]
    usual: int
    weight: float


def cheapest(segments: Sequence[SegmentPoints], target: float, floor: float) -> list[int]:
    """A point for each segment: few bytes at a mean score of `target` or more, no segment over `floor` below it.

    Segments whose usual point is below the target cannot reach it: they keep it, and what they lack is not made up for
    elsewhere. Where nothing is saved the points are the usual ones.
    """
    usual = [segment.usual for segment in segments]
    need = sum(s.weight * min(target, s.points[s.usual].score) for s in segments)
    allowed = [
        [i for i, p in enumerate(s.points) if i == s.usual or (p.score >= target - floor <= target <= _usual(s))]
        for s in segments
    ]
    files = _files(segments, allowed)
    fitting = np.flatnonzero(files.scores >= need - 1e-9)
    if not len(fitting):
        return usual
    chosen = files.points(int(fitting[np.argmin(files.bytes[fitting])]))
    return chosen if _bytes(segments, chosen) < _bytes(segments, usual) else usual


def best_within(segments: Sequence[SegmentPoints], limit: int) -> list[int] | None:
    """A point for each segment: the mean score as high as `limit` bytes allow; None if none fits."""
    files = _files(segments, [list(range(len(segment.points))) for segment in segments])
    fitting = np.flatnonzero(files.bytes <= limit)
    return files.points(int(fitting[np.argmax(files.scores[fitting])])) if len(fitting) else None


def _usual(segment: SegmentPoints) -> float:
    return segment.points[segment.usual].score


def _bytes(segments: Sequence[SegmentPoints], chosen: list[int]) -> int:
    return sum(segment.points[index].bytes for segment, index in zip(segments, chosen, strict=True))


@dataclass(frozen=True, slots=True)
class _Files:
    """Sums of weighted scores and of bytes, and for each segment the file before and the point that led here."""

    scores: NDArray[np.float64]
    bytes: NDArray[np.int64]
    steps: list[tuple[NDArray[np.int16], NDArray[np.int16]]]  # small: a long video has thousands

    def points(self, file: int) -> list[int]:
        chosen: list[int] = []
        for before, point in reversed(self.steps):
            chosen.append(int(point[file]))
            file = int(before[file])
        return chosen[::-1]


def _files(segments: Sequence[SegmentPoints], allowed: list[list[int]]) -> _Files:
    scores, sizes = np.zeros(1), np.zeros(1, np.int64)
    steps: list[tuple[NDArray[np.int16], NDArray[np.int16]]] = []
    for segment, indices in zip(segments, allowed, strict=True):
        gains = np.array([segment.weight * segment.points[i].score for i in indices])
        costs = np.array([segment.points[i].bytes for i in indices], np.int64)
        all_scores = (scores[:, None] + gains).ravel()
        all_sizes = (sizes[:, None] + costs).ravel()
        kept = _unbeaten(all_scores, all_sizes)
        scores, sizes = all_scores[kept], all_sizes[kept]
        steps.append(((kept // len(indices)).astype(np.int16), np.array(indices, np.int16)[kept % len(indices)]))
    return _Files(scores, sizes, steps)


def _unbeaten(scores: NDArray[np.float64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.lexsort((sizes, -scores))
    least = np.minimum.accumulate(sizes[order])
    kept: NDArray[np.int64] = order[np.concatenate([[True], sizes[order][1:] < least[:-1]])]
    if len(kept) <= _MOST_FILES:
        return kept
    width = (scores[kept[0]] - scores[kept[-1]]) / _MOST_FILES or math.inf
    bucket = np.floor((scores[kept[0]] - scores[kept]) / width)
    # The last of a bucket is the smallest.
    last: NDArray[np.int64] = np.flatnonzero(np.concatenate([bucket[1:] != bucket[:-1], [True]]))
    return np.take(kept, last)
