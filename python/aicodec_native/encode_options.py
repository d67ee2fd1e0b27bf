"""What an encode is asked for: its options, checked and turned into a goal."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from aicodec_native.candidate import Goal
from aicodec_native.encode_result import Progress
from aicodec_native.errors import OptionError
from aicodec_native.lossless_encoder import GREATEST_ERROR, MAX_ERROR
from aicodec_native.quality import METRICS

DEFAULT_QUALITY = 80.0
# Frames a second that a file decodes at where nothing else is asked for. `slow` is for the fewest bytes: its larger
# models and undivided frames alone take a decoder twice the time.
_USUAL_DECODE_RATES = {"slow": 0.0}
_USUAL_DECODE_RATE = 30.0


def check_numbers(*, workers: int, start: float | None, duration: float | None, segment_seconds: float) -> None:
    if workers < 0:
        raise OptionError("workers is 0 (one per core) or more")
    if start is not None and not 0 <= start < math.inf:
        raise OptionError(f"start is 0 seconds or more, not {start:g}")
    if duration is not None and not 0 < duration < math.inf:
        raise OptionError(f"duration must be above 0 seconds, not {duration:g}")
    if not 0 < segment_seconds < math.inf:
        raise OptionError(f"segment_seconds must be above 0, not {segment_seconds:g}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of the whole file: bytes, and kbit/s."""

    size: int | None = None
    bitrate: float | None = None

    @property
    def any(self) -> bool:
        return self.size is not None or self.bitrate is not None

    def limit(self, seconds: float) -> int:
        """In bytes."""
        by_rate = math.inf if self.bitrate is None else self.bitrate * 125 * seconds
        return int(min(by_rate, math.inf if self.size is None else self.size))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of every run over the source, whatever the source."""

    goal: Goal
    preset: str
    workers: int
    cluster: str | None
    segment_seconds: float
    digests: bool
    notes: bool | None
    bounds: Bounds
    progress: Callable[[Progress], None]

    @property
    def is_lossless(self) -> bool:
        return self.goal.metric == GREATEST_ERROR


def check_bounds(bounds: Bounds, goal: Goal, *, is_array_or_file: bool) -> None:
    if not bounds.any:
        return
    if not all(value is None or 0 < value < math.inf for value in (bounds.size, bounds.bitrate)):
        raise OptionError("max_size and max_bitrate must be above 0")
    if goal.crf is not None or goal.metric == GREATEST_ERROR:
        raise OptionError("max_size and max_bitrate lower a quality: crf and lossless have none to lower")
    if not is_array_or_file:
        raise OptionError("max_size and max_bitrate may read the source more than once: it must be a file or an array")


def decode_rate_of(asked: float | None, preset: str) -> float:
    if asked is None:
        return _USUAL_DECODE_RATES.get(preset, _USUAL_DECODE_RATE)
    if not 0 <= asked < math.inf:
        raise OptionError(f"decode_rate is 0 or more frames a second, not {asked:g}")
    return float(asked)


def goal_of(quality: float | str | None, target: tuple[str, float] | None, crf: float | None) -> Goal:
    if sum(choice is not None for choice in (quality, target, crf)) > 1:
        raise OptionError("quality, target and crf exclude each other: ask for one of them")
    if crf is not None:
        if not 1 <= crf <= 63 or crf * 4 != int(crf * 4):
            raise OptionError("crf goes from 1 to 63 in steps of 0.25")
        return Goal("ssimulacra2", 0.0, crf)
    if target is not None:
        metric, value = target
        if metric not in METRICS:
            raise OptionError(f"unknown metric {metric!r}: choose one of {', '.join(METRICS)}")
        if not math.isfinite(value):
            raise OptionError(f"{metric} cannot be asked to reach {value:g}")
        return Goal(metric, float(value))
    if isinstance(quality, str) and quality.startswith("lossless"):
        return Goal(GREATEST_ERROR, _greatest_error(quality))
    try:
        value = float(DEFAULT_QUALITY if quality is None else quality)
    except (TypeError, ValueError):
        raise OptionError(f"quality is a SSIMULACRA2 score, 'lossless' or 'lossless~N', not {quality!r}") from None
    if not 0 < value <= 100:
        raise OptionError(f"a SSIMULACRA2 score to reach lies above 0 and is at most 100, not {value:g}")
    return Goal("ssimulacra2", value)


def _greatest_error(quality: str) -> float:
    """By how much samples may be off: 0 for "lossless", N for "lossless~N"."""
    if quality == "lossless":
        return 0.0
    number = quality.removeprefix("lossless~")
    if not re.fullmatch("[0-9]{1,2}", number) or not 1 <= int(number) <= MAX_ERROR:
        raise OptionError(
            f"lossless~N keeps every sample within N, a whole number of 1 to {MAX_ERROR}: not {quality!r}"
        )
    return float(number)
