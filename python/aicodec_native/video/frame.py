"""Pictures as AV1 encoders take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import av
import numpy as np

from aicodec_native import _native
from aicodec_native.video.settings import VideoSettings

# What converts an RGB canvas to AV1's YCbCr and back: full range and, in 4:2:0, centred chroma lose least.
RGB_COLOUR = _native.Colour(matrix=1, full_range=True, chroma_centred=True)

# Encoders code nothing smaller; dimensions below are padded by repeating the edge.
MIN_SIDE = 64


@dataclass(frozen=True, slots=True)
class EncoderFrame:
    """A picture as an encoder takes it: PyAV's frame, and whether its colour has full range."""

    frame: Any
    full_range: bool

    @property
    def size(self) -> int:
        """Its bytes, about."""
        return sum(plane.buffer_size for plane in self.frame.planes)

    def samples(self) -> bytes:
        """All planes, row by row without padding."""
        planes = []
        for plane in self.frame.planes:
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            planes.append(rows[:, : plane.width * _sample_bytes(self.frame.format.name)].tobytes())
        return b"".join(planes)


def encoder_frame(picture: _native.Picture, colour: _native.Colour, settings: VideoSettings) -> EncoderFrame:
    """`colour` describes the picture; RGB is converted with RGB_COLOUR."""
    used = RGB_COLOUR if is_rgb(picture.format) else colour
    if picture.format != settings.format:
        picture = picture.convert(settings.format, used)
    return EncoderFrame(_to_av(picture), used.full_range)


def is_rgb(format_name: str) -> bool:
    return format_name.startswith("rgb")


def av_format(format_name: str) -> str:
    """FFmpeg's name of a YCbCr format of ours."""
    return format_name + "le" if format_name.endswith("p10") else format_name


def _sample_bytes(av_name: str) -> int:
    return 2 if av_name.endswith("le") else 1


def _to_av(picture: _native.Picture) -> av.VideoFrame:
    """A PyAV frame with the picture's samples, padded to MIN_SIDE."""
    frame = av.VideoFrame(max(MIN_SIDE, picture.width), max(MIN_SIDE, picture.height), av_format(picture.format))
    for index in range(3):
        samples = picture.plane(index)
        plane = frame.planes[index]
        target = np.frombuffer(memoryview(plane), dtype=samples.dtype).reshape(plane.height, -1)[:, : plane.width]
        if target.shape != samples.shape:
            more = [(0, target.shape[axis] - samples.shape[axis]) for axis in (0, 1)]
            samples = np.pad(samples, more, mode="edge")
        target[:] = samples
    return frame
