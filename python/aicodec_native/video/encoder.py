"""The `video` layer's encoders behind one door: pictures in, packets out.

The core stores packets; decoder.py turns them back into planes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av

from aicodec_native import _native
from aicodec_native.errors import OptionError
from aicodec_native.video import libaom, svtav1
from aicodec_native.video.frame import EncoderFrame, encoder_frame
from aicodec_native.video.packet import CodedPacket
from aicodec_native.video.settings import VideoSettings

PYAV_VERSION = f"PyAV {av.__version__}"


@dataclass(frozen=True, slots=True)
class CodedVideo:
    """Packets in the order shown, each with whether other frames can do without it; the format they decode to."""

    format: str
    packets: list[tuple[bytes, bool]]

    @property
    def size(self) -> int:
        return sum(len(data) for data, _ in self.packets)


def encode_stream(
    frames: Iterable[EncoderFrame], frame_rate: Fraction, settings: VideoSettings
) -> Iterator[CodedPacket]:
    """Code frames of one size as one closed group of AV1 frames: packets in the order shown, as they get ready.

    Deterministic: the packets depend neither on the machine's cores nor on `settings.threads`. The frames can be coded
    again.
    """
    others = iter(frames)
    first = next(others, None)
    if first is None:
        raise OptionError("there are no pictures to encode")
    encode = libaom.encode if settings.encoder == "libaom" else svtav1.encode
    yield from encode(first, others, frame_rate, settings)


def encode_pictures(
    pictures: Iterable[_native.Picture],
    colour: _native.Colour,
    frame_rate: Fraction,
    settings: VideoSettings,
) -> CodedVideo:
    """All of encode_stream at once. `colour` describes the pictures."""
    frames = (encoder_frame(picture, colour, settings) for picture in pictures)
    packets = encode_stream(frames, frame_rate, settings)
    return CodedVideo(settings.format, [(packet.data, packet.droppable) for packet in packets])


def codec_version() -> str:
    """Of all encoders: another version may give other packets, so an encode is only resumed by the same ones."""
    return f"{PYAV_VERSION}, libaom of {libaom.version() or 'no program'}"
