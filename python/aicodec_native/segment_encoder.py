"""Codes one segment: the job that a worker process does.

Candidate stacks are coded, decoded and scored, and the smallest that reaches the goal is kept. All frames of the chosen
one are drawn by the decoder that users have: where only some of them were measured, once more, and then those must come
out the same.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import Any

from aicodec_native import _native
from aicodec_native.allocation import FLOORS
from aicodec_native.blas import one_thread
from aicodec_native.candidate import Candidate, Goal, Layers, Told, least_bytes
from aicodec_native.confirmation import confirmation, drawn_again
from aicodec_native.enhancement import Enhancer
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.hybrid_candidates import HybridSearch
from aicodec_native.photo_blocks import is_mixed
from aicodec_native.program_candidates import ProgramSearch
from aicodec_native.scorer import PERFECT, Scorer, sample_frames
from aicodec_native.screen_candidates import ScreenSearch
from aicodec_native.video.settings import DRAWN_NOVELTY
from aicodec_native.video_candidates import VideoSearch
from aicodec_native.video_outlook import VideoOutlook, look_out
from aicodec_native.workbench import Workbench

# From this novelty on (cpp/analyze/novelty.h) a camera took the pictures; a photograph behind windows is below. Luma
# alone, as 4:2:0 is looked at, has fewer colours.
_CAMERA = {True: 0.18, False: 0.35}
# The screen layer and the video layer share the progress bar of a segment that tries both.
_SCREEN_SHARE = 0.6
_HYBRID_SHARE = 0.5
_OUTLOOK_SHARE = 0.1
_PROGRAM_SHARE = 0.05
# A program of so few bytes that reaches the goal has won: nothing else need be coded.
_TINY = 600
# What wins is looked at so often, each time finer where it falls short; a finer one is good where it should miss the
# goal by less than this.
_MENDED, _FINER, _NEARLY = 3, 2, 0.2
# Candidates that are larger than this times the best are no points for the whole file.
_MOST_GROWTH = 2.0
# Where candidates are coded for the whole file's choice, in units of FLOORS above the target.
_POINTS: dict[str, tuple[float, ...]] = {"fast": (), "medium": (-0.5,), "slow": (-0.5, 0.4)}


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

    def run(self, report: Told = lambda share, note: None) -> CodedSegment:
        """Find the smallest stack that reaches the goal. Deterministic: the same job gives the same bytes."""
        frames = FrameReader(self.frames_path, self.shape, len(self.times) - 1)
        try:
            with one_thread():
                return _SegmentEncoder(self, frames, report).run()
        finally:
            frames.close()


@dataclass(slots=True)
class CodedSegment:
    """A segment ready for the container, and how it came about.

    `stack` and `setting` are the winner's, `crf` and `bit_depth` those of its video layer, None without one. `scores`
    are per measured frame; `probes` lists (CRF, bit depth, score) of the video search as tried, `tried` all candidates
    (Candidate.report); `video_expected` are the bytes that video alone was thought to take at least where that spared
    its search, else None; `screen_too_slow` is how fast an exact screen layer would decode (decode_rate.py) where all
    were given up for that, else None. `novelty` is cpp/analyze/novelty.h's, `still` the share that stands still but for
    noise, 0 where nobody looked. `encode_seconds` is time inside the AV1 encoder, `seconds` that of the whole job.
    `points` are candidates from which the file as a whole may choose another one; none where it has one segment alone.
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
    video_expected: int | None = None
    screen_too_slow: float | None = None
    novelty: float = 0.0
    still: float = 0.0
    encode_seconds: float = 0.0
    seconds: float = 0.0
    points: list[Candidate] = field(default_factory=list)


class _SegmentEncoder:
    def __init__(self, job: SegmentJob, frames: FrameReader, report: Told) -> None:
        self._job = job
        self._frames = frames
        self._report = report
        rate = float(frame_rate_of(job.header))
        scorer = Scorer(job.goal.metric, frames, job.header.colour, rate, job.preset, job.threads)
        self._bench = Workbench(frames, scorer, job.header, job.goal, job.preset, job.threads, self._parsed)
        self._candidates: list[Candidate] = []
        self._tried: list[Candidate] = []
        self._searches: list[VideoSearch | HybridSearch | ScreenSearch] = []  # those that may try finer ones
        self._off = 0.0  # the winner's score on more frames, less that on those that all candidates are scored on
        self._second_probes: list[Candidate] = []  # of a second search for video
        self._outlook: VideoOutlook | None = None
        self._spent: list[int] = []  # bytes of a screen layer up to each frame
        self._video_expected: int | None = None
        self._screen_too_slow: float | None = None
        self._share = 0.0  # of the progress bar, used up
        self._encode_seconds = 0.0

    def run(self) -> CodedSegment:
        started, searches = time.perf_counter(), self._job.goal.crf is None
        novelty = self._novelty()
        video = VideoSearch(self._bench, self._told_later, drawn=novelty < DRAWN_NOVELTY)
        if not (searches and self._try_programs()):
            drawn = searches and novelty < _CAMERA["yuv420" in self._frames.shape[0]]
            mixed = searches and is_mixed(self._samples())
            if (drawn or mixed) and self._job.goal.metric == "ssimulacra2" and video.encoder == "libaom":
                self._outlook = look_out(self._bench, self._told(_OUTLOOK_SHARE))
                self._share += (1 - self._share) * _OUTLOOK_SHARE
            if mixed:
                drawn = self._try_hybrid(video)
            gave_up = drawn and self._try_screen(video)
            if not self._video_has_lost():
                self._try_video(video)
            if gave_up or (searches and self._is_far_below()):
                self._try_screen_at_last()
        best = self._confirmed()
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
            probes=[(c.details["crf"], c.details["bit_depth"], c.score) for c in [*video.tried, *self._second_probes]],
            tried=[candidate.report() for candidate in self._tried],
            video_expected=self._video_expected,
            screen_too_slow=self._screen_too_slow,
            novelty=novelty,
            still=video.still,
            encode_seconds=self._encode_seconds,
            seconds=time.perf_counter() - started,
            points=self._points(self._tried, best) if self._job.keep_points else [],
        )

    def _try_programs(self) -> bool:
        """Whether nothing else is worth trying."""
        programs = ProgramSearch(self._bench, self._told(_PROGRAM_SHARE), self._job.first_frame)
        found = programs.run()
        self._candidates += [found] if found is not None else []
        self._tried += programs.tried
        self._searches += programs.screens
        self._share = _PROGRAM_SHARE
        self._encode_seconds += programs.encode_seconds
        return found is not None and found.reached and found.size <= _TINY

    def _try_hybrid(self, video: VideoSearch) -> bool:
        """Whether a screen layer alone is still worth trying. Video alone begins with the quantiser that is found."""
        limit, guess = (None, None) if self._outlook is None else (self._outlook.most, self._outlook.mixed_crf)
        hybrid = HybridSearch(self._bench, self._told(_HYBRID_SHARE), limit=limit, guess=guess)
        found = hybrid.run()
        self._candidates += [found] if found is not None else []
        self._tried += hybrid.tried
        self._searches.append(hybrid)
        self._share += (1 - self._share) * _HYBRID_SHARE
        self._encode_seconds += hybrid.encode_seconds
        self._spent = hybrid.screen_bytes
        if found is not None and found.reached:
            video.guess = found.details["crf"]
        return found is None or not found.reached or hybrid.least_screen_bytes < found.size

    def _try_screen(self, video: VideoSearch) -> bool:
        """Whether some were given up for having more bytes than video will, or than a candidate that there is."""
        limit = self._outlook.most if self._outlook is not None else video.forecast()
        sizes = [size for size in (limit, least_bytes(self._candidates)) if size is not None]
        return self._search_screen(min(sizes, default=None))

    def _search_screen(self, limit: int | None, *, patient: bool = False) -> bool:
        screen = ScreenSearch(self._bench, self._told(_SCREEN_SHARE), limit=limit, patient=patient)
        found = screen.run()
        self._searches.append(screen)
        self._spent = screen.exact_bytes
        self._screen_too_slow = screen.too_slow
        self._candidates += [found] if found is not None else []
        self._tried += [screen.tried[tolerance] for tolerance in sorted(screen.tried)]
        self._share += (1 - self._share) * _SCREEN_SHARE
        return screen.gave_up

    def _video_has_lost(self) -> bool:
        """Whether video alone, which takes most of the time, need not be tried."""
        least = least_bytes(self._candidates)
        if self._outlook is None or least is None or len(self._spent) < len(self._frames):
            return False
        expected = self._outlook.least(self._spent)
        if least < expected:
            self._video_expected = expected
        return least < expected

    def _confirmed(self) -> Candidate:
        """The best, its score on more frames than others have. Where it falls short there, something finer takes its
        place, if that is then the best."""
        best = self._denser(min(self._candidates, key=Candidate.rank))
        for _ in range(_MENDED):
            found = confirmation(self._bench, best, self._off)
            if found is None:
                break
            self._off = found.score - best.score
            finer = self._finer(best, found.missing) if found.missing else None
            best.score, best.scores = found.score, found.scores
            if finer is None:
                break
            best.reached = False
            self._candidates.append(finer)
            best = self._denser(min(self._candidates, key=Candidate.rank))
        return best

    def _finer(self, best: Candidate, missing: float) -> Candidate | None:
        """One that should not fall short, of the same kind."""
        found = None
        for _ in range(_FINER):
            finders = (search.finer(found or best, missing) for search in self._searches)
            finer = next((finer for finer in finders if finer is not None), None)
            if finer is None:
                break
            found = finer
            if not any(candidate is found for candidate in self._tried):
                self._tried.append(found)
            missing = self._job.goal.target - found.score - self._off
            found.reached = missing <= _NEARLY
            if found.reached:
                break
        return found

    def _denser(self, best: Candidate) -> Candidate:
        """The best, with more effort where it has a screen layer."""
        for search in self._searches:
            if isinstance(search, ScreenSearch) and any(candidate is best for candidate in search.tried.values()):
                denser = search.denser(best)
                self._tried = [denser if candidate is best else candidate for candidate in self._tried]
                return denser
        return best

    def _is_far_below(self) -> bool:
        """Whether nothing comes near the goal: no camera's pictures then, whatever their colours look like."""
        goal = self._job.goal
        best = max((candidate.score for candidate in self._candidates), default=-math.inf)
        return best < goal.target - FLOORS[goal.metric]

    def _try_screen_at_last(self) -> None:
        """Where nothing reaches the goal: exact pixels do, whatever they cost."""
        if not any(candidate.reached for candidate in self._candidates):
            self._search_screen(None, patient=True)

    def _try_video(self, video: VideoSearch) -> None:
        """Video alone, and where that wins, under a shader; at last what the file as a whole may choose instead."""
        video.limit = least_bytes(self._candidates)
        coarsest = video.run()
        searches = [video]
        self._searches.append(video)
        if coarsest is not None and (second := video.for_noise(coarsest)) is not None:
            searches.append(second)
            self._searches.append(second)
            # With the same quantiser it has fewer bytes and a better score where it will win.
            if second.probe_once().rank() < coarsest.rank():
                second.run()
                video, coarsest = second, min(second.tried, key=Candidate.rank)
            self._second_probes = second.tried
        self._candidates += [coarsest] if coarsest is not None else []
        enhancer = Enhancer(self._bench)
        if coarsest is not None and min(self._candidates, key=Candidate.rank) is coarsest:
            enhanced = enhancer.run(video, coarsest)
            self._candidates += [enhanced] if enhanced is not None else []
            if self._job.keep_points and enhanced is None and coarsest.reached:
                unit = FLOORS[self._job.goal.metric]
                video.add_points([share * unit for share in _POINTS[self._job.preset]])
        self._tried += [candidate for search in searches for candidate in search.tried]
        self._tried += enhancer.tried
        self._encode_seconds += sum(search.encode_seconds for search in searches)

    def _told(self, share: float) -> Told:
        """Progress of a search that takes this share of what is left of the bar."""
        done = self._share
        return lambda part, note: self._report(done + (1 - done) * share * part, note)

    def _told_later(self, part: float, note: str) -> None:
        """Progress of the last search, which begins before others."""
        self._told(1.0)(part, note)

    def _points(self, tried: list[Candidate], best: Candidate) -> list[Candidate]:
        """Those that are neither far off nor worse in everything than another one; their scores as far off as the best
        one's was found to be."""
        floor = self._job.goal.target - FLOORS[self._job.goal.metric]
        near = [
            replace(c, score=c.score + self._off) if c.score < PERFECT else c
            for c in tried
            if c is not best and c.score >= floor and c.size <= _MOST_GROWTH * best.size and c.is_slow <= best.is_slow
        ]

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

    def _parsed(self, layers: Layers) -> _native.Segment:
        return _native.Segment(self._serialised(layers, None), self._job.header)

    def _payload(self, best: Candidate) -> bytes:
        """The serialised segment, with the digest of all of its frames if the job asks for it."""
        digest = best.digest
        if digest is None:
            digest = self._digest_of(best)
        return self._serialised(best.layers, digest if self._job.digest else None)

    def _digest_of(self, best: Candidate) -> int:
        digest = _native.SegmentDigest()
        for _, _, hashed in drawn_again(self._bench, best):
            digest.add(hashed)
        return digest.value

    def _serialised(self, layers: Layers, digest: int | None) -> bytes:
        job = self._job
        return _native.build_segment(
            header=job.header, first_frame=job.first_frame, times=job.times, digest=digest, layers=layers
        )
