"""Value noise, gradient noise and fbm of the language's own, coloured by any palette, standing still or scrolling.

The lattice shows without the seed (lattice.py), the seed by what stands at its points (noise_field.py); then place and
palette are settled frame by frame.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.lattice import Lattice, lattices
from aicodec_native.recognise.noise_field import Noise, Pattern, seeds_of
from aicodec_native.recognise.palette import Palette, rms, short, table_of, text_of
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track, number

_ROWS, _COLUMNS = 96, 160
# Noise is smooth, and seldom flat: the share of neighbours with equal colours, that of change that turns, and levels.
_MAX_FLAT, _MAX_ROUGH, _MIN_LEVELS = 0.75, 1.5, 24
_POINTS = 2500
_STEPS = 12
# Root mean square error: of a start, as a share of the colours' spread; of what is proposed, in 255ths.
_START_SHARE, _FINAL_ERROR = 0.5, 4.0
_MAX_OCTAVES = 8
_SEEDS_TRIED = 6
_STOP_TOLERANCE, _TOLERANCE, _FINENESS = 1.2, 0.2, (4.0, 64.0)


def propose(clip: Clip) -> Iterator[Proposal]:
    for step, image in _looks(clip):
        for lattice in lattices(image):
            start = _recognised(clip, step, lattice)
            found = [] if start is None else list(_followed(clip, *start))
            if found:
                yield from found
                return


def _lead(clip: Clip) -> int:
    """The channel that tells most."""
    return int(np.argmax(clip.thumb(0).var(axis=(0, 1))))


def _looks(clip: Clip) -> Iterator[tuple[int, Floats]]:
    """Parts of the first frame from its corner, the whole frame first: (distance of its samples, grey samples)."""
    grey = clip.rgb(0)[..., _lead(clip)]
    if grey[:: clip.step, :: clip.step].std() < 2:
        return
    step = max(1, clip.height // _ROWS, clip.width // _COLUMNS)
    while step >= 1:
        part = grey[: _ROWS * step : step, : _COLUMNS * step : step].astype(np.float64) * 255 / clip.top
        if _may_be_noise(part):
            yield step, part
        step //= 2


def _may_be_noise(image: Floats) -> bool:
    change = np.diff(image, axis=1)
    flat = float((change == 0).mean())
    # Rounding alone bends by about one level.
    rough = float(np.abs(np.diff(change, axis=1)).mean()) / (float(np.abs(change).mean()) + 1)
    return flat < _MAX_FLAT and rough < _MAX_ROUGH and len(np.unique(image)) >= _MIN_LEVELS


def _recognised(clip: Clip, step: int, lattice: Lattice) -> tuple[Noise, Floats] | None:
    """The noise and its place (4): u = p0 x + p2, v = p1 y + p3 in the first frame; None if no seed draws it."""
    pattern = _pattern(clip, step, lattice)
    found = sorted(seeds_of(lattice.kind, pattern), key=lambda each: -each[3])[:_SEEDS_TRIED]
    for seed, cell_x, cell_y, _ in found:
        a, b = 1 / (lattice.period_x * step), 1 / (lattice.period_y * step)
        p = np.array([a, b, cell_x - lattice.phase_x / lattice.period_x, cell_y - lattice.phase_y / lattice.period_y])
        noise = Noise(0 if lattice.kind == "value" else 1, seed)
        # From the part that showed the lattice to the whole: a small error of the period grows with the distance.
        reach = float(step)
        while True:
            size = min(int(_ROWS * reach), clip.height), min(int(_COLUMNS * reach), clip.width)
            samples = _Samples(clip, 0, size)
            if lattice.kind == "gradient":
                noise = min((Noise(k, seed) for k in range(1, _MAX_OCTAVES + 1)), key=lambda n: samples.settle(n, p)[1])
            p, error = samples.settle(noise, p)
            if error > _START_SHARE * samples.spread:
                break
            if size == (clip.height, clip.width):
                return noise, p
            reach *= 2
    return None


def _pattern(clip: Clip, step: int, lattice: Lattice) -> Pattern:
    """What seeds_of compares: levels at, or beside, the lattice's points."""
    frame = clip.rgb(0)[: _ROWS * step, : _COLUMNS * step, _lead(clip)].astype(np.float64)
    px, py = lattice.period_x * step, lattice.period_y * step
    beside = 0.5 if lattice.kind == "gradient" else 0.0
    x = np.arange(lattice.phase_x * step, frame.shape[1] - 1 - px * beside, px)
    y = np.arange(lattice.phase_y * step, frame.shape[0] - 1 - py * beside, py)

    def at(dx: float, dy: float) -> Floats:
        columns, rows = np.round(x + dx).astype(int), np.round(y + dy).astype(int)
        level: Floats = frame[np.ix_(rows, columns)]
        return level

    if lattice.kind == "value":
        return at(0, 0).astype(np.complex128)
    return (at(px / 2, 0) - at(0, 0)) + 1j * (at(0, py / 2) - at(0, 0))


class _Samples:
    """Points of a frame's top left part, and their colours."""

    def __init__(self, clip: Clip, frame: int, size: tuple[int, int] | None = None) -> None:
        height, width = size or (clip.height, clip.width)
        rng = np.random.default_rng(4)
        y, x = rng.integers(0, height, _POINTS), rng.integers(0, width, _POINTS)
        self.x, self.y = x.astype(np.float64), y.astype(np.float64)
        self.colours = clip.rgb(frame)[y, x].astype(np.float64)
        self.spread = rms(self.colours - self.colours.mean(axis=0))

    def field(self, noise: Noise, p: Floats) -> tuple[Floats, Floats, Floats]:
        return noise(p[0] * self.x + p[2], p[1] * self.y + p[3])

    def settle(self, noise: Noise, p: Floats, palette: Palette | None = None) -> tuple[Floats, float]:
        """(p, root mean square error) by Gauss and Newton, with the palette given or the one that fits best."""
        p = p.copy()
        value, along, down = self.field(noise, p)
        colouring = palette or table_of(value, self.colours)
        error = rms(self.colours - colouring(value))
        for _ in range(_STEPS):
            slope = colouring.slope(value)
            shifts = np.stack([along * self.x, down * self.y, along, down], axis=1)
            change = (shifts[:, :, None] * slope[:, None, :]).transpose(0, 2, 1).reshape(-1, 4)
            rest = (self.colours - colouring(value)).reshape(-1)
            matrix = change.T @ change
            scale = np.sqrt(np.diag(matrix)) + 1e-12
            move = np.linalg.lstsq(matrix / np.outer(scale, scale) + 1e-9 * np.eye(4), change.T @ rest / scale)[0]
            tried = p + move / scale
            after = self.field(noise, tried)
            recoloured = palette or table_of(after[0], self.colours)
            reached = rms(self.colours - recoloured(after[0]))
            if not reached < error:
                break
            done = reached > 0.9999 * error
            p, error, colouring = tried, reached, recoloured
            value, along, down = after
            if done:
                break
        return p, error


def _followed(clip: Clip, noise: Noise, p: Floats) -> Iterator[Proposal]:
    """The program, if the noise that drew the first frame draws all of them from places that change steadily."""
    places = [p]
    samples = _Samples(clip, 0)
    value = samples.field(noise, p)[0]
    palette = table_of(value, samples.colours)
    limit = _FINAL_ERROR * clip.top / 255
    if rms(samples.colours - palette(value)) > limit:
        return
    for index in range(1, len(clip) if clip.moves else 1):
        last = places[-1]
        guess = last + (last - places[-2] if index > 1 else 0)
        found, error = _Samples(clip, index).settle(noise, guess, palette)
        if error > 2 * limit:
            return
        places.append(found)
    motion = np.stack(places)
    if len(motion) < len(clip):
        motion = np.repeat(motion, len(clip), axis=0)
    for fineness in _FINENESS:
        yield _written(clip, noise, motion.copy(), fineness)


def _written(clip: Clip, noise: Noise, motion: Floats, fineness: float) -> Proposal:
    frames = clip.keys if clip.moves else [0]
    every = [_Samples(clip, frame) for frame in frames]
    # The scale seldom changes, and all frames together know it best.
    for axis, reach in ((0, clip.width), (1, clip.height)):
        if np.ptp(motion[:, axis]) * reach < 0.05:
            drift = motion[:, axis] - np.median(motion[:, axis])
            motion[:, axis] -= drift
            motion[:, axis + 2] += drift * reach / 2
    values = np.concatenate([s.field(noise, motion[f])[0] for s, f in zip(every, frames, strict=True)])
    colours = np.concatenate([s.colours for s in every])
    palette = short(values, colours, _STOP_TOLERANCE * clip.top / 255)
    steepest = float((np.abs(np.diff(palette.colours, axis=0)).max(axis=1) / np.diff(palette.at)).max())
    tolerance = _TOLERANCE / max(steepest, 1e-6)
    track = Track(clip.times, fineness=fineness)
    u = _place("x", motion[:, 0::2], clip.width, tolerance, track, fineness)
    v = _place("y", motion[:, 1::2], clip.height, tolerance, track, fineness)
    lines = [f"    u = {noise.call(u, v)}", *text_of(palette, _TOLERANCE / 8)]
    text = "\n".join(["def color(x, y, t):", *lines, f"    return rgb(c / {clip.top}.0)", ""])
    name = {0: "value noise", 1: "gradient noise"}.get(noise.octaves, "fbm noise")
    return Proposal(name, text, track.columns)


def _place(name: str, motion: Floats, reach: int, tolerance: float, track: Track, fineness: float) -> str:
    """A coordinate in cells, as text: divided by a whole number where that is as near."""
    scales, shifts = motion.T
    fine = tolerance / reach / fineness
    shift = track.expression(shifts, tolerance)
    if np.ptp(scales) > tolerance / reach:
        return f"{name} * {track.expression(scales, tolerance / reach)} + {shift}"
    scale = float(np.median(scales))
    times, over = number(scale, 8 * fine), number(1 / scale, 8 * fine / scale**2)
    coordinate = f"{name} * {times}" if len(times) <= len(over) else f"{name} / {over}"
    return coordinate if shift == "0.0" else f"{coordinate} + {shift}"
