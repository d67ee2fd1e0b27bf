"""Between the types of `media` and those that the container stores."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from aicodec_native import _native
from aicodec_native.errors import InputError
from aicodec_native.media.types import Track, TrackPacket, VideoInfo

_LARGEST = 0x7FFFFFFF
_TRACK_NUMBERS = ("sample_rate", "channels", "bit_rate", "frame_size", "initial_padding", "disposition")
_METADATA_PREFIX = "meta:"


def header_of(info: VideoInfo, origin: int, first_duration: int) -> _native.StreamHeader:
    """The file header for a video whose first frame is shown at tick `origin` for `first_duration` ticks.

    The nominal frame duration comes from the source's rate; without one the first frame's stands for all.
    """
    time_base = info.time_base
    if max(time_base.numerator, time_base.denominator) > _LARGEST:
        raise InputError(f"the source's time base {time_base} is too fine to be stored")
    ticks = Fraction(first_duration)
    if info.frame_rate:
        ticks = (1 / (info.frame_rate * time_base)).limit_denominator(1 << 20)
    if ticks < 1 or ticks.numerator > _LARGEST:
        ticks = Fraction(min(max(first_duration, 1), _LARGEST))
    sar = info.sar.limit_denominator(1 << 15) if info.sar > 0 else Fraction(1)
    return _native.StreamHeader(
        format=info.format,
        width=info.width,
        height=info.height,
        colour=info.colour,
        sample_aspect=(sar.numerator, sar.denominator),
        quarter_turns=info.rotation // 90 % 4,
        time_base=(time_base.numerator, time_base.denominator),
        frame_duration=(ticks.numerator, ticks.denominator),
        origin=origin,
    )


def frame_rate_of(header: _native.StreamHeader) -> Fraction:
    """The nominal rate in frames a second."""
    return 1 / (Fraction(*header.frame_duration) * Fraction(*header.time_base))


def info_of(header: _native.StreamHeader, tags: list[tuple[str, str]]) -> VideoInfo:
    return VideoInfo(
        width=header.width,
        height=header.height,
        format=header.format,
        colour=header.colour,
        sar=Fraction(*header.sample_aspect),
        rotation=header.quarter_turns * 90,
        time_base=Fraction(*header.time_base),
        frame_rate=frame_rate_of(header),
        metadata=dict(tags),
    )


def stored_track(track: Track) -> _native.Track:
    tags = [(name, str(getattr(track, name))) for name in _TRACK_NUMBERS if getattr(track, name)]
    if track.layout:
        tags.append(("layout", track.layout))
    tags += [(_METADATA_PREFIX + key, value) for key, value in track.metadata.items()]
    base = track.time_base
    return _native.Track(
        kind=track.kind,
        codec=track.codec,
        time_base=(base.numerator, base.denominator),
        extradata=track.extradata,
        tags=tags,
    )


def media_track(stored: _native.Track) -> Track:
    """Unknown tags are passed over; a number that is none counts as zero."""
    tags = dict(stored.tags)
    numbers: dict[str, Any] = {name: _number(tags.get(name, "0")) for name in _TRACK_NUMBERS}
    return Track(
        kind="audio" if stored.kind == "audio" else "subtitle",
        codec=stored.codec,
        time_base=Fraction(*stored.time_base),
        extradata=stored.extradata,
        layout=tags.get("layout", ""),
        metadata={k.removeprefix(_METADATA_PREFIX): v for k, v in tags.items() if k.startswith(_METADATA_PREFIX)},
        **numbers,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def stored_packet(packet: TrackPacket) -> _native.Packet:
    """A packet without a time takes its other one, or zero."""
    pts = packet.pts if packet.pts is not None else packet.dts or 0
    return _native.Packet(
        pts=pts,
        dts=packet.dts if packet.dts is not None else pts,
        duration=max(packet.duration, 0),
        is_keyframe=packet.is_keyframe,
        data=packet.data,
        side_data=list(packet.side_data),
    )


def media_packet(stored: _native.Packet, track: int) -> TrackPacket:
    return TrackPacket(
        track=track,
        pts=stored.pts,
        dts=stored.dts,
        duration=stored.duration,
        is_keyframe=stored.is_keyframe,
        data=stored.data,
        side_data=tuple(stored.side_data),
    )
