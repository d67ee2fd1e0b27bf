"""The `video` layer's codec: SVT-AV1 in, dav1d out, both through PyAV.

The core stores packets; this module makes them from pictures and turns them back into planes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np

from aicodec_native import _native
from aicodec_native.errors import CorruptError, OptionError
from aicodec_native.scheduling import usual_priority

# Another version may give other packets: an encode is only resumed by the same one.
CODEC_VERSION = f"PyAV {av.__version__}"

# SVT-AV1's own presets behind ours: see docs/decisions/0003-video-layer-settings.md.
SVT_PRESETS = {"fast": 8, "medium": 6, "slow": 4}

# Variance boost and tune 2 (SSIM) save 4-9% of the bytes at equal SSIMULACRA2, and as much at equal XPSNR; a weaker
# temporal filter 4-5% more. One key frame: a segment is a closed group, cut elsewhere.
SVT_PARAMETERS = "enable-variance-boost=1:tune=2:scd=0:tf-strength=1"

# Below this novelty (cpp/analyze/novelty.h) nothing but drawings is there. These are coded with SVT-AV1's tools for
# screens, 25-40% fewer bytes, and no temporal filter, which has no noise to take there.
DRAWN_NOVELTY = 0.12
DRAWN_PARAMETERS = {"scm": 1, "enable-tf": 0}

# What converts an RGB canvas to AV1's 4:2:0 and back: full range and centred chroma lose least.
RGB_COLOUR = _native.Colour(matrix=1, full_range=True, chroma_centred=True)

# SVT-AV1 codes nothing smaller; dimensions below are padded by repeating the edge.
MIN_SIDE = 64

_OBU_TEMPORAL_DELIMITER = 2
_OBU_FRAME_HEADER = 3
_OBU_FRAME = 6

# SVT-AV1 would describe every run on standard error; 1 leaves it its errors. It reads this once.
os.environ.setdefault("SVT_LOG", "1")

Planes = list[tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How SVT-AV1 codes a segment. `crf` goes in quarter steps from 1 to 63; `preset` is SVT-AV1's, 0 to 13.
    `drawn`: with its tools for screens; `parameters`: its own, name=value, with colons between them.
    """

    crf: float
    preset: int
    bit_depth: int = 10
    threads: int = 0
    drawn: bool = False
    parameters: str = SVT_PARAMETERS

    @property
    def format(self) -> str:
        """Of the coded frames."""
        return "yuv420p10" if self.bit_depth == 10 else "yuv420p"


@dataclass(frozen=True, slots=True)
class CodedPacket:
    """What codes one shown frame. `droppable`: other frames can do without it. `referred`: what of it they need, which
    shows no frame where it is neither empty nor all of `data`."""

    data: bytes
    droppable: bool
    referred: bytes


@dataclass(frozen=True, slots=True)
class CodedVideo:
    """Packets in the order shown, each with whether other frames can do without it; the format they decode to."""

    format: str
    packets: list[tuple[bytes, bool]]

    @property
    def size(self) -> int:
        return sum(len(data) for data, _ in self.packets)


@dataclass(frozen=True, slots=True)
class EncoderFrame:
    """A picture as the encoder takes it: PyAV's frame, and whether its colour has full range."""

    frame: Any
    full_range: bool

    @property
    def size(self) -> int:
        """Its bytes, about."""
        return sum(plane.buffer_size for plane in self.frame.planes)


def encoder_frame(picture: _native.Picture, colour: _native.Colour, settings: VideoSettings) -> EncoderFrame:
    """`colour` describes the picture; RGB is converted with RGB_COLOUR."""
    used = RGB_COLOUR if _is_rgb(picture.format) else colour
    if picture.format != settings.format:
        picture = picture.convert(settings.format, used)
    return EncoderFrame(_to_av(picture), used.full_range)


def encode_stream(
    frames: Iterable[EncoderFrame], frame_rate: Fraction, settings: VideoSettings
) -> Iterator[CodedPacket]:
    """Code frames of one size as one closed group of AV1 frames: packets in the order shown, as they get ready.

    Deterministic: the packets depend neither on the machine's cores nor on `settings.threads`. The frames can be coded
    again.
    """
    context: Any = None
    for number, one in enumerate(frames):
        if context is None:
            context = _open_encoder(one, frame_rate, settings)
        one.frame.pts = number
        # encode() would hold back every packet until the last of its call, which for a short video is the very last.
        yield from map(_coded_packet, context.encode_lazy(one.frame))
    if context is None:
        raise OptionError("there are no pictures to encode")
    yield from map(_coded_packet, context.encode_lazy(None))


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


def _is_rgb(format_name: str) -> bool:
    return format_name.startswith("rgb")


def _open_encoder(first: EncoderFrame, frame_rate: Fraction, settings: VideoSettings) -> Any:
    context: Any = av.CodecContext.create("libsvtav1", "w")
    context.width, context.height = first.frame.width, first.frame.height
    context.pix_fmt = first.frame.format.name
    context.framerate = frame_rate
    context.time_base = 1 / frame_rate
    context.gop_size = 1 << 20
    context.color_range = 2 if first.full_range else 1
    threads = settings.threads or os.cpu_count() or 1
    parameters = settings.parameters
    if settings.drawn:
        parameters += "".join(f":{name}={value}" for name, value in DRAWN_PARAMETERS.items())
    context.options = {
        "preset": str(settings.preset),
        "crf": str(int(settings.crf)),
        # Quarter steps of CRF exist only among SVT-AV1's own parameters.
        "svtav1-params": f"crf={settings.crf:g}:lp={min(threads, 6)}:{parameters}",
    }
    with usual_priority():
        context.open()
    return context


def _to_av(picture: _native.Picture) -> av.VideoFrame:
    """A PyAV frame with the picture's samples, padded to MIN_SIDE."""
    name = "yuv420p10le" if picture.bit_depth == 10 else "yuv420p"
    width, height = max(MIN_SIDE, picture.width), max(MIN_SIDE, picture.height)
    frame = av.VideoFrame(width, height, name)
    for index in range(3):
        samples = picture.plane(index)
        plane = frame.planes[index]
        target = np.frombuffer(memoryview(plane), dtype=samples.dtype).reshape(plane.height, -1)[:, : plane.width]
        if target.shape != samples.shape:
            more = [(0, target.shape[axis] - samples.shape[axis]) for axis in (0, 1)]
            samples = np.pad(samples, more, mode="edge")
        target[:] = samples
    return frame


def _obu_types(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, start, end) of each OBU of a temporal unit (AV1 specification, section 5.3)."""
    position = 0
    while position < len(data):
        start, header = position, data[position]
        position += 2 if header & 4 else 1
        size = len(data) - position
        if header & 2:
            size, shift = 0, 0
            while True:
                byte = data[position]
                position += 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
        position += size
        yield header >> 3 & 15, start, position


def _coded_packet(packet: Any) -> CodedPacket:
    """The packet without its temporal delimiter.

    Nothing refers to the frame shown where the encoder calls the packet disposable, but a hidden reference frame often
    travels with it: the frame shown is the packet's last.
    """
    data = bytes(packet)
    units = [unit for unit in _obu_types(data) if unit[0] != _OBU_TEMPORAL_DELIMITER]
    frames = [place for place, (kind, _, _) in enumerate(units) if kind in (_OBU_FRAME, _OBU_FRAME_HEADER)]
    kept = b"".join(data[start:end] for _, start, end in units)
    if not packet.is_disposable:
        return CodedPacket(kept, False, kept)
    if len(frames) == 1:
        return CodedPacket(kept, True, b"")
    return CodedPacket(kept, False, b"".join(data[start:end] for _, start, end in units[: frames[-1]]))


def _packet_of(data: bytes) -> Any:
    """A packet that owns its bytes.

    av.Packet(data) would refer to Python's, and dav1d's threads would need the GIL to let go of them: a decoder that
    is destroyed while they are at work holds the GIL and waits for them, for ever.
    """
    packet: Any = av.Packet(len(data))
    if data:
        packet.update(data)
    return packet


class VideoDecoder:
    """dav1d for one video layer: packets in, planes out.

    Frames are decoded side by side, so that they come some packets late. Not safe to share between threads.
    """

    def __init__(self, format_name: str, width: int, height: int, *, threads: int = 0):
        self._name = "yuv420p10le" if format_name == "yuv420p10" else format_name
        self._size = (max(MIN_SIDE, width), max(MIN_SIDE, height))
        self._context: Any = av.CodecContext.create("libdav1d", "r")
        self._context.thread_count = threads
        self._sent = 0
        self._expected: deque[int] = deque()  # the packets whose frames are still to come

    def push(self, data: bytes | None, *, shows: bool = True) -> Iterator[Planes]:
        """Feed one packet (None: no more) and yield the frames that are ready. `shows`: whether it shows one.

        Raises CorruptError where dav1d cannot decode it, a packet does not give exactly one frame, or the frame has
        another size or format.
        """
        packet = _packet_of(data) if data is not None else None
        if packet is not None:
            packet.pts = self._sent
            if shows:
                self._expected.append(self._sent)
            self._sent += 1
        try:
            frames = self._context.decode(packet)
        except (av.error.FFmpegError, ValueError) as error:
            raise CorruptError(f"a video layer does not decode: {error}") from None
        for frame in frames:
            if (frame.width, frame.height) != self._size or frame.format.name != self._name:
                raise CorruptError("a video layer holds frames of another size or format")
            if not self._expected or frame.pts != self._expected.popleft():
                raise CorruptError("a video layer does not hold one frame in each packet")
            yield [(plane, plane.line_size) for plane in frame.planes]

    def stream(self, packets: Iterable[bytes]) -> Iterator[Planes]:
        """The frames of all packets, in order."""
        for data in packets:
            yield from self.push(data)
        yield from self.push(None)

    def reset(self) -> None:
        """Forget everything, ready for a key frame."""
        self._context.flush_buffers()
        self._expected.clear()


def canvas_picture(
    planes: Planes, settings: VideoSettings, colour: _native.Colour, shape: tuple[str, int, int]
) -> _native.Picture:
    """What a stack with this frame alone draws on a canvas of `shape` (format, width, height)."""
    used = RGB_COLOUR if _is_rgb(shape[0]) else colour
    return _native.draw_planes(planes, settings.format, used, *shape)


class LayerCursor:
    """Gives frames of one segment's video layer in rising order, passing over packets that nobody needs.

    It feeds the decoder past the frame asked for until that comes out: frames decoded side by side take less time
    than one by one, and what was fed early is kept for the next call.
    """

    def __init__(self, decoder: VideoDecoder, packets: Sequence[tuple[bytes, bool]]) -> None:
        decoder.reset()
        self._decoder = decoder
        self._packets = packets
        self._fed = 0
        self._drained = False
        self._numbers: deque[int] = deque()  # of the frames in the decoder
        self._ready: deque[tuple[int, Planes]] = deque()

    def frame(self, target: int) -> Planes:
        """Frame `target`, which must lie behind the one given before. Raises CorruptError where it does not decode."""
        while True:
            while self._ready:
                number, planes = self._ready.popleft()
                if number == target:
                    return planes
            self._feed(target)

    def _feed(self, target: int) -> None:
        """One more packet that `target` or a frame behind it needs; after the last the decoder is drained."""
        for number in range(self._fed, len(self._packets)):
            self._fed = number + 1
            data, droppable = self._packets[number]
            if number >= target or not droppable:
                self._numbers.append(number)
                self._take(data)
                return
        if self._drained:
            raise CorruptError("a video layer gives no picture for a packet")
        self._drained = True
        self._take(None)

    def _take(self, data: bytes | None) -> None:
        for planes in self._decoder.push(data):
            self._ready.append((self._numbers.popleft(), planes))
