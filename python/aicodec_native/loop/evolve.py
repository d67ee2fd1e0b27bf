"""The loop's public function."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

from aicodec_native.encode_options import check_numbers, goal_of
from aicodec_native.errors import InputError, OptionError, OutputError
from aicodec_native.loop.budget import Budget
from aicodec_native.loop.evolution import Evolution
from aicodec_native.loop.job import EvolveProgress, EvolveResult, Job, default_memory
from aicodec_native.loop.ledger import Ledger
from aicodec_native.loop.proposals import Proposer
from aicodec_native.loop.sandbox import Limits
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.media import Source
from aicodec_native.segmenter import MAX_SECONDS
from aicodec_native.video.settings import SVT_PRESETS

DEFAULT_PATIENCE = 8


def evolve(
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    quality: float | str | None = None,
    target: tuple[str, float] | None = None,
    preset: str = "medium",
    proposer: str | Proposer = "search",
    seed: int = 0,
    max_minutes: float | None = None,
    max_rounds: int | None = None,
    max_usd: float | None = None,
    patience: int | None = DEFAULT_PATIENCE,
    stop_at: int | None = None,
    workers: int = 0,
    candidate_seconds: float = 300.0,
    candidate_memory: int | None = None,
    compare: bool = True,
    ledger: str | os.PathLike[str] | None = None,
    start: float | None = None,
    duration: float | None = None,
    fps: float | None = None,
    segment_seconds: float = MAX_SECONDS,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[EvolveProgress], None] | None = None,
) -> EvolveResult:
    """Encode a video, then make the file smaller by experiments, at the same quality.

    `source` is a file or an image pattern; `quality`, `target`, `preset`, `start`, `duration`, `fps` and
    `segment_seconds` are as for `encode`, which makes the first candidate. `proposer`: "search", "replay:FILE",
    "command:COMMAND", "claude:MODEL", or an object as in loop/proposals.py. `seed` decides what a search tries.

    The run ends after `max_minutes`, after `max_rounds` or `patience` rounds without an improvement on every segment,
    when a model has cost `max_usd`, when the file has at most `stop_at` bytes, or when the proposer has no more ideas.
    Each candidate may take `candidate_seconds` and `candidate_memory` bytes (None: a fair share of the machine's);
    `workers` (0: one per core) run at once. `compare` measures x265 and SVT-AV1 for the ledger's ratios.

    Every experiment goes into the `ledger` (default: path + ".ledger"). `resume` goes on with a run that was killed.

    Raises InputError, OutputError, OptionError, EncodeError.
    """
    goal = goal_of(quality, target, None)
    if preset not in SVT_PRESETS:
        raise OptionError(f"unknown preset {preset!r}: choose one of {', '.join(SVT_PRESETS)}")
    check_numbers(workers=workers, start=start, duration=duration, segment_seconds=segment_seconds)
    for name, value in (("max_minutes", max_minutes), ("max_usd", max_usd), ("candidate_seconds", candidate_seconds)):
        if value is not None and not 0 < value < math.inf:
            raise OptionError(f"{name} must be above 0, not {value:g}")
    for name, count in (("max_rounds", max_rounds), ("patience", patience), ("stop_at", stop_at)):
        if count is not None and count < 1:
            raise OptionError(f"{name} is 1 or more")
    name = os.fspath(source)
    output = _output(path, name, overwrite)
    count = workers or os.cpu_count() or 1
    job = Job(
        source=name,
        output=output,
        goal=goal,
        quality=quality,
        target=target,
        preset=preset,
        fps=fps,
        start=start,
        duration=duration,
        segment_seconds=segment_seconds,
        seed=seed,
        budget=Budget(max_minutes, max_usd, max_rounds, patience),
        stop_at=stop_at,
        workers=count,
        limits=Limits(candidate_seconds, candidate_memory or default_memory(count)),
        compare=compare,
    )
    chosen = proposer_of(proposer) if isinstance(proposer, str) else proposer
    book_path = Path(ledger if ledger is not None else f"{os.fspath(path)}.ledger")
    if resume and not book_path.exists():
        raise OptionError(f"{book_path}: does not exist: no interrupted run to go on with; start one without --resume")
    # Before a ledger is made that nobody would want.
    Source(name, start=start, duration=duration, fps=fps, exact=goal.metric == GREATEST_ERROR).close()
    with Ledger(book_path) as book:
        return Evolution(job, book, chosen, progress or (lambda told: None)).run(resume=resume)


def proposer_of(text: str, *, model: str | None = None, prices: str | None = None, rehearsal: bool = False) -> Proposer:
    """The proposer that is meant: "search", "replay:FILE", "command:COMMAND", "claude" or "claude:MODEL"; `prices` is a
    file with those of models. In a `rehearsal` claude asks nobody. Raises OptionError.
    """
    kind, _, rest = text.partition(":")
    if kind == "claude":
        from aicodec_native.loop.claude import Claude

        return Claude(rest or model, prices, rehearsal=rehearsal)
    if model is not None or prices is not None:
        raise OptionError("a model and its prices are for claude")
    if text == "search":
        from aicodec_native.loop.search import Search

        return Search()
    if kind == "replay":
        from aicodec_native.loop.replay import Replay

        return Replay(rest)
    if kind == "command":
        from aicodec_native.loop.command import Command

        return Command(rest)
    raise OptionError(f"no proposer {text!r}: choose search, claude, replay:FILE or command:COMMAND")


def _output(path: str | os.PathLike[str], source: str, overwrite: bool) -> Path:
    output = Path(path).absolute()
    if source == "-":
        raise InputError("a run reads its source more than once: name a file in place of -")
    if not output.parent.is_dir():
        raise OutputError(f"{path}: the folder {output.parent} does not exist")
    if output.is_dir():
        raise OutputError(f"{path}: is a folder; name a file")
    if output.exists() and Path(source).exists() and output.samefile(source):
        raise OutputError(f"{path}: is the input; name another output")
    if output.exists() and not overwrite:
        raise OutputError(f"{path}: exists already; use --overwrite to replace it")
    return output
