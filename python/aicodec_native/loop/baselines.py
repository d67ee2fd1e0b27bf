"""What x265 and SVT-AV1 take for the same frames at the same quality, coded and decoded for real, once a clip."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aicodec_native.compare.peers import Outcome, Peer, PeerRun, svtav1, x265
from aicodec_native.crf_search import STEPS_PER_CRF, SearchPlan, search
from aicodec_native.headers import info_of
from aicodec_native.loop.stacks import SegmentTask
from aicodec_native.media import VideoFrame

METRIC = "ssimulacra2"
CODECS = ("hevc", "av1")
# A score this far above a peer's best or below its worst point still counts as reached at that point.
_SLACK = 1.0
_TOLERANCE = 0.4
_PROBES = 4


@dataclass(frozen=True, slots=True)
class Point:
    """A peer's file: `codec` "hevc" or "av1"; `score` in METRIC; times by the clock."""

    codec: str
    setting: str
    bytes: int
    score: float
    encode_seconds: float
    decode_seconds: float


@dataclass(frozen=True, slots=True)
class BaselineTask:
    segment: SegmentTask
    codec: str
    score: float


def measure_peer(task: BaselineTask) -> list[Point]:
    """Points about the asked score. Runs in a process of its own."""
    peer = {"hevc": x265(), "av1": svtav1()}[task.codec]
    segment = task.segment
    outcomes: dict[int, Outcome] = {}
    with segment.frames() as frames, tempfile.TemporaryDirectory(prefix="aicodec-peer-") as folder:
        times = segment.times
        video = [VideoFrame(times[i], times[i + 1] - times[i], frame) for i, frame in enumerate(frames)]
        every = max(1, len(video) // max(1, len(segment.judged)))
        run = PeerRun(peer, video, info_of(segment.header, []), Path(folder), every)

        def probe(step: int) -> float:
            outcomes[step] = run.at_crf(step / STEPS_PER_CRF, (METRIC,))
            return _score(outcomes[step])

        search(_plan(peer, task.score), probe)
    return [
        Point(task.codec, f"{o.name} {o.setting}", o.bytes, _score(o), o.encode_seconds, o.decode_seconds)
        for o in outcomes.values()
    ]


def _plan(peer: Peer, score: float) -> SearchPlan:
    guess, slope = round(peer.guess * STEPS_PER_CRF), peer.slope / STEPS_PER_CRF
    return SearchPlan(score, guess, slope, _TOLERANCE, max_probes=_PROBES)


def _score(outcome: Outcome) -> float:
    return -math.inf if outcome.quality.ssimulacra2 is None else outcome.quality.ssimulacra2


def covers(points: Sequence[Point], score: float) -> bool:
    """Whether the points of one peer lie on both sides of a score, or as good as at it."""
    scores = [point.score for point in points]
    return bool(scores) and min(scores) - _SLACK <= score <= max(scores) + _SLACK


def ratios(measurements: Mapping[str, float], points: Sequence[Point]) -> dict[str, float]:
    """`against_hevc` and `against_av1`: the experiment's bytes over the peer's at the same score, log bytes being
    interpolated between its points. One that the peer's points do not reach is left out."""
    if "bytes" not in measurements or METRIC not in measurements:
        return {}
    found = {}
    score = measurements[METRIC]
    for codec in CODECS:
        own = [point for point in points if point.codec == codec]
        if covers(own, score):
            mine = sorted((point.score, point.bytes) for point in own)
            logs = np.interp(score, [s for s, _ in mine], [math.log(size) for _, size in mine])
            found[f"against_{codec}"] = measurements["bytes"] / math.exp(float(logs))
    return found
