"""Time on the way in: the asked range of a file, and timestamps that increase whatever the file says."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import av

# Containers round times to microseconds: a frame this little before the asked start counts as on it.
_SLACK = Fraction(2, 1_000_000)


class Window:
    """The times [start, start + duration), in seconds after ``origin``, where the file begins; None: open."""

    def __init__(self, start: float | None, duration: float | None, origin: Fraction) -> None:
        self.is_set = start is not None or duration is not None
        self.start = None if start is None else origin + _seconds(start)
        self._skipped = _seconds(start or 0)
        self.duration = None if duration is None else _seconds(duration)
        self._end = None if self.duration is None else (self.start or origin) + self.duration

    def shift(self, time_base: Fraction) -> int:
        """The tick that becomes 0: the first one in the range, 0 if no start was asked for."""
        return 0 if self.start is None else ceil((self.start - _SLACK) / time_base)

    def holds(self, pts: int | None, time_base: Fraction) -> bool:
        """Whether something that begins at ``pts`` is in the range; what has no time always is."""
        if pts is None:
            return True
        return (self.start is None or pts >= self.shift(time_base)) and not self.is_past(pts, time_base)

    def is_past(self, pts: int | None, time_base: Fraction, patience: int = 0) -> bool:
        """Whether ``pts`` lies at least ``patience`` seconds behind the end of the range."""
        if pts is None or self._end is None:
            return False
        return pts * time_base >= self._end - _SLACK + patience

    def clip(self, length: Fraction | None) -> Fraction | None:
        """How much of a file that lasts ``length`` seconds is in the range, in seconds; None: unknown."""
        rest = None if length is None else max(Fraction(0), length - self._skipped)
        return min((value for value in (rest, self.duration) if value is not None), default=None)


def _seconds(value: float) -> Fraction:
    return Fraction(floor(value * 1_000_000 + 0.01), 1_000_000)


def frame_rate(value: float | Fraction) -> Fraction:
    """``value`` as a fraction; decimals of the NTSC rates (29.97, 23.976) mean 30000/1001 and so on."""
    rate = Fraction(value).limit_denominator(1001)
    ntsc = Fraction(round(rate * Fraction(1001, 1000)) * 1000, 1001)
    return ntsc if rate.denominator > 1 and abs(ntsc - rate) < Fraction(1, 200) else rate


class Clock:
    """Gives every frame a time after the one before it.

    A frame without a timestamp follows its predecessor after that one's duration; one that is not later than
    its predecessor comes one tick after it.
    """

    def __init__(self, time_base: Fraction, rate: Fraction | None) -> None:
        self._step = max(1, round(1 / (rate * time_base))) if rate else 1
        self._last: int | None = None
        self._next = 0
        self.repaired = 0

    def set(self, frame: av.VideoFrame) -> int:
        """Sets the repaired ``frame.pts`` and returns it."""
        pts = self._next if frame.pts is None else frame.pts
        if self._last is not None and pts <= self._last:
            pts = self._last + 1
        self.repaired += pts != frame.pts
        self._last, self._next = pts, pts + self.length(frame)
        frame.pts = pts
        return pts

    def length(self, frame: av.VideoFrame) -> int:
        """How long ``frame`` says that it lasts, else one nominal frame, in ticks."""
        return frame.duration if frame.duration and frame.duration > 0 else self._step
