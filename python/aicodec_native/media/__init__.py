"""Everything that goes in and out through PyAV (FFmpeg); imported only when it is needed, since av is
large."""

from __future__ import annotations

from aicodec_native.media.arrays import ArraySource
from aicodec_native.media.packets import video_bytes
from aicodec_native.media.sink import CONTAINERS, Sink
from aicodec_native.media.source import BaseSource, Source
from aicodec_native.media.types import Event, Track, TrackPacket, VideoFrame, VideoInfo

__all__ = [
    "CONTAINERS",
    "ArraySource",
    "BaseSource",
    "Event",
    "Sink",
    "Source",
    "Track",
    "TrackPacket",
    "VideoFrame",
    "VideoInfo",
    "video_bytes",
]
