"""Film grain over what a coarser layer below has drawn: noise of no meaning, whose strength follows the brightness.

As in AV1's model, strength is a function of the brightness below; the grain itself is drawn anew for every frame. It
makes pictures look like the source, not equal to it: no measure of error gains by it, and a lossless stack never does.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import number

_FRAMES = 4
_BINS = 4
# Noise has no neighbours: above this correlation between them the rest is detail, not grain.
_MAX_CORRELATION = 0.35
_MIN_STRENGTH = 0.004
# The spread of the sum of two uniform numbers less 1.
_SPREAD = np.sqrt(1 / 6)


def propose_over(clip: Clip, below: Clip) -> Iterator[Proposal]:
    """A program that reads `below`, the same frames as a layer draws them; none where the rest is not grain."""
    frames = sorted({round(i) for i in np.linspace(0, len(clip) - 1, _FRAMES)})
    base = np.stack([below.rgb(i).astype(np.float64).mean(axis=2) for i in frames]) / clip.top
    rest = np.stack([clip.rgb(i).astype(np.float64).mean(axis=2) for i in frames]) / clip.top - base
    if rest.std() < _MIN_STRENGTH:
        return
    beside = max(abs(_correlation(rest[..., 1:], rest[..., :-1])), abs(_correlation(rest[:, 1:], rest[:, :-1])))
    if beside > _MAX_CORRELATION:
        return
    edges = np.quantile(base, np.linspace(0, 1, _BINS + 1))
    levels, strengths = [], []
    for low, high in itertools.pairwise(edges):
        inside = (base >= low) & (base <= high)
        levels.append(float(base[inside].mean()))
        strengths.append(float(rest[inside].std()))
    slope, offset = np.polyfit(levels, strengths, 1) if np.ptp(levels) > 0.05 else (0.0, float(np.mean(strengths)))
    scale, shift = number(float(slope / _SPREAD), 0.002), number(float(offset / _SPREAD), 0.002)
    text = f"""def color(x, y, t):
    c = below_nearest(0.0, 0.0)
    k = (c[0] + c[1] + c[2]) * 0.3333 * {scale} + {shift}
    return rgb(c + (rand(x, y, frame) + rand(x, y, frame + 9999) - 1.0) * max(k, 0.0))
"""
    yield Proposal("film grain", text)


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).mean() / np.sqrt((one**2).mean() * (other**2).mean()))
