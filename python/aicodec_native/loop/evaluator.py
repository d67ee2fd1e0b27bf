"""Runs candidates: one process codes, another decodes and measures, and only what that one says counts."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aicodec_native.errors import OptionError
from aicodec_native.loop.baselines import BaselineTask, Point, measure_peer
from aicodec_native.loop.judge import JudgeTask, Verdict, judge
from aicodec_native.loop.proposals import Proposal
from aicodec_native.loop.sandbox import Ending, Limits, Sandbox
from aicodec_native.loop.stacks import BuildTask, Built, SegmentTask, build
from aicodec_native.loop.strategy import ENCODE, strategy_of


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a candidate came: `error_class` "" where it was measured, whatever the measurements are."""

    error_class: str = ""
    error: str = ""
    payload: bytes = b""
    candidate_hash: str | None = None
    decoded_hash: str | None = None
    crf: float | None = None
    scores: list[float] = field(default_factory=list)
    measurements: dict[str, float] = field(default_factory=dict)


# Told when a phase begins: "encoding" or "judging".
Phase = Callable[[str], None]


class Evaluator:
    """Safe to share between threads. `limits` are those of one process; `seconds_left` says how long the run may still
    take.
    """

    def __init__(self, sandbox: Sandbox, limits: Limits, seconds_left: Callable[[], float]) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._seconds_left = seconds_left

    def evaluate(
        self, segment: SegmentTask, proposal: Proposal, bar: float, guess: float | None, phase: Phase
    ) -> Outcome:
        """Code a proposal and measure it."""
        try:
            strategy = strategy_of(proposal.strategy)
            if strategy.stack == ENCODE:
                raise OptionError("that is what the run began with")
        except OptionError as error:
            return Outcome("invalid_strategy", str(error))
        phase("encoding")
        program = proposal.program if "shader" in strategy.layers else None
        ending = self._in_time(build, BuildTask(segment, strategy, program, bar, guess))
        if ending.error_class:
            return Outcome(ending.error_class, ending.message)
        built: Built = ending.value
        return self.measure(segment, built.payload, phase, crf=built.crf, encode_seconds=built.encode_seconds)

    def measure(
        self,
        segment: SegmentTask,
        payload: bytes,
        phase: Phase,
        *,
        crf: float | None = None,
        encode_seconds: float | None = None,
        patient: bool = False,
    ) -> Outcome:
        """Decode and measure a coded segment; `patient`: even if the run's time is over."""
        spent = {} if encode_seconds is None else {"encode_seconds": encode_seconds}
        phase("judging")
        task = JudgeTask(segment, payload)
        ending = self._sandbox.run(judge, task, self._limits) if patient else self._in_time(judge, task)
        if ending.error_class:
            return Outcome(ending.error_class, ending.message, crf=crf, measurements=spent)
        verdict: Verdict = ending.value
        return Outcome(
            payload=verdict.payload,
            candidate_hash=hashlib.sha256(verdict.payload).hexdigest(),
            decoded_hash=verdict.decoded_hash,
            crf=crf,
            scores=verdict.scores,
            measurements=spent | verdict.measurements,
        )

    def measure_peer(self, task: BaselineTask) -> list[Point]:
        """The points of another codec; none where it cannot code the segment in time."""
        points: list[Point] = self._in_time(measure_peer, task).value or []
        return points

    def _in_time(self, function: Callable[[Any], Any], task: Any) -> Ending:
        """One process, with what is left of the run's time if that is less."""
        left = self._seconds_left()
        if left <= 0:
            return Ending(error_class="budget", message="the run's time was over before it began")
        ending = self._sandbox.run(function, task, replace(self._limits, seconds=min(self._limits.seconds, left)))
        if ending.error_class == "timeout" and left < self._limits.seconds:
            return Ending(error_class="budget", message="killed when the run's time was over", seconds=ending.seconds)
        return ending


def fingerprint(proposal: Proposal) -> str:
    """The same for proposals that cannot differ in what they make: layout and comments of a program do not count."""
    program = proposal.program or ""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        program = ast.dump(ast.parse(program))
    try:
        strategy = strategy_of(proposal.strategy).to_json()
    except OptionError:
        strategy = dict(proposal.strategy)
    text = json.dumps([strategy, program], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
