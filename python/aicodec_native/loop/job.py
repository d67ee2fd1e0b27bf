"""What a run is asked for, and what it tells."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aicodec_native.candidate import Goal
from aicodec_native.loop.budget import Budget
from aicodec_native.loop.proposals import Proposer
from aicodec_native.loop.sandbox import Limits

_LEAST_MEMORY = 2 << 30


@dataclass(frozen=True, slots=True)
class EvolveProgress:
    """Told while a run goes on. Sizes in bytes, of the whole file."""

    seconds: float
    experiments: int
    first_bytes: int
    best_bytes: int
    note: str


@dataclass(slots=True)
class EvolveResult:
    """What a run did. `reason`: why it ended ("target", "minutes", "usd", "rounds", "patience" or "exhausted").
    `first_bytes` is the size of the file that `encode` made. `busy_seconds` is the time in which something was coded,
    measured or proposed, of `seconds` in all, of this session; `usd` of all sessions."""

    path: str
    ledger: str
    run: int
    bytes: int
    first_bytes: int
    segments: int
    experiments: int
    improvements: int
    reason: str
    seconds: float
    busy_seconds: float
    usd: float
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is asked for; evolve() in __init__.py explains it."""

    source: str
    output: Path
    goal: Goal
    quality: float | str | None
    target: tuple[str, float] | None
    preset: str
    fps: float | None
    start: float | None
    duration: float | None
    segment_seconds: float
    seed: int
    budget: Budget
    stop_at: int | None
    workers: int
    limits: Limits
    compare: bool

    def identity(self, digest: str, proposer: Proposer) -> dict[str, Any]:
        """What must be the same for a run to go on: all that its experiments depend on."""
        goal = asdict(self.goal)
        cut = [self.preset, self.fps, self.start, self.duration, self.segment_seconds]
        return {"source": digest, "goal": goal, "cut": cut, "proposer": proposer.name, "seed": self.seed}


def default_memory(workers: int) -> int:
    """Bytes that a candidate's process may take: all workers' together what the machine has, and never too little."""
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_LEAST_MEMORY, have // workers)
