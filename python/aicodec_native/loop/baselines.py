"""What x265 and SVT-AV1 take for the same frames at the same quality, coded and decoded for real, once a clip."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aicodec_native.compare.clip import Clip
from aicodec_native.compare.coding import Measures, PeerRun
from aicodec_native.compare.curve import Curve, grow
from aicodec_native.compare.peers import svtav1, x265
from aicodec_native.headers import info_of
from aicodec_native.loop.stacks import SegmentTask
from aicodec_native.media import VideoFrame

METRIC = "ssimulacra2"
CODECS = ("hevc", "av1")
# A score this far above a peer's best or below its worst point still counts as reached at that point.
_SLACK = 1.0
# In points: how far apart the scores of the files on both sides may lie.
_GAP = 2.0


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
    peer = {"hevc": x265("medium"), "av1": svtav1()}[task.codec]
    segment, curve = task.segment, Curve(peer.title)
    with segment.frames() as frames, tempfile.TemporaryDirectory(prefix="aicodec-peer-") as folder:
        times = segment.times
        video = [VideoFrame(times[i], times[i + 1] - times[i], frame) for i, frame in enumerate(frames)]
        clip = Clip(Path(folder), info_of(segment.header, []), video)
        every = max(1, len(video) // max(1, len(segment.judged)))
        run = PeerRun(peer, clip, Path(folder), Measures((METRIC,), every))
        grow(curve, peer.scale, [task.score], run.at, gap=_GAP)
    return [
        Point(task.codec, f"{peer.title} {p.setting}", p.bytes, p.scores[METRIC], p.encode_seconds, p.decode_seconds)
        for p in curve.points
    ]


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
