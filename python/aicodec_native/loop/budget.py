"""What a run may take, and what it has taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aicodec_native.loop.proposals import Allowance


@dataclass(frozen=True, slots=True)
class Budget:
    """None: without limit. `rounds` and `patience` (rounds without an improvement) count for each segment."""

    minutes: float | None = None
    usd: float | None = None
    rounds: int | None = None
    patience: int | None = None


class Spending:
    """Counts against a budget, from now on; `seconds` and `usd` are what earlier sessions of the run have taken.

    busy() marks time that coding, measuring and proposing take, several at once counting once. Safe to share.
    """

    def __init__(self, budget: Budget, seconds: float = 0.0, usd: float = 0.0) -> None:
        self.budget = budget
        self._started = time.monotonic()
        self._before = seconds
        self._usd = usd
        self._lock = threading.Lock()
        self._active = 0
        self._since = 0.0
        self._busy = 0.0

    @property
    def usd(self) -> float:
        return self._usd

    @property
    def seconds(self) -> float:
        """Of this session, by the clock."""
        return time.monotonic() - self._started

    @property
    def busy_seconds(self) -> float:
        """Of this session."""
        with self._lock:
            return self._busy + (time.monotonic() - self._since if self._active else 0.0)

    @property
    def deadline(self) -> float | None:
        """In time.monotonic()'s seconds."""
        if self.budget.minutes is None:
            return None
        return self._started + 60 * self.budget.minutes - self._before

    @property
    def seconds_left(self) -> float:
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def pay(self, usd: float) -> None:
        with self._lock:
            self._usd += usd

    def exhausted(self) -> str:
        """Which budget is used up ("minutes", "usd"), or ""."""
        if self.seconds_left <= 0:
            return "minutes"
        if self.budget.usd is not None and self._usd >= self.budget.usd:
            return "usd"
        return ""

    def allowance(self, rounds_done: int) -> Allowance:
        budget = self.budget
        return Allowance(
            usd=None if budget.usd is None else max(0.0, budget.usd - self._usd),
            rounds=None if budget.rounds is None else max(0, budget.rounds - rounds_done),
            deadline=self.deadline,
        )

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._lock:
            if not self._active:
                self._since = time.monotonic()
            self._active += 1
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1
                if not self._active:
                    self._busy += time.monotonic() - self._since
