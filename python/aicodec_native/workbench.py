"""What all searches for a segment's candidates share: the frames, the goal, and what judges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal, Layers
from aicodec_native.decode_rate import decode_rate, most_work
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.scorer import Scorer
from aicodec_native.video.decoder import Planes, VideoDecoder


@dataclass(frozen=True, slots=True)
class Workbench:
    """Of one segment. `wrap` makes a parsed segment of layers, as its decoder would see them."""

    frames: FrameReader
    scorer: Scorer
    header: _native.StreamHeader
    goal: Goal
    preset: str
    threads: int
    wrap: Callable[[Layers], _native.Segment]

    def judged(self, layers: Layers, planes: Callable[[int, int], Planes]) -> tuple[float, list[float], int]:
        """Score, scores of the frames that count, and the digest of all frames, as the decoder that users have draws
        them; `planes` gives it the frames of video layers."""
        segment = self.wrap(layers)
        wanted = set(self.scorer.frames)
        digest = _native.SegmentDigest()
        self.scorer.begin()
        for number in range(len(self.frames)):
            picture = segment.draw(number, planes, self.threads)
            hashed = _native.picture_hash(picture)
            digest.add(hashed)
            if number in wanted:
                self.scorer.add(number, picture, hashed)
        return *self.scorer.result(), digest.value

    def decoded(self, layers: Layers) -> Iterator[Planes]:
        """The frames of the lowest layer, a video."""
        segment = self.wrap(layers)
        decoder = VideoDecoder(segment.video_format(0), self.header.width, self.header.height, threads=self.threads)
        return decoder.stream(data for data, _ in segment.video_packets(0))

    def paced(self, candidate: Candidate, work: int, *, video_bytes: int = 0) -> Candidate:
        """The candidate, with how fast it decodes; `work`: its screen encoder's."""
        candidate.decode_rate = decode_rate(work, len(self.frames), self.pixels, video_bytes=video_bytes)
        candidate.is_slow = candidate.decode_rate < self.goal.decode_rate
        return candidate

    @property
    def most_work(self) -> float:
        """Of a screen layer that decodes in time, with nothing below."""
        return most_work(self.goal.decode_rate, len(self.frames), self.pixels)

    @property
    def pixels(self) -> int:
        """Of a frame."""
        return self.header.width * self.header.height

    @property
    def rate(self) -> Fraction:
        return frame_rate_of(self.header)
