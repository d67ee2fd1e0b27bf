"""Candidates for a segment: stacks of layers that were coded, decoded and scored. The smallest that reaches the goal
wins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aicodec_native import _native

# build_segment's: kinds and payloads, the bottom first.
Layers = list[tuple[int, bytes]]
# Called with the share of the work done, about (0 to 1), and a few words for a person.
Told = Callable[[float, str], None]
# Given a frame's number and the picture that a layer draws, the one that counts: of a stack with layers over it.
Compose = Callable[[int, _native.Picture], _native.Picture]


@dataclass(frozen=True, slots=True)
class Goal:
    """What every segment must reach: `metric` >= `target`, or with `crf` a fixed quantiser and no search.

    What decodes at fewer frames a second than `decode_rate` (decode_rate.py) loses to what does not.
    """

    metric: str
    target: float
    crf: float | None = None
    decode_rate: float = 0.0


@dataclass(slots=True)
class Candidate:
    """A stack as it was measured.

    `stack` names its layers from the bottom ("video", "screen", "shader+screen"), `setting` how they were coded.
    `layers` are build_segment's. `scores` are of the frames measured, `hashes` of frames by number: of all of them
    where `digest` is known. `decode_rate`: frames a second, about, where there is a screen layer; `is_slow`: fewer than
    the goal has.
    """

    stack: str
    setting: str
    layers: Layers
    score: float
    scores: list[float]
    hashes: dict[int, int] = field(default_factory=dict)
    digest: int | None = None
    reached: bool = True
    seconds: float = 0.0
    decode_rate: float | None = None
    is_slow: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all layers."""
        return sum(len(payload) for _, payload in self.layers)

    def rank(self) -> tuple[bool, bool, float]:
        """Lower is better: the smallest that reaches the goal, of those that decode in time if any does; or else the
        best score."""
        return rank(self.reached, self.is_slow, self.size, self.score)

    def report(self) -> dict[str, Any]:
        """What `--explain` and JSON tell of it."""
        return {
            "stack": self.stack,
            "setting": self.setting,
            "bytes": self.size,
            "layer_bytes": [len(payload) for _, payload in self.layers],
            "score": self.score,
            "reached": self.reached,
            "seconds": self.seconds,
            "decode_rate": self.decode_rate,
            "is_slow": self.is_slow,
        }


def rank(reached: bool, is_slow: bool, size: int, score: float) -> tuple[bool, bool, float]:
    """Candidate.rank() of one that is known by its report, too."""
    return (not reached, reached and is_slow, size if reached else -score)


def least_bytes(candidates: Iterable[Candidate]) -> int | None:
    """Of those that reach the goal and decode in time; None where none does."""
    return min((c.size for c in candidates if c.reached and not c.is_slow), default=None)
