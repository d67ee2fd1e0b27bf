"""Reads `.aic` files: frames as numpy arrays, in order or at random."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import math
import operator
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from aicodec_native import _native
from aicodec_native.errors import (
    AicodecError,
    CorruptError,
    FormatError,
    InputError,
    OptionError,
    TruncatedError,
)
from aicodec_native.headers import info_of, media_packet, media_track
from aicodec_native.media.types import Track, TrackPacket, VideoInfo
from aicodec_native.stack import SegmentCursor, draw_in_order
from aicodec_native.video.decoder import Planes

Buffer = bytes | bytearray | memoryview
Frame = npt.NDArray[Any]
T = TypeVar("T")

# Seconds by which times may be off that somebody computed.
_SLACK = 1e-6


class Reader:
    """An open `.aic` file. Use `aicodec_native.open(path)`.

    Indexing gives RGB frames (height, width, 3), uint8 or, for 10-bit video, uint16 in 0..1023; a slice gives an array
    (n, height, width, 3); iterating decodes in order, faster than indexing one by one. `native(i)` and
    `iter_native()` give the stored planes instead. Any number of threads may share a reader. Close it, or use it in
    a `with` statement.

    A file whose writing was cut off opens with its complete segments, and `recovered` is True.

    Raises InputError (no such file), NotAicError, UnsupportedError, CorruptError, TruncatedError; ValueError for what
    is asked of it after it was closed.
    """

    def __init__(self, source: str | os.PathLike[str] | Buffer, *, threads: int = 0) -> None:
        """`source` is a path, or a whole file as bytes; `threads` (0: one per core) bounds decoding."""
        self.name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else "<bytes>"
        if threads < 0:
            raise OptionError("the number of threads is 0 (one per core) or more")
        self._open_file: _native.FileReader | None = _open_file(source, self.name)
        self._recovered, self._byte_size = self._file.recovered, self._file.file_size
        self._tracks = [media_track(track) for track in self._file.tracks]
        self._threads = threads or os.cpu_count() or 1
        self._segments = [entry for entry in self._file.entries if entry.kind == "segment"]
        self._usable = list(_pictures_before_segments(self._file.entries))
        self._dictionary = _native.Dictionary.of_file(self._file)
        self._starts = [0, *itertools.accumulate(entry.detail for entry in self._segments)]
        self._info = info_of(self._file.header, self._file.tags)
        self._times: npt.NDArray[np.int64] | None = None
        self._cursors: list[SegmentCursor] = []
        self._lock = threading.Lock()
        if not self._segments and self.recovered:
            raise TruncatedError(f"{self.name}: cut off before the end of its first segment")

    # What the file says of itself.

    @property
    def info(self) -> VideoInfo:
        """Size, format, colour, sample aspect, rotation, time base, nominal rate and metadata."""
        return self._info

    @property
    def tracks(self) -> list[Track]:
        """The audio and subtitle tracks."""
        return list(self._tracks)

    @property
    def recovered(self) -> bool:
        """Whether the file's end is missing or damaged, so that its index was rebuilt."""
        return self._recovered

    @property
    def byte_size(self) -> int:
        return self._byte_size

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(frames, height, width, 3)."""
        return (len(self), self._info.height, self._info.width, 3)

    @property
    def dtype(self) -> np.dtype[Any]:
        """uint8, or uint16 for 10-bit video."""
        return np.dtype(np.uint16 if "10" in self._info.format or self._info.format == "rgb30" else np.uint8)

    @property
    def fps(self) -> float:
        """The nominal rate in frames a second."""
        assert self._info.frame_rate is not None
        return float(self._info.frame_rate)

    @property
    def timestamps(self) -> npt.NDArray[np.float64]:
        """When each frame is shown, in seconds: shape (frames,)."""
        base = self._info.time_base
        return self.ticks[:-1].astype(np.float64) * base.numerator / base.denominator

    @property
    def ticks(self) -> npt.NDArray[np.int64]:
        """When each frame is shown, in ticks of `info.time_base`, then the end of the last: shape (frames + 1,).

        A segment that does not follow its predecessor at once leaves a gap, which the frame before it fills.
        """
        if self._times is None:
            times: list[int] = []
            last: list[int] = []
            frame = 0
            for number in range(len(self._segments)):
                segment = self._load(number)
                if segment.first_frame < frame or (last and segment.times[0] < last[-1]):
                    raise CorruptError(f"{self.name}: segment {number} begins before the end of the one before")
                frame = segment.first_frame + segment.frames
                last = segment.times
                times += last[:-1]
            self._times = np.array(times + last[-1:] if times else [0], dtype=np.int64)
        return self._times

    @property
    def duration(self) -> float:
        """Seconds from the first frame's start to the last one's end."""
        ticks = self.ticks
        return float(int(ticks[-1] - ticks[0]) * self._info.time_base)

    def __len__(self) -> int:
        return self._starts[-1]

    # Frames.

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Frame: ...
    def __getitem__(self, index: int | slice) -> Frame:
        """Frame `index` (negative: from the end) or a stack of frames, as RGB."""
        if isinstance(index, slice):
            wanted = range(len(self))[index]
            out = np.empty((len(wanted), *self.shape[1:]), dtype=self.dtype)
            for place, number in _in_file_order(wanted):
                out[place] = self._rgb(self._picture(number))
            return out
        return self._rgb(self._picture(self._checked(index)))

    def __iter__(self) -> Iterator[Frame]:
        info, threads = self._info, self._threads

        def undrawn(planes: Planes) -> Frame:
            return _native.planes_to_rgb(planes, info.format, info.colour, info.width, info.height, threads)

        for drawn in self._frames(0, len(self), undrawn):
            yield self._rgb(drawn) if isinstance(drawn, _native.Picture) else drawn

    def native(self, index: int) -> tuple[Frame, Frame, Frame]:
        """The planes of frame `index` as stored (`info.format`): R, G, B or Y, Cb, Cr, each (rows, columns)."""
        one, two, three = _planes(self._picture(self._checked(index)))
        # Copies: the cursor may keep the picture for another who asks.
        return one.copy(), two.copy(), three.copy()

    def iter_native(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[Frame, Frame, Frame]]:
        """As `native` for frames start..stop-1, decoded in order, but the arrays cannot be written to.

        They are the decoder's own memory where nothing is drawn over its pictures, and stay valid as long as they are
        held.
        """
        info = self._info

        def undrawn(planes: Planes) -> tuple[Frame, Frame, Frame]:
            return _native.plane_views(planes, info.format, info.width, info.height)

        for drawn in self._frames(*slice(start, stop).indices(len(self))[:2], undrawn):
            yield _unwritable(_planes(drawn)) if isinstance(drawn, _native.Picture) else drawn

    def index_at(self, seconds: float) -> int:
        """The frame that is shown at a time (the first before the start, the last after the end).

        A time up to a microsecond before a frame counts as the frame's, whatever arithmetic it comes from.
        """
        if math.isnan(seconds):
            raise ValueError("the time is not a number")
        passed = bisect.bisect_right(self.timestamps, float(seconds) + _SLACK)
        return max(0, min(len(self) - 1, passed - 1))

    def packets(self) -> Iterator[TrackPacket]:
        """Every audio and subtitle packet, in file order."""
        for entry in self._file.entries:
            if entry.kind == "packets":
                yield from self._packets_of(entry)

    def close(self) -> None:
        """Release the file and the decoders; what was read from it stays valid."""
        with self._lock:
            self._open_file = None
            self._cursors.clear()

    def __repr__(self) -> str:
        info = self._info
        return (
            f"<Reader of {self.name}: {len(self)} frames, {info.width}x{info.height} {info.format}, {self.fps:g} fps>"
        )

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # For decode, verify and info, which walk the file as it lies.

    @property
    def _file(self) -> _native.FileReader:
        file = self._open_file
        if file is None:
            raise ValueError(f"{self.name}: the reader is closed")
        return file

    @property
    def _entries(self) -> list[_native.IndexEntry]:
        return self._file.entries

    def _packets_of(self, entry: _native.IndexEntry) -> Iterator[TrackPacket]:
        track, packets = self._file.packets(entry)
        for packet in packets:
            yield media_packet(packet, track)

    def _load(self, number: int) -> _native.Segment:
        """Segment `number`, parsed."""
        entry = self._segments[number]
        try:
            payload = self._file.payload(entry)
            segment = _native.Segment(payload, self._file.header, self._dictionary, self._usable[number])
        except AicodecError as error:
            raise type(error)(f"{self.name}: segment {number}: {error}") from None
        if segment.frames != entry.detail:
            raise CorruptError(f"{self.name}: segment {number} holds another number of frames than the index says")
        return segment

    def _pictures(self, start: int, stop: int) -> Iterator[_native.Picture]:
        """Frames start..stop-1 in order."""
        return self._frames(start, stop, None)

    @overload
    def _frames(self, start: int, stop: int, undrawn: None) -> Iterator[_native.Picture]: ...
    @overload
    def _frames(self, start: int, stop: int, undrawn: Callable[[Planes], T]) -> Iterator[_native.Picture | T]: ...
    def _frames(self, start: int, stop: int, undrawn: Callable[[Planes], T] | None) -> Iterator[_native.Picture | T]:
        """Frames start..stop-1 in order; `undrawn` as in draw_in_order."""
        header = self._file.header
        if start >= stop:
            return
        first = bisect.bisect_right(self._starts, start) - 1
        last = bisect.bisect_left(self._starts, stop)
        pictures = draw_in_order(self._load, range(first, last), header, self._threads, undrawn)
        with self._named():
            yield from itertools.islice(pictures, start - self._starts[first], stop - self._starts[first])

    def _picture(self, index: int) -> _native.Picture:
        number = bisect.bisect_right(self._starts, index) - 1
        frame = index - self._starts[number]
        cursor = self._take_cursor(number, frame)
        try:
            with self._named():
                return cursor.draw(number, frame, self._load)
        finally:
            with self._lock:
                if self._open_file is not None:
                    self._cursors.append(cursor)

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """Puts the file's name into what the layers below complain of."""
        try:
            yield
        except FormatError as error:
            if str(error).startswith(f"{self.name}: "):
                raise
            raise type(error)(f"{self.name}: {error}") from None

    def _take_cursor(self, number: int, frame: int) -> SegmentCursor:
        """An idle cursor, best one that stands a little before the frame; every thread at work has its own."""
        header = self._file.header
        with self._lock:
            if not self._cursors:
                return SegmentCursor(header, self._threads)
            best = max(self._cursors, key=lambda cursor: cursor.nearness(number, frame))
            self._cursors.remove(best)
            return best

    def _rgb(self, picture: _native.Picture) -> Frame:
        return picture.rgb(self._info.colour, self._threads)

    def _checked(self, index: int) -> int:
        number = operator.index(index)
        if not -len(self) <= number < len(self):
            raise IndexError(f"frame {number} is out of range: {self.name} has {len(self)} frames")
        return number % len(self)


def _open_file(source: str | os.PathLike[str] | Buffer, name: str) -> _native.FileReader:
    try:
        if isinstance(source, (str, os.PathLike)):
            return _native.FileReader(name)
        return _native.FileReader.from_bytes(bytes(source))
    except OSError as error:
        raise InputError(f"{name}: {(error.strerror or str(error)).lower()}") from None
    except AicodecError as error:
        empty = not (os.path.getsize(name) if isinstance(source, (str, os.PathLike)) else len(source))
        raise type(error)(f"{name}: {'is empty' if empty else error}") from None


def _pictures_before_segments(entries: list[_native.IndexEntry]) -> Iterator[int]:
    """For each segment: how many dictionary pictures stand before it in the file, which it may use."""
    count = 0
    for entry in entries:
        count += entry.kind == "dictionary"
        if entry.kind == "segment":
            yield count


def _planes(picture: _native.Picture) -> tuple[Frame, Frame, Frame]:
    return picture.plane(0), picture.plane(1), picture.plane(2)


def _unwritable(planes: tuple[Frame, Frame, Frame]) -> tuple[Frame, Frame, Frame]:
    for plane in planes:
        plane.flags.writeable = False
    return planes


def _in_file_order(wanted: range) -> Iterator[tuple[int, int]]:
    """(place, frame) of each wanted frame, frames rising."""
    pairs = list(enumerate(wanted))
    return iter(pairs if wanted.step > 0 else reversed(pairs))


def open(path: str | os.PathLike[str] | Buffer, *, threads: int = 0) -> Reader:
    """Open an `.aic` file (a path, or its bytes) for reading: see Reader."""
    return Reader(path, threads=threads)
