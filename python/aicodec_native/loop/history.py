"""What the ledger knows of a run that was interrupted, so that it goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aicodec_native import _native
from aicodec_native.errors import OptionError
from aicodec_native.loop.evaluator import fingerprint
from aicodec_native.loop.ledger import Ledger, files_folder
from aicodec_native.loop.proposals import Attempt, Proposal
from aicodec_native.loop.segment_run import History


def interrupted_run(ledger: Ledger, output: str, identity: Mapping[str, Any]) -> int:
    """The last run to `output`, if it has not ended. Raises OptionError where there is none, or where it was asked for
    something else."""
    found = ledger.rows("SELECT * FROM run_lines WHERE output = ? ORDER BY id DESC LIMIT 1", output)
    if not found or found[0]["last_event"] == "finished":
        raise OptionError(f"{ledger.path}: has no interrupted run to {output}; start one without --resume")
    if json.loads(found[0]["options"])["identity"] != json.loads(json.dumps(identity)):
        raise OptionError(
            f"{ledger.path}: the interrupted run to {output} had another input or other options; use the same ones, or "
            "start a new one without --resume"
        )
    return int(found[0]["id"])


def time_spent(ledger: Ledger, run: int) -> float:
    """Seconds that the run's sessions took, each until the last row that it wrote."""
    starts = [
        row["created"]
        for row in ledger.rows(
            "SELECT created FROM events WHERE run = ? AND kind IN ('started', 'resumed') ORDER BY id", run
        )
    ]
    query = """
        SELECT MAX(created) AS last FROM (
          SELECT created FROM events WHERE run = :run UNION ALL
          SELECT created FROM experiments WHERE run = :run UNION ALL
          SELECT created FROM turns WHERE run = :run UNION ALL
          SELECT r.created FROM results r JOIN experiments e ON e.id = r.experiment WHERE e.run = :run)
        WHERE created >= :start AND created < :next
    """
    spent = 0.0
    for start, following in zip(starts, [*starts[1:], float("inf")], strict=True):
        (row,) = ledger.rows(query, {"run": run, "start": start, "next": following})
        spent += float(row["last"]) - start
    return spent


def money_spent(ledger: Ledger, run: int) -> float:
    return float(ledger.rows("SELECT COALESCE(SUM(usd), 0) AS usd FROM turns WHERE run = ?", run)[0]["usd"])


def histories(ledger: Ledger, run: int) -> dict[int, History]:
    """By number of the segment. Experiments that were under way when the run was killed get their result: that."""
    found: dict[int, History] = {}
    for segment in ledger.rows("SELECT id, number, digest FROM segments WHERE run = ?", run):
        history = History(segment["id"], segment["digest"])
        lines = ledger.rows("SELECT * FROM experiment_lines WHERE run = ? AND segment = ?", run, segment["number"])
        for line in lines:
            if line["status"] == "running":
                columns = {"status": "failed", "error_class": "interrupted", "error": "the run was killed"}
                ledger.add_result(line["id"], {}, **columns)
                _take(history, {**dict(line), **columns}, {})
                continue
            rows = ledger.rows("SELECT name, value FROM measurements WHERE experiment = ?", line["id"])
            _take(history, dict(line), {row["name"]: row["value"] for row in rows})
        # A run that was killed within round 0 begins it again.
        if not any(attempt.status == "kept" for attempt in history.attempts):
            history = History(segment["id"], segment["digest"])
        else:
            history.attempts.sort(key=lambda attempt: attempt.id)
            history.best_payload = _payload(ledger, history)
            query = "SELECT text FROM notes WHERE segment = ? ORDER BY id"
            history.notes = [row["text"] for row in ledger.rows(query, segment["id"])]
        found[segment["number"]] = history
    return found


def _take(history: History, line: dict[str, Any], measured: dict[str, float]) -> None:
    attempt = Attempt(
        strategy=json.loads(line["strategy"]),
        measurements=measured,
        **{
            name: line[name]
            for name in ("id", "round", "parent", "proposer", "hypothesis", "program", "status", "error_class", "error")
        },
        same_candidate_as=line["same_candidate_as"],
        same_output_as=line["same_output_as"],
    )
    history.attempts.append(attempt)
    if attempt.counts:
        history.fingerprints.setdefault(fingerprint(Proposal(attempt.strategy, attempt.program)), attempt.id)
    if line["candidate_hash"] and line["decoded_hash"]:
        history.candidates.setdefault(line["candidate_hash"], attempt.id)
        history.outputs.setdefault(line["decoded_hash"], attempt.id)


def _payload(ledger: Ledger, history: History) -> bytes:
    """Of the best candidate, from the file that was kept of it."""
    best = min((a for a in history.attempts if a.status == "kept"), key=lambda a: a.bytes)
    row = ledger.rows("SELECT name FROM files WHERE experiment = ? AND kind = 'aic'", best.id)[0]
    file = _native.FileReader(str(files_folder(ledger.path) / row["name"]))
    return file.payload(next(entry for entry in file.entries if entry.kind == "segment"))
