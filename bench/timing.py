"""Side-by-side timing: contestants take turns, so that a busy machine disturbs them alike."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Runs:
    """One contestant's runs: seconds by the clock, and of processor time over all threads and ended children."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return statistics.median(self.wall)


def alternate(
    contestants: Mapping[str, Callable[[], Any]], repetitions: int, *, warm_up: bool = True
) -> dict[str, Runs]:
    """Runs by name, in the order A B C, C B A, A B C, ... after one run of each that does not count."""
    names = list(contestants)
    if warm_up:
        for run in contestants.values():
            run()
    found = {name: Runs() for name in names}
    for turn in range(repetitions):
        for name in names if turn % 2 == 0 else reversed(names):
            gc.collect()
            processor, started = _processor_seconds(), time.perf_counter()
            contestants[name]()
            found[name].wall.append(time.perf_counter() - started)
            found[name].processor.append(_processor_seconds() - processor)
    return found


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def medians(found: Mapping[str, Runs]) -> dict[str, float]:
    return {name: runs.seconds for name, runs in found.items()}


def fastest(found: Mapping[str, Runs], prefix: str) -> str:
    """The contestant with the smallest median among those whose names begin so."""
    return min((name for name in found if name.startswith(prefix)), key=lambda name: found[name].seconds)


def ratio(found: Mapping[str, Runs], over: str, under: str) -> float:
    """The median of the turns' own ratios of wall time: what slows a whole turn down cancels out."""
    return _ratio(found[over].wall, found[under].wall)


def processor_ratio(found: Mapping[str, Runs], over: str, under: str) -> float:
    """The same of processor time, which other programs on the machine hardly disturb."""
    return _ratio(found[over].processor, found[under].processor)


def _ratio(over: list[float], under: list[float]) -> float:
    # The system counts processor time in ticks: a short run may have used none.
    return statistics.median(a / max(b, 1e-9) for a, b in zip(over, under, strict=True))
