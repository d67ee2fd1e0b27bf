"""Rows a and b: what a `.aic` file costs over the bare AV1 packets, in bytes and in time to encode."""

from __future__ import annotations

import statistics
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import corpus
import plain_encode
import timing
from aicodec_native import _native
from aicodec_native.encode_result import EncodeResult
from aicodec_native.encoder import encode
from aicodec_native.video.settings import SVT_PRESETS

PRESET = "medium"
FIXED_CRF = 27.0
QUALITY = 80
RATE = Fraction(30)
_TEMPORAL_DELIMITER = b"\x12\x00"


def measure(temp: Path, repetitions: int) -> dict[str, Any]:
    clips = [_clip(corpus.clip(name), name, temp, repetitions) for name in corpus.NATURAL]
    return {"clips": clips, "joined": _joined(temp, repetitions), "summary": _summary(clips)}


def _clip(path: Path, name: str, temp: Path, repetitions: int) -> dict[str, Any]:
    """One clip at a fixed CRF and with the search; both with as many packets bytes as SVT-AV1 alone gives."""
    row: dict[str, Any] = {"clip": name}
    for kind, options in (("fixed", {"crf": FIXED_CRF}), ("search", {"quality": QUALITY})):
        found = _encode(path, temp, 0, options)
        jobs = plain_encode.jobs_of(found.segments)
        chosen = [replace(job, crfs=(s["crf"],)) for job, s in zip(jobs, found.segments, strict=True)]
        packets = plain_encode.run_streaming(path, chosen, SVT_PRESETS[PRESET], RATE)
        bare = sum(len(packet) for segment in packets for packet in segment)
        row[kind] = {"aic_bytes": found.bytes, "bare_bytes": bare, "overhead": found.bytes / bare - 1}
        row[kind]["same_packets"] = _stored(temp / "out.aic") == [
            [packet.removeprefix(_TEMPORAL_DELIMITER) for packet in segment] for segment in packets
        ]
        row[kind] |= _timed(path, jobs, temp, kind, options, repetitions)
    return row


def _timed(
    path: Path, jobs: list[plain_encode.Job], temp: Path, kind: str, options: dict[str, Any], repetitions: int
) -> dict[str, Any]:
    plain = plain_encode.run_streaming if kind == "fixed" else plain_encode.run_probes
    shares: list[float] = []

    def ours() -> None:
        result = _encode(path, temp, 0, options)
        shares.append(sum(s["encode_seconds"] for s in result.segments) / result.elapsed)

    runs = timing.alternate({"aic": ours, "plain": lambda: plain(path, jobs, SVT_PRESETS[PRESET], RATE)}, repetitions)
    return {
        "probes": sum(len(job.crfs) for job in jobs),
        "frames": sum(job.count for job in jobs),
        "seconds": timing.medians(runs),
        "ratio": timing.ratio(runs, "aic", "plain"),
        "processor_ratio": timing.processor_ratio(runs, "aic", "plain"),
        "share_inside_svt": statistics.median(shares),
    }


def _joined(temp: Path, repetitions: int) -> list[dict[str, Any]]:
    """Several segments on two processes, against the same jobs on two threads."""
    info, frames = corpus.looped(corpus.JOINED, 192)
    path = temp / "joined.mkv"
    corpus.write_lossless(path, info, frames)
    rows = []
    for kind, options in (("fixed", {"crf": FIXED_CRF}), ("search", {"quality": QUALITY})):
        jobs = plain_encode.jobs_of(_encode(path, temp, 2, options).segments)
        contestants = {
            "aic": lambda options=options: _encode(path, temp, 2, options),
            "plain": lambda jobs=jobs: plain_encode.run_parallel(path, jobs, SVT_PRESETS[PRESET], RATE, 2),
        }
        runs = timing.alternate(contestants, repetitions, warm_up=False)
        rows.append(
            {
                "clip": "+".join(corpus.JOINED),
                "kind": kind,
                "segments": len(jobs),
                "frames": sum(job.count for job in jobs),
                "probes": sum(len(job.crfs) for job in jobs),
                "seconds": timing.medians(runs),
                "ratio": timing.ratio(runs, "aic", "plain"),
                "processor_ratio": timing.processor_ratio(runs, "aic", "plain"),
            }
        )
    return rows


def _encode(path: Path, temp: Path, workers: int, options: dict[str, Any]) -> EncodeResult:
    return encode(path, temp / "out.aic", preset=PRESET, workers=workers, overwrite=True, **options)


def _stored(path: Path) -> list[list[bytes]]:
    """The video packets of each segment of a file."""
    file = _native.FileReader(str(path))
    segments = [entry for entry in file.entries if entry.kind == "segment"]
    parsed = [_native.Segment(file.payload(entry), file.header) for entry in segments]
    return [[data for data, _ in segment.video_packets(0)] for segment in parsed]


def _summary(clips: list[dict[str, Any]]) -> dict[str, Any]:
    """Geometric means over clips of the ratios, and the worst."""
    summary = {}
    for kind in ("fixed", "search"):
        ratios = [clip[kind]["ratio"] for clip in clips]
        overheads = [clip[kind]["overhead"] for clip in clips]
        summary[kind] = {
            "ratio": statistics.geometric_mean(ratios),
            "worst_ratio": max(ratios),
            "processor_ratio": statistics.geometric_mean(clip[kind]["processor_ratio"] for clip in clips),
            "overhead": statistics.geometric_mean(1 + overhead for overhead in overheads) - 1,
            "worst_overhead": max(overheads),
        }
    return summary
