"""One wave over the picture: stripes and bars along a line, rings about a point, zone plates, drifting or not.

The colour repeats with u, a field's value in periods: a plane's, the distance from a point, or that distance squared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from aicodec_native.recognise import fields
from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.palette import Palette, fitted, stops, text_of
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track, number

_POINTS = 8000
_TABLE = 128
_MIN_PERIODS = 2.5
_MIN_EXPLAINED = 0.15
# Root mean square error in 255ths.
_MAX_ERROR = 14.0
_NYQUIST = 0.45


@dataclass
class _Wave:
    """u = rate * distance ** power (plane: power 1, the distance along a line), in periods."""

    kind: str
    x: float
    y: float
    power: int
    rate: float

    def distance(self, x: Floats, y: Floats) -> Floats:
        if self.kind == "linear":
            return x * self.x + y * self.y
        return np.hypot(x - self.x, y - self.y) ** self.power


def propose(clip: Clip) -> Iterator[Proposal]:
    sharp = _sharp_slopes(clip, 0)
    if sharp.energy < len(sharp.x):
        return
    kind = fields.kind_of([sharp])
    if kind not in ("linear", "radial"):
        return
    p = fields.first_guess(kind, sharp)[0]
    points = _points(clip)
    colours = clip.rgb(0)[points[1], points[0]].astype(np.float64)
    x, y = points[0].astype(np.float64), points[1].astype(np.float64)
    tried = [
        _fitted(_Wave(kind, float(p[0]), float(p[1]), power, 0.0), x, y, colours)
        for power in (1, 2)[: 1 + (kind == "radial")]
    ]
    found = [wave for wave in tried if wave is not None]
    if not found:
        return
    wave = min(found, key=lambda each: _error(each, x, y, colours))
    u = wave.rate * wave.distance(x, y)
    if _error(wave, x, y, colours) > _MAX_ERROR * clip.top / 255 or np.ptp(u) < _MIN_PERIODS:
        return
    yield from _written(clip, wave, points, colours)


def _fitted(wave: _Wave, x: Floats, y: Floats, colours: Floats) -> _Wave | None:
    """From the middle outwards, where a small error of place is least; None where there is no wave."""
    level = colours[:, int(np.argmax(colours.var(axis=0)))]
    radius = np.hypot(x - wave.x, y - wave.y)
    for part in (0.3, 0.6, 1.0) if wave.power == 2 else (1.0,):
        near = radius <= np.quantile(radius, part)
        if not wave.rate:
            wave.rate = _rate(wave.distance(x[near], y[near]), level[near])
        if _explained(wave, x[near], y[near], level[near]) < _MIN_EXPLAINED:
            return None
        _refine(wave, x[near], y[near], level[near])
    return wave


def _harmonic(u: Floats) -> Floats:
    return np.stack([np.ones_like(u), np.cos(2 * np.pi * u), np.sin(2 * np.pi * u)], axis=1)


def _explained(wave: _Wave, x: Floats, y: Floats, level: Floats) -> float:
    """The share of the level's variance that a sinusoid explains."""
    basis = _harmonic(wave.rate * wave.distance(x, y))
    rest = level - basis @ np.linalg.lstsq(basis, level, rcond=None)[0]
    return 1 - float(rest.var() / max(level.var(), 1e-9))


def _sharp_slopes(clip: Clip, frame: int) -> fields.Slopes:
    """At the grid's points, but over a single pixel to each side: the wave may be short."""
    rgb = clip.rgb(frame)
    rows, columns = clip.rows, clip.columns
    rows, columns = rows[(rows > 0) & (rows < clip.height - 1)], columns[(columns > 0) & (columns < clip.width - 1)]
    across = rgb[np.ix_(rows, columns + 1)].astype(float) - rgb[np.ix_(rows, columns - 1)]
    down = rgb[np.ix_(rows + 1, columns)].astype(float) - rgb[np.ix_(rows - 1, columns)]
    y, x = np.meshgrid(rows.astype(float), columns.astype(float), indexing="ij")
    counts = (np.abs(across).sum(-1) + np.abs(down).sum(-1)) > 0
    return fields.Slopes(x[counts], y[counts], across[counts], down[counts])


def _points(clip: Clip) -> tuple[np.ndarray, np.ndarray]:
    """x and y of pixels all over the picture, the same ones every time."""
    rng = np.random.default_rng(1)
    return rng.integers(0, clip.width, _POINTS), rng.integers(0, clip.height, _POINTS)


def _rate(distance: Floats, level: Floats) -> float:
    """Periods per unit: the peak of the spectrum of levels by distance."""
    low, span = float(distance.min()), max(float(np.ptp(distance)), 1e-9)
    bins = 4096
    place = np.minimum(((distance - low) / span * bins).astype(int), bins - 1)
    count = np.maximum(np.bincount(place, minlength=bins), 1)
    power = np.abs(np.fft.rfft(np.bincount(place, level - level.mean(), bins) / count, 8 * bins))
    power[:8] = 0
    return float(np.argmax(power[: int(_NYQUIST * 8 * bins)])) / (8 * span)


def _table(u: Floats, colours: Floats) -> Palette:
    return fitted(u - np.floor(u), colours, np.linspace(0, 1, _TABLE + 1))


def _error(wave: _Wave, x: Floats, y: Floats, colours: Floats) -> float:
    u = wave.rate * wave.distance(x, y)
    return float(np.sqrt(np.mean((_table(u, colours)(u - np.floor(u)) - colours) ** 2)))


def _refine(wave: _Wave, x: Floats, y: Floats, level: Floats) -> None:
    """Gauss and Newton for rate and place, against a sinusoid: it has no corners to be caught at."""
    for _ in range(12):
        distance = wave.distance(x, y)
        basis = _harmonic(wave.rate * distance)
        found = np.linalg.lstsq(basis, level, rcond=None)[0]
        slope = 2 * np.pi * (basis[:, 1] * found[2] - basis[:, 2] * found[1])
        if wave.kind == "linear":
            change = np.stack([x * wave.rate, y * wave.rate], axis=1)
        else:
            radius = np.maximum(np.hypot(x - wave.x, y - wave.y), 0.5)
            pull = -wave.rate * wave.power * radius ** (wave.power - 2)
            change = np.stack([pull * (x - wave.x), pull * (y - wave.y), distance], axis=1)
        # The wave's phase and height move along, or the steps would be taken for theirs.
        both = np.concatenate([change * slope[:, None], basis], axis=1)
        scale = np.maximum(np.sqrt((both**2).sum(axis=0)), 1e-12)
        step = np.linalg.lstsq(both / scale, level - basis @ found, rcond=None)[0] / scale
        wave.x, wave.y = wave.x + float(step[0]), wave.y + float(step[1])
        if wave.kind != "linear":
            wave.rate += float(step[2])


def _phases(clip: Clip, wave: _Wave, points: tuple[np.ndarray, np.ndarray], table: Palette) -> Floats:
    """How far the wave of each frame is ahead of the first frame's, in periods, by its first harmonic."""
    if not clip.moves:
        return np.zeros(len(clip))
    u = wave.rate * wave.distance(points[0].astype(float), points[1].astype(float))
    basis = _harmonic(u)
    solve = np.linalg.pinv(basis)
    lead = int(np.argmax(np.ptp(table.colours, axis=0)))
    found = np.stack([solve @ clip.rgb(i)[points[1], points[0], lead].astype(float) for i in range(len(clip))])
    turns = np.arctan2(found[:, 2], found[:, 1]) / (2 * np.pi)
    return np.unwrap(turns - turns[0], period=1.0)


def _written(clip: Clip, wave: _Wave, points: tuple[np.ndarray, np.ndarray], colours: Floats) -> Iterator[Proposal]:
    x, y = points[0].astype(float), points[1].astype(float)
    u = wave.rate * wave.distance(x, y)
    table = _table(u, colours)
    track = Track(clip.times, fineness=4)
    phase = track.expression(_phases(clip, wave, points, table), 5e-4)
    lines = [f"    u = {_field_text(clip, wave)} - {phase}"]
    basis = _harmonic(u)
    found = np.linalg.lstsq(basis, colours, rcond=None)[0]
    rest = float(np.sqrt(np.mean((basis @ found - colours) ** 2)))
    name = {"linear": "stripes", "radial": "rings" if wave.power == 1 else "zone plate"}[wave.kind]
    if rest < 2.5 * clip.top / 255:
        middle, cosine, sine = (f"({', '.join(number(float(v), 0.1) for v in part)})" for part in found)
        lines.append(f"    c = {middle} + {cosine} * cos_turns(u) + {sine} * sin_turns(u)")
    else:
        palette = stops(table, u - np.floor(u), colours, 3.0 * clip.top / 255)
        if palette is None:
            return
        lines += ["    u = fract(u)", *text_of(palette, 0.2)]
    text = "\n".join(["def color(x, y, t):", *lines, f"    return rgb(c / {clip.top}.0)", ""])
    yield Proposal(name, text, track.columns)


def _field_text(clip: Clip, wave: _Wave) -> str:
    if wave.kind == "linear":
        a = number(wave.x * wave.rate, 5e-4 / clip.width)
        b = number(wave.y * wave.rate, 5e-4 / clip.height)
        return f"(x * {a} + y * {b})"
    cx, cy = number(wave.x, 0.01), number(wave.y, 0.01)
    far = np.hypot(clip.width, clip.height) ** wave.power
    rate = number(wave.rate, 5e-4 / far)
    if wave.power == 1:
        return f"length(x - {cx}, y - {cy}) * {rate}"
    return f"((x - {cx}) ** 2 + (y - {cy}) ** 2) * {rate}"
