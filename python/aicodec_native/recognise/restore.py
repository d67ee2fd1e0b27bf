"""Filters on what a coarser layer below has drawn: taps fitted to bring it nearer to the source.

For a stack whose layers below are known, which pixels alone do not tell: `propose_over` takes both.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import number

Places = npt.NDArray[np.int64]

_FRAMES = 6
_POINTS = 20000
# Taps at equal distances share a weight: a filter that prefers no direction.
_RINGS = {
    "3x3": [[(0, 0)], [(-1, 0), (1, 0), (0, -1), (0, 1)], [(-1, -1), (1, -1), (-1, 1), (1, 1)]],
    "plus": [[(0, 0)], [(-1, 0), (1, 0), (0, -1), (0, 1)], [(-2, 0), (2, 0), (0, -2), (0, 2)]],
}
_MIN_GAIN = 0.02


def propose_over(clip: Clip, below: Clip) -> Iterator[Proposal]:
    """Programs that read `below`, the same frames as a layer draws them; none where no filter helps.

    A spatial filter of two shapes, and each with a share of the finished frame before as well.
    """
    rng = np.random.default_rng(2)
    frames = sorted({round(i) for i in np.linspace(1, len(clip) - 1, _FRAMES)}) if len(clip) > 1 else [0]
    x, y = rng.integers(2, clip.width - 2, _POINTS), rng.integers(2, clip.height - 2, _POINTS)
    wanted = np.concatenate([clip.rgb(i)[y, x].ravel() for i in frames]).astype(np.float64)
    plain = np.concatenate([below.rgb(i)[y, x].ravel() for i in frames]).astype(np.float64)
    error = float(((wanted - plain) ** 2).sum())
    for name, rings in _RINGS.items():
        for temporal in (False, True) if len(clip) > 1 else (False,):
            taps = [_taps(below, frames, x, y, ring) for ring in rings]
            if temporal:
                taps.append(np.concatenate([clip.rgb(i - 1)[y, x].ravel() for i in frames]).astype(np.float64))
            weights, rest = _solved(taps, wanted)
            if rest < (1 - _MIN_GAIN) * error:
                yield Proposal(f"{name} filter", _text(rings, weights, temporal))


def _taps(below: Clip, frames: list[int], x: Places, y: Places, ring: list[tuple[int, int]]) -> Floats:
    sums = [np.sum([below.rgb(i)[y + dy, x + dx] for dx, dy in ring], axis=0, dtype=np.float64) for i in frames]
    return np.concatenate([part.ravel() for part in sums])


def _solved(taps: list[Floats], wanted: Floats) -> tuple[Floats, float]:
    """(weights, squared error) by least squares."""
    basis = np.stack(taps, axis=1)
    weights = np.asarray(np.linalg.solve(basis.T @ basis + 1e-6 * np.eye(len(taps)), basis.T @ wanted), np.float64)
    return weights, float(((basis @ weights - wanted) ** 2).sum())


def _text(rings: list[list[tuple[int, int]]], weights: Floats, temporal: bool) -> str:
    """`below_nearest`, since offsets are whole. Without a frame before, the first weight takes the last one's share."""
    parts = []
    for ring, weight in zip(rings, weights, strict=False):
        samples = " + ".join(f"below_nearest({dx}.0, {dy}.0)" for dx, dy in ring)
        parts.append(
            f"({samples}) * {number(float(weight), 0.001)}"
            if len(ring) > 1
            else f"{samples} * {number(float(weight), 0.001)}"
        )
    if temporal:
        before = "prev_nearest(0.0, 0.0)"
        first = "below_nearest(0.0, 0.0)"
        parts.append(f"({first} if local_frame == 0 else {before}) * {number(float(weights[-1]), 0.001)}")
    return f"def color(x, y, t):\n    return rgb({' + '.join(parts)})\n"
