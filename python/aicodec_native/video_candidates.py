"""Video layers alone: the coarsest quantiser that reaches the goal, found with few probes.

Candidates are measured on what dav1d decodes of them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from queue import SimpleQueue

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal
from aicodec_native.crf_search import STEPS_PER_CRF, SearchPlan, search
from aicodec_native.frame_store import FrameReader
from aicodec_native.scorer import Scorer
from aicodec_native.video_layer import (
    RGB_COLOUR,
    SVT_PRESETS,
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
# A quarter step of CRF saves less than this share of the bytes.
_BYTES_PER_STEP = 0.03

Told = Callable[[float, str], None]


class HopelessError(Exception):
    """No quantiser that reaches the goal can give fewer bytes than there is a candidate with."""


class VideoSearch:
    """Of one segment. `limit`: bytes above which a candidate is of no use; `drawn`: whether a computer drew it."""

    def __init__(
        self,
        frames: FrameReader,
        scorer: Scorer,
        header: _native.StreamHeader,
        rate: Fraction,
        goal: Goal,
        preset: str,
        threads: int,
        told: Told,
        *,
        drawn: bool = False,
        limit: int | None = None,
    ) -> None:
        self._frames = frames
        self._scorer = scorer
        self._header = header
        self._rate = rate
        self._goal = goal
        self._preset = preset
        self._threads = threads
        self._told = told
        self._drawn = drawn
        self._limit = limit
        self.tried: list[Candidate] = []
        self.encode_seconds = 0.0

    def run(self) -> Candidate | None:
        """The best one; None where the search ended because none can be below `limit`."""
        try:
            return min((self._best_at(depth) for depth in self._bit_depths()), key=Candidate.rank)
        except HopelessError:
            return None

    def probe(self, step: int, bit_depth: int) -> Candidate:
        """A candidate at that quantiser (quarter steps of CRF), coded and scored."""
        return self._probe(step, bit_depth)

    @property
    def slope(self) -> float:
        """The score lost per quarter step around what was tried last, below zero."""
        return self._between()[0]

    @property
    def bytes_per_step(self) -> float:
        """The share of the bytes that a quarter step saves there."""
        return self._between()[1]

    def _between(self) -> tuple[float, float]:
        usual = _SLOPES[self._goal.metric], _BYTES_PER_STEP
        same = [c for c in self.tried if c.details["bit_depth"] == self.tried[-1].details["bit_depth"]]
        near = sorted(same, key=lambda c: abs(c.score - self._goal.target))[:2]
        if len(near) < 2:
            return usual
        fine, coarse = sorted(near, key=lambda c: c.details["crf"])
        steps = (coarse.details["crf"] - fine.details["crf"]) * STEPS_PER_CRF
        if steps <= 0 or coarse.score >= fine.score or coarse.size >= fine.size:
            return usual
        return (coarse.score - fine.score) / steps, 1 - (coarse.size / fine.size) ** (1 / steps)

    def _bit_depths(self) -> tuple[int, ...]:
        """10 bits save bytes nearly everywhere; `slow` looks for itself."""
        return (10, 8) if self._preset == "slow" and self._goal.crf is None else (10,)

    def _best_at(self, bit_depth: int) -> Candidate:
        """The coarsest candidate of that depth that reaches the goal, or else the best one."""
        goal = self._goal
        tried: dict[int, Candidate] = {}

        def probe(step: int) -> float:
            tried[step] = self._probe(step, bit_depth)
            self._give_up_if_hopeless(tried[step])
            return tried[step].score

        if goal.crf is not None:
            step = round(goal.crf * STEPS_PER_CRF)
            probe(step)
            return tried[step]
        found = search(self._plan(goal), probe)
        tried[found.step].reached = found.reached
        return tried[found.step]

    def _give_up_if_hopeless(self, candidate: Candidate) -> None:
        if self._limit is None:
            return
        spare = (candidate.score - self._goal.target) / -_SLOPES[self._goal.metric]  # steps, about
        if candidate.size * (1 - _BYTES_PER_STEP) ** max(0.0, spare) > self._limit:
            raise HopelessError

    def _plan(self, goal: Goal) -> SearchPlan:
        slope = _SLOPES[goal.metric]
        above_typical = goal.target - _TYPICAL_SCORES[goal.metric]
        guess = _TYPICAL_CRF * STEPS_PER_CRF + above_typical / slope
        if self.tried:  # at another bit depth
            guess = self.tried[-1].details["crf"] * STEPS_PER_CRF
        return SearchPlan(goal.target, round(guess), slope, _TOLERANCES[goal.metric])

    def _probe(self, step: int, bit_depth: int) -> Candidate:
        """Code and score: what SVT-AV1 has finished is decoded and measured while it goes on."""
        settings = VideoSettings(step / STEPS_PER_CRF, SVT_PRESETS[self._preset], bit_depth, self._threads, self._drawn)
        packets: list[tuple[bytes, bool]] = []
        finished: SimpleQueue[tuple[bytes, bool] | None] = SimpleQueue()
        started = time.perf_counter()
        with ThreadPoolExecutor(1) as beside:
            hashes = beside.submit(self._measure, iter(finished.get, None), settings)
            try:
                for packet in encode_stream(self._watched(settings), self._header.colour, self._rate, settings):
                    packets.append(packet)
                    finished.put(packet)
            finally:
                finished.put(None)
            self.encode_seconds += time.perf_counter() - started
            drawn = hashes.result()
        score, scores = self._scorer.result()
        layer = _native.build_video_layer(
            format=settings.format,
            colour=RGB_COLOUR,
            rgb_canvas=self._header.format.startswith("rgb"),
            packets=packets,
        )
        candidate = Candidate(
            stack="video",
            setting=f"CRF {settings.crf:g}, {bit_depth} bit",
            layers=[(_native.LAYER_VIDEO, layer)],
            score=score,
            scores=scores,
            hashes=drawn,
            reached=score >= self._goal.target or self._goal.crf is not None,
            seconds=time.perf_counter() - started,
            details={"crf": settings.crf, "bit_depth": bit_depth},
        )
        self.tried.append(candidate)
        return candidate

    def _measure(self, packets: Iterator[tuple[bytes, bool]], settings: VideoSettings) -> dict[int, int]:
        """Score the frames that count; their hashes by number. Decodes no packet that none of them needs."""
        header = self._header
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
        threads = max(1, self._threads // 2)
        decoder = VideoDecoder(settings.format, header.width, header.height, threads=threads)
        for planes in decoder.stream(needed()):
            number = numbers.popleft()
            if number in wanted:
                picture = canvas_picture(planes, settings, header.colour, self._frames.shape)
                hashes[number] = _native.picture_hash(picture)
                self._scorer.add(number, picture)
        return hashes

    def _watched(self, settings: VideoSettings) -> Iterator[_native.Picture]:
        """The frames, progress being told as the encoder takes them."""
        passes = 1.0 if self._goal.crf is not None else _USUAL_PASSES * len(self._bit_depths())
        count = len(self._frames)
        last = "".join(f" ({c.setting}: {c.score:.2f})" for c in self.tried[-1:])
        for index, picture in enumerate(self._frames):
            if index % 8 == 0:
                share = (len(self.tried) + index / count) / passes
                self._told(min(share, 0.95), f"CRF {settings.crf:g}{last}")
            yield picture
