"""What proposers get and give: plain values. A proposer can reach neither evaluator nor ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader
from aicodec_native.loop.strategy import ENCODERS, STACKS, SVT_KNOBS
from aicodec_native.video import libaom


def key_frames(count: int) -> list[int]:
    """The first, the middle and the last of `count` frames."""
    return sorted({0, count // 2, count - 1})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A strategy (JSON, see strategy.py), the text of its shader layer if it has one, and why. `turn` is the place in
    Reply.turns of the model's turn that it came from."""

    strategy: Mapping[str, Any]
    program: str | None = None
    hypothesis: str = ""
    parent: int | None = None
    turn: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An experiment on the segment and how it went: columns as in docs/ledger.md."""

    id: int
    round: int
    parent: int | None
    proposer: str
    hypothesis: str
    strategy: Mapping[str, Any]
    program: str | None
    status: str
    error_class: str | None = None
    error: str | None = None
    measurements: Mapping[str, float] = field(default_factory=dict)
    scores: Sequence[float] = ()
    same_candidate_as: int | None = None
    same_output_as: int | None = None

    @property
    def counts(self) -> bool:
        """Whether it says something about the candidate: else it was killed for another reason, and may be repeated."""
        return self.error_class not in ("budget", "interrupted")

    @property
    def bytes(self) -> float:
        """Infinite where it was not measured."""
        return self.measurements.get("bytes", float("inf"))

    @property
    def crf(self) -> float | None:
        """Of its video layer."""
        return self.measurements.get("crf")

    def to_json(self) -> dict[str, Any]:
        values: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("id", "round", "parent", "proposer", "hypothesis", "program", "status", "error_class", "error")
        }
        values |= {"strategy": dict(self.strategy), **self.measurements}
        values |= {"same_candidate_as": self.same_candidate_as, "same_output_as": self.same_output_as}
        return {name: value for name, value in values.items() if value is not None and value != ""}


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of the budgets; None where one is not limited. `deadline` is in time.monotonic()'s seconds."""

    usd: float | None = None
    rounds: int | None = None
    deadline: float | None = None

    @property
    def seconds(self) -> float | None:
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


@dataclass(frozen=True, slots=True)
class Context:
    """All that a proposer knows. `attempts` are in order, the first being what `encode` made; `bar` is the score that a
    candidate must reach (of `max_error`: not exceed); `frames` the source pictures of the segment, for use while
    propose() runs; `notes` what a model noted in earlier rounds; `draw_best` gives frames of the best candidate as
    decoded, by number. `start` is the `t` of programs in the first frame, `seconds` how long the segment is shown.

    A proposer keeps no state that matters: with the same context it proposes the same, so that a killed run goes on.
    """

    run: int
    segment: int
    first_frame: int
    start: float
    seconds: float
    fps: float
    header: _native.StreamHeader
    metric: str
    target: float
    bar: float
    preset: str
    round: int
    seed: int
    allowance: Allowance
    attempts: Sequence[Attempt]
    frames: ChangeReader
    draw_best: Callable[[Sequence[int]], dict[int, _native.Picture]]
    diagnostics: Mapping[str, Any]
    notes: Sequence[str]

    @property
    def best(self) -> Attempt:
        return min((attempt for attempt in self.attempts if attempt.status == "kept"), key=lambda a: a.bytes)

    @property
    def key_frames(self) -> list[int]:
        """The first, the middle and the last frame of the segment."""
        return key_frames(len(self.frames))

    def to_json(self) -> dict[str, Any]:
        """For proposers in other processes."""
        header, allowance = self.header, self.allowance
        return {
            "segment": self.segment,
            "round": self.round,
            "seed": self.seed,
            "width": header.width,
            "height": header.height,
            "format": header.format,
            "first_frame": self.first_frame,
            "frames": len(self.frames),
            "start": self.start,
            "seconds": self.seconds,
            "fps": self.fps,
            "metric": self.metric,
            "target": self.target,
            "bar": self.bar,
            "preset": self.preset,
            "left": {"usd": allowance.usd, "rounds": allowance.rounds, "seconds": allowance.seconds},
            "best": self.best.id,
            "experiments": [attempt.to_json() for attempt in self.attempts],
            "diagnostics": dict(self.diagnostics),
            "stacks": list(STACKS),
            "encoders": [name for name in ENCODERS if name == "svtav1" or libaom.version() is not None],
            "svt": {name: list(limits) for name, limits in SVT_KNOBS.items()},
        }


@dataclass(frozen=True, slots=True)
class Turn:
    """A request to a model and what it took: columns of the ledger's table `turns`."""

    model: str
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0
    stop_reason: str | None = None
    error: str | None = None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a proposer answers. Without proposals it has no more ideas for the segment, or `stop` says which budget
    ended it ("usd", "minutes"). `notes` are hypotheses to remember, with the place in `turns` that they come from."""

    proposals: list[Proposal] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    notes: list[tuple[int, str]] = field(default_factory=list)
    stop: str = ""


class Proposer(Protocol):
    """`name` goes into the ledger, and so does `model`, if it asks one. Raises AicodecError where it cannot work at
    all: that ends the run. propose() may be called from several threads at once, for different segments, unless
    `one_at_a_time`, which makes its allowance of money exact."""

    name: str
    model: str | None
    one_at_a_time: bool

    def propose(self, context: Context) -> Reply: ...
