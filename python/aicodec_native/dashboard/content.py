"""What the pages say, taken from the ledger's rows: dicts for the templates, and lines for the tables that the browser
draws."""

from __future__ import annotations

import json
import math
import statistics
from typing import Any

from aicodec_native.dashboard.programs import difference, highlighted
from aicodec_native.loop.ledger_reader import LedgerReader, Row

# What a table of experiments shows; program, strategy and messages have pages of their own.
_LINE = (
    "id", "run", "segment", "round", "parent", "created", "finished", "proposer", "stack", "hypothesis", "status",
    "phase", "error_class", "bitrate", "bytes", "score", "psnr", "ssim", "ssimulacra2", "against_hevc", "against_av1",
    "encode_seconds", "decode_seconds", "usd", "same_candidate_as", "same_output_as",
)  # fmt: skip
_MOST_WORDS = 160
_NEAR = 1.1


def run_line(row: Row) -> Row:
    """A line of the table of runs."""
    first, best = row["first_bytes"], row["best_bytes"]
    kept = ("id", "created", "source", "output", "metric", "target", "preset", "proposer", "model", "segments")
    return {
        **{key: row[key] for key in kept},
        "experiments": row["experiments"],
        "improvements": row["improvements"],
        "first_bytes": first,
        "best_bytes": best,
        "saved": 1 - best / first if first and best else None,
        "usd": row["usd"],
        "state": state(row),
    }


def state(row: Row) -> str:
    """A run that has not said how it ended is taken to be running; it may have been killed."""
    return row["last_event"] if row["last_event"] in ("finished", "failed") else "running"


def experiment_lines(reader: LedgerReader, run: int) -> list[Row]:
    lines = [{key: row[key] for key in _LINE} for row in reader.experiments(run)]
    for line in lines:
        if len(line["hypothesis"]) > _MOST_WORDS:
            line["hypothesis"] = line["hypothesis"][:_MOST_WORDS].rstrip() + " …"
    return lines


def run_data(reader: LedgerReader, run: int) -> dict[str, Any]:
    """What the browser draws of a run, now and again while it goes on."""
    return {"run": run_line(reader.run(run)), "experiments": experiment_lines(reader, run)}


def run_page(reader: LedgerReader, run: int) -> dict[str, Any]:
    row = reader.run(run)
    return {
        "run": row,
        "line": run_line(row),
        "data": run_data(reader, run),
        "segments": reader.of_run("segments", run),
        "events": reader.of_run("events", run),
        "notes": reader.of_run("notes", run),
        "turns": reader.of_run("turns", run),
        "baselines": reader.baselines(run),
    }


def experiment_page(reader: LedgerReader, number: int) -> dict[str, Any]:
    """One experiment with its parent's program beside its own, and the frames to look at."""
    row = reader.experiment(number)
    parent = reader.experiment(row["parent"]) if row["parent"] else None
    before, after = (parent or {}).get("program") or "", row["program"] or ""
    return {
        "experiment": row,
        "run": reader.run(row["run"]),
        "parent": parent,
        "children": [r["id"] for r in reader.experiments(row["run"]) if r["parent"] == number],
        "strategy": json.dumps(row["strategy"], indent=2, ensure_ascii=False),
        "program": highlighted(after),
        "difference": difference(before, after) if before and after else "",
        "aic": aic_of(row),
        "viewer": _viewer(reader, row, parent),
    }


def aic_of(experiment: Row) -> str | None:
    """The name of the file of an experiment's segment, if it was kept."""
    return next((file["name"] for file in experiment["files"] if file["kind"] == "aic"), None)


def _viewer(reader: LedgerReader, row: Row, parent: Row | None) -> dict[str, Any] | None:
    """Frames of the source, of the experiment, of its parent and of what `encode` made, as far as there are files."""
    if aic_of(row) is None:
        return None
    segment = next(s for s in reader.of_run("segments", row["run"]) if s["number"] == row["segment"])
    sources = [
        file
        for file in reader.of_run("files", row["run"])
        if file["kind"] == "source_frame" and file["segment"] == segment["id"]
    ]
    first = next((r["id"] for r in reader.experiments(row["run"]) if r["segment"] == row["segment"]), row["id"])
    shown = {f"experiment {row['id']}": row}
    if parent is not None and aic_of(parent):
        shown[f"parent, {parent['id']}"] = parent
    if first not in (row["id"], (parent or row)["id"]):
        made = reader.experiment(first)
        if aic_of(made):
            shown[f"encode, {first}"] = made
    frames = []
    for file in sorted(sources, key=lambda file: int(file["frame"])):
        index = file["frame"] - segment["first_frame"]
        pictures = [{"name": "source", "url": f"files/{file['name']}"}]
        pictures += [{"name": name, "url": frame_url(one["id"], index)} for name, one in shown.items()]
        frames.append({"label": f"frame {file['frame']}", "pictures": pictures})
    return {"width": segment["width"], "height": segment["height"], "frames": frames} if frames else None


def frame_url(experiment: int, index: int) -> str:
    return f"media/experiment-{experiment}-{index}.png"


def writeup_page(reader: LedgerReader, run: int) -> dict[str, Any]:
    """What was tried, what it gave, why, what failed, what next: all of it from rows of the run."""
    page = run_page(reader, run)
    experiments = reader.experiments(run)
    tried = [row for row in experiments if row["round"] > 0]
    kept = [row for row in tried if row["status"] == "kept"]
    failed = [row for row in tried if row["status"] == "failed"]
    return page | {
        "tried": tried,
        "kept": kept,
        "proposers": _counts(tried, "proposer"),
        "stacks": _counts(tried, "stack"),
        "gains": _gains(experiments),
        "failures": _failures(failed),
        "seconds": [row["encode_seconds"] for row in tried if row["encode_seconds"] is not None],
        "reasoning": {row["id"]: reader.experiment(row["id"])["turn"] for row in kept},
        "next": _next_steps(page, experiments, failed),
    }


def _counts(rows: list[Row], key: str) -> dict[str, int]:
    names = [row[key] or "none" for row in rows]
    return {name: names.count(name) for name in sorted(set(names), key=lambda name: -names.count(name))}


def _gains(experiments: list[Row]) -> list[dict[str, Any]]:
    """For each segment: what `encode` made, and the smallest that was kept."""
    gains = []
    for segment in sorted({row["segment"] for row in experiments}):
        mine = [row for row in experiments if row["segment"] == segment and row["status"] == "kept"]
        if mine:
            best = min(mine, key=lambda row: row["bytes"])
            gains.append(
                {"segment": segment, "first": mine[0], "best": best, "saved": 1 - best["bytes"] / mine[0]["bytes"]}
            )
    return gains


def _failures(failed: list[Row]) -> list[dict[str, Any]]:
    """By class, the commonest first, each with the newest few."""
    classes = _counts(failed, "error_class")
    return [
        {"name": name, "count": count, "examples": [row for row in failed if row["error_class"] == name][-3:][::-1]}
        for name, count in classes.items()
    ]


def _next_steps(page: dict[str, Any], experiments: list[Row], failed: list[Row]) -> list[dict[str, Any]]:
    """Sentences with the experiments that they speak of."""
    gains = _gains(experiments)
    best = {gain["segment"]: gain["best"]["bytes"] for gain in gains}
    steps = [
        {"text": f"Segment {gain['segment']} is as encode made it: nothing tried was smaller.", "rows": [gain["best"]]}
        for gain in gains
        if gain["saved"] <= 0
    ]

    def of(error_class: str, most: float = math.inf) -> list[Row]:
        """Failures of a class, of at most so many times the best bytes where there is a measure of them."""
        rows = [row for row in failed if row["error_class"] == error_class]
        return [row for row in rows if (row["bytes"] or 0) <= most * best.get(row["segment"], math.inf)]

    for rows, text in [
        (of("larger", _NEAR), "came within 10% of the best: finer settings around them may win"),
        (of("quality_missed", 1.0), "were smaller and missed the quality: a correction on top may be worth it"),
        (of("budget"), "were not judged when the budget was over: more of it would begin with them"),
        (of("invalid_program") + of("refused"), "did not compile or were refused: what they meant is untried"),
        (of("unchanged"), "changed nothing: the proposer repeats itself here"),
    ]:
        if rows:
            steps.append({"text": f"{len(rows)} {text}.", "rows": rows[-3:]})
    return steps + [{"text": note["text"], "rows": []} for note in page["notes"][-3:]]


def median(values: list[float]) -> float | None:
    return statistics.median(values) if values else None
