"""What an encode tells: while it runs, and of the file that it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from aicodec_native.lossless_encoder import GREATEST_ERROR


@dataclass(frozen=True, slots=True)
class Progress:
    """Told while encoding: frames read and coded so far, the total if it is known, a few words on what goes on."""

    frames_read: int
    frames_coded: float
    frames_total: int | None
    note: str


@dataclass(slots=True)
class EncodeResult:
    """What an encode did. `score` is the mean of `metric` over the frames measured, `score_p5` their 5th percentile;
    `reached` tells whether every segment reached `target`. For a lossless encode `metric` is "max_error": `score` is
    the greatest difference of any sample, 0 if all are equal, and `score_p5` what 95% of the frames do not exceed.
    Times are in seconds, sizes in bytes; `input_bytes` is None where it is not known or only a part of the input was
    asked for."""

    path: str
    frames: int
    duration: float
    bytes: int
    input_bytes: int | None
    metric: str
    target: float | None
    score: float
    score_p5: float
    frames_measured: int
    reached: bool
    elapsed: float
    segments: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over frames and their 5th percentile; of greatest errors the maximum, and the 95th percentile."""

    frames: int
    score: float
    score_p5: float


def measured_segment(report: dict[str, Any], metric: str) -> Measured:
    scores = report["scores"]
    return Measured(len(scores), report["score"], _worst_twentieth(scores, metric))


def measured_file(reports: Sequence[dict[str, Any]], metric: str) -> Measured:
    """Segments count in the mean by their frames."""
    scores = [score for report in reports for score in report["scores"]]
    values = [report["score"] for report in reports]
    weights = np.array([report["frames"] for report in reports], dtype=np.float64)
    score = max(values) if metric == GREATEST_ERROR else float(np.average(values, weights=weights))
    return Measured(len(scores), score, _worst_twentieth(scores, metric))


def has_reached(reports: Sequence[dict[str, Any]]) -> bool:
    """A segment below the target is none that misses it where the file as a whole wanted it so."""
    return all(report["reached"] or report.get("by_choice", False) for report in reports)


def _worst_twentieth(scores: list[float], metric: str) -> float:
    return float(np.percentile(scores, 95 if metric == GREATEST_ERROR else 5))
