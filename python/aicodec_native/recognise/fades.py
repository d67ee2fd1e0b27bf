"""Pictures that fade: a still that gets darker, brighter or another colour, and one still that becomes another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track

_MAX_ERROR = 1.0
_MIN_CONTRAST = 12.0
_TOLERANCE = 0.05


def propose(clip: Clip) -> Iterator[Proposal]:
    if len(clip) < 3 or not clip.moves:
        return
    keys = clip.key_thumbs.reshape(len(clip.keys), -1, 3)
    contrast = keys.std(axis=1).max(axis=-1)
    limit, most = _MAX_ERROR * clip.top / 255, int(np.argmax(contrast))
    if contrast[most] < _MIN_CONTRAST * clip.top / 255:
        return
    if _single(keys, keys[most])[1] <= limit:
        yield from _faded(clip, clip.keys[most], limit)
    elif _double(keys, keys[0], keys[-1])[1] <= limit:
        yield from _crossed(clip, limit)


def _single(frames: Floats, still: Floats) -> tuple[Floats, float]:
    """(gain and each channel's offset, for every frame; root mean square error) of frames (n, points, 3)."""
    middle, means = still.mean(axis=0), frames.mean(axis=1)
    spread = still - middle
    gain = ((frames - means[:, None]) * spread).sum(axis=(1, 2)) / (spread**2).sum()
    offset = means - gain[:, None] * middle
    rest = frames - gain[:, None, None] * still - offset[:, None]
    return np.concatenate([gain[:, None], offset], axis=1), float(np.sqrt((rest**2).mean(axis=(1, 2)).max()))


def _double(frames: Floats, first: Floats, last: Floats) -> tuple[Floats, float]:
    """(the last still's share for every frame; root mean square error)."""
    way = last - first
    if not way.any():
        return np.zeros(len(frames)), np.inf
    share = ((frames - first) * way).sum(axis=(1, 2)) / (way**2).sum()
    rest = frames - first - share[:, None, None] * way
    return share, float(np.sqrt((rest**2).mean(axis=(1, 2)).max()))


def _all(clip: Clip) -> Floats:
    return np.stack([clip.thumb(index).reshape(-1, 3) for index in range(len(clip))])


def _faded(clip: Clip, still: int, limit: float) -> Iterator[Proposal]:
    found, error = _single(_all(clip), clip.thumb(still).reshape(-1, 3))
    if error > limit:
        return
    track = Track(clip.times, fineness=4)
    gain = track.expression(found[:, 0], _TOLERANCE / clip.top)
    offsets = [track.expression(found[:, 1 + c] / clip.top, _TOLERANCE / clip.top) for c in range(3)]
    text = f"def color(x, y, t):\n    return rgb(below(0.0, 0.0) * {gain} + ({', '.join(offsets)}))\n"
    yield Proposal("fade", text, track.columns, stills=[still] * len(clip))


def _crossed(clip: Clip, limit: float) -> Iterator[Proposal]:
    """The later still lies below from the second frame on; what is left of the first comes from the frame before."""
    frames = _all(clip)
    share, error = _double(frames, frames[0], frames[-1])
    if error > limit:
        return
    rest = 1 - share
    left = np.where(rest[:-1] > 1e-3, rest[1:] / np.maximum(rest[:-1], 1e-3), 0.0)
    track = Track(clip.times)
    keep = track.expression(np.concatenate([[0.0], np.clip(left, 0, 1)]), _TOLERANCE / clip.top)
    text = f"""def color(x, y, t):
    return rgb(mix(below(0.0, 0.0), prev(0.0, 0.0), {keep}))
"""
    yield Proposal("cross-fade", text, track.columns, stills=[0] + [len(clip) - 1] * (len(clip) - 1))
