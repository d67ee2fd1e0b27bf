"""Runs a segment's stack of layers: the core draws, this module hands it the frames of video layers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar, overload

from aicodec_native import _native
from aicodec_native.errors import CorruptError
from aicodec_native.video.decoder import LayerCursor, Planes, VideoDecoder

T = TypeVar("T")

Load = Callable[[int], _native.Segment]


@overload
def draw_in_order(
    load: Load, numbers: range, header: _native.StreamHeader, threads: int
) -> Iterator[_native.Picture]: ...
@overload
def draw_in_order(
    load: Load, numbers: range, header: _native.StreamHeader, threads: int, undrawn: Callable[[Planes], T] | None
) -> Iterator[_native.Picture | T]: ...
def draw_in_order(
    load: Load,
    numbers: range,
    header: _native.StreamHeader,
    threads: int,
    undrawn: Callable[[Planes], T] | None = None,
) -> Iterator[_native.Picture | T]:
    """Every frame of consecutive segments, which `load` gives by number.

    One decoder serves each place in the stack across segments, so that dav1d keeps its threads busy over the joins:
    it reads ahead of the frame that is drawn. Where the canvas would hold just what the decoder gave, `undrawn` makes
    something of that in place of a picture.
    """
    loaded: dict[int, _native.Segment] = {}
    lanes: dict[tuple[int, str], Iterator[Planes]] = {}

    def segment_at(number: int) -> _native.Segment:
        if number not in loaded:
            loaded[number] = load(number)
        return loaded[number]

    def packets_from(number: int, layer: int, format_name: str) -> Iterator[bytes]:
        for following in range(number, numbers.stop):
            if _video_formats(segment_at(following)).get(layer) == format_name:
                for data, _ in segment_at(following).video_packets(layer):
                    yield data

    def planes(layer: int, _: int) -> Planes:
        found = next(lanes[layer, formats[layer]], None)
        if found is None:
            raise CorruptError("a video layer holds fewer frames than its segment")
        return found

    for number in numbers:
        segment = segment_at(number)
        formats = _video_formats(segment)
        for lane in formats.items():
            if lane not in lanes:
                decoder = VideoDecoder(lane[1], header.width, header.height, threads=threads)
                lanes[lane] = decoder.stream(packets_from(number, *lane))
        if undrawn is not None and len(segment.layers) == 1 and formats.get(0) == header.format:
            for frame in range(segment.frames):
                yield undrawn(planes(0, frame))
        else:
            for frame in range(segment.frames):
                yield segment.draw(frame, planes, threads)
        del loaded[number]


def _video_formats(segment: _native.Segment) -> dict[int, str]:
    """By number of the layer: the format that its frames decode to."""
    return {n: segment.video_format(n) for n, (kind, _) in enumerate(segment.layers) if kind == "video"}


def no_video(_layer: int, _frame: int) -> Planes:
    """For Segment.draw() of a stack without video layers."""
    raise AssertionError("there is no video layer")


# Pictures of a sequential stack that a cursor keeps.
_KEPT_BYTES = 1 << 27


class SegmentCursor:
    """Draws single frames, and remembers where it stands: the next frame of a segment costs one packet.

    Where every frame needs the one before (a stack with a screen layer) it draws them all from where it stands, or
    from the segment's start, and keeps the last ones, so that going back a little costs nothing. For one thread at a
    time.
    """

    def __init__(self, header: _native.StreamHeader, threads: int) -> None:
        self._header = header
        self._threads = threads
        self._number = -1
        self._segment: _native.Segment | None = None
        self._layers: dict[int, LayerCursor] = {}
        self._next = 0  # the first frame that needs no new start
        self._decoders: dict[tuple[int, str], VideoDecoder] = {}
        self._kept: deque[_native.Picture] = deque()  # of the frames up to _next - 1

    def nearness(self, number: int, frame: int) -> int:
        """Higher for a cursor that needs fewer packets to draw the frame."""
        if number != self._number:
            return -(1 << 30)
        if self._next - len(self._kept) <= frame < self._next:
            return 1
        ahead = frame - self._next
        return -ahead if ahead >= 0 else -(1 << 29)

    def draw(self, number: int, frame: int, load: Callable[[int], _native.Segment]) -> _native.Picture:
        """Frame `frame` of segment `number`, which `load` gives where it is not at hand."""
        try:
            if self._segment is None or number != self._number:
                self._enter(number, load(number))
            return self._draw(frame)
        except BaseException:
            self._segment = None
            self._kept.clear()
            raise

    def _enter(self, number: int, segment: _native.Segment) -> None:
        self._segment, self._number = segment, number
        self._rewind()

    def _rewind(self) -> None:
        self._layers = {}
        self._next = 0
        self._kept.clear()

    def _draw(self, frame: int) -> _native.Picture:
        assert self._segment is not None
        if self._next - len(self._kept) <= frame < self._next:
            return self._kept[frame - self._next]
        if frame < self._next:
            self._rewind()
        if not self._segment.sequential:
            self._next = frame + 1
            return self._segment.draw(frame, self._planes, self._threads)
        for number in range(self._next, frame + 1):
            picture = self._segment.draw(number, self._planes, self._threads)
            self._next = number + 1
            self._kept.append(picture)
            if len(self._kept) > max(1, _KEPT_BYTES // picture.packed_size):
                self._kept.popleft()
        return picture

    def _planes(self, layer: int, frame: int) -> Planes:
        assert self._segment is not None
        if layer not in self._layers:
            self._layers[layer] = LayerCursor(self._decoder(layer), self._segment.video_packets(layer))
        return self._layers[layer].frame(frame)

    def _decoder(self, layer: int) -> VideoDecoder:
        """Kept from segment to segment: starting dav1d's threads takes time."""
        assert self._segment is not None
        key = (layer, self._segment.video_format(layer))
        if key not in self._decoders:
            self._decoders[key] = VideoDecoder(key[1], self._header.width, self._header.height, threads=self._threads)
        return self._decoders[key]
