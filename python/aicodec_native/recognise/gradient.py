"""Gradients of any stops along a line, by distance or by angle, standing still or moving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise import fields
from aicodec_native.recognise.circle import circle_text
from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.palette import Palette, fitted, stops, text_of
from aicodec_native.recognise.proposal import Proposal, mean_square
from aicodec_native.recognise.series import Track, number

_TABLE = 160
_SAMPLES = 5000
_ROUNDS = 4
_STEPS = 5
# How often samples are sorted into the gradient's and others.
_SORTINGS = 4
# Root mean square error, in 255ths, that a start must reach to be refined, and the result to be proposed.
_START_ERROR, _FINAL_ERROR = 24.0, 3.0
_STOP_TOLERANCE = 1.2
# A field that is as right in all frames stands still.
_SAME, _SAME_SLACK = 1.1, 0.05
# The rest may be covered by something else.
_GRADIENT_SHARE = 0.7
# How far a colour may be off where positions are rounded or smoothed, in levels, and how much finer constants are then
# written: for the eye, and so that nearly all samples are what they were.
_TOLERANCE, _FINENESS = 0.2, (1.0, 1024.0)


@dataclass
class _Samples:
    """Points of a frame and their colours: (n), (n), (n, 3)."""

    x: Floats
    y: Floats
    colours: Floats


def propose(clip: Clip) -> Iterator[Proposal]:
    found = [_slopes(clip, key) for key in clip.keys]
    if not any(s.energy for s in found):
        return
    kind = fields.kind_of(found)
    if kind is None:
        return
    limit = _STOP_TOLERANCE * clip.top / 255
    alone = _Fit(kind, [_samples(clip, 0)], [fields.first_guess(kind, found[0])[0]])
    scale = clip.top / 255
    if alone.error() > _START_ERROR * scale or alone.refine() > 2 * _FINAL_ERROR * scale:
        return
    if stops(alone.table, *alone.plausible(), 4 * limit) is None:
        return
    frames = range(len(clip)) if clip.moves and not _stands_still(clip, alone) else range(1)
    samples = [_samples(clip, frame) for frame in frames]
    guesses = [fields.first_guess(kind, _slopes(clip, frame))[0] for frame in frames]
    fit = _Fit(kind, samples, guesses)
    if fit.align() > _START_ERROR * scale or fit.refine() > _FINAL_ERROR * scale:
        return
    palette = stops(fit.table, *fit.plausible(), limit)
    if palette is None:
        return
    for fineness in _FINENESS:
        forms = [_Form(kind, each, floors, fineness) for floors, each in _roundings(palette)]
        best = min(forms, key=lambda form: _error(clip, form, fit.p))
        if kind == "radial" and fineness > 1:
            best = _stretched(clip, best, fit.p)
        yield _written(clip, best, fit.p)


def _stands_still(clip: Clip, first: _Fit) -> bool:
    """Whether the field of the first frame is that of the others, whatever moves over it."""
    others = _Fit(first.kind, [_samples(clip, key) for key in clip.keys], [first.p[0]] * len(clip.keys))
    return others.error() <= _SAME * first.error() + _SAME_SLACK * clip.top / 255


def _error(clip: Clip, form: _Form, p: list[Floats]) -> float:
    return mean_square(_written(clip, form, p), clip, clip.keys)


def _stretched(clip: Clip, form: _Form, p: list[Floats]) -> _Form:
    """The radius of all stops together, by trial: each stop's own was measured, and they share its error."""
    for reach in (2e-4, 4e-5, 8e-6):
        tried = [replace(form, stretch=form.stretch * (1 + reach * k / 3)) for k in range(-3, 4)]
        form = min(tried, key=lambda each: _error(clip, each, p))
    return form


def _slopes(clip: Clip, frame: int) -> fields.Slopes:
    """Over one point to each side, or more where the colours change too slowly for that."""
    fine = fields.slopes(*clip.grid, clip.thumb(frame), 1)
    if fine.energy > 20 * len(fine.x):
        return fine
    reach = max(1, min(clip.thumb(frame).shape[:2]) // 6)
    return fields.slopes(*clip.grid, clip.thumb(frame), reach)


def _samples(clip: Clip, frame: int) -> _Samples:
    """Evenly from where colours change, more densely than the grid if that is a small part."""
    thumb = clip.thumb(frame)
    change = np.zeros(thumb.shape[:2], bool)
    across = np.diff(thumb, axis=1).any(-1)
    down = np.diff(thumb, axis=0).any(-1)
    change[:, 1:] |= across
    change[:, :-1] |= across
    change[1:] |= down
    change[:-1] |= down
    if not change.any():
        change[:] = True
    rows, columns = np.flatnonzero(change.any(1)), np.flatnonzero(change.any(0))
    top, left = clip.rows[rows[0]], clip.columns[columns[0]]
    bottom, right = clip.rows[rows[-1]] + 1, clip.columns[columns[-1]] + 1
    step = max(1, int(np.sqrt((bottom - top) * (right - left) / _SAMPLES)))
    y, x = np.mgrid[top:bottom:step, left:right:step]
    colours = clip.rgb(frame)[top:bottom:step, left:right:step]
    return _Samples(x.ravel().astype(np.float64), y.ravel().astype(np.float64), colours.reshape(-1, 3).astype(float))


def _plausible(rest: Floats) -> npt.NDArray[np.bool_]:
    """Which samples the gradient may have drawn, by what it leaves of them (n, 3): text over it would pull at it."""
    size = np.abs(rest).max(axis=1)
    plausible: npt.NDArray[np.bool_] = size <= max(6 * float(np.median(size)), 3.0)
    return plausible


class _Fit:
    """Palette and motion in turns, each by least squares while the other stands still."""

    def __init__(self, kind: str, samples: list[_Samples], guesses: list[Floats]) -> None:
        self.kind = kind
        self._samples = samples
        self.p = [np.array(guess) for guess in guesses]
        self._fit_table()

    def _value(self, frame: int) -> Floats:
        s = self._samples[frame]
        return fields.value(self.kind, self.p[frame], s.x, s.y)

    def pooled(self) -> tuple[Floats, Floats]:
        """The field's value and the colours of samples of all frames."""
        some = range(0, len(self.p), max(1, len(self.p) // 12))
        u = np.concatenate([self._value(frame) for frame in some])
        return u, np.concatenate([self._samples[frame].colours for frame in some])

    def plausible(self) -> tuple[Floats, Floats]:
        """`pooled` without what something else has drawn."""
        u, colours = self.pooled()
        kept = _plausible(colours - self.table(u))
        return u[kept], colours[kept]

    def _fit_table(self) -> None:
        u, colours = self.pooled()
        self.table = fitted(u, colours, self._positions(u))
        before = np.ones(len(u), bool)
        for _ in range(_SORTINGS):
            kept = _plausible(colours - self.table(u))
            self.table = fitted(u[kept], colours[kept], self._positions(u))
            if (kept == before).all():
                break
            before = kept

    def _positions(self, u: Floats) -> Floats:
        low = float(u.min()) if self.kind == "linear" else 0.0
        high = 1.0 if self.kind == "conic" else float(u.max())
        return np.linspace(low, max(high, low + 1e-6), _TABLE)

    def error(self) -> float:
        """Root mean square, in sample values, but for what may lie over the gradient."""
        some = range(0, len(self.p), max(1, len(self.p) // 12))
        squares = np.concatenate(
            [((self.table(self._value(i)) - self._samples[i].colours) ** 2).mean(axis=1) for i in some]
        )
        return float(np.sqrt(np.sort(squares)[: int(_GRADIENT_SHARE * len(squares)) + 1].mean()))

    def align(self) -> float:
        """Gives linear and conic fields the offsets that the closed form does not know; returns the error."""
        if self.kind != "radial":
            for frame in range(len(self.p)):
                self._align(frame)
            self._fit_table()
        return self.error()

    def _align(self, frame: int) -> None:
        """Against the palette of the frame before, whose offset is tried with others around it."""
        if frame == 0:
            self._table_of(0)
            return
        p, last = self.p[frame], self.p[frame - 1]
        if self.kind == "linear" and p[:2] @ last[:2] < 0:
            p[:2] *= -1
        s = self._samples[frame]
        reach = float(self.table.at[-1] - self.table.at[0])
        thin = slice(None, None, max(1, len(s.x) // 600))

        def off(offset: float) -> float:
            u = fields.value(self.kind, np.array([p[0], p[1], offset]), s.x[thin], s.y[thin])
            return float(np.mean((self.table(u) - s.colours[thin]) ** 2))

        middle = last[2]
        if self.kind == "linear":  # a direction that turns does so about the picture's middle, about
            middle += float((last[:2] - p[:2]) @ [s.x.mean(), s.y.mean()])
        offsets = middle + np.linspace(-0.5, 0.5, 61) * reach
        p[2] = min(offsets, key=off)
        self._step(frame)
        self._table_of(frame)

    def _table_of(self, frame: int) -> None:
        u = self._value(frame)
        self.table = fitted(u, self._samples[frame].colours, self._positions(u))

    def _step(self, frame: int) -> None:
        """Gauss and Newton for one frame's three numbers; a step that makes it worse is not taken."""
        s, p = self._samples[frame], self.p[frame]
        for _ in range(_STEPS):
            u = fields.value(self.kind, p, s.x, s.y)
            rest = s.colours - self.table(u)
            kept = _plausible(rest)
            rest *= kept[:, None]
            change = fields.jacobian(self.kind, p, s.x, s.y)[:, :, None] * self.table.slope(u)[:, None, :]
            change *= kept[:, None, None]
            matrix = np.einsum("nic,njc->ij", change, change)
            right = np.einsum("nic,nc->i", change, rest)
            move = np.linalg.lstsq(matrix + 1e-9 * np.diag(np.diag(matrix)), right, rcond=1e-12)[0]
            after = fields.value(self.kind, p + move, s.x, s.y)
            if not np.mean((s.colours - self.table(after))[kept] ** 2) < np.mean(rest[kept] ** 2):
                break
            p += move
            # No product of matrices, for which BLAS would start its threads.
            if np.abs((change.mean(axis=2) * move).sum(axis=1)).max() < 0.01:
                break

    def refine(self) -> float:
        for _ in range(_ROUNDS):
            for frame in range(len(self.p)):
                self._step(frame)
            self._fit_table()
        return self.error()


def _roundings(palette: Palette) -> Iterator[tuple[bool, Palette]]:
    """Whether the program drops a level's fraction, and the palette: as it was fitted, or in the whole levels that a
    person or a program chose.
    """
    yield False, palette
    for floors, shift in ((False, 0.0), (True, 0.5)):
        whole = np.round(palette.colours + shift)
        if np.abs(whole - palette.colours - shift).max() < 0.5 - shift / 4:
            yield floors, Palette(palette.at, whole)


@dataclass(frozen=True)
class _Form:
    """How a found gradient is written down."""

    kind: str
    palette: Palette
    floors: bool
    fineness: float
    stretch: float = 1.0


def _written(clip: Clip, form: _Form, p: list[Floats]) -> Proposal:
    """The program. Positions are scaled so that the first stop is 0 and, where stops lie evenly, the next is 1."""
    palette, kind = form.palette, form.kind
    spacing = np.diff(palette.at)
    even = bool(np.ptp(spacing) < 0.02 * spacing.mean())
    parts = len(spacing) if even else 1
    start, end = float(palette.at[0]), float(palette.at[-1])
    if kind == "radial" and abs(start) < 0.03 * (end - start) / parts:
        start = 0.0
    if kind == "conic":
        start, end, parts, even = 0.0, 1.0, 1, False
    unit = (end - start) / parts * form.stretch
    at = np.arange(len(palette.at), dtype=float) if even else (palette.at - start) / unit
    track = Track(clip.times, fineness=form.fineness)
    motion = np.stack(p) if len(p) == len(clip) else np.repeat(np.stack(p), len(clip), axis=0)
    steepest = float((np.abs(np.diff(palette.colours, axis=0)).max(axis=1) / np.diff(at)).max())
    lines = _field_text(clip, form, motion, (start, unit, _TOLERANCE / max(steepest, 1e-6)), track)
    lines += text_of(Palette(at, palette.colours), _TOLERANCE / form.fineness)
    last = "rgb_int(int(c))" if form.floors else f"rgb(c / {clip.top}.0)"
    text = "\n".join(["def color(x, y, t):", *lines, f"    return {last}", ""])
    return Proposal(f"{kind} gradient", text, track.columns)


def _field_text(clip: Clip, form: _Form, p: Floats, scale: tuple[float, float, float], track: Track) -> list[str]:
    """The line that computes u, where `scale` is (the value at 0, that of one unit, the tolerance in units)."""
    start, unit, tolerance = scale
    if form.kind == "linear":
        # About the middle: a small error of direction then moves the edges only half as far.
        x0, y0 = clip.width // 2, clip.height // 2
        a = track.expression(p[:, 0] / unit, tolerance / clip.width)
        b = track.expression(p[:, 1] / unit, tolerance / clip.height)
        c = track.expression((p[:, 2] + p[:, 0] * x0 + p[:, 1] * y0 - start) / unit, tolerance)
        return [f"    u = (x - {x0}.0) * {a} + (y - {y0}.0) * {b} + {c}"]
    lines: list[str] = []
    if form.kind == "conic":
        cx, cy = _place_text(clip, form, p, 20 * tolerance, track, lines)
        turn = track.expression(np.unwrap(p[:, 2], period=1.0), tolerance)
        return [*lines, f"    u = fract(atan2(y - {cy}, x - {cx}) * {number(0.5 / np.pi, 1e-8)} + {turn})"]
    speed = float(p[:, 2].mean()) / unit
    cx, cy = _place_text(clip, form, p, tolerance / speed, track, lines)
    farthest = min(float(form.palette.at[-1]) / unit / speed, np.hypot(clip.width, clip.height))
    size = track.expression(p[:, 2] / unit, tolerance / farthest)
    line = f"    u = length(x - {cx}, y - {cy}) * {size}"
    return [*lines, line + (f" - {number(start / unit, tolerance)}" if start else "")]


def _place_text(
    clip: Clip, form: _Form, p: Floats, tolerance: float, track: Track, lines: list[str]
) -> tuple[str, str]:
    """Expressions of the middle's x and y; what they need before is added to the lines."""
    circle = circle_text(clip.times, p[:, :2], tolerance, form.fineness)
    if circle is None:
        return track.expression(p[:, 0], tolerance), track.expression(p[:, 1], tolerance)
    lines.append(circle[0])
    return circle[1], circle[2]
