"""Colours that are a x + b y + c xy + d in each channel: gradients between four corners, standing still or changing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track

# Root mean square error that quantisation and rounding leave, in 255ths.
_MAX_ERROR = 0.8
_TOLERANCE = 0.2
# Points are left out that are off by more than so many times the median, and by more than so many sample values; this
# share must stay.
_PLAUSIBLE, _SURE, _LEAST_OPEN = 3.0, 1.5, 0.6
_ROUNDS = 8
# From corner to corner, in sample values: one colour is no gradient.
_LEAST_CHANGE = 8


def propose(clip: Clip) -> Iterator[Proposal]:
    x, y = clip.grid
    u, v = (2 * x / clip.width - 1).ravel(), (2 * y / clip.height - 1).ravel()
    basis = np.stack([np.ones_like(u), u, v, u * v], axis=1)
    solve = np.linalg.pinv(basis)
    keys = clip.key_thumbs.reshape(len(clip.keys), -1, 3)
    limit = _MAX_ERROR * clip.top / 255
    if any(_fitted(basis, solve, key)[1] > limit for key in keys):
        return
    frames = range(len(clip)) if clip.moves else range(1)
    found = np.stack([_fitted(basis, solve, clip.thumb(index).reshape(-1, 3))[0] for index in frames])
    found = np.broadcast_to(found, (len(clip), 4, 3))
    track = Track(clip.times)
    parts = []
    for channel in range(3):
        a, b, c, d = (track.expression(found[:, k, channel], _TOLERANCE) for k in range(4))
        terms = [a] + [f"{n} * {f}" for n, f in ((b, "u"), (c, "v"), (d, "u * v")) if n != "0.0"]
        parts.append(" + ".join(terms))
    text = f"""def color(x, y, t):
    u, v = x * 2.0 / width - 1.0, y * 2.0 / height - 1.0
    return rgb(({", ".join(parts)}) / {clip.top}.0)
"""
    yield Proposal("bilinear gradient", text, track.columns)


def _fitted(basis: Floats, solve: Floats, points: Floats) -> tuple[Floats, float]:
    """(each channel's four numbers; root mean square error of the points (n, 3) that are the gradient's). Text and
    sprites over it are left out, in turns with the fit.
    """
    found = solve @ points
    kept = np.ones(len(points), bool)
    for _ in range(_ROUNDS):
        size = np.abs(points - basis @ found).max(axis=1)
        before, kept = kept, size <= max(_PLAUSIBLE * float(np.median(size)), _SURE)
        if kept.all() or (before == kept).all():
            break
        found = np.linalg.lstsq(basis[kept], points[kept], rcond=None)[0]
    if kept.mean() < _LEAST_OPEN or np.ptp(points[kept], axis=0).max() < _LEAST_CHANGE:
        return found, np.inf
    return found, float(np.sqrt(((points - basis @ found)[kept] ** 2).mean()))
