"""numpy arrays as a source, with the same interface as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodec_native._native import Colour, Picture
from aicodec_native.errors import InputError
from aicodec_native.media.clock import frame_rate
from aicodec_native.media.source import BaseSource
from aicodec_native.media.types import Event, VideoFrame, VideoInfo

Frames = npt.NDArray[Any] | Iterable[npt.NDArray[Any]]


class ArraySource(BaseSource):
    """RGB frames from memory: an array (N, H, W, 3) or an iterable of arrays (H, W, 3), of uint8, or of
    uint16 with samples up to 1023 (10 bits), shown at ``fps`` frames a second.

    Frames are taken from an iterable one by one. Raises InputError for no frames or another shape or type,
    also from events() when a later frame differs from the first.
    """

    def __init__(self, frames: Frames, fps: float | Fraction = 30, *, metadata: dict[str, str] | None = None) -> None:
        super().__init__()
        rate = frame_rate(fps)
        if rate <= 0:
            raise InputError("frames: the frame rate must be above 0")
        if isinstance(frames, np.ndarray):
            self.frame_count_hint, self.byte_size = len(frames), frames.nbytes
        elif isinstance(frames, Sized):
            self.frame_count_hint = len(frames)
        self._rest = iter(frames)
        first = next(self._rest, None)
        if first is None:
            raise InputError("frames: there are none")
        first = self._checked(np.asarray(first), 0, None)
        self._first: npt.NDArray[Any] | None = first
        self.info = VideoInfo(
            width=first.shape[1],
            height=first.shape[0],
            format="rgb24" if first.dtype == np.uint8 else "rgb30",
            colour=Colour(matrix=0, full_range=True),
            time_base=1 / rate,
            frame_rate=rate,
            metadata=dict(metadata or {}),
        )

    @staticmethod
    def _checked(frame: npt.NDArray[Any], number: int, like: npt.NDArray[Any] | None) -> npt.NDArray[Any]:
        what = f"frames: frame {number} is {frame.dtype}{frame.shape}"
        usable = frame.ndim == 3 and frame.shape[2] == 3 and frame.dtype in (np.uint8, np.uint16)
        if not usable or not frame.size:
            raise InputError(f"{what}, not uint8 or uint16 (height, width, 3)")
        if like is not None and (frame.shape, frame.dtype) != (like.shape, like.dtype):
            raise InputError(f"{what}, frame 0 {like.dtype}{like.shape}")
        if frame.dtype == np.uint16 and frame.max() > 1023:
            raise InputError(f"frames: frame {number} has samples over 1023 (uint16 frames hold 10 bits)")
        return frame

    def events(self) -> Iterator[Event]:
        first, self._first = self._first, None
        if first is None:
            return
        yield VideoFrame(0, 1, Picture.from_rgb(first))
        for number, frame in enumerate(self._rest, 1):
            yield VideoFrame(number, 1, Picture.from_rgb(self._checked(np.asarray(frame), number, first)))
