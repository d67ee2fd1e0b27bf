"""The `video` layer's decoder: packets in, planes out, by dav1d through PyAV."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import av
import av.error

from aicodec_native import _native
from aicodec_native.errors import CorruptError
from aicodec_native.video.frame import MIN_SIDE, RGB_COLOUR, av_format, is_rgb

Planes = list[tuple[Any, int]]


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
        self._name = av_format(format_name)
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
    planes: Planes, format_name: str, colour: _native.Colour, shape: tuple[str, int, int]
) -> _native.Picture:
    """What a stack with this frame alone, of that format, draws on a canvas of `shape` (format, width, height)."""
    used = RGB_COLOUR if is_rgb(shape[0]) else colour
    return _native.draw_planes(planes, format_name, used, *shape)


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
