"""Numbered PNG images: one file a frame, each of them complete."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import av
import numpy as np

from aicodec_native.errors import OutputError
from aicodec_native.media.frames import frame_of
from aicodec_native.media.output import PartFile, writing
from aicodec_native.media.types import VideoFrame, VideoInfo

_NUMBER = re.compile(r"%0?\d*d")


class PngWriter:
    """Writes "name%05d.png" with numbers from 1 (or one frame under a name without number), exactly for RGB.

    10-bit samples become 16-bit ones. Timestamps are not kept. Images get their names together at the end.
    """

    def __init__(self, target: str, info: VideoInfo) -> None:
        self._info, self._wide = info, info.format.endswith(("10", "30"))
        self._pattern = target + "%05d.png" if target.endswith(("/", os.sep)) else target
        self._count = 0
        self._parts: list[PartFile] = []
        self._made: Path | None = None
        if target.endswith(("/", os.sep)) and not Path(target).exists():
            with writing(target):
                Path(target).mkdir(parents=True)
            self._made = Path(target)
        self._encoder = av.CodecContext.create("png", "w")
        self._encoder.width, self._encoder.height = info.width, info.height
        self._encoder.pix_fmt = "rgb48be" if self._wide else "rgb24"
        self._encoder.time_base = info.time_base
        self._encoder.sample_aspect_ratio = info.sar
        self._encoder.color_primaries, self._encoder.color_trc = info.colour.primaries, info.colour.transfer
        self._encoder.thread_type = "AUTO"

    def write(self, frame: VideoFrame) -> None:
        self._save(self._encoder.encode(self._image(frame)))

    def _image(self, frame: VideoFrame) -> av.VideoFrame:
        picture = frame.picture
        if self._wide:
            rgb = picture.rgb(self._info.colour)
            # Repeating the top bits maps 1023 to 65535; reading back gives the same 10 bits.
            image = av.VideoFrame(picture.width, picture.height, "rgb48be")
            rows = np.frombuffer(memoryview(image.planes[0]), ">u2").reshape(picture.height, -1)
            rows[:, : picture.width * 3] = (rgb << 6 | rgb >> 4).reshape(picture.height, -1)
        else:
            if picture.format != "rgb24":
                picture = picture.convert("rgb24", self._info.colour)
            image = frame_of(picture).reformat(format="rgb24")
        image.pts, image.time_base = frame.pts, self._info.time_base
        return image

    def _save(self, packets: list[av.Packet[av.stream.Stream]]) -> None:
        for packet in packets:
            self._count += 1
            name = self._pattern
            if _NUMBER.search(name):
                name = name % self._count
            elif self._count > 1:
                raise OutputError(f'{name}: several frames need a pattern such as "{name[:-4]}%05d.png"')
            part = PartFile(Path(name))
            self._parts.append(part)
            with writing(name):
                part.part.write_bytes(bytes(packet))

    def finish(self) -> None:
        self._save(self._encoder.encode(None))
        for part in self._parts:
            part.keep()

    def abort(self) -> None:
        for part in self._parts:
            part.discard()
        if self._made is not None:
            with contextlib.suppress(OSError):
                self._made.rmdir()
