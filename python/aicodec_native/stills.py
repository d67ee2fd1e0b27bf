"""Single frames of a file as PNG, for pages that show them."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from aicodec_native import _native
from aicodec_native.media import Sink, VideoFrame, VideoInfo


def png_of(picture: _native.Picture, info: VideoInfo) -> bytes:
    """A picture of `info.format`, as RGB of its depth."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        with Sink(path, replace(info, format=picture.format, metadata={})) as sink:
            sink.write(VideoFrame(0, 1, picture))
        return path.read_bytes()


def spread(count: int, wanted: int) -> list[int]:
    """`wanted` frame numbers of 0..count-1 (or all), each in the middle of an equal span."""
    wanted = min(wanted, count)
    return [int((i + 0.5) * count / wanted) for i in range(wanted)]
