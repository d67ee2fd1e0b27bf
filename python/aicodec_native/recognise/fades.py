"""Pictures that fade: a still that gets darker, brighter or another colour, one still that becomes another, and slides
that stand for a while before the next one fades in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track

_MAX_ERROR = 1.0
_MIN_CONTRAST = 12.0
_TOLERANCE = 0.05
# A slide's fade changes so much of the picture at least, of the grid's points, over so many frames: letters that are
# typed and windows that open change less, or at once. Less than this from frame to frame, and a slide stands.
_LEAST_CHANGED, _LEAST_STEPS = 0.2, 3
_MOST_OF_STANDING = 0.04
# How far a share may be outside of 0 to 1, and go back from frame to frame.
_SLACK = 0.02


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
    elif any(_changed(before, after) >= _LEAST_CHANGED for before, after in pairwise(keys)):
        yield from _slides(clip, limit)


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


def _points(clip: Clip, first: int, end: int) -> Floats:
    """The grid's points of these frames, (frames, points, 3)."""
    return np.stack([clip.thumb(index).reshape(-1, 3) for index in range(first, end)])


def _faded(clip: Clip, still: int, limit: float) -> Iterator[Proposal]:
    found, error = _single(_points(clip, 0, len(clip)), clip.thumb(still).reshape(-1, 3))
    if error > limit:
        return
    track = Track(clip.times, fineness=4)
    gain = track.expression(found[:, 0], _TOLERANCE / clip.top)
    offsets = [track.expression(found[:, 1 + c] / clip.top, _TOLERANCE / clip.top) for c in range(3)]
    text = f"def color(x, y, t):\n    return rgb(below(0.0, 0.0) * {gain} + ({', '.join(offsets)}))\n"
    yield Proposal("fade", text, track.columns, stills=[still] * len(clip))


def _crossed(clip: Clip, limit: float) -> Iterator[Proposal]:
    """The later still lies below from the second frame on; what is left of the first comes from the frame before."""
    frames = _points(clip, 0, len(clip))
    share, error = _double(frames, frames[0], frames[-1])
    if error <= limit:
        keep = np.concatenate([[0.0], _kept(share)])
        yield _mixed(clip, "cross-fade", keep, [0] + [len(clip) - 1] * (len(clip) - 1))


def _kept(share: Floats) -> Floats:
    """How much of each frame but the first is the frame before, where the rest is the still that lies below."""
    rest = 1 - share
    return np.clip(np.where(rest[:-1] > 1e-3, rest[1:] / np.maximum(rest[:-1], 1e-3), 0.0), 0, 1)


def _mixed(clip: Clip, name: str, keep: Floats, stills: list[int]) -> Proposal:
    track = Track(clip.times)
    kept = track.expression(keep, _TOLERANCE / clip.top)
    text = f"""def color(x, y, t):
    return rgb(mix(below(0.0, 0.0), prev(0.0, 0.0), {kept}))
"""
    return Proposal(name, text, track.columns, stills=stills)


def _changed(before: Floats, after: Floats) -> float:
    """The share of points that changed."""
    return float((before != after).any(axis=-1).mean())


def _slides(clip: Clip, limit: float) -> Iterator[Proposal]:
    """A slide lies below while it fades in; between fades the frame before stays, whatever else goes on there."""
    # Where nothing stands in passing there are no slides: most clips are spared the look at all frames.
    if not any(_stands(clip, n) for n in clip.keys[1:-1]):
        return
    # Frames that stand, and the ends: between two of them something goes on.
    rests = [n for n in range(len(clip)) if n in (0, len(clip) - 1) or _stands(clip, n)]
    keep, stills = np.ones(len(clip)), [0] * len(clip)
    keep[0] = 0
    fades = 0
    for first, last in pairwise(rests):
        share = _share(_points(clip, first, last + 1), limit) if last - first >= _LEAST_STEPS else None
        if share is not None:
            keep[first + 1 : last + 1] = _kept(share)
            stills[first + 1 :] = [last] * (len(clip) - first - 1)
            fades += 1
    if fades:
        yield _mixed(clip, "slides", keep, stills)


def _stands(clip: Clip, number: int) -> bool:
    """Whether the frame is nearly the one before or the one after."""
    return min(_changed(clip.thumb(number), clip.thumb(number + way)) for way in (-1, 1)) < _MOST_OF_STANDING


def _share(frames: Floats, limit: float) -> Floats | None:
    """How much each frame has of the last; None where they are no fade from the first to that."""
    if _changed(frames[0], frames[-1]) < _LEAST_CHANGED:
        return None
    share, error = _double(frames, frames[0], frames[-1])
    is_fade = (
        error <= limit and share.min() >= -_SLACK and share.max() <= 1 + _SLACK and np.diff(share).min() >= -_SLACK
    )
    return share if is_fade else None
