"""How long points of a plane take to escape under z^2 + c, by which Mandelbrot and Julia sets are coloured.

A view is where the plane is looked at: middle (re, im), binary logarithm of the picture's height, and Julia sets' c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aicodec_native import _native
from aicodec_native.recognise.clip import Clip, Floats, Samples
from aicodec_native.shader_source import compile_source

Counts = npt.NDArray[np.uint8]

LIMIT = 255
_ROWS = 18
# What the first look takes: heights of the view, and how far apart its middles and Julia's c lie.
_HEIGHTS, _JULIA_HEIGHTS = 2.0 ** np.arange(2.2, -1.5, -0.32), 2.0 ** np.arange(2.2, 0.5, -0.2)
_STRIDE, _C_STEP = 2, 0.06
# How far around the likeliest of Julia's the second look goes: heights and c.
_HEIGHTS_NEAR, _C_NEAR = (-0.1, -0.05, 0.0, 0.05, 0.1), (-0.04, -0.02, 0.0, 0.02, 0.04)
_LEFT, _RIGHT, _UP = -2.2, 0.8, 1.3
# What share of the colours' variance counts may leave at first, for a start worth refining.
_FIRST = 0.8
_STARTS = 8
# How far a picture that is turned upside down may be from itself, in parts of its deviation, to be a Julia set's: 0.12
# if its middle is off by a hundredth of the height. Means of blocks are compared, about so many in a column.
_MAX_TURNED = 0.16
_BLOCKS = 27


@dataclass(frozen=True)
class Kind:
    """`julia`: whether c is the same for all points; `bailout`: the square of the distance that counts as escaped."""

    julia: bool
    bailout: int = 4

    @property
    def size(self) -> int:
        """Numbers of a view."""
        return 5 if self.julia else 3

    def text(self, u: str, v: str, c: tuple[str, str], limit: int) -> list[str]:
        """Lines that count in `n`, and leave the place of escape in a and b."""
        p, q = c if self.julia else ("u", "v")
        return [
            f"    u, v = {u}, {v}",
            "    a, b, n = u, v, 0",
            f"    for i in range({limit}):",
            f"        if a * a + b * b > {self.bailout}.0:",
            "            break",
            f"        a, b = a * a - b * b + {p}, 2.0 * a * b + {q}",
            "        n = n + 1",
        ]


@lru_cache(maxsize=16)
def _probe(kind: Kind) -> _native.ShaderProgram:
    lines = kind.text("x * param(2) + param(0)", "y * param(2) + param(1)", ("param(3)", "param(4)"), LIMIT)
    share = f"log2(log2(a * a + b * b) / log2({kind.bailout}.0))"
    lines.append(f"    return rgb_int(n, int(clamp({share}, 0.0, 1.0) * 255.0), 0)")
    return compile_source("\n".join(["def color(x, y, t):", *lines, ""]))


def turns(kind: Kind, left: float, top: float, pitch: float, shape: tuple[int, int], c: Floats) -> Counts:
    """The counts of drawn(), sooner."""
    return _native.escape_counts(
        rows=shape[0],
        columns=shape[1],
        left=left,
        top=top,
        pitch=pitch,
        c=(float(c[0]), float(c[1])) if kind.julia else None,
        bailout=kind.bailout,
    )


def drawn(
    kind: Kind, left: float, top: float, pitch: float, shape: tuple[int, int], c: Floats
) -> tuple[Counts, Floats]:
    """Counts (rows, columns), and how far beyond the bailout points escaped, 0 to 1: for smooth colours."""
    parameters = [left, top, pitch, *(c if kind.julia else (0.0, 0.0))]
    picture = _probe(kind).draw(format="rgb24", width=shape[1], height=shape[0], parameters=parameters)
    rgb = picture.rgb(_native.Colour())
    return rgb[..., 0], rgb[..., 1] / 255.0


class Look:
    """A frame's colours at evenly spread pixels, about so many rows of them: (rows, columns, 3)."""

    def __init__(self, clip: Clip, frame: int, rows: int = _ROWS) -> None:
        self._step = max(1, clip.height // rows)
        self._first = self._step // 2
        self._middle = clip.width / 2, clip.height / 2
        self._height = clip.height
        part = slice(self._first, None, self._step)
        self.colours = clip.rgb(frame)[part, part].astype(np.float64)
        self.shape = self.colours.shape[0], self.colours.shape[1]
        self._frame = clip.rgb(frame)

    @property
    def turned(self) -> float:
        """How far the frame is from itself upside down, in parts of its deviation: about its middle pixel, or where
        four of them meet."""
        return min(_turned(self._frame[first:, first:]) for first in (0, 1))

    def counts(self, kind: Kind, view: Floats) -> tuple[Counts, Floats]:
        return drawn(kind, *self._place(view), self.shape, view[3:])

    def _place(self, view: Floats) -> tuple[float, float, float]:
        """The left and the top of the first pixel and the distance to the next, in the plane."""
        scale = 2.0 ** view[2] / self._height
        left, top = (float(view[axis] + (self._first - self._middle[axis]) * scale) for axis in (0, 1))
        return left, top, float(self._step * scale)

    def left_over(self, kind: Kind, view: Floats) -> float:
        """The share of the colours' variance that counts do not explain, each count having its own colour; 1 if they
        tell nothing."""
        counts = turns(kind, *self._place(view), self.shape, view[3:])
        return float(_native.left_over(counts, self.colours)[0, 0])

    def refined(self, kind: Kind, view: Floats, reach: float, rounds: int) -> tuple[Floats, float]:
        """(view, left_over) by steps along each number, `reach` of the view's height long, then half as long."""
        best, error = view.copy(), self.left_over(kind, view)
        step = reach
        for _ in range(rounds):
            moved = False
            for axis in range(kind.size):
                unit = 1.0 if axis == 2 else 2.0 ** best[2]
                for sign in (1, -1):
                    tried = best.copy()
                    tried[axis] += sign * step * unit
                    reached = self.left_over(kind, tried)
                    if reached < error:
                        best, error, moved = tried, reached, True
                        break
            step = step if moved else step / 2
        return best, error


def _turned(frame: Samples) -> float:
    box = max(1, frame.shape[0] // _BLOCKS)
    rows, columns = (length // box for length in frame.shape[:2])
    means = []
    for turned in (frame, frame[::-1, ::-1]):
        cells = turned[: rows * box, : columns * box].reshape(rows, box, columns, box, 3)
        means.append(cells.sum(axis=1, dtype=np.uint32).sum(axis=2) / box**2)
    spread = np.abs(means[0] - means[0].mean(axis=(0, 1))).mean()
    return float(np.abs(means[0] - means[1]).mean() / max(spread, 1e-9))


def mandelbrot_starts(look: Look) -> list[Floats]:
    """Views of the Mandelbrot set that a closer look may prove right."""
    kind, found = Kind(julia=False), []
    rows, columns = look.shape
    for height in _HEIGHTS:
        pitch = height / rows
        shape = int(2 * _UP / pitch) + rows, int((_RIGHT - _LEFT) / pitch) + columns
        left, top = _LEFT - columns / 2 * pitch, -_UP - rows / 2 * pitch
        counts = turns(kind, left, top, pitch, shape, np.zeros(2))
        for number, errors in enumerate(_native.left_over(counts, look.colours, _STRIDE)):
            column = int(np.argmin(errors))
            middle = _LEFT + column * _STRIDE * pitch, -_UP + number * _STRIDE * pitch
            found.append((float(errors[column]), np.array([*middle, np.log2(height)])))
    return _likeliest(found)


def julia_starts(look: Look) -> list[Floats]:
    """Views of Julia sets about 0, which look the same upside down."""
    if look.turned > _MAX_TURNED:
        return []
    coarse = _likeliest(list(_julias(look)))
    return _likeliest([near for view in coarse for near in _nearby(look, view)])


def _julias(look: Look) -> Iterator[tuple[float, Floats]]:
    kind = Kind(julia=True)
    for p in np.arange(-1.5, 0.6, _C_STEP):
        for q in np.arange(-1.1, 1.1, _C_STEP):
            if p * p + q * q > 2.4:
                continue
            views = [np.array([0.0, 0.0, np.log2(height), p, q]) for height in _JULIA_HEIGHTS]
            errors = [look.left_over(kind, view) for view in views]
            best = int(np.argmin(errors))
            yield errors[best], views[best]


def _nearby(look: Look, view: Floats) -> Iterator[tuple[float, Floats]]:
    """The views between one point of the coarse search and the next, where steps along one number lead nowhere."""
    kind = Kind(julia=True)
    for offset in np.stack(np.meshgrid(_HEIGHTS_NEAR, _C_NEAR, _C_NEAR), axis=-1).reshape(-1, 3):
        near = view + np.array([0.0, 0.0, *offset])
        yield look.left_over(kind, near), near


def _likeliest(found: list[tuple[float, Floats]]) -> list[Floats]:
    found = sorted(found, key=lambda each: each[0])
    return [view for error, view in found[:_STARTS] if error < _FIRST]
