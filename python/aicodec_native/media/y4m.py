"""YUV4MPEG2, the plain format that video tools pass through pipes: a line of text, then raw planes."""

from __future__ import annotations

import os
import sys
from fractions import Fraction
from pathlib import Path
from typing import IO

from aicodec_native._native import Colour
from aicodec_native.errors import OutputError
from aicodec_native.media.output import PartFile, writing
from aicodec_native.media.types import VideoFrame, VideoInfo

_CHROMA = {"yuv420p10": "420p10 XYSCSS=420P10", "yuv444p": "444", "yuv444p10": "444p10 XYSCSS=444P10"}


class Y4mWriter:
    """Writes YCbCr frames exactly; RGB ones as 4:4:4 (y4m has no RGB), which rounds.

    The format has one frame rate and no timestamps, and no tags for matrix, primaries and transfer.
    """

    def __init__(self, target: str | IO[bytes], info: VideoInfo, warnings: list[str]) -> None:
        self._info, self._warnings = info, warnings
        self._rgb = info.format.startswith("rgb")
        self._format = {"rgb24": "yuv444p", "rgb30": "yuv444p10"}.get(info.format, info.format)
        # RGB has no matrix of its own: BT.709, limited range, is what players take untagged video for.
        self._colour = Colour(matrix=1) if self._rgb else info.colour
        self._rate = info.frame_rate
        self._first: int | None = None
        self._count, self._steady = 0, True
        self._part: PartFile | None = None
        if not isinstance(target, str):
            self._name, self._file = str(getattr(target, "name", "output")), target
        elif target == "-":
            self._name, self._file = "standard output", sys.stdout.buffer
        else:
            self._name, self._part = target, PartFile(Path(target))
            with writing(target):
                self._file = self._part.part.open("wb")
        if self._rgb:
            warnings.append("y4m has no RGB: frames are converted to 4:4:4 YCbCr (BT.709)")

    def write(self, frame: VideoFrame) -> None:
        info = self._info
        if self._first is None:
            self._first = frame.pts
            self._rate = self._rate or 1 / (frame.duration * info.time_base)
            self._send(self._header(self._rate).encode())
        due = self._first + Fraction(self._count) / (self._rate or 1) / info.time_base
        self._steady = self._steady and abs(frame.pts - due) <= 1
        self._count += 1
        picture = frame.picture if not self._rgb else frame.picture.convert(self._format, self._colour)
        self._send(b"FRAME\n" + picture.packed())

    def _header(self, rate: Fraction) -> str:
        info = self._info
        chroma = _CHROMA.get(self._format, "420jpeg" if info.colour.chroma_centred else "420mpeg2")
        colour_range = "FULL" if self._colour.full_range else "LIMITED"
        return (
            f"YUV4MPEG2 W{info.width} H{info.height} F{rate.numerator}:{rate.denominator} Ip "
            f"A{info.sar.numerator}:{info.sar.denominator} C{chroma} XCOLORRANGE={colour_range}\n"
        )

    def _send(self, data: bytes) -> None:
        try:
            with writing(self._name):
                self._file.write(data)
        except OutputError:
            self._silence()
            raise

    def _silence(self) -> None:
        # Python flushes standard output once more as it ends, and would print a second error.
        if self._file is sys.stdout.buffer:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def finish(self) -> None:
        if not self._steady:
            self._warnings.append(f"y4m has a constant frame rate: frames are written at {self._rate}/s")
        try:
            with writing(self._name):
                self._file.flush()
                if self._part is not None:
                    self._file.close()
        except OutputError:
            self._silence()
            raise
        if self._part is not None:
            self._part.keep()

    def abort(self) -> None:
        if self._part is not None:
            self._file.close()
            self._part.discard()
