"""The clip that codecs are compared on, uncompressed in memory: each gets these frames and is measured by them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from aicodec_native.errors import InputError
from aicodec_native.media import Source, VideoFrame, VideoInfo

MOST_BYTES = 3 << 30


@dataclass(frozen=True, slots=True)
class Clip:
    """`start` and `duration` are seconds of the file at `path`, None for its beginning and all of it."""

    path: Path
    info: VideoInfo
    frames: list[VideoFrame]
    start: float | None = None
    duration: float | None = None

    @property
    def seconds(self) -> float:
        first, last = self.frames[0], self.frames[-1]
        return float((last.pts + last.duration - first.pts) * self.info.time_base)

    @property
    def frame_rate(self) -> float:
        return float(self.info.frame_rate or 25)


def load_clip(path: Path, start: float | None = None, duration: float | None = None) -> Clip:
    """Reads it; tags are dropped, so that no codec's file holds them. InputError where it takes more than 3 GiB."""
    with Source(path, start=start, duration=duration) as source:
        info = source.info
        frames: list[VideoFrame] = []
        for frame in source.frames():
            frames.append(frame)
            if len(frames) * frame.picture.packed_size > MOST_BYTES:
                raise InputError(f"{path}: too large to compare in memory; use a shorter --duration")
    if not frames:
        raise InputError(f"{path}: there are no frames")
    return Clip(path, replace(info, metadata={}), frames, start, duration)
