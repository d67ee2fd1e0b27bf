"""What the commands share: progress bars on standard error, JSON and sizes on standard output."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from aicodec_native.lossless_encoder import GREATEST_ERROR

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} fps" if speed else "", style="cyan")


class FrameBar:
    """A bar that counts frames."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def update(self, done: float, total: int | None = None, note: str | None = None) -> None:
        changes: dict[str, Any] = {"completed": int(done)}
        if total is not None:
            changes["total"] = max(total, int(done))
        if note is not None:
            changes["note"] = note
        self._progress.update(self._task, **changes)


@contextmanager
def frame_bar(verb: str, total: int | None, *, quiet: bool = False) -> Iterator[FrameBar]:
    """A progress bar with rate and time left on standard error; nothing where that is no terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn(verb),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    ) as progress:
        yield FrameBar(progress, progress.add_task(verb, total=total, note=""))


@contextmanager
def status_line(text: str) -> Iterator[Callable[[str], None]]:
    """A line on standard error that changes while something goes on; nothing where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(Text(text)) as status:
        yield lambda changed: status.update(Text(changed))


@contextmanager
def part_bar(verb: str) -> Iterator[Callable[[float, float], None]]:
    """A bar for what takes a known time: it is called with the part that is over and the PSNR so far."""
    console = Console(stderr=True)
    with Progress(
        TextColumn(verb),
        BarColumn(),
        TextColumn("{task.fields[note]}", style="dim"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task(verb, total=1.0, note="")
        yield lambda part, psnr: progress.update(task, completed=part, note=f"{psnr:.2f} dB")


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, allow_nan=False))


def print_warnings(warnings: list[str]) -> None:
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def frames_text(count: int) -> str:
    """1 frame; 2 frames."""
    return f"{count} frame{'' if count == 1 else 's'}"


def size_text(size: float) -> str:
    """Bytes as a person reads them: 12,345 bytes; 1.23 MB."""
    if size < 100_000:
        return f"{size:,.0f} bytes"
    if size < 1e6:
        return f"{size / 1e3:.0f} kB"
    return f"{size / 1e6:.3g} MB" if size < 1e9 else f"{size / 1e9:.3g} GB"


def quality_text(metric: str, measured: Mapping[str, Any]) -> str:
    """`score` and `score_p5` of something that was measured: ssimulacra2 80.12 (5th percentile 77.60)."""
    score, fifth = measured["score"], measured["score_p5"]
    if metric == GREATEST_ERROR:
        return f"greatest error {score:g}" if score else "lossless"
    return f"{metric} {score_text(metric, score)} (5th percentile {score_text(metric, fifth)})"


def score_text(metric: str, score: float) -> str:
    return f"{score:.4f}" if metric in ("ssim", "ms_ssim") else f"{score:.2f}"


def finite(value: float | None) -> float | None:
    """The value, or None where JSON has no number for it (infinite decibels: no error at all)."""
    return value if value is not None and abs(value) != float("inf") else None
