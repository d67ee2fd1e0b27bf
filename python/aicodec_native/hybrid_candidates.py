"""Stacks of a video layer and a screen layer over it: photographs and footage are AV1's, all else the screen layer's.

Which block is whose follows from the pictures (photo_blocks.py). Letters and lines are exact: that takes few bytes
more than errors at edges do, and leaves all of the score's room to the photographs. So the quantiser is searched on
source and video put together; then the stack is coded, drawn by the decoder that users have, and scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal
from aicodec_native.frame_store import FrameReader
from aicodec_native.photo_blocks import PhotoBlocks, VideoInput
from aicodec_native.scorer import Scorer
from aicodec_native.video_candidates import Compose, Pictures, VideoSearch
from aicodec_native.video_layer import VideoDecoder, VideoSettings, canvas_picture

_REPORT_EVERY = 4
# A stack that misses the goal by little once it is drawn gets another try, so much finer.
_FINER = 0.5
_RETRIES = 2
# Bytes that a screen layer alone takes for a block of a photograph: at least (1.5 bits a pixel), and at most.
_LEAST_BYTES = 48
_MOST_BYTES = 400

Layers = list[tuple[int, bytes]]
Told = Callable[[float, str], None]
# Given the frames to code, `limit`, `compose` and `guess` of VideoSearch.
NewVideoSearch = Callable[[Pictures, int | None, Compose, float | None], VideoSearch]


class HybridSearch:
    """Of one segment. `wrap` makes a parsed segment of layers, `new_video_search` a search for a quantiser."""

    def __init__(
        self,
        frames: FrameReader,
        scorer: Scorer,
        header: _native.StreamHeader,
        goal: Goal,
        preset: str,
        threads: int,
        wrap: Callable[[Layers], _native.Segment],
        new_video_search: NewVideoSearch,
        told: Told,
    ) -> None:
        self._frames = frames
        self._scorer = scorer
        self._header = header
        self._goal = goal
        self._preset = preset
        self._threads = threads
        self._wrap = wrap
        self._new_video_search = new_video_search
        self._told = told
        self._blocks = PhotoBlocks(frames)
        self._video_input = VideoInput(frames, self._blocks.maps)
        self.tried: list[Candidate] = []
        self.encode_seconds = 0.0

    @property
    def least_screen_bytes(self) -> int:
        """What the photographs would cost a screen layer alone, at least."""
        return self._blocks.coded * _LEAST_BYTES

    def run(self) -> Candidate | None:
        """The best one; None where no quantiser reaches the goal with fewer bytes than exact pixels would take."""

        def compose(number: int, picture: _native.Picture) -> _native.Picture:
            return _native.with_blocks(self._frames[number], picture, self._blocks.maps[number])

        limit = self._blocks.coded * _MOST_BYTES
        started = time.perf_counter()
        video = self._new_video_search(self._video_input, limit, compose, None)
        found = video.run()
        for _ in range(_RETRIES):
            self.encode_seconds += video.encode_seconds
            if found is None:
                break
            candidate = self._drawn(found)
            candidate.seconds = time.perf_counter() - started
            self.tried.append(candidate)
            if candidate.reached or not found.reached:
                break
            started = time.perf_counter()
            video = self._new_video_search(self._video_input, None, compose, max(1.0, found.details["crf"] - _FINER))
            found = video.probe_once()
        return min(self.tried, key=Candidate.rank, default=None)

    def _drawn(self, video: Candidate) -> Candidate:
        """The stack with that video layer, as the decoder draws it."""
        depth = video.details["bit_depth"]
        layers = [*video.layers]
        encoder = _native.ScreenEncoder(*self._frames.shape, preset=self._preset, has_below=True, threads=self._threads)
        for number, picture in enumerate(self._below(layers, depth)):
            self._tell(0.9, number, "screen layer over video")
            encoder.add(self._frames[number], picture, self._blocks.maps[number])
        layers.append((_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=encoder.finish())))
        score, scores, digest = self._measured(layers, depth)
        return Candidate(
            "video+screen",
            f"{video.setting}, text exact",
            layers,
            score,
            scores,
            digest=digest,
            reached=score >= self._goal.target,
            details=dict(video.details),
        )

    def _measured(self, layers: Layers, depth: int) -> tuple[float, list[float], int]:
        segment = self._wrap(layers)
        planes = self._planes(layers, depth)
        wanted = set(self._scorer.frames)
        digest = _native.SegmentDigest()
        self._scorer.begin()
        for number in range(len(self._frames)):
            picture = segment.draw(number, lambda _layer, _frame: next(planes), self._threads)
            digest.add(_native.picture_hash(picture))
            if number in wanted:
                self._scorer.add(number, picture)
        return *self._scorer.result(), digest.value

    def _below(self, layers: Layers, depth: int) -> Iterator[_native.Picture]:
        settings = VideoSettings(1.0, 0, depth)
        for planes in self._planes(layers, depth):
            yield canvas_picture(planes, settings, self._header.colour, self._frames.shape)

    def _planes(self, layers: Layers, depth: int) -> Iterator[list[tuple[object, int]]]:
        segment = self._wrap(layers)
        name = VideoSettings(1.0, 0, depth).format
        decoder = VideoDecoder(name, self._header.width, self._header.height, threads=self._threads)
        return decoder.stream(data for data, _ in segment.video_packets(0))

    def _tell(self, share: float, number: int, note: str) -> None:
        if number % _REPORT_EVERY == 0:
            self._told(share, note)
