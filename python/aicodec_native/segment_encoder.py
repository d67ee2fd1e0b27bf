"""Codes one segment: the job that a worker process does.

Candidate stacks are coded, decoded and scored, and the smallest that reaches the goal is kept. The chosen one is drawn
by the decoder that users have, and must give the very pictures that were measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal
from aicodec_native.enhancement import Enhancer
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.scorer import Scorer, sample_frames
from aicodec_native.screen_candidates import ScreenSearch
from aicodec_native.stack import draw_in_order
from aicodec_native.video_candidates import VideoSearch

# From this novelty on (cpp/analyze/novelty.h) a camera took the pictures; a photograph behind windows is below. Luma
# alone, as 4:2:0 is looked at, has fewer colours.
_CAMERA = {True: 0.18, False: 0.35}
# Below it nothing but drawings is there.
_DRAWN = 0.12
# The screen layer and the video layer share the progress bar of a segment that tries both.
_SCREEN_SHARE = 0.6


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


@dataclass(slots=True)
class CodedSegment:
    """A segment ready for the container, and how it came about.

    `stack` and `setting` are the winner's, `crf` and `bit_depth` those of its video layer, None without one. `scores`
    are per measured frame; `probes` lists (CRF, bit depth, score) of the video search as tried, `tried` all candidates
    (Candidate.report); `encode_seconds` is time inside SVT-AV1, `seconds` that of the whole job.
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


# Called with the share of the work done, about (0 to 1), and a few words for a person.
Report = Callable[[float, str], None]


def encode_segment(job: SegmentJob, report: Report = lambda share, note: None) -> CodedSegment:
    """Find the smallest stack that reaches the goal. Deterministic: the same job gives the same bytes."""
    frames = FrameReader(job.frames_path, job.shape, len(job.times) - 1)
    try:
        return _SegmentEncoder(job, frames, report).run()
    finally:
        frames.close()


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
        share = 0.0
        if novelty < _CAMERA["yuv420" in self._frames.shape[0]] and job.goal.crf is None:
            screen = self._screen_search()
            candidates.append(screen.run())
            tried += [screen.tried[tolerance] for tolerance in sorted(screen.tried)]
            share = _SCREEN_SHARE
        limit = candidates[0].size if candidates else None
        video = self._video_search(novelty, limit, share)
        coarsest = video.run()
        candidates += [coarsest] if coarsest is not None else []
        enhancer = Enhancer(self._frames, self._scorer, job.header, job.goal, job.preset, job.threads, self._parsed)
        if coarsest is not None and min(candidates, key=Candidate.rank) is coarsest:
            enhanced = enhancer.run(video, coarsest)
            candidates += [enhanced] if enhanced is not None else []
        tried += [*video.tried, *enhancer.tried]
        best = min(candidates, key=Candidate.rank)
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
            encode_seconds=video.encode_seconds,
            seconds=time.perf_counter() - started,
        )

    def _novelty(self) -> float:
        """The greatest of a few frames."""
        return max(_native.novelty(self._frames[number]) for number in sample_frames(len(self._frames), 4))

    def _screen_search(self) -> ScreenSearch:
        job = self._job

        def told(share: float, note: str) -> None:
            self._report(_SCREEN_SHARE * share, note)

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
            told,
            drawn=novelty < _DRAWN,
            limit=limit,
        )

    def _parsed(self, layers: list[tuple[int, bytes]]) -> _native.Segment:
        return _native.Segment(self._serialised(layers, None), self._job.header)

    def _payload(self, best: Candidate) -> bytes:
        """The serialised segment, drawn once by the decoder that users have.

        Its frames must be those that were measured; the digest of all of them goes in if the job asks for it.
        """
        digest = best.digest
        if digest is None:
            digest = self._digest_of(best)
        return self._serialised(best.layers, digest if self._job.digest else None)

    def _digest_of(self, best: Candidate) -> int:
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
