"""Two videos side by side, frame by frame, as pictures that can be compared."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Protocol

from aicodec_native import _native
from aicodec_native.decoder import events
from aicodec_native.errors import InputError
from aicodec_native.media import Source, VideoFrame, VideoInfo
from aicodec_native.reader import Reader


class Video(Protocol):
    """What Source and AicVideo have in common."""

    info: VideoInfo
    frame_count_hint: int | None
    warnings: list[str]

    def frames(self) -> Iterator[VideoFrame]: ...
    def close(self) -> None: ...


class AicVideo:
    """An `.aic` file that looks like a Source."""

    def __init__(self, path: str) -> None:
        self._reader = Reader(path)
        self.info = self._reader.info
        self.frame_count_hint: int | None = len(self._reader)
        self.warnings: list[str] = [f"{path} was cut off"] if self._reader.recovered else []

    def frames(self) -> Iterator[VideoFrame]:
        return (event for event in events(self._reader) if isinstance(event, VideoFrame))

    def close(self) -> None:
        self._reader.close()


def open_video(path: str) -> Video:
    """An `.aic` file, or anything that FFmpeg opens. Raises InputError, FormatError."""
    return AicVideo(path) if _is_aic(path) else Source(path)


def _is_aic(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"\x8aAIC"
    except OSError:
        return False


class PairedVideos:
    """Every `every`-th frame of two videos of one size.

    Where their formats or colour descriptions differ, both become RGB of the reference's depth.
    """

    def __init__(self, reference: str, distorted: str, every: int = 1) -> None:
        self._names = (reference, distorted)
        self._every = every
        with contextlib.ExitStack() as opened:
            self._reference = open_video(reference)
            opened.callback(self._reference.close)
            self._distorted = open_video(distorted)
            opened.callback(self._distorted.close)
            self._check_sizes()
            self._close = opened.pop_all().close
        first, second = self._reference.info, self._distorted.info
        self._as_rgb = first.format != second.format or (
            first.format.startswith("yuv") and first.colour != second.colour
        )
        self.colour = first.colour
        self.frame_rate = float(first.frame_rate or 25)
        self.warnings: list[str] = []

    @property
    def count_hint(self) -> int | None:
        hint = self._reference.frame_count_hint
        return None if hint is None else (hint + self._every - 1) // self._every

    @property
    def plane_names(self) -> str:
        return "R G B" if self._as_rgb or self._reference.info.format.startswith("rgb") else "Y Cb Cr"

    def pairs(self, told: Callable[[int], None]) -> Iterator[tuple[_native.Picture, _native.Picture]]:
        """(reference, distorted); `told` gets the number of pairs so far. The shorter video ends it, with a warning."""
        count = [0, 0]
        done = 0
        for one, other in itertools.zip_longest(self._reference.frames(), self._distorted.frames()):
            count[0] += one is not None
            count[1] += other is not None
            if one is None or other is None or (count[0] - 1) % self._every:
                continue
            yield self._alike(one.picture, self._reference), self._alike(other.picture, self._distorted)
            done += 1
            told(done)
        if count[0] != count[1]:
            self.warnings.append(
                f"{self._names[0]} has {count[0]} frames and {self._names[1]} {count[1]}: only the common ones count"
            )
        self.warnings += self._reference.warnings + self._distorted.warnings

    def _alike(self, picture: _native.Picture, video: Video) -> _native.Picture:
        if not self._as_rgb:
            return picture
        depth = "rgb30" if "10" in self._reference.info.format or "30" in self._reference.info.format else "rgb24"
        return picture.convert(depth, video.info.colour)

    def _check_sizes(self) -> None:
        one, other = self._reference.info, self._distorted.info
        if (one.width, one.height) != (other.width, other.height):
            raise InputError(
                f"the pictures have different sizes: {self._names[0]} is {one.width}x{one.height}, "
                f"{self._names[1]} {other.width}x{other.height}"
            )

    def __enter__(self) -> PairedVideos:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
