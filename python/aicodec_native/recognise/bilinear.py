"""Colours that are a x + b y + c xy + d in each channel: gradients between four corners, standing still or changing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track

# Root mean square error that quantisation and rounding leave, in 255ths.
_MAX_ERROR = 0.8
_TOLERANCE = 0.2


def propose(clip: Clip) -> Iterator[Proposal]:
    x, y = clip.grid
    u, v = (2 * x / clip.width - 1).ravel(), (2 * y / clip.height - 1).ravel()
    basis = np.stack([np.ones_like(u), u, v, u * v], axis=1)
    solve = np.linalg.pinv(basis)
    keys = clip.key_thumbs.reshape(len(clip.keys), -1, 3)
    if not np.ptp(keys, axis=1).any() or np.ptp(keys, axis=1).max() < 8:
        return
    rest = keys - basis @ (solve @ keys)
    if np.sqrt((rest**2).mean()) > _MAX_ERROR * clip.top / 255:
        return
    frames = range(len(clip)) if clip.moves else range(1)
    found = np.stack([solve @ clip.thumb(index).reshape(-1, 3) for index in frames])
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
