"""aicodec-native bench"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from aicodec_native import __version__, _native
from aicodec_native.cli.output import frame_bar, json_option, print_json
from aicodec_native.hot_paths import HotPath, hot_paths

_LEAST_RUNS, _MOST_RUNS = 3, 1000


@click.command("bench")
@click.option(
    "--seconds",
    type=click.FloatRange(0, 60, min_open=True),
    default=0.3,
    show_default=True,
    help="For each path, three runs at least; a whole job runs once.",
)
@click.option("--only", metavar="WORDS", help="Only the paths with these words in their names.")
@json_option
def command(seconds: float, only: str | None, as_json: bool) -> None:
    """How fast the codec's hot paths are on this machine, one thread each, and whole jobs on all cores.

    The figure is the median of the runs. Close what else runs before believing it.
    """
    chosen = [path for path in hot_paths() if only is None or only in path.name]
    if not chosen:
        raise click.UsageError(f"no path has {only!r} in its name")
    rows = []
    with frame_bar("measuring", len(chosen)) as bar:
        for done, path in enumerate(chosen):
            bar.update(done, note=path.name)
            rows.append(_measured(path, seconds))
    machine = _machine()
    if as_json:
        print_json({"machine": machine, "rows": rows})
    else:
        _print(machine, rows)


def _measured(path: HotPath, seconds: float) -> dict[str, Any]:
    run = path.prepare()
    if not path.whole:
        run()
    times = _timed(run, 0.0 if path.whole else seconds, 1 if path.whole else _LEAST_RUNS)
    median = statistics.median(times)
    return {
        "name": path.name,
        "milliseconds": 1000 * median,
        "runs": len(times),
        "rate": path.amount / median,
        "unit": f"{path.unit}/s",
    }


def _timed(run: Callable[[], Any], seconds: float, least: int) -> list[float]:
    times: list[float] = []
    while len(times) < least or (sum(times) < seconds and len(times) < _MOST_RUNS):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return times


def _machine() -> dict[str, Any]:
    return {
        "version": __version__,
        "isa": _native.isa,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _print(machine: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("path", no_wrap=True)
    table.add_column("time (ms)", justify="right")
    table.add_column("rate", justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['milliseconds']:,.2f}",
            f"{row['rate']:,.{0 if row['rate'] >= 100 else 2}f} {row['unit']}",
        )
    Console().print(table)
    click.echo(
        f"aicodec-native {machine['version']}, kernels {machine['isa']}, {machine['cores']} cores, "
        f"{machine['system']}, Python {machine['python']}"
    )
