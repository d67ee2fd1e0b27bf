"""Lowers what is asked for until a file fits into so many bytes, and well."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field

from aicodec_native.allocation import FLOORS
from aicodec_native.errors import EncodeError

# What a fifth of FLOORS (a point of SSIMULACRA2) saves, before two runs have told.
_USUAL_SLOPE = 0.07
_SLOPES = (0.02, 0.4)
_AIM = 0.97
# A file that fills less of the room is not the best that fits.
FILLED = 0.88
_MOST_RUNS = 7
# In those fifths: nobody wants less.
_LOWEST = -20.0


class Fill(enum.Enum):
    """Which files are too small: none, those that had to be cut below what was asked for, or all."""

    NEVER = 0
    IF_CUT = 1
    ALWAYS = 2


class WrongSizeError(Exception):
    """The file has `size` bytes: over `limit` whatever is chosen among what was coded, or far below it."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(size, limit)
        self.size = size
        self.limit = limit


@dataclass(slots=True)
class SizeSearch:
    """Of a file that is to reach `target`, or what fits. `settled`: the next run's file is taken if it fits at all."""

    metric: str
    target: float
    settled: bool = False
    tried: list[tuple[float, int]] = field(default_factory=list)

    @property
    def fill(self) -> Fill:
        """Of the next run."""
        return Fill.NEVER if self.settled else Fill.ALWAYS if self.tried else Fill.IF_CUT

    def adjust(self, found: WrongSizeError) -> None:
        """Set the next `target`. Raises EncodeError where there is nothing left to lower."""
        unit = FLOORS[self.metric] / 5
        self.tried.append((self.target, found.size))
        fitting = [run for run in self.tried if run[1] <= found.limit]
        larger = [run for run in self.tried if run[1] > found.limit]
        if len(self.tried) == _MOST_RUNS:
            if not fitting:
                raise EncodeError(_impossible(found))
            self.target, self.settled = max(fitting)[0], True
            return
        goal = math.log(_AIM * found.limit)
        if fitting and larger:
            (low, small), (high, large) = max(fitting), min(larger)
            share = (goal - math.log(small)) / (math.log(large) - math.log(small))
            self.target = low + (high - low) * min(max(share, 0.1), 0.9)
            return
        slope = _USUAL_SLOPE
        if len(self.tried) > 1:
            (before, size), (now, smaller) = self.tried[-2:]
            slope = math.log(size / smaller) / ((before - now) / unit) if size > smaller else _SLOPES[0]
        slope = min(max(slope, _SLOPES[0]), _SLOPES[1])
        self.target -= unit * (math.log(found.size) - goal) / slope
        if self.target < _LOWEST * unit:
            raise EncodeError(_impossible(found))


def _impossible(found: WrongSizeError) -> str:
    return f"the file cannot be made as small as {found.limit:,} bytes: {found.size:,} are the least"
