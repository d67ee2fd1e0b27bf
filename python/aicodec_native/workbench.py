"""What all searches for a segment's candidates share: the frames, the goal, and what judges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from aicodec_native import _native
from aicodec_native.candidate import Goal, Layers
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Workbench:
    """Of one segment. `wrap` makes a parsed segment of layers, as its decoder would see them."""

    frames: FrameReader
    scorer: Scorer
    header: _native.StreamHeader
    goal: Goal
    preset: str
    threads: int
    wrap: Callable[[Layers], _native.Segment]

    @property
    def rate(self) -> Fraction:
        return frame_rate_of(self.header)
