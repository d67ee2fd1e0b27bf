"""What goes in and out of the codec, without a word about PyAV: pictures with their times, and packets of the
audio and subtitle tracks that travel beside them untouched."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from aicodec_native._native import Colour, Picture


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What holds for all frames of a video.

    ``format`` names the canvas ("rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p" or "yuv444p10"); ``sar``
    is the width of a sample over its height; ``rotation`` is how a player turns the picture, in degrees
    clockwise (0, 90, 180 or 270); ``time_base`` is the length of a tick in seconds; ``frame_rate`` is the
    nominal rate in frames a second, None where the file names none.
    """

    width: int
    height: int
    format: str
    colour: Colour = field(default_factory=Colour)
    sar: Fraction = Fraction(1)
    rotation: int = 0
    time_base: Fraction = Fraction(1, 1000)
    frame_rate: Fraction | None = None
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VideoFrame:
    """A picture, shown from ``pts`` for ``duration`` (at least 1), both in ticks of
    ``VideoInfo.time_base``."""

    pts: int
    duration: int
    picture: Picture


@dataclass(frozen=True, slots=True)
class Track:
    """An audio or subtitle stream: all that a container needs to know to hold its packets.

    ``codec`` is FFmpeg's name of the coding ("aac", "opus", "pcm_s16le", "subrip", "mov_text"); ``extradata``
    its global header. ``initial_padding`` counts the samples that a player drops at the start;
    ``disposition`` is FFmpeg's set of flags (1: default, 64: forced, ...). Audio fields are 0 or empty for
    subtitles.
    """

    kind: Literal["audio", "subtitle"]
    codec: str
    time_base: Fraction
    extradata: bytes = b""
    sample_rate: int = 0
    channels: int = 0
    layout: str = ""
    bit_rate: int = 0
    frame_size: int = 0
    initial_padding: int = 0
    metadata: dict[str, str] = field(default_factory=dict)
    disposition: int = 0


@dataclass(frozen=True, slots=True)
class TrackPacket:
    """A packet of ``tracks[track]``, still encoded; times are in ticks of ``Track.time_base``.

    ``side_data`` holds what FFmpeg keeps beside the bytes, such as ("skip_samples", 10 bytes).
    """

    track: int
    pts: int | None
    dts: int | None
    duration: int
    is_keyframe: bool
    data: bytes
    side_data: tuple[tuple[str, bytes], ...] = ()


Event = VideoFrame | TrackPacket
