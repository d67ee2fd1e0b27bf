"""Video layers alone: the coarsest quantiser that reaches the goal, found with few probes.

Candidates are measured on what dav1d decodes of them.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import islice
from queue import SimpleQueue

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Compose, Told
from aicodec_native.coded_formats import Chroma, chosen_chroma, drawn_bit_depth
from aicodec_native.crf_prior import crf_prior
from aicodec_native.crf_search import MAX_STEP, MIN_STEP, STEPS_PER_CRF, SearchPlan, clamp, search
from aicodec_native.errors import EncodeError
from aicodec_native.faint_edges import faint_share
from aicodec_native.frame_store import Pictures
from aicodec_native.scorer import sample_frames
from aicodec_native.still_share import mean_still_share
from aicodec_native.video import libaom
from aicodec_native.video.decoder import Planes, VideoDecoder, canvas_picture
from aicodec_native.video.encoder import encode_stream
from aicodec_native.video.frame import RGB_COLOUR, EncoderFrame, encoder_frame
from aicodec_native.video.packet import CodedPacket
from aicodec_native.video.settings import (
    AOM_PRESETS,
    SVT_PRESETS,
    Encoder,
    VideoSettings,
    filters_noise,
    quantisers_per_crf,
)
from aicodec_native.workbench import Workbench

# After a probe this many tolerances from the target the next one may well be the result.
_NEAR = 3

# Frames as the encoder takes them are kept from probe to probe up to this many bytes.
_INPUT_BYTES = 1 << 28

# Frames that are looked at before anything is coded.
_LOOKED_AT = 4

# How many probes a search takes on average, for the progress bar.
_USUAL_PASSES = 3.0
# Much noise may take fewer bytes by this preset of SVT-AV1: up to such a CRF that is tried, too.
_NOISE_PRESETS = {"slow": 3}
_FINE_CRF = 16.0


class HopelessError(Exception):
    """No quantiser that reaches the goal can give fewer bytes than there is a candidate with."""


class VideoSearch:
    """Of one segment. `frames` in place of the bench's are coded; `limit`: bytes above which a candidate is of no use;
    `drawn`: whether a computer drew it. `compose`, given a frame's number and the picture that the layer draws, gives
    the one that counts: that of a stack with layers over it. `hashes` are then of no use. `guess`: the CRF to begin
    with. `encoder`: one in place of that which suits the pictures; `svt_preset`: in place of the usual one.
    `mixed`: only photographs are coded, and drawings beside them are another layer's. `still`: how much of them stands
    still but for noise, if known.
    """

    def __init__(
        self,
        bench: Workbench,
        told: Told,
        *,
        frames: Pictures | None = None,
        drawn: bool = False,
        limit: int | None = None,
        compose: Compose | None = None,
        guess: float | None = None,
        encoder: Encoder | None = None,
        svt_preset: int | None = None,
        mixed: bool = False,
        still: float | None = None,
    ) -> None:
        self._bench = bench
        self._frames: Pictures = bench.frames if frames is None else frames
        self._told = told
        self._drawn = drawn
        self.limit = limit
        self._inputs: list[EncoderFrame] = []
        self._compose = compose
        self.guess = guess
        self._codec = encoder or self._chosen_codec()
        self._svt_preset = svt_preset
        # Photographs in RGB, too, take a quarter fewer bytes with libaom's tools for screens.
        self._drawn |= self._codec == "libaom" and self._has_full_chroma()
        looks = drawn and self._codec == "libaom" and guess is None
        seen, pairs = (sample_frames(count, _LOOKED_AT) for count in (len(bench.frames), len(bench.frames) - 1))
        faint = faint_share(bench.frames[number] for number in seen) if looks else None
        self._prior = crf_prior(self._codec, drawn, bench.goal, bench.preset, faint, mixed=mixed)
        self._is_drawing = drawn
        if still is None:
            still = mean_still_share(bench.frames, pairs) if self._codec == "svtav1" and not drawn else 0.0
        self.still = still
        # Of the steps of the search: libaom knows whole CRFs alone.
        self.grid = STEPS_PER_CRF // quantisers_per_crf(self._codec)
        self.tried: list[Candidate] = []
        self.encode_seconds = 0.0

    def run(self) -> Candidate | None:
        """The best one; None where the search ended because none can be below `limit`."""
        try:
            return self._best()
        except HopelessError:
            return None

    def forecast(self) -> int | None:
        """Bytes that the result will not exceed, from the first probe; None where that does not tell."""
        first = self.probe(self._plan().guess)
        return self._prior.most_bytes(first.size, first.score)

    def add_points(self, offsets: Iterable[float]) -> None:
        """Candidates at about these distances from the target, where none is near: from the curve found so far."""
        points = {round(c.details["crf"] * STEPS_PER_CRF): c.score for c in self.tried}
        for offset in offsets:
            wanted = self._bench.goal.target + offset
            if len(points) < 2 or any(abs(score - wanted) < abs(offset) / 2 for score in points.values()):
                continue
            near = sorted(points, key=lambda step: abs(points[step] - wanted))[:2]
            slope = min((points[near[1]] - points[near[0]]) / (near[1] - near[0]), self._prior.slope / 3)
            step = clamp(near[0] + (wanted - points[near[0]]) / slope, self.grid)
            if step not in points:
                points[step] = self.probe(step).score

    def probe_once(self) -> Candidate:
        """The candidate with the quantiser to begin with."""
        assert self.guess is not None
        return self.probe(clamp(self.guess * STEPS_PER_CRF, self.grid))

    def finer(self, than: Candidate, missing: float) -> Candidate | None:
        """One that scores so much more, about, than that one, which was tried here: of those tried, or a new one. None
        where there is none."""
        if not any(candidate is than for candidate in self.tried):
            return None
        step = round(than.details["crf"] * STEPS_PER_CRF)
        # As in a search, a narrow miss would cost another probe; libaom's whole CRFs leave a margin as they are.
        missing += self._prior.tolerance / 2 if self._codec == "svtav1" else 0.0
        wanted = step - self.grid * max(1, math.ceil(missing / -self.slope / self.grid))
        if wanted < MIN_STEP:
            return None
        between = [c for c in self.tried if wanted <= c.details["crf"] * STEPS_PER_CRF < step]
        known = [c for c in between if c.score >= than.score + missing]
        return min(known, key=lambda c: c.size) if known else self.probe(wanted)

    @property
    def encoder(self) -> Encoder:
        """That codes what is searched."""
        return self._codec

    @property
    def slope(self) -> float:
        """The score lost per quarter step around what was tried last, below zero."""
        return self._between()[0]

    @property
    def bytes_per_step(self) -> float:
        """The share of the bytes that a quarter step saves there."""
        return self._between()[1]

    def _between(self) -> tuple[float, float]:
        usual = self._prior.slope, self._prior.most_saved
        near = sorted(self.tried, key=lambda c: abs(c.score - self._bench.goal.target))[:2]
        if len(near) < 2:
            return usual
        fine, coarse = sorted(near, key=lambda c: c.details["crf"])
        steps = (coarse.details["crf"] - fine.details["crf"]) * STEPS_PER_CRF
        if steps <= 0 or coarse.score >= fine.score or coarse.size >= fine.size:
            return usual
        return (coarse.score - fine.score) / steps, 1 - (coarse.size / fine.size) ** (1 / steps)

    @cached_property
    def _depth(self) -> int:
        """10 bits save bytes nearly everywhere; 8 are quicker, which drawings may have at no cost."""
        if self._codec != "libaom" or not self._is_drawing:
            return 10
        return drawn_bit_depth(self._frames.shape[0], self._bench.goal, self._bench.preset, self._bench.scorer)

    @cached_property
    def _chroma(self) -> Chroma:
        if self._codec != "libaom" or not self._has_full_chroma():
            return "420"
        return chosen_chroma(self._frames.shape[0], self._bench.goal, self._bench.scorer)

    def _chosen_codec(self) -> Encoder:
        """libaom for what has chroma of full size or was drawn; SVT-AV1 where a CRF is asked for."""
        bench = self._bench
        if bench.goal.crf is not None or bench.preset not in AOM_PRESETS or libaom.version() is None:
            return "svtav1"
        return "libaom" if self._drawn or self._has_full_chroma() else "svtav1"

    def _has_full_chroma(self) -> bool:
        return not self._frames.shape[0].startswith("yuv420")

    @property
    def _preset(self) -> int:
        if self._codec == "libaom":
            return AOM_PRESETS[self._bench.preset]
        return SVT_PRESETS[self._bench.preset] if self._svt_preset is None else self._svt_preset

    def for_noise(self, best: Candidate) -> VideoSearch | None:
        """A search that begins at the best so far, with a preset by which much noise may take fewer bytes; None where
        none is to be kept."""
        preset = _NOISE_PRESETS.get(self._bench.preset)
        if preset is None or self._codec != "svtav1" or self._bench.goal.crf is not None:
            return None
        if best.details["crf"] > _FINE_CRF:
            return None
        return VideoSearch(
            self._bench,
            self._told,
            drawn=self._drawn,
            limit=best.size if best.reached else None,
            guess=best.details["crf"],
            encoder="svtav1",
            svt_preset=preset,
            still=self.still,
        )

    def _settings(self, step: int) -> VideoSettings:
        bench = self._bench
        return VideoSettings(
            step / STEPS_PER_CRF,
            self._preset,
            self._depth,
            bench.threads,
            self._drawn,
            encoder=self._codec,
            chroma=self._chroma,
            temporal_filter=filters_noise(step / STEPS_PER_CRF, self.still),
        )

    def _best(self) -> Candidate:
        """The coarsest candidate that reaches the goal, or else the best one."""
        goal = self._bench.goal
        tried = {round(c.details["crf"] * STEPS_PER_CRF): c for c in self.tried}

        def probe(step: int) -> float:
            if step not in tried:
                tried[step] = self.probe(step)
            self._give_up_if_hopeless(tried[step])
            return tried[step].score

        if goal.crf is not None:
            step = round(goal.crf * STEPS_PER_CRF)
            probe(step)
            return tried[step]
        found = search(self._plan(), probe)
        tried[found.step].reached = found.reached
        return tried[found.step]

    def _give_up_if_hopeless(self, candidate: Candidate) -> None:
        step = candidate.details["crf"] * STEPS_PER_CRF
        least = self._prior.least_bytes(candidate.size, candidate.score, step, MAX_STEP)
        if self.limit is not None and least > self.limit:
            raise HopelessError

    def _plan(self) -> SearchPlan:
        guess = self._prior.guess
        if self.guess is not None:
            guess = self.guess * STEPS_PER_CRF
        if self.tried:  # to forecast
            guess = self.tried[-1].details["crf"] * STEPS_PER_CRF
        return self._prior.plan(guess, self.grid)

    def probe(self, step: int) -> Candidate:
        """Code and score: what the encoder has finished is decoded and measured while it goes on."""
        settings = self._settings(step)
        whole = self._is_near() and self._compose is None
        packets: list[tuple[bytes, bool]] = []
        finished: SimpleQueue[CodedPacket | None] = SimpleQueue()
        started = time.perf_counter()
        with ThreadPoolExecutor(1) as beside:
            hashes = beside.submit(self._measure, iter(finished.get, None), settings, whole)
            try:
                for packet in encode_stream(self._watched(settings), self._bench.rate, settings):
                    packets.append((packet.data, packet.droppable))
                    finished.put(packet)
            finally:
                finished.put(None)
            self.encode_seconds += time.perf_counter() - started
            drawn = hashes.result()
        score, scores = self._bench.scorer.result()
        layers = [(_native.LAYER_VIDEO, self._layer(packets, settings))]
        candidate = Candidate(
            stack="video",
            setting=str(settings) if self._svt_preset is None else f"{settings}, preset {self._svt_preset}",
            layers=layers,
            score=score,
            scores=scores,
            hashes=drawn,
            digest=self._digest(drawn, layers, packets) if whole else None,
            reached=score >= self._bench.goal.target or self._bench.goal.crf is not None,
            seconds=time.perf_counter() - started,
            details={"crf": settings.crf, "bit_depth": self._depth, "format": settings.format},
        )
        self.tried.append(candidate)
        return candidate

    def _is_near(self) -> bool:
        """Whether the next probe is likely to be the result, so that all of its frames are worth decoding."""
        near = _NEAR * self._prior.tolerance
        return self._bench.goal.crf is not None or any(
            abs(c.score - self._bench.goal.target) <= near for c in self.tried
        )

    def _layer(self, packets: list[tuple[bytes, bool]], settings: VideoSettings) -> bytes:
        return _native.build_video_layer(
            format=settings.format,
            colour=RGB_COLOUR,
            rgb_canvas=self._bench.header.format.startswith("rgb"),
            packets=packets,
        )

    def _digest(
        self, hashes: dict[int, int], layers: list[tuple[int, bytes]], packets: list[tuple[bytes, bool]]
    ) -> int:
        """Of all frames. They were decoded from the packets as the encoder gave them: those of the layer must be the
        same."""
        if self._bench.wrap(layers).video_packets(0) != packets or len(hashes) != len(self._frames):
            raise EncodeError("a video layer reads back as other packets than were decoded")
        digest = _native.SegmentDigest()
        for number in range(len(self._frames)):
            digest.add(hashes[number])
        return digest.value

    def _measure(self, packets: Iterator[CodedPacket], settings: VideoSettings, whole: bool) -> dict[int, int]:
        """Score the frames that count. The hashes, by number, of these or, with `whole`, of all."""
        self._bench.scorer.begin()
        self._bench.scorer.prepare()  # the encoder is still filling its look-ahead
        counts = set(self._bench.scorer.frames)
        wanted = set(range(len(self._frames))) if whole else counts
        hashes: dict[int, int] = {}
        for number, planes in self._decoded(packets, settings, wanted):
            if number in wanted:
                picture = canvas_picture(planes, settings.format, self._bench.header.colour, self._frames.shape)
                if self._compose is not None:
                    picture = self._compose(number, picture)
                hashes[number] = _native.picture_hash(picture)
                if number in counts:
                    self._bench.scorer.add(number, picture, hashes[number])
        return hashes

    def _decoded(
        self, packets: Iterator[CodedPacket], settings: VideoSettings, wanted: set[int]
    ) -> Iterator[tuple[int, Planes]]:
        """The wanted frames with their numbers, and some of those that they need."""
        # The encoder fills the cores; dav1d takes up to a third less processor time where it has few threads.
        threads = max(1, self._bench.threads // 2)
        decoder = VideoDecoder(settings.format, self._bench.header.width, self._bench.header.height, threads=threads)
        numbers: deque[int] = deque()
        for number, packet in enumerate(packets):
            data = packet.data if number in wanted else packet.referred
            if data:
                shows = data == packet.data
                if shows:
                    numbers.append(number)
                for planes in decoder.push(data, shows=shows):
                    yield numbers.popleft(), planes
        for planes in decoder.push(None):
            yield numbers.popleft(), planes

    def _watched(self, settings: VideoSettings) -> Iterator[EncoderFrame]:
        """The frames, progress being told as the encoder takes them."""
        passes = 1.0 if self._bench.goal.crf is not None else _USUAL_PASSES
        last = "".join(f" ({c.setting}: {c.score:.2f})" for c in self.tried[-1:])
        for index, frame in enumerate(self._encoder_frames(settings)):
            if index % 8 == 0:
                share = (len(self.tried) + index / len(self._frames)) / passes
                self._told(min(share, 0.95), f"CRF {settings.crf:g}{last}")
            yield frame

    def _encoder_frames(self, settings: VideoSettings) -> Iterator[EncoderFrame]:
        """The frames as the encoder takes them; the first ones are kept for the next probe."""
        kept = len(self._inputs)
        yield from self._inputs[:kept]
        if kept == len(self._frames):
            return
        for index, picture in enumerate(islice(self._frames, kept, None), kept):
            frame = encoder_frame(picture, self._bench.header.colour, settings)
            if index == len(self._inputs) and (index + 1) * frame.size <= _INPUT_BYTES and self._bench.goal.crf is None:
                self._inputs.append(frame)
            yield frame
