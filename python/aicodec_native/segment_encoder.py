"""Codes one segment: the job that a worker process does.

Candidate stacks are coded, decoded and scored, and the smallest that reaches the goal is kept. All frames of the chosen
one are drawn by the decoder that users have: where only some of them were measured, once more, and then those must come
out the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aicodec_native import _native
from aicodec_native.allocation import FLOORS
from aicodec_native.candidate import Candidate, Goal
from aicodec_native.enhancement import Enhancer
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.hybrid_candidates import HybridSearch
from aicodec_native.photo_blocks import is_mixed
from aicodec_native.scorer import Scorer, sample_frames
from aicodec_native.screen_candidates import ScreenSearch
from aicodec_native.stack import draw_in_order
from aicodec_native.video_candidates import Compose, Pictures, VideoSearch

# From this novelty on (cpp/analyze/novelty.h) a camera took the pictures; a photograph behind windows is below. Luma
# alone, as 4:2:0 is looked at, has fewer colours.
_CAMERA = {True: 0.18, False: 0.35}
# Below it nothing but drawings is there.
_DRAWN = 0.12
# The screen layer and the video layer share the progress bar of a segment that tries both.
_SCREEN_SHARE = 0.6
_HYBRID_SHARE = 0.5
# Candidates that are larger than this times the best are no points for the whole file.
_MOST_GROWTH = 2.0
# Where candidates are coded for the whole file's choice, in units of FLOORS above the target.
_POINTS: dict[str, tuple[float, ...]] = {"fast": (), "medium": (-0.5,), "slow": (-0.5, 0.4)}


# Called with the share of the work done, about (0 to 1), and a few words for a person.
Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class SegmentJob:
    """All that a worker needs; picklable. `frames_path` and `shape` are FrameReader's arguments."""

    header: _native.StreamHeader
    first_frame: int
    times: list[int]
    frames_path: str
    shape: tuple[str, int, int]
    goal: Goal
    preset: str
    threads: int
    digest: bool
    keep_points: bool = False

    def run(self, report: Report = lambda share, note: None) -> CodedSegment:
        """Find the smallest stack that reaches the goal. Deterministic: the same job gives the same bytes."""
        frames = FrameReader(self.frames_path, self.shape, len(self.times) - 1)
        try:
            return _SegmentEncoder(self, frames, report).run()
        finally:
            frames.close()


@dataclass(slots=True)
class CodedSegment:
    """A segment ready for the container, and how it came about.

    `stack` and `setting` are the winner's, `crf` and `bit_depth` those of its video layer, None without one. `scores`
    are per measured frame; `probes` lists (CRF, bit depth, score) of the video search as tried, `tried` all candidates
    (Candidate.report); `encode_seconds` is time inside SVT-AV1, `seconds` that of the whole job. `points` are
    candidates from which the file as a whole may choose another one; none where it has one segment alone.
    """

    payload: bytes
    frames: int
    stack: str
    setting: str
    crf: float | None
    bit_depth: int | None
    scores: list[float]
    score: float
    reached: bool
    probes: list[tuple[float, int, float]] = field(default_factory=list)
    tried: list[dict[str, Any]] = field(default_factory=list)
    novelty: float = 0.0
    encode_seconds: float = 0.0
    seconds: float = 0.0
    points: list[Candidate] = field(default_factory=list)


class _SegmentEncoder:
    def __init__(self, job: SegmentJob, frames: FrameReader, report: Report) -> None:
        self._job = job
        self._frames = frames
        self._report = report
        self._rate = frame_rate_of(job.header)
        goal, colour = job.goal, job.header.colour
        self._scorer = Scorer(goal.metric, frames, colour, float(self._rate), job.preset, job.threads)

    def run(self) -> CodedSegment:
        started, job = time.perf_counter(), self._job
        novelty = self._novelty()
        candidates: list[Candidate] = []
        tried: list[Candidate] = []
        share = encode_seconds = 0.0
        drawn = novelty < _CAMERA["yuv420" in self._frames.shape[0]] and self._job.goal.crf is None
        if self._job.goal.crf is None and is_mixed(self._samples()):
            hybrid = self._hybrid_search()
            found = hybrid.run()
            candidates += [found] if found is not None else []
            tried += hybrid.tried
            share = _HYBRID_SHARE
            encode_seconds = hybrid.encode_seconds
            drawn = found is None or not found.reached or hybrid.least_screen_bytes < found.size
        if drawn:
            screen = self._screen_search(share)
            candidates.append(screen.run())
            tried += [screen.tried[tolerance] for tolerance in sorted(screen.tried)]
            share += (1 - share) * _SCREEN_SHARE
        limit = min((c.size for c in candidates if c.reached), default=None)
        video = self._video_search(novelty, limit, share)
        coarsest = video.run()
        candidates += [coarsest] if coarsest is not None else []
        enhancer = Enhancer(self._frames, self._scorer, job.header, job.goal, job.preset, job.threads, self._parsed)
        if coarsest is not None and min(candidates, key=Candidate.rank) is coarsest:
            enhanced = enhancer.run(video, coarsest)
            candidates += [enhanced] if enhanced is not None else []
        tried += [*video.tried, *enhancer.tried]
        best = min(candidates, key=Candidate.rank)
        if self._job.keep_points and best is coarsest and best.reached:
            unit = FLOORS[self._job.goal.metric]
            known = len(video.tried)
            video.add_points([share * unit for share in _POINTS[self._job.preset]])
            tried += video.tried[known:]
        return CodedSegment(
            payload=self._payload(best),
            frames=len(self._frames),
            stack=best.stack,
            setting=best.setting,
            crf=best.details.get("crf"),
            bit_depth=best.details.get("bit_depth"),
            scores=best.scores,
            score=best.score,
            reached=best.reached,
            probes=[(c.details["crf"], c.details["bit_depth"], c.score) for c in video.tried],
            tried=[candidate.report() for candidate in tried],
            novelty=novelty,
            encode_seconds=encode_seconds + video.encode_seconds,
            seconds=time.perf_counter() - started,
            points=self._points(tried, best) if self._job.keep_points else [],
        )

    def _points(self, tried: list[Candidate], best: Candidate) -> list[Candidate]:
        """Those that are neither far off nor worse in everything than another one."""
        floor = self._job.goal.target - FLOORS[self._job.goal.metric]
        near = [c for c in tried if c is not best and c.score >= floor and c.size <= _MOST_GROWTH * best.size]

        def is_beaten(candidate: Candidate) -> bool:
            return any(
                other.size <= candidate.size and other.score >= candidate.score
                for other in [best, *near]
                if other is not candidate
            )

        return [candidate for candidate in near if not is_beaten(candidate)]

    def _novelty(self) -> float:
        """The greatest of a few frames."""
        return max(_native.novelty(picture) for picture in self._samples())

    def _samples(self) -> list[_native.Picture]:
        return [self._frames[number] for number in sample_frames(len(self._frames), 4)]

    def _hybrid_search(self) -> HybridSearch:
        job = self._job

        def told(share: float, note: str) -> None:
            self._report(_HYBRID_SHARE * share, note)

        def new_video_search(frames: Pictures, limit: int | None, compose: Compose, guess: float | None) -> VideoSearch:
            return VideoSearch(
                frames,
                self._scorer,
                job.header,
                self._rate,
                job.goal,
                job.preset,
                job.threads,
                self._parsed,
                told,
                limit=limit,
                compose=compose,
                guess=guess,
            )

        return HybridSearch(
            self._frames,
            self._scorer,
            job.header,
            job.goal,
            job.preset,
            job.threads,
            self._parsed,
            new_video_search,
            told,
        )

    def _screen_search(self, done: float) -> ScreenSearch:
        job = self._job

        def told(share: float, note: str) -> None:
            self._report(done + (1 - done) * _SCREEN_SHARE * share, note)

        return ScreenSearch(self._frames, self._scorer, job.goal, job.preset, job.threads, self._parsed, told)

    def _video_search(self, novelty: float, limit: int | None, done: float) -> VideoSearch:
        job = self._job

        def told(share: float, note: str) -> None:
            self._report(done + (1 - done) * share, note)

        return VideoSearch(
            self._frames,
            self._scorer,
            job.header,
            self._rate,
            job.goal,
            job.preset,
            job.threads,
            self._parsed,
            told,
            drawn=novelty < _DRAWN,
            limit=limit,
        )

    def _parsed(self, layers: list[tuple[int, bytes]]) -> _native.Segment:
        return _native.Segment(self._serialised(layers, None), self._job.header)

    def _payload(self, best: Candidate) -> bytes:
        """The serialised segment, with the digest of all of its frames if the job asks for it."""
        digest = best.digest
        if digest is None:
            digest = self._digest_of(best)
        return self._serialised(best.layers, digest if self._job.digest else None)

    def _digest_of(self, best: Candidate) -> int:
        """Draws the segment from its bytes. What was measured must come out again."""
        segment = self._parsed(best.layers)
        digest = _native.SegmentDigest()
        pictures = draw_in_order(lambda _: segment, range(1), self._job.header, self._job.threads)
        for number, picture in enumerate(pictures):
            drawn = _native.picture_hash(picture)
            digest.add(drawn)
            if best.hashes.get(number, drawn) != drawn:
                raise EncodeError(f"frame {number} decodes to another picture than was measured")
        return digest.value

    def _serialised(self, layers: list[tuple[int, bytes]], digest: int | None) -> bytes:
        job = self._job
        return _native.build_segment(
            header=job.header, first_frame=job.first_frame, times=job.times, digest=digest, layers=layers
        )
