"""Mandelbrot and Julia sets coloured by escape time, still or along a straight path with a steady zoom.

A coarse search over views of the plane (escape.py) is refined on ever more pixels, then followed through the clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from aicodec_native.recognise import escape
from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.escape import LIMIT, Kind, Look
from aicodec_native.recognise.palette import Palette, fitted, rms, text_of
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import number

# Rows of the looks: the first refines what was found, the second settles, the third decides.
_ROWS = (36, 72, 144)
# What share of the variance counts may leave after a few steps, after the first refinement, and in the end.
_LIKELY, _GOOD, _FINAL = 0.6, 0.3, 0.15
# Pixels that never escape, from which their colour is taken.
_INSIDE = 8
# So many of the first are looked at more closely.
_CLOSER = 3
_BAILOUTS = (4, 16, 100, 1000)
# Less than this deviation of colours, in 255ths, is no picture of a fractal.
_MIN_SPREAD = 6.0
# In pixels: what a constant's rounding may move, and steadiness.
_FINE, _STEADY = 0.03, 0.3
_COLOUR_TOLERANCE = 0.3
# Places for a palette's stops, how many are taken, and the error in 255ths that needs no more.
_PLACES, _MAX_STOPS, _ENOUGH = 400, 30, 0.5


def propose(clip: Clip) -> Iterator[Proposal]:
    for frame in sorted({0, len(clip) - 1} if clip.moves else {0}):
        if clip.thumb(frame).std(axis=(0, 1)).max() * 255 / clip.top < _MIN_SPREAD:
            continue
        found = _found(clip, frame)
        if found is not None:
            path = _path(clip, frame, *found)
            if path is not None:
                yield from _written(clip, found[0], *path)
            return


def _found(clip: Clip, frame: int) -> tuple[Kind, Floats] | None:
    """The kind and the view of one frame, as well as _ROWS[1] rows show it."""
    coarse, fine = Look(clip, frame), Look(clip, frame, _ROWS[0])
    for kind, starts in ((Kind(julia=False), escape.mandelbrot_starts), (Kind(julia=True), escape.julia_starts)):
        rounds, reach, likely = 16, 0.06, starts(coarse)
        if not kind.julia:
            rough = [fine.refined(kind, view, 0.06, 5) for view in likely]
            rounds, reach, likely = 14, 0.03, [view for view, error in rough if error < _LIKELY]
        tried = sorted((fine.refined(kind, view, reach, rounds) for view in likely), key=lambda each: each[1])
        if not tried or tried[0][1] > _GOOD:
            continue
        look = Look(clip, frame, _ROWS[1])
        kinds = [replace(kind, bailout=bailout) for bailout in _BAILOUTS]
        view, error = tried[0][0], np.inf
        for start, _ in tried[:_CLOSER]:
            nearest = min(kinds, key=lambda each: look.left_over(each, start))
            closer, reached = look.refined(nearest, start, 0.02, 24)
            if reached < error:
                view, error = closer, reached
        if error < _GOOD:
            return min(kinds, key=lambda each: look.left_over(each, view)), view
    return None


def _path(clip: Clip, frame: int, kind: Kind, view: Floats) -> tuple[Floats, Floats] | None:
    """(start, speed): the view at time t is start + speed t; None if it moves in another way."""
    views = {frame: view}
    steps = [0] if not clip.moves else _doubling(len(clip))
    for step in steps[1:]:
        index = step if frame == 0 else frame - step
        known = sorted(views, key=lambda k: abs(k - index))[:2]
        guess = views[known[0]].copy()
        if len(known) > 1:
            speed = (views[known[0]] - views[known[1]]) / (known[0] - known[1])
            guess += speed * (index - known[0])
        found, error = Look(clip, index, _ROWS[0]).refined(kind, guess, 0.02, 14)
        found, error = Look(clip, index, _ROWS[1]).refined(kind, found, 0.004, 12)
        if error > _GOOD:
            return None
        views[index] = found
    start, speed = _straight(clip, kind, views)
    looks = {index: Look(clip, index, _ROWS[2]) for index in sorted({frame, *steps[-2:]})}
    return _settled(clip, kind, start, speed, looks)


def _straight(clip: Clip, kind: Kind, views: dict[int, Floats]) -> tuple[Floats, Floats]:
    """The line through the views of some frames; what hardly moves stands still."""
    times = clip.times[sorted(views)]
    seen = np.stack([views[index] for index in sorted(views)])
    # Deep views know places best.
    pixels = np.stack([2.0 ** seen[:, 2] / clip.height] * 2, axis=1)
    weights = np.ones_like(seen)
    weights[:, :2] = 1 / pixels
    start, speed = np.zeros(kind.size), np.zeros(kind.size)
    for axis in range(kind.size):
        w = weights[:, axis]
        start[axis] = np.average(seen[:, axis], weights=w**2)
        if len(times) > 2:
            basis = np.stack([np.ones_like(times), times], axis=1)
            line = np.linalg.lstsq(basis * w[:, None], seen[:, axis] * w, rcond=None)[0]
            constant = np.abs((seen[:, axis] - start[axis]) * w).max()
            straight = np.abs((seen[:, axis] - basis @ line) * w).max()
            if constant > 4 * straight + _STEADY * (1 if axis < 2 else 0.01):
                start[axis], speed[axis] = line
    return start, speed


def _doubling(count: int) -> list[int]:
    """0, 1, 2, 4, 8, ... and the last."""
    steps = [0]
    while (following := max(1, 2 * steps[-1])) < count - 1:
        steps.append(following)
    return sorted({*steps, count - 1})


def _settled(
    clip: Clip, kind: Kind, start: Floats, speed: Floats, looks: dict[int, Look]
) -> tuple[Floats, Floats] | None:
    """All numbers of the path together, on some frames at once; each rounded as it is settled."""
    both = np.stack([start, speed])

    def error(path: Floats) -> float:
        return float(np.mean([look.left_over(kind, path[0] + path[1] * clip.times[i]) for i, look in looks.items()]))

    end = float(clip.times[-1])
    best = error(both)
    pixel = 1 / clip.height
    step = 2.0
    while step > _FINE:
        moved = False
        for order, axis in np.argwhere((both != 0) | (np.arange(2)[:, None] == 0)):
            height = 2.0 ** (both[0, 2] + both[1, 2] * end)
            unit = (height if axis != 2 else 2.0) * pixel / (max(end, 1e-3) if order else 1.0)
            for sign in (1, -1):
                tried = both.copy()
                tried[order, axis] += sign * step * unit
                reached = error(tried)
                if reached < best:
                    both, best, moved = tried, reached, True
                    break
        step = step if moved else step / 2
    return _in_short(both, error, best, pixel, end)


def _in_short(
    both: Floats, error: Callable[[Floats], float], best: float, pixel: float, end: float
) -> tuple[Floats, Floats] | None:
    """The path with decimals as short as explain colours as well: a person or a program chose such ones."""
    height = 2.0 ** (both[0, 2] + both[1, 2] * end)
    for reach in (3.0, 1.0, 0.3, 0.1):
        for order, axis in np.argwhere(both != 0):
            tried = both.copy()
            if (order, axis) == (0, 2):
                size = 2.0 ** both[0, 2]
                tried[0, 2] = np.log2(float(number(size, reach * pixel * size)))
            else:
                unit = (height if axis != 2 else 2.0) * pixel / (max(end, 1e-3) if order else 1.0)
                tried[order, axis] = float(number(float(both[order, axis]), reach * unit).strip("()"))
            reached = error(tried)
            if reached <= best:
                both, best = tried, reached
    return (both[0], both[1]) if best < _FINAL else None


def _written(clip: Clip, kind: Kind, start: Floats, speed: Floats) -> Iterator[Proposal]:
    frames = clip.keys if clip.moves else [0]
    counts, beyond, colours = [], [], []
    for index in frames:
        look = Look(clip, index, _ROWS[2])
        n, share = look.counts(kind, start + speed * clip.times[index])
        counts.append(n.ravel())
        beyond.append(share.ravel())
        colours.append(look.colours.reshape(-1, 3))
    n, share, colour = np.concatenate(counts), np.concatenate(beyond), np.concatenate(colours)
    end = np.median(colour[n == LIMIT], axis=0) if (n == LIMIT).sum() >= _INSIDE else None
    limit = LIMIT if end is None else _limit(n, colour, end)
    inside = n >= limit
    if inside.all():
        return
    values = {False: n.astype(np.float64), True: n - share}
    rated = {}
    for smooth, value in values.items():
        palette = _palette(value[~inside], colour[~inside], clip.top / 255)
        rated[smooth] = rms(colour[~inside] - palette(value[~inside])), palette
    smooth = rated[True][0] < 0.9 * rated[False][0]
    palette = rated[smooth][1]
    yield Proposal(
        "Julia set" if kind.julia else "Mandelbrot set",
        _text(clip, kind, (start, speed), limit, palette, end, smooth=smooth),
    )


def _palette(value: Floats, colours: Floats, scale: float) -> Palette:
    """Stops put in one by one, each where colours are farthest off together, as long as that gains enough."""
    places = np.unique(np.quantile(value, np.linspace(0, 1, _PLACES)).round(2))
    if len(places) < 2:
        places = np.array([places[0], places[0] + 1])
    at = [float(places[0]), float(places[-1])]
    palette = fitted(value, colours, np.array(at))
    error = rms(colours - palette(value))
    near = np.searchsorted((places[1:] + places[:-1]) / 2, value)
    for _ in range(_MAX_STOPS):
        rest = ((colours - palette(value)) ** 2).sum(axis=1)
        wrong = np.bincount(near, rest, len(places))
        wrong[np.isin(places, at)] = 0
        if error < _ENOUGH * scale or not wrong.any():
            break
        tried = sorted([*at, float(places[int(np.argmax(wrong))])])
        better = fitted(value, colours, np.array(tried))
        reached = rms(colours - better(value))
        at, palette, error = tried, better, reached
    return palette


def _limit(n: escape.Counts, colours: Floats, end: Floats) -> int:
    """The program's own limit of turns: what parts the pixels of the inner colour best from all others."""
    inner = np.abs(colours - end).max(axis=1) < 1
    here = np.bincount(n[inner], minlength=LIMIT + 2)
    others = np.bincount(n[~inner], minlength=LIMIT + 2)
    right = np.concatenate([[0], np.cumsum(others)]) + np.append(np.cumsum(here[::-1])[::-1], 0)
    return int(np.argmax(right[: LIMIT + 1]))


def _text(
    clip: Clip,
    kind: Kind,
    path: tuple[Floats, Floats],
    limit: int,
    palette: Palette,
    end: Floats | None,
    *,
    smooth: bool,
) -> str:
    start, speed = path
    last = float(clip.times[-1])
    height = 2.0 ** (start[2] + min(0.0, speed[2] * last))
    pixel = _FINE * height / clip.height

    def along(axis: int, fine: float) -> str:
        if speed[axis] == 0:
            return number(float(start[axis]), fine)
        return f"({number(float(start[axis]), fine)} + t * {number(float(speed[axis]), fine / last)})"

    size = number(float(2.0 ** start[2]), float(2.0 ** start[2]) * _FINE / clip.height)
    zoom = "" if speed[2] == 0 else f" * exp2({number(float(speed[2]), _FINE / clip.height / last)} * t)"
    c = (along(3, pixel), along(4, pixel)) if kind.julia else ("u", "v")
    lines = [f"    s = {size}{zoom} / height"]
    middle = f"(x - width / 2.0) * s + {along(0, pixel)}", f"(y - height / 2.0) * s + {along(1, pixel)}"
    lines += kind.text(*middle, c, limit)
    share = f" - clamp(log2(log2(a * a + b * b) * {number(1 / np.log2(kind.bailout), 1e-6)}), 0.0, 1.0)"
    lines.append(f"    u = float(n){share if smooth else ''}")
    lines += text_of(palette, _COLOUR_TOLERANCE)
    if end is not None:
        inner = ", ".join(number(float(level), 0.25) for level in end)
        lines.append(f"    c = ({inner}) if n == {limit} else c")
    return "\n".join(["def color(x, y, t):", *lines, f"    return rgb(c / {clip.top}.0)", ""])
