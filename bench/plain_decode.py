"""PyAV's own ways to the frames of an MP4, written as a good user would: in order, and at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

Convert = Callable[[av.VideoFrame], Any]

# How the frame becomes what the user gets.
CONVERSIONS: dict[str, Convert] = {
    "decode": lambda frame: frame,
    "native": lambda frame: frame.to_ndarray(),
    "rgb24": lambda frame: frame.to_ndarray(format="rgb24"),
    "rgb48": lambda frame: frame.to_ndarray(format="rgb48le"),
}
# PyAV's default and what it recommends; libdav1d threads as it likes with either.
THREAD_TYPES = ("SLICE", "AUTO")


def iterate(path: Path, thread_type: str, convert: Convert) -> Iterator[Any]:
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = thread_type
        for frame in container.decode(video=0):
            yield convert(frame)


def decoder_name(path: Path) -> str:
    """Which of FFmpeg's AV1 decoders PyAV takes."""
    with av.open(str(path)) as container:
        return str(container.streams.video[0].codec_context.codec.name)


class RandomAccess:
    """Frames by number: a seek to the key frame before, then decoding up to the frame.

    A frame that lies ahead in the group of pictures under way needs no seek. `per_group` frames stand between key
    frames. `low_delay` asks dav1d for a frame a packet instead of frames side by side.
    """

    def __init__(self, path: Path, per_group: int, convert: Convert, *, thread_type: str, low_delay: bool) -> None:
        self._container = av.open(str(path))
        self._stream: Any = self._container.streams.video[0]
        self._stream.thread_type = thread_type
        if low_delay:
            self._stream.codec_context.flags |= Flags.low_delay
        self._ticks = round(1 / (self._stream.time_base * self._stream.average_rate))
        self._per_group = per_group
        self._convert = convert
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._last = -1

    def __getitem__(self, number: int) -> Any:
        key = number - number % self._per_group
        if not key <= self._last < number:
            self._container.seek(number * self._ticks, stream=self._stream)
            self._frames = self._container.decode(self._stream)
        for frame in self._frames:
            if frame.pts >= number * self._ticks:
                self._last = number
                return self._convert(frame)
        raise IndexError(number)

    def close(self) -> None:
        self._container.close()
