"""Colours as a function of one number: a table of them by least squares, and the few stops that make the table."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from aicodec_native.recognise.clip import Floats
from aicodec_native.recognise.series import number

_STOPS = 40
_EVENLY = 96
# Stops of palettes without corners, how much worse few may be than many, and that in tolerances.
_EVEN = (2, 3, 4, 6, 8, 12, 16, 24, 32)
_NEARLY, _SLACK = 1.1, 0.05


@dataclass(frozen=True)
class Palette:
    """Colours (n, 3), in sample values, at rising positions `at` (n); straight lines between, the ends' outside."""

    at: Floats
    colours: Floats

    def __call__(self, u: Floats) -> Floats:
        return np.stack([np.interp(u, self.at, self.colours[:, channel]) for channel in range(3)], axis=-1)

    def slope(self, u: Floats) -> Floats:
        """The change of each channel with u, (n, 3)."""
        steps = np.diff(self.colours, axis=0) / np.maximum(np.diff(self.at), 1e-12)[:, None]
        place = np.searchsorted(self.at, u, side="right") - 1
        inside = (place >= 0) & (place < len(steps))
        slope: Floats = np.where(inside[:, None], steps[np.clip(place, 0, len(steps) - 1)], 0.0)
        return slope


def fitted(u: Floats, colours: Floats, at: Floats) -> Palette:
    """The colours at the given positions that come nearest to the samples (n) and (n, 3)."""
    place = np.clip(np.searchsorted(at, u, side="right") - 1, 0, len(at) - 2)
    share = np.clip((u - at[place]) / np.maximum(at[place + 1] - at[place], 1e-12), 0, 1)
    size = len(at)
    matrix = np.zeros((size, size))
    diagonal = np.bincount(place, (1 - share) ** 2, size) + np.bincount(place + 1, share**2, size)
    beside = np.bincount(place, share * (1 - share), size)[:-1]
    matrix[np.arange(size), np.arange(size)] = diagonal
    matrix[np.arange(size - 1), np.arange(1, size)] = matrix[np.arange(1, size), np.arange(size - 1)] = beside
    # Where no sample lies the table is drawn straight on: a faint wish for no bends.
    matrix += 1e-6 * len(u) / size * _bends(size) + 1e-9 * np.eye(size)
    right = np.stack(
        [
            np.bincount(place, (1 - share) * colours[:, c], size) + np.bincount(place + 1, share * colours[:, c], size)
            for c in range(3)
        ],
        axis=1,
    )
    solved = np.asarray(np.linalg.solve(matrix, right), np.float64)
    return Palette(at, solved)


@functools.lru_cache(8)
def _bends(size: int) -> Floats:
    """The squared second differences of a table's entries, as a quadratic form. Kept: BLAS starts threads for it."""
    bends = np.diff(np.eye(size), n=2, axis=0)
    squared: Floats = bends.T @ bends
    return squared


def stops(table: Palette, u: Floats, colours: Floats, tolerance: float) -> Palette | None:
    """A palette of few stops within the tolerance of a table, fitted to the samples again; None if it takes too many.

    Stops lie where the straight lines on both sides meet, which is far finer than the table's positions.
    """
    marks = _corners(table, tolerance)
    if len(marks) > 2 * _STOPS:
        return None
    lines = [_line(table, u, colours, low, high) for low, high in itertools.pairwise(marks)]
    # A bend between two of the table's positions shows as a short line of its own: unless colours jump there, the
    # lines beside it meet.
    spans = [(low, high, line) for low, high, line in zip(marks[:-1], marks[1:], lines, strict=True)]
    i = 1
    while i < len(spans) - 1:
        low, high, _ = spans[i]
        if high - low <= 2 and _meeting(spans[i - 1], spans[i + 1], table, tolerance) is not None:
            del spans[i]
        else:
            i += 1
    at = [float(table.at[0])]
    for one, other in itertools.pairwise(spans):
        meeting = _meeting(one, other, table, tolerance)
        at.append(float(table.at[one[1]]) if meeting is None else meeting)
    at.append(float(table.at[-1]))
    if (np.diff(at) <= 0).any() or len(at) > _STOPS:
        return None
    found = fitted(u, colours, np.array(at))
    return _without_flat_ends(found, tolerance)


_Span = tuple[int, int, Floats]


def _line(table: Palette, u: Floats, colours: Floats, low: int, high: int) -> Floats:
    """Slope and offset, (2, 3), of the samples between two of the table's positions."""
    margin = 1 if high - low > 3 else 0
    inside = (u > table.at[low + margin]) & (u < table.at[high - margin])
    if inside.sum() < 8:
        at, values = table.at[[low, high]], table.colours[[low, high]]
    else:
        at, values = u[inside], colours[inside]
    found = np.linalg.lstsq(np.stack([at, np.ones_like(at)], axis=1), values, rcond=None)[0]
    return np.asarray(found, np.float64)


def _meeting(one: _Span, other: _Span, table: Palette, tolerance: float) -> float | None:
    """Where two lines come nearest to each other; None if that is not between them, or still too far."""
    bend, offset = one[2][0] - other[2][0], other[2][1] - one[2][1]
    at = float(bend @ offset / max(float(bend @ bend), 1e-12))
    near = np.abs(bend * at - offset).max() <= 2 * tolerance
    step = table.at[1] - table.at[0]
    return at if near and table.at[one[1]] - 2 * step <= at <= table.at[other[0]] + 2 * step else None


def _without_flat_ends(palette: Palette, tolerance: float) -> Palette:
    """Outside of the stops the colour stays as it is anyway."""
    first, last = 0, len(palette.at) - 1
    while last > first + 1 and np.abs(palette.colours[last] - palette.colours[last - 1]).max() < tolerance:
        last -= 1
    while first < last - 1 and np.abs(palette.colours[first] - palette.colours[first + 1]).max() < tolerance:
        first += 1
    return Palette(palette.at[first : last + 1], palette.colours[first : last + 1])


def _corners(table: Palette, tolerance: float) -> list[int]:
    """The table's entries that a line through them needs to stay within the tolerance of all others."""
    marks, todo = {0, len(table.at) - 1}, [(0, len(table.at) - 1)]
    while todo:
        low, high = todo.pop()
        if high - low < 2:
            continue
        between = np.arange(low + 1, high)
        share = ((table.at[between] - table.at[low]) / (table.at[high] - table.at[low]))[:, None]
        line = table.colours[low] * (1 - share) + table.colours[high] * share
        off = np.abs(table.colours[between] - line).max(axis=1)
        worst = int(np.argmax(off))
        if off[worst] > tolerance:
            marks.add(low + 1 + worst)
            todo += [(low, low + 1 + worst), (low + 1 + worst, high)]
    return sorted(marks)


def rms(rest: Floats) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(rest**2)))


def table_of(value: Floats, colours: Floats) -> Palette:
    """A colour for each of many values, evenly spread."""
    low, high = float(value.min()), float(value.max())
    return fitted(value, colours, np.linspace(low, max(high, low + 1e-6), _EVENLY))


def short(value: Floats, colours: Floats, tolerance: float) -> Palette:
    """Few stops that colour nearly as well as any: where lines meet, or evenly spread."""
    table = table_of(value, colours)
    found = [stops(table, value, colours, tolerance)]
    low, high = float(value.min()), float(value.max())
    found += [fitted(value, colours, np.linspace(low, high, count)) for count in _EVEN]
    rated = [(rms(colours - palette(value)), palette) for palette in found if palette is not None]
    enough = _NEARLY * min(error for error, _ in rated) + _SLACK * tolerance
    return min((palette for error, palette in rated if error <= enough), key=lambda palette: len(palette.at))


def text_of(palette: Palette, tolerance: float) -> list[str]:
    """Lines that compute the colour `c`, in sample values, of `u`; `tolerance` is that of a colour."""
    spread = float(np.ptp(palette.colours)) or 1.0
    shift = tolerance / spread * float(np.diff(palette.at).min()) if len(palette.at) > 1 else 1.0
    lines = [f"    c = {_colour(palette.colours[0], tolerance)}"]
    for i in range(1, len(palette.at)):
        start, length = palette.at[i - 1], palette.at[i] - palette.at[i - 1]
        begin = number(start, shift)
        share = "u" if begin == "0.0" else f"(u - {begin})"
        scale = number(1 / length, shift / length / max(length, 1e-9))
        share = share if scale == "1.0" else f"{share} * {scale}"
        lines.append(f"    c = mix(c, {_colour(palette.colours[i], tolerance)}, clamp({share}, 0.0, 1.0))")
    return lines


def _colour(colour: Floats, tolerance: float) -> str:
    return f"({', '.join(number(float(level), tolerance) for level in colour)})"
