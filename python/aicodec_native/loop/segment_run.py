"""The experiments on one segment: asks the proposer, has candidates measured, decides what is kept, writes it down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import Any

from aicodec_native import _native
from aicodec_native.errors import AicodecError, EncodeError
from aicodec_native.headers import frame_rate_of
from aicodec_native.loop import baselines
from aicodec_native.loop.budget import Spending
from aicodec_native.loop.diagnostics import diagnose
from aicodec_native.loop.draft import Draft, DraftSegment
from aicodec_native.loop.evaluator import Evaluator, Outcome, fingerprint
from aicodec_native.loop.ledger import Ledger
from aicodec_native.loop.png import png
from aicodec_native.loop.proposals import Attempt, Context, Proposal, Proposer, Reply, key_frames
from aicodec_native.loop.stacks import SegmentTask
from aicodec_native.loop.strategy import ENCODE
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.stack import draw_in_order


@dataclass(frozen=True, slots=True)
class Desk:
    """What all segments of a run share."""

    run: int
    ledger: Ledger
    draft: Draft
    proposer: Proposer
    evaluator: Evaluator
    spending: Spending
    threads: Executor
    seed: int
    asking: threading.Lock
    compare: bool
    told: Callable[[SegmentRun, str], None]


@dataclass(slots=True)
class History:
    """What the ledger has of a segment: its row, the digest of its frames; of an earlier session of the run its
    experiments and the best one's payload."""

    row: int
    digest: str
    attempts: list[Attempt] = field(default_factory=list)
    fingerprints: dict[str, int] = field(default_factory=dict)
    candidates: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    best_payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Trial:
    """An experiment that is under way: its row and what was written there."""

    id: int
    proposal: Proposal
    round: int
    proposer: str


class SegmentRun:
    """round() once and again until `ended` says why not. One thread at a time."""

    def __init__(self, desk: Desk, segment: DraftSegment, task: SegmentTask, history: History) -> None:
        self._desk = desk
        self._segment = segment
        self._task = task
        self._row = history.row
        self.attempts = history.attempts
        self._fingerprints = history.fingerprints
        self._candidates = history.candidates
        self._outputs = history.outputs
        self.ended = ""
        self._began = False
        self.best_payload = history.best_payload or segment.payload
        self._frames = task.frames()
        self._diagnostics = diagnose(self._frames, task.header.colour)
        self._digest = history.digest
        self._notes = history.notes
        self._points: list[baselines.Point] = []
        self._peers: Future[list[baselines.Point]] | None = None
        ticks = segment.times[-1] - segment.times[0]
        self._seconds = float(ticks * Fraction(*task.header.time_base))

    @property
    def number(self) -> int:
        return self._segment.number

    @property
    def best(self) -> Attempt:
        return min((attempt for attempt in self.attempts if attempt.status == "kept"), key=lambda a: a.bytes)

    @property
    def rounds(self) -> int:
        return max(attempt.round for attempt in self.attempts)

    @property
    def bar(self) -> float:
        """The score to reach: the goal, or what `encode` reached of it. Of the greatest error: what must not be
        exceeded."""
        goal, first = self._task.goal, self.attempts[0].measurements["score"]
        return goal.target if goal.metric == GREATEST_ERROR else min(goal.target, first)

    def begin(self, made: str, crf: float | None, seconds: float | None, video: dict[str, Any]) -> None:
        """Round 0: what `encode` made, with what it tells of that; `video`: its video layer's knobs, if not
        SVT-AV1's. Does nothing a second time."""
        if not self.attempts:
            self._first(made, crf, seconds, video)
        if self._desk.compare and not self._began and self._task.goal.metric != GREATEST_ERROR:
            self._peers = self._desk.threads.submit(self._measure_peers)
        self._began = True

    def _first(self, made: str, crf: float | None, seconds: float | None, video: dict[str, Any]) -> None:
        trial = self._record(Proposal({"stack": ENCODE, **video}, hypothesis=f"what encode makes: {made}"), 0, "encode")
        with self._desk.spending.busy():
            outcome = self._desk.evaluator.measure(
                self._task, self._segment.payload, self._phase(trial), crf=crf, encode_seconds=seconds, patient=True
            )
        if outcome.error_class:
            self._finish(trial, outcome, status="failed", error_class=outcome.error_class, error=outcome.error)
            raise EncodeError(f"what encode made cannot be measured: {outcome.error}")
        self._keep(trial, outcome)
        for frame in key_frames(len(self._frames)):
            picture = self._frames[frame].rgb(self._task.header.colour)
            place = self._segment.first_frame + frame
            self._desk.ledger.add_file(
                png(picture), ".png", run=self._desk.run, segment=self._row, kind="source_frame", frame=place
            )

    def _take_peers(self, *, wait: bool) -> None:
        """Once the peers are measured: adds the ratios to what was measured before."""
        if self._peers is None or not (wait or self._peers.done()):
            return
        self._points, self._peers = self._peers.result(), None
        for attempt in self.attempts:
            for name, value in baselines.ratios(attempt.measurements, self._points).items():
                if name not in attempt.measurements:
                    self._desk.ledger.add("measurements", experiment=attempt.id, name=name, value=value)

    def _measure_peers(self) -> list[baselines.Point]:
        """From the ledger, where an earlier run has measured this clip, or for real."""
        desk, digest = self._desk, self._digest
        query = "SELECT * FROM baselines WHERE segment_digest = ? AND codec = ? AND metric = ?"
        points: list[baselines.Point] = []
        for codec in baselines.CODECS:
            known = desk.ledger.rows(query, digest, codec, baselines.METRIC)
            names = baselines.Point.__dataclass_fields__
            found = [baselines.Point(**{name: row[name] for name in names}) for row in known]
            score = self.attempts[0].measurements[baselines.METRIC]
            if not baselines.covers(found, score):
                with desk.spending.busy():
                    new = desk.evaluator.measure_peer(baselines.BaselineTask(self._task, codec, score))
                for point in new:
                    desk.ledger.add("baselines", segment_digest=digest, metric=baselines.METRIC, **asdict(point))
                found += new
            points += found
        return points

    def round(self) -> None:
        """Ask once, measure all that comes, keep what is better."""
        desk, number = self._desk, self.rounds + 1
        self.ended = self._over()
        if self.ended:
            return
        self._take_peers(wait=False)
        reply, turns = self._ask(number)
        if not reply.proposals:
            self.ended = desk.spending.exhausted() or reply.stop or "exhausted"
            return
        waiting: list[Callable[[], None]] = []
        for proposal in reply.proposals:
            row = turns[proposal.turn] if proposal.turn is not None else None
            trial = self._record(proposal, number, desk.proposer.name, row)
            desk.told(self, f"round {number}: {proposal.hypothesis}")
            waiting.append(self._start(trial))
        for finish in waiting:  # in the order of the proposals, so that a run can be repeated
            finish()
        self.ended = self._over()

    def close(self) -> None:
        if self._peers is not None and not self._peers.cancel():
            with suppress(AicodecError):  # of a run that was stopped
                self._take_peers(wait=True)
        self._frames.__exit__()

    # What comes next.

    def _ask(self, number: int) -> tuple[Reply, list[int]]:
        """The proposer's reply, and the rows of its turns."""
        desk = self._desk
        with desk.asking if desk.proposer.one_at_a_time else nullcontext(), desk.spending.busy():
            reply = desk.proposer.propose(self._context(number))
            rows = []
            for turn in reply.turns:
                columns = {name: getattr(turn, name) for name in turn.__dataclass_fields__}
                rows.append(desk.ledger.add("turns", run=desk.run, segment=self._row, round=number, **columns))
                desk.spending.pay(turn.usd)
        self._notes += [text for _, text in reply.notes]
        for place, text in reply.notes:
            desk.ledger.add("notes", run=desk.run, segment=self._row, turn=rows[place], text=text)
        return reply, rows

    def _over(self) -> str:
        budget = self._desk.spending.budget
        if reason := self._desk.spending.exhausted():
            return reason
        if budget.rounds is not None and self.rounds >= budget.rounds:
            return "rounds"
        if budget.patience is not None and self.rounds - self.best.round >= budget.patience:
            return "patience"
        return ""

    def _context(self, number: int) -> Context:
        task, segment = self._task, self._segment
        return Context(
            run=self._desk.run,
            segment=segment.number,
            first_frame=segment.first_frame,
            start=segment.first_frame / float(frame_rate_of(task.header)),
            seconds=self._seconds,
            fps=float(frame_rate_of(task.header)),
            header=task.header,
            metric=task.goal.metric,
            target=task.goal.target,
            bar=self.bar,
            preset=task.preset,
            round=number,
            seed=self._desk.seed,
            allowance=self._desk.spending.allowance(self.rounds),
            attempts=tuple(self.attempts),
            frames=self._frames,
            draw_best=self._draw_best,
            diagnostics=self._diagnostics,
            notes=tuple(self._notes),
        )

    def _draw_best(self, numbers: Sequence[int]) -> dict[int, _native.Picture]:
        found = self._task.segment(self.best_payload, self._task.dictionary())
        pictures = draw_in_order(lambda _: found, range(1), self._task.header, 1)
        return {number: picture for number, picture in enumerate(pictures) if number in numbers}

    # Measuring.

    def _start(self, trial: _Trial) -> Callable[[], None]:
        """Sends a candidate off; what is returned waits for it and decides."""
        mark = fingerprint(trial.proposal)
        if mark in self._fingerprints:
            return partial(self._refuse_as_same, trial, self._fingerprints[mark], Outcome(), "the same proposal")
        self._fingerprints[mark] = trial.id
        guess = self._guess(trial.proposal.strategy.get("encoder", "svtav1"))
        future = self._desk.threads.submit(self._evaluate, trial, self.bar, guess)

        def finish() -> None:
            outcome = future.result()
            self._decide(trial, outcome)
            if not self.attempts[-1].counts:
                del self._fingerprints[mark]

        return finish

    def _guess(self, encoder: Any) -> float | None:
        """The CRF of the smallest candidate by that encoder, one that was kept if there is: another's scale differs."""
        measured = [a for a in self.attempts if a.crf is not None and "bytes" in a.measurements]
        own = [a for a in measured if a.strategy.get("encoder", "svtav1") == encoder]
        best = min(own, key=lambda a: (a.status != "kept", a.error_class == "quality_missed", a.bytes), default=None)
        return None if best is None else best.crf

    def _evaluate(self, trial: _Trial, bar: float, guess: float | None) -> Outcome:
        with self._desk.spending.busy():
            return self._desk.evaluator.evaluate(self._task, trial.proposal, bar, guess, self._phase(trial))

    def _decide(self, trial: _Trial, outcome: Outcome) -> None:
        if outcome.error_class:
            self._finish(trial, outcome, status="failed", error_class=outcome.error_class, error=outcome.error)
            return
        earlier = self._candidates.get(outcome.candidate_hash or "")
        if earlier is not None:
            self._refuse_as_same(trial, earlier, outcome, "these bytes")
            return
        score, goal = outcome.measurements["score"], self._task.goal
        missed = score > goal.target if goal.metric == GREATEST_ERROR else score < self.bar
        size, best = outcome.measurements["bytes"], self.best
        if missed:
            message = f"{goal.metric} {score:.4g} in place of {self.bar:.4g}"
            self._finish(trial, outcome, status="failed", error_class="quality_missed", error=message)
        elif size >= best.bytes:
            message = f"{size:.0f} bytes; experiment {best.id} has {best.bytes:.0f}"
            self._finish(trial, outcome, status="failed", error_class="larger", error=message)
        else:
            self._keep(trial, outcome)

    def _refuse_as_same(self, trial: _Trial, earlier: int, outcome: Outcome, what: str) -> None:
        self._finish(
            trial,
            outcome,
            status="failed",
            error_class="unchanged",
            error=f"experiment {earlier} had {what}",
            same_candidate_as=earlier,
        )

    # The ledger.

    def _phase(self, trial: _Trial) -> Callable[[str], None]:
        def began(phase: str) -> None:
            self._desk.ledger.add("phases", experiment=trial.id, phase=phase)

        return began

    def _record(self, proposal: Proposal, number: int, name: str, turn: int | None = None) -> _Trial:
        if proposal.parent not in {attempt.id for attempt in self.attempts}:
            proposal = replace(proposal, parent=None)  # a model may name any number
        row = self._desk.ledger.add(
            "experiments",
            run=self._desk.run,
            segment=self._row,
            round=number,
            parent=proposal.parent,
            turn=turn,
            proposer=name,
            hypothesis=proposal.hypothesis,
            strategy=dict(proposal.strategy),
            program=proposal.program,
        )
        return _Trial(row, proposal, number, name)

    def _keep(self, trial: _Trial, outcome: Outcome) -> None:
        desk = self._desk
        data = desk.draft.file_of(self._segment, outcome.payload)
        desk.ledger.add_file(data, ".aic", run=desk.run, segment=self._row, experiment=trial.id, kind="aic")
        self.best_payload = outcome.payload
        self._finish(trial, outcome, status="kept")

    def _finish(self, trial: _Trial, outcome: Outcome, **columns: Any) -> None:
        """Write down how an experiment ended; `columns` of the table of results."""
        measured = dict(outcome.measurements)
        if "bytes" in measured:
            measured["bitrate"] = 8 * measured["bytes"] / self._seconds
        if outcome.crf is not None:
            measured["crf"] = outcome.crf
        measured |= baselines.ratios(measured, self._points)
        candidate, decoded = outcome.candidate_hash, outcome.decoded_hash
        same_output = None
        if candidate is not None and decoded is not None and "same_candidate_as" not in columns:
            self._candidates.setdefault(candidate, trial.id)
            first = self._outputs.setdefault(decoded, trial.id)
            same_output = None if first == trial.id else first
        self._desk.ledger.add_result(
            trial.id, measured, candidate_hash=candidate, decoded_hash=decoded, same_output_as=same_output, **columns
        )
        self.attempts.append(
            Attempt(
                id=trial.id,
                round=trial.round,
                parent=trial.proposal.parent,
                proposer=trial.proposer,
                hypothesis=trial.proposal.hypothesis,
                strategy=trial.proposal.strategy,
                program=trial.proposal.program,
                measurements=measured,
                scores=tuple(outcome.scores),
                same_output_as=same_output,
                **columns,
            )
        )
        self._desk.told(self, "")
