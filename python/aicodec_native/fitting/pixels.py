"""The frames that a program is fitted to, as colours at scattered places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.errors import InputError

Floats = NDArray[np.float32]
Places = NDArray[np.uint32]
Frames = NDArray[Any] | Sequence[NDArray[Any]] | Sequence[_native.Picture]


class Pixels:
    """Frames of one shape: RGB arrays (h, w, 3) of uint8, or of uint16 in 0..1023, or RGB pictures of the core's.

    Raises InputError for anything else, and where there is no frame.
    """

    def __init__(self, frames: Frames, name: str = "frames") -> None:
        self._frames = frames
        if len(frames) == 0:
            raise InputError(f"there are no {name}")
        shapes = {self._shape(frame, name) for frame in ([frames[0]] if isinstance(frames, np.ndarray) else frames)}
        if len(shapes) > 1:
            raise InputError(f"the {name} differ in size or format")
        self.format, self.height, self.width = shapes.pop()
        self.peak = 255 if self.format == "rgb24" else 1023

    def __len__(self) -> int:
        return len(self._frames)

    @staticmethod
    def _shape(frame: Any, name: str) -> tuple[str, int, int]:
        if isinstance(frame, _native.Picture):
            if frame.format not in ("rgb24", "rgb30"):
                raise InputError(f"the {name} are {frame.format}; a program draws RGB")
            return frame.format, frame.height, frame.width
        if not isinstance(frame, np.ndarray) or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise InputError(f"{name} are arrays (frames, height, width, 3), or a sequence of pictures")
        if frame.dtype not in (np.uint8, np.uint16):
            raise InputError(f"{name} are uint8, or uint16 for 10 bits; these are {frame.dtype}")
        return "rgb24" if frame.dtype == np.uint8 else "rgb30", frame.shape[0], frame.shape[1]

    def picture(self, frame: int) -> _native.Picture:
        found = self._frames[frame]
        return found if isinstance(found, _native.Picture) else _native.Picture.from_rgb(np.ascontiguousarray(found))

    def colours(self, frame: Places, y: Places, x: Places) -> Floats:
        """(n, 3), 0 to 1, of n pixels."""
        if isinstance(self._frames, np.ndarray):
            taken = self._frames[frame, y, x]
        else:
            taken = np.empty((len(frame), 3), np.uint16)
            order = np.argsort(frame, kind="stable")
            edges = np.flatnonzero(np.diff(frame[order])) + 1
            for some in np.split(order, edges):
                one = self._frames[int(frame[some[0]])]
                if isinstance(one, _native.Picture):
                    for c in range(3):
                        taken[some, c] = one.plane(c)[y[some], x[some]]
                else:
                    taken[some] = one[y[some], x[some]]
        return np.minimum(taken, self.peak).astype(np.float32) / np.float32(self.peak)
