"""Cuts a source into segments: shots, with a bounded length, each with its frames, times and track packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from aicodec_native import _native
from aicodec_native.change_store import ChangeStore
from aicodec_native.errors import InputError
from aicodec_native.frame_store import FrameStore
from aicodec_native.media import BaseSource, TrackPacket, VideoFrame

# A seek point at least this often, and no segment shorter than this unless the video is.
MAX_SECONDS = 10.0
MIN_SECONDS = 0.5
# Raw frames of one segment take at most this much memory: 10 s of 720p30, or 20 frames of 8K.
MAX_BYTES = 1 << 29


@dataclass(slots=True)
class SourceSegment:
    """Frames first_frame.. of the source; `times` has one entry more than there are frames.

    `frames` is None where the caller did not want them. `packets` belong before the segment in the file.
    """

    number: int
    first_frame: int
    times: list[int]
    frames: FrameStore | None
    packets: list[TrackPacket] = field(default_factory=list)

    def close(self) -> None:
        """Free the frames."""
        if self.frames is not None:
            self.frames.close()
            self.frames = None


@dataclass(slots=True)
class Cuts:
    """Segment lengths in frames."""

    shortest: int
    longest: int

    @classmethod
    def for_video(cls, rate: Fraction, frame_size: int, max_seconds: float = MAX_SECONDS) -> Cuts:
        longest = max(2, min(int(max_seconds * rate), MAX_BYTES // frame_size, 1 << 16))
        return cls(max(1, min(int(MIN_SECONDS * rate), longest // 2)), longest)


class Segmenter:
    """Iterates over a source's segments. Frames before `skip` are read and analysed but not kept.

    After the last segment, `trailing` holds the track packets that follow its frames.
    """

    def __init__(self, source: BaseSource, cuts: Cuts, *, skip: int = 0) -> None:
        self._source = source
        self._detector = _native.ShotDetector(cuts.shortest, cuts.longest)
        self._skip = skip
        self._number = 0
        self._first = 0
        self._pts: list[int] = []
        self._end = 0
        self._frames: FrameStore | None = None
        self._packets: list[tuple[int, TrackPacket]] = []  # with the number of frames read before
        self.trailing: list[TrackPacket] = []

    @property
    def frames_read(self) -> int:
        return self._first + len(self._pts)

    def __iter__(self) -> Iterator[SourceSegment]:
        for event in self._source.events():
            if isinstance(event, TrackPacket):
                self._packets.append((self.frames_read, event))
                continue
            self._take(event)
            for boundary in self._boundaries(event.picture):
                yield self._cut(boundary)
        for boundary in self._last_boundaries():
            yield self._cut(boundary)
        if self._pts:
            yield self._cut(self.frames_read)
        self.trailing = [packet for _, packet in self._packets]
        if self.frames_read == 0:
            raise InputError("the source has no video frames")

    def _boundaries(self, picture: _native.Picture) -> list[int]:
        """The segment starts that are certain now that `picture` was read."""
        return self._detector.push(picture)

    def _last_boundaries(self) -> list[int]:
        return self._detector.finish()

    def _new_store(self, picture: _native.Picture) -> FrameStore:
        return FrameStore(picture.format, picture.width, picture.height)

    def _take(self, frame: VideoFrame) -> None:
        if self.frames_read >= self._skip:
            if self._frames is None:
                self._frames = self._new_store(frame.picture)
            self._frames.append(frame.picture)
        self._pts.append(frame.pts)
        self._end = frame.pts + frame.duration

    def _cut(self, boundary: int) -> SourceSegment:
        """The segment that ends before frame `boundary`; later frames stay."""
        count = boundary - self._first
        times = [*self._pts[:count], self._pts[count] if count < len(self._pts) else self._end]
        frames, kept_from = self._frames, max(self._first, self._skip)
        self._frames = None
        if frames is not None and boundary <= kept_from:
            frames, self._frames = None, frames
        elif frames is not None and boundary < self.frames_read:
            self._frames = frames.split(boundary - kept_from)
        packets = [packet for position, packet in self._packets if position < boundary]
        self._packets = [item for item in self._packets if item[0] >= boundary]
        segment = SourceSegment(self._number, self._first, times, frames, packets)
        self._number += 1
        self._first = boundary
        self._pts = self._pts[count:]
        return segment


class LongSegmenter(Segmenter):
    """As few segments of one length as `max_seconds` allows, whatever they show: history pays across shots, too.
    Shorter ones only where so much changes that the frames would take over MAX_BYTES. Every frame is kept.
    """

    def __init__(self, source: BaseSource, rate: Fraction, max_seconds: float = MAX_SECONDS) -> None:
        longest = max(1, min(int(max_seconds * rate), 1 << 16))
        super().__init__(source, Cuts(1, longest))
        # The expected number is a guess: at worst it halves the length.
        expected = source.frame_count_hint or 0
        count = -(-expected // longest)
        self._longest = -(-expected // count) if count > 1 else longest

    def _boundaries(self, picture: _native.Picture) -> list[int]:
        assert isinstance(self._frames, ChangeStore)
        full = self._frames.count >= self._longest or self._frames.stored >= MAX_BYTES
        return [self.frames_read] if full else []

    def _last_boundaries(self) -> list[int]:
        return []

    def _new_store(self, picture: _native.Picture) -> FrameStore:
        return ChangeStore(picture.format, picture.width, picture.height)
