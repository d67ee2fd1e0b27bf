"""aicodec-native ledger"""

from __future__ import annotations

import csv
import json
import sys
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aicodec_native.cli.output import json_option, print_json
from aicodec_native.loop.ledger_reader import LedgerReader, Row

# What `export` writes of an experiment, in this order.
_EXPORTED = (
    "id", "run", "segment", "round", "parent", "created", "finished", "proposer", "hypothesis", "stack", "strategy",
    "program", "status", "error_class", "error", "bytes", "bitrate", "score", "psnr", "ssim", "ssimulacra2",
    "ssimulacra2_p5", "max_error", "encode_seconds", "decode_seconds", "against_hevc", "against_av1", "usd",
    "candidate_hash", "decoded_hash", "same_candidate_as", "same_output_as",
)  # fmt: skip


@click.group("ledger")
def command() -> None:
    """List, show or export the experiments of a ledger."""


@command.command("list")
@click.argument("ledger", metavar="LEDGER")
@click.option("--run", type=int, help="The experiments of this run [default: of the last].")
@click.option("--runs", is_flag=True, help="A line for each run instead.")
@json_option
def list_(ledger: str, run: int | None, runs: bool, as_json: bool) -> None:
    """List the experiments of a run, or the runs."""
    with LedgerReader(ledger) as reader:
        every = reader.runs()
        if runs:
            rows = every
        else:
            wanted = run if run is not None else (every[-1]["id"] if every else 0)
            rows = reader.experiments(reader.run(wanted)["id"]) if every or run is not None else []
    if as_json:
        print_json(rows)
    else:
        _print_table(rows, _run_line if runs else _experiment_line)


@command.command("show")
@click.argument("ledger", metavar="LEDGER")
@click.argument("experiment", type=int)
@json_option
def show(ledger: str, experiment: int, as_json: bool) -> None:
    """Show one experiment with all that was measured."""
    with LedgerReader(ledger) as reader:
        row = reader.experiment(experiment)
    if as_json:
        print_json(row)
        return
    for name in ("id", "run", "segment", "round", "parent", "proposer", "hypothesis", "status", "error_class", "error"):
        if row[name] not in (None, ""):
            click.echo(f"{name}: {row[name]}")
    click.echo(f"strategy: {json.dumps(row['strategy'])}")
    for flag in ("same_candidate_as", "same_output_as"):
        if row[flag]:
            click.echo(f"{flag}: {row[flag]}")
    for name, value in sorted(row["measurements"].items()):
        click.echo(f"{name}: {value:.6g}" if value % 1 else f"{name}: {value:,.0f}")
    if row["program"]:
        click.echo(f"\n{row['program'].rstrip()}")


@command.command("export")
@click.argument("ledger", metavar="LEDGER")
@click.option("--format", "form", type=click.Choice(["csv", "jsonl"]), default="jsonl", show_default=True)
@click.option("--run", type=int, help="Only the experiments of this run.")
def export(ledger: str, form: str, run: int | None) -> None:
    """Write experiments to standard output, one a line: JSON, or a table for a spreadsheet."""
    with LedgerReader(ledger) as reader:
        rows = reader.experiments(None if run is None else reader.run(run)["id"])
    if form == "jsonl":
        for row in rows:
            click.echo(json.dumps({name: row[name] for name in _EXPORTED}))
        return
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(_EXPORTED)
    for row in rows:
        table.writerow([json.dumps(row[name]) if name == "strategy" else row[name] for name in _EXPORTED])


def _print_table(rows: list[Row], line: Any) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    cells = [line(row) for row in rows]
    if not cells:
        click.echo("there is nothing in it")
        return
    for name in cells[0]:
        table.add_column(name, justify="left" if name in ("stack", "status", "source", "began", "state") else "right")
    for row in cells:
        table.add_row(*(Text(str(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _experiment_line(row: Row) -> dict[str, str]:
    status = row["status"] if row["status"] != "failed" else row["error_class"]
    return {
        "id": str(row["id"]),
        "segment": str(row["segment"]),
        "round": str(row["round"]),
        "parent": _number(row["parent"], "d"),
        "stack": str(row["stack"]),
        "status": f"{status} ({row['phase']})" if status == "running" else status,
        "bytes": _number(row["bytes"], ",.0f"),
        "score": _number(row["score"], ".2f"),
        "vs HEVC": _number(row["against_hevc"], ".3f"),
        "vs AV1": _number(row["against_av1"], ".3f"),
    }


def _run_line(row: Row) -> dict[str, str]:
    return {
        "id": str(row["id"]),
        "began": datetime.fromtimestamp(row["created"]).strftime("%Y-%m-%d %H:%M"),
        "source": row["source"],
        "proposer": row["proposer"],
        "state": str(row["last_event"]),
        "experiments": str(row["experiments"]),
        "improvements": str(row["improvements"]),
        "first": _number(row["first_bytes"], ",.0f"),
        "best": _number(row["best_bytes"], ",.0f"),
        "USD": _number(row["usd"], ".2f"),
    }


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
