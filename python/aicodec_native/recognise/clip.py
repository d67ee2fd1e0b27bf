"""What all recognisers look at: a clip's frames as RGB, and samples of them that are taken once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aicodec_native import _native

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# By bit depth.
RGB_FORMATS = {8: "rgb24", 10: "rgb30"}

_GRID_COLUMNS = 96
_KEYS = 9
_KEPT_BYTES = 192 << 20
# A camera's noise bends rows everywhere. The share of pixels that lie on a straight line with their neighbours in a
# row, or within a level of it: 0.25 to 0.71 in camera footage of the corpus, above 0.8 in nearly all that is drawn. Of
# the rest, fine noise of programs and short waves, bends are small beside slopes: 0.16 to 0.55, cameras' 0.63 to 1.1.
_LEAST_STRAIGHT, _MOST_BENT = 0.76, 0.58
_ROW_STEP = 8


class Pictures(Protocol):
    """A sequence of pictures, as FrameReader and ChangeReader are."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> _native.Picture: ...


class Clip:
    """A segment's frames as a recogniser sees them; everything is read when it is asked for, and kept.

    `first_frame` is the segment's first frame as a number in the file, `fps` the nominal frame rate: frame i has the
    time `times[i] = (first_frame + i) / fps` in the programs.
    """

    def __init__(
        self,
        pictures: Pictures,
        *,
        fps: float,
        colour: _native.Colour | None = None,
        first_frame: int = 0,
        threads: int = 1,
    ) -> None:
        first = pictures[0]
        self.width, self.height, self.depth = first.width, first.height, first.bit_depth
        self.top = (1 << self.depth) - 1
        self.fps, self.first_frame = fps, first_frame
        self.rgb_format = RGB_FORMATS[self.depth]
        self._pictures = pictures
        self._colour = colour or _native.Colour()
        self._threads = threads
        self._rgb: dict[int, Samples] = {}
        self._thumbs: dict[int, Floats] = {}

    def __len__(self) -> int:
        return len(self._pictures)

    @cached_property
    def times(self) -> Floats:
        return (self.first_frame + np.arange(len(self))) / self.fps

    @cached_property
    def keys(self) -> list[int]:
        """Some frames that stand for all: the ends and what lies evenly between."""
        return sorted({round(i) for i in np.linspace(0, len(self) - 1, _KEYS)})

    @cached_property
    def step(self) -> int:
        """The distance of the grid's points in pixels."""
        return max(1, self.width // _GRID_COLUMNS)

    @cached_property
    def columns(self) -> npt.NDArray[np.int64]:
        return np.arange(self.step // 2, self.width, self.step)

    @cached_property
    def rows(self) -> npt.NDArray[np.int64]:
        return np.arange(self.step // 2, self.height, self.step)

    @cached_property
    def grid(self) -> tuple[Floats, Floats]:
        """The grid's x and y, (rows, columns) each."""
        y, x = np.meshgrid(self.rows.astype(np.float64), self.columns.astype(np.float64), indexing="ij")
        return x, y

    def picture(self, index: int) -> _native.Picture:
        """A frame as it is stored."""
        return self._pictures[index]

    def rgb_picture(self, index: int) -> _native.Picture:
        """A frame in RGB of its own depth, as a shader layer gets to read it."""
        picture = self._pictures[index]
        return picture if picture.format in RGB_FORMATS.values() else picture.convert(self.rgb_format, self._colour)

    def rgb(self, index: int) -> Samples:
        """A frame, (height, width, 3), uint8 or uint16. Not to be written to."""
        if index not in self._rgb:
            frame: Samples = self._pictures[index].rgb(self._colour, self._threads)
            if (len(self._rgb) + 1) * frame.nbytes > _KEPT_BYTES:
                self._rgb.pop(next(iter(self._rgb)))
            self._rgb[index] = frame
            self._thumbs[index] = frame[np.ix_(self.rows, self.columns)].astype(np.float64)
        return self._rgb[index]

    def thumb(self, index: int) -> Floats:
        """The frame at the grid's points, (rows, columns, 3), in sample values; no averages: colours are real ones."""
        if index not in self._thumbs:
            self.rgb(index)
        return self._thumbs[index]

    @cached_property
    def key_thumbs(self) -> Floats:
        """The key frames at the grid's points, (keys, rows, columns, 3)."""
        return np.stack([self.thumb(key) for key in self.keys])

    @cached_property
    def is_rough(self) -> bool:
        """Whether the first frame looks like a camera's, by what noise does to it."""
        rows = self.rgb(0)[::_ROW_STEP, :, 1].astype(np.float64) * 255 / self.top
        if self.width < 3:
            return False
        slopes = np.diff(rows, axis=1)
        bends = np.abs(np.diff(slopes, axis=1))
        straight = float((bends <= 1).mean())
        return straight < _LEAST_STRAIGHT and float(bends.mean()) > _MOST_BENT * (float(np.abs(slopes).mean()) + 1)

    @cached_property
    def moves(self) -> bool:
        """Whether any two key frames differ at the grid's points."""
        return bool(np.ptp(self.key_thumbs, axis=0).any())


class Arrays:
    """Frames in memory, (n, height, width, 3), uint8 or uint16 in 0..1023, as a sequence of pictures."""

    def __init__(self, frames: Sequence[Samples] | Samples) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> _native.Picture:
        return _native.Picture.from_rgb(np.ascontiguousarray(self._frames[index]))
