"""Animated GIF. Its one palette is known only after the last frame, so frames wait, compressed, in a file."""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.filter

from aicodec_native._native import Picture
from aicodec_native.media.frames import frame_of
from aicodec_native.media.output import PartFile, writing
from aicodec_native.media.types import VideoFrame, VideoInfo

_TICK = Fraction(1, 100)
# Browsers show a frame of less than 2 ticks for 10.
_SHORTEST = 2
_RECORD = struct.Struct("<qI")


class GifWriter:
    """Writes 8-bit palette colours, dithered, at times rounded to 1/100 s, in an endless loop.

    A frame that would be shown for less than 1/50 s is left out.
    """

    def __init__(self, target: str, info: VideoInfo, warnings: list[str]) -> None:
        self._name, self._info, self._warnings = target, info, warnings
        self._part = PartFile(Path(target))
        with writing(target):
            self._spill = tempfile.TemporaryFile(dir=self._part.target.parent)  # noqa: SIM115
        self._palette = _Palette(info)
        self._first: int | None = None
        self._last, self._end = -_SHORTEST, 0
        self._dropped = 0

    def write(self, frame: VideoFrame) -> None:
        self._first = frame.pts if self._first is None else self._first
        begin, self._end = self._ticks(frame.pts), self._ticks(frame.pts + frame.duration)
        if begin - self._last < _SHORTEST:
            self._dropped += 1
            return
        self._last = begin
        picture = frame.picture
        if picture.format != "rgb24":
            picture = picture.convert("rgb24", self._info.colour)
        self._palette.add(picture)
        packed = zlib.compress(picture.packed(), 1)
        with writing(self._name):
            self._spill.write(_RECORD.pack(begin, len(packed)) + packed)

    def _ticks(self, pts: int) -> int:
        return round((pts - (self._first or 0)) * self._info.time_base / _TICK)

    def finish(self) -> None:
        if self._dropped:
            self._warnings.append(f"gif shows at most 50 frames/s: {self._dropped} frames are left out")
        palette = self._palette.finish()
        info = self._info
        # The muxer takes a frame's delay from the next one's time: the last one's has to be said.
        delay = {"final_delay": str(max(self._end - self._last, _SHORTEST))}
        path = str(self._part.part.absolute())
        with (
            writing(self._name),
            av.open(path, "w", format="gif", container_options=delay) as output,
        ):
            stream = output.add_stream("gif", rate=None, width=info.width, height=info.height)
            stream.codec_context.pix_fmt = "pal8"
            stream.codec_context.time_base = _TICK
            stream.codec_context.framerate = Fraction(0)
            graph = _apply(palette, info)
            for frame in self._frames():
                graph.push(frame, at=0)
                self._drain(graph, output, stream)
            graph.push(None)
            self._drain(graph, output, stream)
            output.mux(stream.encode(None))
        self._spill.close()
        self._part.keep()

    def _frames(self) -> Iterator[av.VideoFrame]:
        self._spill.seek(0)
        while header := self._spill.read(_RECORD.size):
            begin, size = _RECORD.unpack(header)
            picture = Picture("rgb24", self._info.width, self._info.height)
            picture.unpack_from(zlib.decompress(self._spill.read(size)))
            yield _frame(picture, begin)

    def _drain(self, graph: av.filter.Graph, output: av.container.OutputContainer, stream: av.VideoStream) -> None:
        while (frame := _next(graph)) is not None:
            output.mux(stream.encode(frame))

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._spill.close()
        self._part.discard()


class _Palette:
    """Collects the colours of all frames (FFmpeg's palettegen)."""

    def __init__(self, info: VideoInfo) -> None:
        self._graph = av.filter.Graph()
        source = _buffer(self._graph, info.width, info.height, "bgra")
        palette = self._graph.add("palettegen", "reserve_transparent=0")
        self._graph.link_nodes(source, palette, self._graph.add("buffersink")).configure()
        self._count = 0

    def add(self, picture: Picture) -> None:
        self._graph.push(_frame(picture, self._count))
        self._count += 1

    def finish(self) -> av.VideoFrame:
        self._graph.push(None)
        palette = _next(self._graph)
        assert palette is not None
        return palette


def _buffer(graph: av.filter.Graph, width: int, height: int, pix_fmt: str) -> av.filter.context.FilterContext:
    fmt = av.VideoFormat(pix_fmt, width, height)
    return graph.add_buffer(width=width, height=height, format=fmt, time_base=_TICK)


def _apply(palette: av.VideoFrame, info: VideoInfo) -> av.filter.Graph:
    graph = av.filter.Graph()
    video = _buffer(graph, info.width, info.height, "bgra")
    colours = _buffer(graph, palette.width, palette.height, palette.format.name)
    use, end = graph.add("paletteuse", "dither=sierra2_4a:diff_mode=rectangle"), graph.add("buffersink")
    video.link_to(use, 0, 0)
    colours.link_to(use, 0, 1)
    use.link_to(end)
    graph.configure()
    palette.pts, palette.time_base = 0, _TICK
    graph.push(palette, at=1)
    return graph


def _frame(picture: Picture, begin: int) -> av.VideoFrame:
    frame = frame_of(picture).reformat(format="bgra")
    frame.pts, frame.time_base = begin, _TICK
    return frame


def _next(graph: av.filter.Graph) -> av.VideoFrame | None:
    try:
        frame = graph.vpull()
    except (av.BlockingIOError, av.EOFError):
        return None
    return frame
