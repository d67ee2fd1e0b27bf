"""Stacks of a video layer and a screen layer over it: photographs and footage are AV1's, all else the screen layer's.

Which block is whose follows from the pictures (photo_blocks.py). Letters and lines are exact: that takes few bytes
more than errors at edges do, and leaves all of the score's room to the photographs. So the quantiser is searched on
source and video put together; then the stack is coded, drawn by the decoder that users have, and scored.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from functools import cached_property

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Layers, Told
from aicodec_native.coded_formats import photo_encoder
from aicodec_native.crf_search import STEPS_PER_CRF
from aicodec_native.photo_blocks import PhotoBlocks, VideoInput
from aicodec_native.video.decoder import canvas_picture
from aicodec_native.video.settings import Encoder
from aicodec_native.video_candidates import VideoSearch
from aicodec_native.workbench import Workbench

_REPORT_EVERY = 4
# A stack that misses the goal by little once it is drawn gets another try, so much finer.
_FINER = 0.5
# The guess is libaom's: two searches with SVT-AV1 ended 5 and 11 coarser.
_COARSER_BY_SVTAV1, _COARSEST = 5.0, 56.0
# Bytes that a screen layer alone takes for a block of a photograph: at least (1.5 bits a pixel), and at most.
_LEAST_BYTES = 48
_MOST_BYTES = 400


class HybridSearch:
    """Of one segment. `limit`: bytes above which a stack is of no use; `guess`: a CRF to begin with."""

    def __init__(self, bench: Workbench, told: Told, *, limit: int | None = None, guess: float | None = None) -> None:
        self._bench = bench
        self._told = told
        self._limit = math.inf if limit is None else limit
        self._guess = guess
        self._blocks = PhotoBlocks(bench.frames)
        self._video_input = VideoInput(bench.frames, self._blocks.maps)
        self._last: VideoSearch | None = None
        self.tried: list[Candidate] = []
        self.encode_seconds = 0.0
        self.screen_bytes: list[int] = []
        """Of the screen layer up to each frame, as far as it was coded; about, for photographs are the source's."""

    @property
    def least_screen_bytes(self) -> int:
        """What the photographs would cost a screen layer alone, at least."""
        return self._blocks.coded * _LEAST_BYTES

    def run(self) -> Candidate | None:
        """The best one; None where no quantiser reaches the goal with fewer bytes than exact pixels would take, or the
        screen layer alone takes too many."""
        if not self._screen_fits():
            return None

        limit = self._blocks.coded * _MOST_BYTES
        started = time.perf_counter()
        video = self._last = self._video_search(limit=limit, guess=self._first_crf)
        found = video.run()
        self.encode_seconds += video.encode_seconds
        if found is not None and not self._stacked(found, started).reached and found.reached:
            self._probed(found.details["crf"] - _FINER)
        return min(self.tried, key=Candidate.rank, default=None)

    def finer(self, than: Candidate, missing: float) -> Candidate | None:
        """One that scores so much more, about, than that one; None where that was not tried here."""
        if self._last is None or not any(candidate is than for candidate in self.tried):
            return None
        less = max(self._last.grid, missing / -self._last.slope) / STEPS_PER_CRF
        return self._probed(than.details["crf"] - less)

    def _probed(self, crf: float) -> Candidate:
        """The stack with video of that quantiser."""
        started = time.perf_counter()
        video = self._video_search(guess=max(1.0, crf))
        found = video.probe_once()
        self.encode_seconds += video.encode_seconds
        return self._stacked(found, started)

    def _stacked(self, video: Candidate, started: float) -> Candidate:
        """The stack with that video layer, which is one of those tried then."""
        candidate = self._drawn(video)
        candidate.seconds = time.perf_counter() - started
        self.tried.append(candidate)
        return candidate

    def _composed(self, number: int, picture: _native.Picture) -> _native.Picture:
        return _native.with_blocks(self._bench.frames[number], picture, self._blocks.maps[number])

    @property
    def _first_crf(self) -> float | None:
        if self._guess is None or self._encoder != "svtav1":
            return self._guess
        return min(self._guess + _COARSER_BY_SVTAV1, _COARSEST)

    @cached_property
    def _encoder(self) -> Encoder | None:
        return photo_encoder(self._bench.goal, self._bench.preset, self._bench.scorer, self._composed)

    def _screen_fits(self) -> bool:
        """Whether letters and lines leave any room below the limit: cheap to know before video is searched."""
        encoder = self._screen_encoder()
        for number, picture in enumerate(self._video_input):
            self._tell(0.0, number, "screen layer over photographs")
            encoder.add(self._bench.frames[number], picture, self._blocks.maps[number])
            self.screen_bytes.append(encoder.size)
            if encoder.size > self._limit:
                return False
        return True

    def _screen_encoder(self) -> _native.ScreenEncoder:
        return _native.ScreenEncoder(
            *self._bench.frames.shape, preset=self._bench.preset, has_below=True, threads=self._bench.threads
        )

    def _video_search(self, *, limit: int | None = None, guess: float | None = None) -> VideoSearch:
        return VideoSearch(
            self._bench,
            self._told,
            frames=self._video_input,
            limit=limit,
            compose=self._composed,
            guess=guess,
            encoder=self._encoder,
            mixed=True,
        )

    def _drawn(self, video: Candidate) -> Candidate:
        """The stack with that video layer, as the decoder draws it."""
        layers = [*video.layers]
        encoder = self._screen_encoder()
        for number, picture in enumerate(self._below(layers)):
            self._tell(0.9, number, "screen layer over video")
            encoder.add(self._bench.frames[number], picture, self._blocks.maps[number])
        work = encoder.work
        layers.append((_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=encoder.finish())))
        planes = self._bench.decoded(layers)
        score, scores, digest = self._bench.judged(layers, lambda _layer, _frame: next(planes))
        candidate = Candidate(
            "video+screen",
            f"{video.setting}, text exact",
            layers,
            score,
            scores,
            digest=digest,
            reached=score >= self._bench.goal.target,
            details=dict(video.details),
        )
        return self._bench.paced(candidate, work, video_bytes=video.size)

    def _below(self, layers: Layers) -> Iterator[_native.Picture]:
        name = self._bench.wrap(layers).video_format(0)
        for planes in self._bench.decoded(layers):
            yield canvas_picture(planes, name, self._bench.header.colour, self._bench.frames.shape)

    def _tell(self, share: float, number: int, note: str) -> None:
        if number % _REPORT_EVERY == 0:
            self._told(share, note)
