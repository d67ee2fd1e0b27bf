"""Codes one segment: the job that a worker process does.

Candidates are measured on what dav1d decodes of them; the chosen one is then serialised, parsed and drawn by the
decoder that users have, and must give the very pictures that were measured.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from queue import SimpleQueue

from aicodec_native import _native
from aicodec_native.crf_search import STEPS_PER_CRF, SearchPlan, search
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.scorer import Scorer
from aicodec_native.stack import draw_in_order
from aicodec_native.video_layer import (
    RGB_COLOUR,
    SVT_PRESETS,
    CodedVideo,
    VideoDecoder,
    VideoSettings,
    canvas_picture,
    encode_stream,
)

# The CRF that usually gives a SSIMULACRA2 of 80, and the score lost per quarter step around it.
_TYPICAL_CRF = 20.0
_SLOPES = {"ssimulacra2": -0.17, "psnr": -0.08, "xpsnr": -0.07, "ssim": -0.0004, "ms_ssim": -0.0003}
_TYPICAL_SCORES = {"ssimulacra2": 80.0, "psnr": 40.0, "xpsnr": 40.0, "ssim": 0.97, "ms_ssim": 0.99}
# What a search accepts above its target: about one quarter step.
_TOLERANCES = {"ssimulacra2": 0.3, "psnr": 0.1, "xpsnr": 0.1, "ssim": 0.0005, "ms_ssim": 0.0004}

# How many probes a search takes on average, for the progress bar.
_USUAL_PASSES = 3.3


@dataclass(frozen=True, slots=True)
class Goal:
    """What every segment must reach: `metric` >= `target`, or with `crf` a fixed quantiser and no search."""

    metric: str
    target: float
    crf: float | None = None


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

    `scores` are per measured frame; `probes` lists (CRF, bit depth, score) as tried; `encode_seconds` is time inside
    SVT-AV1, `seconds` that of the whole job.
    """

    payload: bytes
    frames: int
    crf: float
    bit_depth: int
    scores: list[float]
    score: float
    reached: bool
    probes: list[tuple[float, int, float]] = field(default_factory=list)
    encode_seconds: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class _Candidate:
    video: CodedVideo
    settings: VideoSettings
    score: float
    scores: list[float]
    hashes: dict[int, int]  # by number: of the frames measured
    reached: bool = True

    def rank(self) -> tuple[bool, float]:
        """Lower is better: the smallest that reaches the goal, or else the best score."""
        return (not self.reached, self.video.size if self.reached else -self.score)


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
        self._candidates: list[_Candidate] = []
        self._encode_seconds = 0.0

    def run(self) -> CodedSegment:
        started = time.perf_counter()
        best = min((self._best_at(depth) for depth in self._bit_depths()), key=_Candidate.rank)
        return CodedSegment(
            payload=self._payload(best),
            frames=len(self._frames),
            crf=best.settings.crf,
            bit_depth=best.settings.bit_depth,
            scores=best.scores,
            score=best.score,
            reached=best.reached,
            probes=[(c.settings.crf, c.settings.bit_depth, c.score) for c in self._candidates],
            encode_seconds=self._encode_seconds,
            seconds=time.perf_counter() - started,
        )

    def _bit_depths(self) -> tuple[int, ...]:
        """10 bits save bytes nearly everywhere; `slow` looks for itself."""
        return (10, 8) if self._job.preset == "slow" and self._job.goal.crf is None else (10,)

    def _best_at(self, bit_depth: int) -> _Candidate:
        """The coarsest candidate of that depth that reaches the goal, or else the best one."""
        goal = self._job.goal
        tried: dict[int, _Candidate] = {}

        def probe(step: int) -> float:
            tried[step] = self._probe(step, bit_depth)
            return tried[step].score

        if goal.crf is not None:
            step = round(goal.crf * STEPS_PER_CRF)
            probe(step)
            return tried[step]
        found = search(self._plan(goal), probe)
        tried[found.step].reached = found.reached
        return tried[found.step]

    def _plan(self, goal: Goal) -> SearchPlan:
        slope = _SLOPES[goal.metric]
        above_typical = goal.target - _TYPICAL_SCORES[goal.metric]
        guess = _TYPICAL_CRF * STEPS_PER_CRF + above_typical / slope
        if self._candidates:  # at another bit depth
            guess = self._candidates[-1].settings.crf * STEPS_PER_CRF
        return SearchPlan(goal.target, round(guess), slope, _TOLERANCES[goal.metric])

    def _probe(self, step: int, bit_depth: int) -> _Candidate:
        """Code and score: what SVT-AV1 has finished is decoded and measured while it goes on."""
        job = self._job
        settings = VideoSettings(step / STEPS_PER_CRF, SVT_PRESETS[job.preset], bit_depth, job.threads)
        packets: list[tuple[bytes, bool]] = []
        finished: SimpleQueue[tuple[bytes, bool] | None] = SimpleQueue()
        started = time.perf_counter()
        with ThreadPoolExecutor(1) as beside:
            hashes = beside.submit(self._measure, iter(finished.get, None), settings)
            try:
                for packet in encode_stream(self._watched(settings), job.header.colour, self._rate, settings):
                    packets.append(packet)
                    finished.put(packet)
            finally:
                finished.put(None)
            self._encode_seconds += time.perf_counter() - started
            drawn = hashes.result()
        score, scores = self._scorer.result()
        self._candidates.append(_Candidate(CodedVideo(settings.format, packets), settings, score, scores, drawn))
        return self._candidates[-1]

    def _measure(self, packets: Iterator[tuple[bytes, bool]], settings: VideoSettings) -> dict[int, int]:
        """Score the frames that count; their hashes by number. Decodes no packet that none of them needs."""
        header = self._job.header
        self._scorer.begin()
        self._scorer.prepare()  # the encoder is still filling its look-ahead
        wanted = set(self._scorer.frames)
        numbers: deque[int] = deque()

        def needed() -> Iterator[bytes]:
            for number, (data, droppable) in enumerate(packets):
                if number in wanted or not droppable:
                    numbers.append(number)
                    yield data

        hashes: dict[int, int] = {}
        # The encoder fills the cores; dav1d takes up to a third less processor time where it has few threads.
        threads = max(1, self._job.threads // 2)
        decoder = VideoDecoder(settings.format, header.width, header.height, threads=threads)
        for planes in decoder.stream(needed()):
            number = numbers.popleft()
            if number in wanted:
                picture = canvas_picture(planes, settings, header.colour, self._job.shape)
                hashes[number] = _native.picture_hash(picture)
                self._scorer.add(number, picture)
        return hashes

    def _watched(self, settings: VideoSettings) -> Iterator[_native.Picture]:
        """The frames, progress being told as the encoder takes them."""
        passes = 1.0 if self._job.goal.crf is not None else _USUAL_PASSES * len(self._bit_depths())
        count = len(self._frames)
        last = "".join(f" (CRF {c.settings.crf:g}: {c.score:.2f})" for c in self._candidates[-1:])
        for index, picture in enumerate(self._frames):
            if index % 8 == 0:
                share = (len(self._candidates) + index / count) / passes
                self._report(min(share, 0.95), f"CRF {settings.crf:g}{last}")
            yield picture

    def _payload(self, best: _Candidate) -> bytes:
        """The serialised segment, drawn once by the decoder that users have.

        Its frames must be those that were measured; the digest of all of them goes in if the job asks for it.
        """
        payload = self._serialise(best.video, None)
        segment = _native.Segment(payload, self._job.header)
        digest = _native.SegmentDigest()
        pictures = draw_in_order(lambda _: segment, range(1), self._job.header, self._job.threads)
        for number, picture in enumerate(pictures):
            drawn = _native.picture_hash(picture)
            digest.add(drawn)
            if best.hashes.get(number, drawn) != drawn:
                raise EncodeError(f"frame {number} decodes to another picture than was measured")
        return self._serialise(best.video, digest.value) if self._job.digest else payload

    def _serialise(self, video: CodedVideo, digest: int | None) -> bytes:
        job = self._job
        layer = _native.build_video_layer(
            format=video.format,
            colour=RGB_COLOUR,
            rgb_canvas=job.header.format.startswith("rgb"),
            packets=video.packets,
        )
        return _native.build_segment(
            header=job.header,
            first_frame=job.first_frame,
            times=job.times,
            digest=digest,
            layers=[(_native.LAYER_VIDEO, layer)],
        )
