"""The noises of docs/shader.md at scattered points, with their slopes, and the search for their seed.

In 64-bit floats: near enough to recognise them, while the program that is written draws them exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.clip import Floats

Whole = npt.NDArray[np.uint32]
Pattern = npt.NDArray[np.complex128]

# Seeds that people write.
SEEDS = (*range(1024), 1234, 1337, 2024, 2025, 2026, 4321, 9999, 12345, 31337, 65535, 123456)
# The cells that the picture's corner may lie in: from -_BEFORE, so many each way.
_BEFORE, _SIDE = 40, 128
_BATCH = 16
_CERTAIN = 0.9


def hashes(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], seed: int) -> Whole:
    """hash(x, y, seed) of section 9.5 of docs/bitstream.md."""
    first = (x & 0xFFFFFFFF).astype(np.uint32) * np.uint32(0x9E3779B1)
    second = (y & 0xFFFFFFFF).astype(np.uint32) * np.uint32(0x85EBCA77)
    h = first ^ second ^ np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x2C1B3C6D)
    h = (h ^ (h >> np.uint32(12))) * np.uint32(0x297A2D39)
    return h ^ (h >> np.uint32(15))


def _gradients(h: Whole) -> tuple[Floats, Floats]:
    return (h & np.uint32(0xFFFF)) / 32768.0 - 1, (h >> np.uint32(16)) / 32768.0 - 1


@dataclass(frozen=True)
class Noise:
    """`octaves` is 0 for value noise, 1 for gradient noise, more for fbm."""

    octaves: int
    seed: int

    def call(self, u: str, v: str) -> str:
        """As program text."""
        if self.octaves == 0:
            return f"noise({u}, {v}, {self.seed})"
        return f"gnoise({u}, {v}, {self.seed})" if self.octaves == 1 else f"fbm({u}, {v}, {self.octaves}, {self.seed})"

    def __call__(self, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
        """Values and their slopes along u and v."""
        if self.octaves == 0:
            return _value_noise(u, v, self.seed)
        if self.octaves == 1:
            return _gradient_noise(u, v, self.seed)
        total = [np.zeros_like(u) for _ in range(3)]
        for k in range(self.octaves):
            parts = _gradient_noise(u * 2**k, v * 2**k, self.seed + k)
            for into, part, height in zip(total, parts, (0.5 / 2**k, 0.5, 0.5), strict=True):
                into += part * height
        return total[0], total[1], total[2]


def _value_noise(u: Floats, v: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    i, j = np.floor(u), np.floor(v)
    fx, fy = u - i, v - j
    corners = [hashes(i.astype(int) + p, j.astype(int) + q, seed) for q in (0, 1) for p in (0, 1)]
    a, b, c, d = ((h >> np.uint32(8)) * 2.0**-24 for h in corners)
    s, t = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    top, bottom = a + (b - a) * s, c + (d - c) * s
    along = ((b - a) * (1 - t) + (d - c) * t) * 6 * fx * (1 - fx)
    return top + (bottom - top) * t, along, (bottom - top) * 6 * fy * (1 - fy)


def _gradient_noise(u: Floats, v: Floats, seed: int) -> tuple[Floats, Floats, Floats]:
    i, j = np.floor(u), np.floor(v)
    fx, fy = u - i, v - j
    s, t = (k * k * k * (k * (k * 6 - 15) + 10) for k in (fx, fy))
    ds, dt = (30 * k * k * (k - 1) ** 2 for k in (fx, fy))
    value, along, down = [], [], []
    for q in (0, 1):
        (ax, ay), (bx, by) = (_gradients(hashes(i.astype(int) + p, j.astype(int) + q, seed)) for p in (0, 1))
        a, b = ax * fx + ay * (fy - q), bx * (fx - 1) + by * (fy - q)
        value.append(a + (b - a) * s)
        along.append(ax + (bx - ax) * s + (b - a) * ds)
        down.append(ay + (by - ay) * s)
    return (
        value[0] + (value[1] - value[0]) * t,
        along[0] + (along[1] - along[0]) * t,
        down[0] + (down[1] - down[0]) * t + (value[1] - value[0]) * dt,
    )


def seeds_of(kind: str, pattern: Pattern) -> Iterator[tuple[int, int, int, float]]:
    """(seed, cell x, cell y of the pattern's corner, correlation): seeds and places that fit, as they are found.

    `pattern` has a number for each lattice point: of value noise the level there (without an imaginary part), of
    gradient noise the level half a cell to the right, and as imaginary part half a cell down: all octaves but the
    first vanish there.
    """
    rows, columns = pattern.shape
    pattern = pattern - pattern.mean()
    size = np.sqrt((np.abs(pattern) ** 2).sum())
    if size == 0 or rows > _SIDE or columns > _SIDE:
        return
    wanted = np.conj(np.fft.fft2(pattern, (_SIDE, _SIDE)))
    x, y = np.meshgrid(np.arange(_SIDE + 1) - _BEFORE, np.arange(_SIDE + 1) - _BEFORE)
    # By chance one in some ten million places correlates by six of its spreads.
    sure = np.clip(6.0 / np.sqrt(2 * pattern.size if kind == "gradient" else pattern.size), 0.45, 0.8)
    for start in range(0, len(SEEDS), _BATCH):
        seeds = SEEDS[start : start + _BATCH]
        fields = np.stack([_field(kind, x, y, seed) for seed in seeds])
        scale = size * np.sqrt(pattern.size * (np.abs(fields) ** 2).mean())
        likeness = np.abs(np.fft.ifft2(np.fft.fft2(fields) * wanted).real) / scale
        # Places that would wrap around do not count.
        likeness = likeness[:, : _SIDE - rows, : _SIDE - columns]
        for number in np.flatnonzero(likeness.max(axis=(1, 2)) > sure):
            row, column = np.unravel_index(int(np.argmax(likeness[number])), likeness[number].shape)
            best = float(likeness[number, row, column])
            yield seeds[number], int(column) - _BEFORE, int(row) - _BEFORE, best
            if best > _CERTAIN:
                return


def _field(kind: str, x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], seed: int) -> Pattern:
    h = hashes(x, y, seed)
    if kind == "value":
        return ((h[:-1, :-1] >> np.uint32(8)) * 2.0**-24 - 0.5).astype(np.complex128)
    along, down = _gradients(h)
    field: Pattern = along[:-1, :-1] - along[:-1, 1:] + 1j * (down[:-1, :-1] - down[1:, :-1])
    return field
