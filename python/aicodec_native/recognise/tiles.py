"""Checkerboards along the axes, in two colours, standing still or shifted from frame to frame."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.clip import Clip, Samples
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track, number

_LAWFUL = 0.98


def propose(clip: Clip) -> Iterator[Proposal]:
    colours = np.unique(clip.key_thumbs[0].reshape(-1, 3), axis=0)
    if len(colours) != 2:
        return
    sides = [_side(clip.rgb(0), axis) for axis in (1, 0)]
    if None in sides:
        return
    width, height = sides
    assert width is not None
    assert height is not None
    frames = range(len(clip)) if clip.moves else range(1)
    shifts = [_shift(clip.rgb(index), (width, height), colours) for index in frames]
    if any(shift is None for shift in shifts):
        return
    offsets = np.array([shift for shift in shifts if shift is not None], float)
    offsets = np.broadcast_to(offsets, (len(clip), 2)).copy()
    for axis, side in enumerate((width, height)):
        offsets[:, axis] = np.unwrap(offsets[:, axis], period=2 * side)
    track = Track(clip.times)
    # A shift within half a pixel moves no edge.
    left, top = (track.expression(offsets[:, axis], 0.4) for axis in (0, 1))
    one, other = (tuple(int(v) for v in colour) for colour in colours)
    text = f"""def color(x, y, t):
    a = floor((x + 0.5 - {left}) / {number(width, 1e-4)}) + floor((y + 0.5 - {top}) / {number(height, 1e-4)})
    return rgb_int({one} if mod(a, 2.0) < 1.0 else {other})
"""
    yield Proposal("checkerboard", text, track.columns)


def _changes(frame: Samples, axis: int) -> npt.NDArray[np.intp]:
    """Where colours change along an axis in most of the lines across it, from a few lines."""
    lines = frame[:: max(1, frame.shape[0] // 32)] if axis == 1 else frame[:, :: max(1, frame.shape[1] // 32)]
    return np.flatnonzero(np.diff(lines.astype(np.int32), axis=axis).any(-1).mean(axis=1 - axis) > 0.5) + 1


def _side(frame: Samples, axis: int) -> float | None:
    """The length of a square's side: changes lie as far apart all the way."""
    places = _changes(frame, axis)
    if len(places) < 3:
        return None
    side = float(places[-1] - places[0]) / (len(places) - 1)
    even = places[0] + side * np.arange(len(places))
    return side if side >= 2 and np.abs(even - places).max() <= 1 else None


def _shift(frame: Samples, sides: tuple[float, float], colours: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """Where a square of the first colour begins; None if the frame is no such board."""
    starts = []
    for axis, side in ((1, sides[0]), (0, sides[1])):
        places = _changes(frame, axis)
        if not len(places):
            return None
        # The middle of what the places allow, each being an edge rounded to whole pixels.
        phases = places - side * np.arange(len(places))
        starts.append(float(phases.max() + phases.min()) / 2)
    y, x = np.mgrid[0 : frame.shape[0] : 7, 0 : frame.shape[1] : 7]
    odd = (np.floor((x + 0.5 - starts[0]) / sides[0]) + np.floor((y + 0.5 - starts[1]) / sides[1])) % 2
    is_one = (frame[::7, ::7] == colours[0]).all(-1)
    agree = float((is_one == (odd == 0)).mean())
    if max(agree, 1 - agree) < _LAWFUL:
        return None
    return starts[0] + (sides[0] if agree < 0.5 else 0.0), starts[1]
