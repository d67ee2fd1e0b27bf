"""A run of the loop: what `encode` makes first, then round upon round of experiments on its segments."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from aicodec_native import __version__, _native
from aicodec_native.change_store import ChangeStore
from aicodec_native.encoder import encode
from aicodec_native.errors import AicodecError, InputError
from aicodec_native.loop.budget import Spending
from aicodec_native.loop.draft import Draft, DraftSegment, windows
from aicodec_native.loop.evaluator import Evaluator
from aicodec_native.loop.history import histories, interrupted_run, money_spent, time_spent
from aicodec_native.loop.job import EvolveProgress, EvolveResult, Job
from aicodec_native.loop.ledger import Ledger, files_folder
from aicodec_native.loop.proposals import Proposer
from aicodec_native.loop.sandbox import Sandbox
from aicodec_native.loop.segment_run import Desk, History, SegmentRun
from aicodec_native.loop.stacks import SegmentTask
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.media import Source
from aicodec_native.scorer import sample_frames

# Frames of a segment that quality is measured on.
_JUDGED = 32
# What ends a run, the most telling first: segments may end for different reasons.
_REASONS = ("target", "minutes", "usd", "rounds", "patience", "exhausted")


class Evolution:
    def __init__(
        self, job: Job, ledger: Ledger, proposer: Proposer, progress: Callable[[EvolveProgress], None]
    ) -> None:
        self._job = job
        self._ledger = ledger
        self._proposer = proposer
        self._progress = progress
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._saved: dict[int, int] = {}  # bytes, by segment
        self._payloads: dict[int, bytes] = {}
        self._counts: dict[int, tuple[int, int]] = {}  # experiments and improvements
        self._reasons: set[str] = set()
        self._warnings: list[str] = []
        self._frames_done = 0
        self._draft: Draft | None = None

    def run(self, *, resume: bool) -> EvolveResult:
        job, ledger = self._job, self._ledger
        digest = _digest(job.source)
        identity = job.identity(digest, self._proposer)
        if resume:
            self._run = interrupted_run(ledger, str(job.output), identity)
            self._spending = Spending(job.budget, time_spent(ledger, self._run), money_spent(ledger, self._run))
            ledger.add("events", run=self._run, kind="resumed", detail={})
        else:
            self._spending = Spending(job.budget)
            self._run = self._new_run(digest, identity)
            ledger.add("events", run=self._run, kind="started", detail={})
        try:
            return self._go()
        except BaseException as error:
            text = str(error) if isinstance(error, AicodecError) else type(error).__name__
            ledger.add("events", run=self._run, kind="failed", detail={"error": text})
            if not isinstance(error, InputError):  # it would be there again
                error.add_note("go on with --resume")
            raise

    def _new_run(self, digest: str, identity: dict[str, Any]) -> int:
        job = self._job
        options = {
            "identity": identity,
            "budget": asdict(job.budget),
            "stop_at": job.stop_at,
            "workers": job.workers,
            "candidate_seconds": job.limits.seconds,
            "candidate_memory": job.limits.memory,
        }
        return self._ledger.add(
            "runs",
            source=job.source,
            source_digest=digest,
            output=str(job.output),
            metric=job.goal.metric,
            target=job.goal.target,
            preset=job.preset,
            proposer=self._proposer.name,
            model=self._proposer.model,
            seed=job.seed,
            options=options,
            version=__version__,
        )

    def _go(self) -> EvolveResult:
        job = self._job
        draft_path = files_folder(self._ledger.path) / f"run{self._run}.aic"
        reports = self._first(draft_path)
        draft = self._draft = Draft(draft_path)
        self._known = histories(self._ledger, self._run)
        sandbox = Sandbox(job.workers)
        try:
            evaluator = Evaluator(sandbox, job.limits, lambda: self._spending.seconds_left)
            with ThreadPoolExecutor(2 * job.workers, thread_name_prefix="aicodec-candidate") as threads:
                desk = Desk(
                    self._run, self._ledger, draft, self._proposer, evaluator, self._spending, threads, job.seed,
                    self._asking, job.compare, self._told,
                )  # fmt: skip
                with Source(job.source, **self._source_options()) as source:
                    for window in windows(draft, source):
                        self._work(desk, sandbox, window, reports)
        finally:
            sandbox.close()
        with self._spending.busy():
            size = draft.write(job.output, self._payloads)
        draft_path.unlink()
        return self._finish(size)

    def _first(self, path: Path) -> list[dict[str, Any]]:
        """What `encode` makes; its report on each segment."""
        found = self._ledger.rows("SELECT detail FROM events WHERE run = ? AND kind = 'encoded'", self._run)
        if found and path.exists():
            reports: list[dict[str, Any]] = json.loads(found[0]["detail"])["segments"]
            return reports
        job = self._job
        path.parent.mkdir(exist_ok=True)
        with self._spending.busy():
            result = encode(
                job.source,
                path,
                quality=job.quality,
                target=job.target,
                preset=job.preset,
                fps=job.fps,
                start=job.start,
                duration=job.duration,
                segment_seconds=job.segment_seconds,
                workers=job.workers,
                resume=True,
                overwrite=True,
                progress=lambda p: self._tell(f"encode: {p.note}"),
            )
        self._warnings = result.warnings
        reports = [
            {
                "crf": report.get("crf"),
                "made": _made(report),
                "seconds": report["seconds"],
                "video": _video(report),
            }
            for report in result.segments
        ]  # fmt: skip
        self._ledger.add(
            "events", run=self._run, kind="encoded", detail={"bytes": result.bytes, "segments": reports}
        )  # fmt: skip
        return reports

    def _work(
        self,
        desk: Desk,
        sandbox: Sandbox,
        window: list[tuple[DraftSegment, ChangeStore]],
        reports: list[dict[str, Any]],
    ) -> None:
        """All rounds of the segments of a window, in turn, as many segments at once as there are workers."""
        held: list[Any] = [store for _, store in window]
        waiting: deque[tuple[SegmentRun, dict[str, Any]]] = deque()
        try:
            for segment, store in window:
                dictionary = desk.draft.dictionary_store(segment.pictures)
                held += [dictionary] if dictionary else []
                task = self._task(desk.draft, segment, store, dictionary.path if dictionary else "")
                run = SegmentRun(desk, segment, task, self._history(segment, task))
                held.append(run)
                waiting.append((run, reports[segment.number]))
            end = self._window_end(desk.draft, window)
            count = min(self._job.workers, len(waiting))
            with ThreadPoolExecutor(count, thread_name_prefix="aicodec-segment") as pool:
                try:
                    for future in [pool.submit(self._take_turns, waiting, end) for _ in range(count)]:
                        future.result()
                except BaseException:
                    waiting.clear()
                    sandbox.close()  # else the threads would wait for what they have begun
                    raise
        finally:
            for item in reversed(held):
                item.close()
        self._frames_done += sum(segment.frames for segment, _ in window)

    def _take_turns(self, waiting: deque[tuple[SegmentRun, dict[str, Any]]], end: float) -> None:
        """A round of one segment, then of the next, until all have ended."""
        while True:
            with self._lock:
                if not waiting:
                    return
                run, report = waiting.popleft()
            run.begin(report["made"], report["crf"], report["seconds"], report.get("video", {}))
            if time.monotonic() >= end:
                run.ended = "minutes"
            elif self._small_enough():
                run.ended = "target"
            else:
                run.round()
            self._told(run, "")  # also what an earlier session has found
            with self._lock:
                if run.ended:
                    self._reasons.add(run.ended)
                else:
                    waiting.append((run, report))

    def _task(self, draft: Draft, segment: DraftSegment, store: ChangeStore, dictionary_path: str) -> SegmentTask:
        return SegmentTask(
            header=draft.header,
            first_frame=segment.first_frame,
            times=segment.times,
            frames_path=store.path,
            shape=store.shape,
            table=store.table,
            goal=self._job.goal,
            preset=self._job.preset,
            judged=sample_frames(segment.frames, _JUDGED),
            pictures=segment.pictures,
            dictionary_path=dictionary_path,
            usable=segment.usable,
        )

    def _history(self, segment: DraftSegment, task: SegmentTask) -> History:
        if segment.number in self._known:
            return self._known[segment.number]
        header, digest = task.header, _frames_digest(task)
        ticks = segment.times[-1] - segment.times[0]
        row = self._ledger.add(
            "segments",
            run=self._run,
            number=segment.number,
            first_frame=segment.first_frame,
            frames=segment.frames,
            seconds=float(ticks * Fraction(*header.time_base)),
            width=header.width,
            height=header.height,
            format=header.format,
            digest=digest,
        )
        return History(row, digest)

    def _window_end(self, draft: Draft, window: list[tuple[DraftSegment, ChangeStore]]) -> float:
        """When a window has had its share of the time, by its frames."""
        left = self._spending.seconds_left
        share = sum(segment.frames for segment, _ in window) / (draft.frames - self._frames_done)
        return time.monotonic() + left * share

    def _told(self, run: SegmentRun, note: str) -> None:
        """Called by a segment after each of its experiments, and when one begins."""
        best, first = run.best if run.attempts else None, run.attempts[0] if run.attempts else None
        with self._lock:
            if best is not None and first is not None:
                self._saved[run.number] = int(first.bytes - best.bytes)
                self._payloads[run.number] = run.best_payload
                self._counts[run.number] = (len(run.attempts), sum(a.status == "kept" for a in run.attempts) - 1)
        self._tell(f"segment {run.number + 1}: {note}" if note else "")

    def _tell(self, note: str) -> None:
        first = self._draft.bytes if self._draft else 0
        experiments = sum(count for count, _ in list(self._counts.values()))
        self._progress(
            EvolveProgress(self._spending.seconds, experiments, first, first - sum(list(self._saved.values())), note)
        )

    def _small_enough(self) -> bool:
        assert self._draft is not None
        stop_at = self._job.stop_at
        return stop_at is not None and self._draft.bytes - sum(list(self._saved.values())) <= stop_at

    def _finish(self, size: int) -> EvolveResult:
        assert self._draft is not None
        spending, counts = self._spending, self._counts.values()
        result = EvolveResult(
            path=str(self._job.output),
            ledger=str(self._ledger.path),
            run=self._run,
            bytes=size,
            first_bytes=self._draft.bytes,
            segments=len(self._draft.segments),
            experiments=sum(count for count, _ in counts),
            improvements=sum(count for _, count in counts),
            reason=next(reason for reason in _REASONS if reason in self._reasons),
            seconds=spending.seconds,
            busy_seconds=spending.busy_seconds,
            usd=spending.usd,
            warnings=self._warnings,
        )
        detail = {
            name: getattr(result, name) for name in ("reason", "bytes", "first_bytes", "seconds", "busy_seconds", "usd")
        }
        self._ledger.add("events", run=self._run, kind="finished", detail=detail)
        return result

    def _source_options(self) -> dict[str, Any]:
        job = self._job
        exact = job.goal.metric == GREATEST_ERROR
        return {"start": job.start, "duration": job.duration, "fps": job.fps, "exact": exact}


def _made(report: dict[str, Any]) -> str:
    """What `encode` chose for a segment, in words; of a lossless one it tells nothing."""
    return f"{report['stack']}, {report['setting']}" if "stack" in report else "lossless"


def _video(report: dict[str, Any]) -> dict[str, Any]:
    """The knobs of loop/strategy.py that tell libaom's video layer; none for SVT-AV1's."""
    setting = report.get("setting", "")
    if "libaom" not in setting or report.get("crf") is None:
        return {}
    return {"encoder": "libaom"} | ({"chroma": "444"} if "4:4:4" in setting else {})


def _frames_digest(task: SegmentTask) -> str:
    digest = _native.SegmentDigest()
    with task.frames() as frames:
        for picture in frames:
            digest.add(_native.picture_hash(picture))
    return f"{digest.value:016x}"


def _digest(source: str) -> str:
    """SHA-256 of the source file; of its name where it is a pattern for many."""
    path = Path(source)
    if not path.is_file():
        return hashlib.sha256(os.path.abspath(source).encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
