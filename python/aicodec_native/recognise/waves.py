"""Sums of plane sinusoids, each with a direction, a length and a speed of its own."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip, Floats
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import number

_FRAMES = 16
_WAVES = 6
_POINTS = 3000
_PAD = 2
# What each wave must explain of what those before it left.
_SHARE = 0.25
# Root mean square error in 255ths.
_MAX_ERROR = 4.0


def propose(clip: Clip) -> Iterator[Proposal]:
    frames = list(range(min(len(clip), _FRAMES))) if clip.moves else [0]
    block = np.stack([clip.thumb(i) for i in frames])
    lead = int(np.argmax(block.var(axis=(0, 1, 2))))
    level = block[..., lead]
    if level.var() < 4:
        return
    found = np.zeros((0, 3))
    rest = level - level.mean()
    whole = float((rest**2).sum())
    for _ in range(_WAVES):
        found = np.concatenate([found, _peak(clip, rest)[None]])
        found, rest = _settled(clip, level, found, frames)
        before, whole = whole, float((rest**2).sum())
        if whole > (1 - _SHARE) * before:
            return
        if np.sqrt(np.mean(rest**2)) < 0.7 * clip.top / 255:
            break
    if np.sqrt(np.mean(rest**2)) > 2 * _MAX_ERROR * clip.top / 255:
        return
    yield from _written(clip, found)


def _peak(clip: Clip, rest: Floats) -> Floats:
    """(turns per pixel along x and y, turns per second) of the strongest wave."""
    window = [np.hanning(n + 2)[1:-1] if n > 2 else np.ones(n) for n in rest.shape]
    tapered = rest * window[0][:, None, None] * window[1][:, None] * window[2]
    shape = [n * _PAD if n > 2 else n for n in rest.shape]
    spectrum = np.abs(np.fft.fftn(tapered, shape, axes=(0, 1, 2)))
    spectrum[0, 0, 0] = 0
    place = np.unravel_index(int(np.argmax(spectrum)), spectrum.shape)
    t, y, x = (float(np.fft.fftfreq(n)[k]) for n, k in zip(shape, place, strict=True))
    return np.array([x / clip.step, y / clip.step, t * clip.fps])


def _coordinates(clip: Clip, frames: list[int]) -> tuple[Floats, Floats, Floats]:
    x, y = clip.grid
    t = clip.times[frames]
    shape = (len(frames), *x.shape)
    return np.broadcast_to(x, shape).ravel(), np.broadcast_to(y, shape).ravel(), np.repeat(t, x.size)


def _settled(clip: Clip, level: Floats, found: Floats, frames: list[int]) -> tuple[Floats, Floats]:
    """All waves together by Gauss and Newton on some of the samples; what they leave of all samples."""
    at = np.stack(_coordinates(clip, frames), axis=1)
    some = np.random.default_rng(3).choice(len(at), min(_POINTS, len(at)), replace=False)
    values = level.ravel()
    found = found.copy()
    for _ in range(8):
        basis = _basis(at[some], found)
        weights = np.linalg.lstsq(basis, values[some], rcond=None)[0]
        columns = [basis]
        for k in range(len(found)):
            cosine, sine = basis[:, 1 + 2 * k], basis[:, 2 + 2 * k]
            slope = 2 * np.pi * (cosine * weights[2 + 2 * k] - sine * weights[1 + 2 * k])
            columns.append(slope[:, None] * at[some])
        both = np.concatenate(columns, axis=1)
        scale = np.maximum(np.sqrt((both**2).sum(axis=0)), 1e-9)
        step = np.linalg.lstsq(both / scale, values[some] - basis @ weights, rcond=1e-9)[0] / scale
        found += step[basis.shape[1] :].reshape(-1, 3)
    basis = _basis(at, found)
    rest = values - basis @ np.linalg.lstsq(basis.T @ basis, basis.T @ values, rcond=None)[0]
    return found, rest.reshape(level.shape)


def _basis(at: Floats, found: Floats) -> Floats:
    angle = 2 * np.pi * at @ found.T
    parts = [np.ones((len(at), 1))]
    for k in range(len(found)):
        parts += [np.cos(angle[:, k : k + 1]), np.sin(angle[:, k : k + 1])]
    return np.concatenate(parts, axis=1)


def _written(clip: Clip, found: Floats) -> Iterator[Proposal]:
    frames = clip.keys if clip.moves else [0]
    at = np.stack(_coordinates(clip, frames), axis=1)
    colours = np.concatenate([clip.thumb(i).reshape(-1, 3) for i in frames])
    found = np.stack(
        [
            [_rounded(w[0], clip.width), _rounded(w[1], clip.height), _rounded(w[2], float(clip.times[-1]) + 1)]
            for w in found
        ]
    )
    basis = _basis(at, found)
    weights = np.linalg.lstsq(basis, colours, rcond=None)[0]
    if np.sqrt(np.mean((colours - basis @ weights) ** 2)) > _MAX_ERROR * clip.top / 255:
        return
    lines = [f"    c = {_colour(weights[0])}"]
    for k, wave in enumerate(found):
        parts = [f"{c} * {n}" for c, n in zip((number(float(v), 1e-7) for v in wave), "xyt", strict=True) if c != "0.0"]
        lines.append(f"    u = {' + '.join(parts)}")
        lines.append(
            f"    c = c + {_colour(weights[1 + 2 * k])} * cos_turns(u) + {_colour(weights[2 + 2 * k])} * sin_turns(u)"
        )
    text = "\n".join(["def color(x, y, t):", *lines, f"    return rgb(c / {clip.top}.0)", ""])
    yield Proposal("sum of waves", text)


def _rounded(value: float, reach: float) -> float:
    """Within a two-thousandth of a turn over the reach."""
    return float(number(value, 5e-4 / reach).strip("()"))


def _colour(weights: Floats) -> str:
    return f"({', '.join(number(float(v), 0.1) for v in weights)})"
