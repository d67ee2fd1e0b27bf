"""aicodec-native evolve"""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from typing import Any

import click

from aicodec_native.cli.goals import QUALITY, TARGET
from aicodec_native.cli.output import json_option, print_json, print_warnings, size_text, status_line
from aicodec_native.errors import OptionError
from aicodec_native.loop.evolve import DEFAULT_PATIENCE, evolve, proposer_of
from aicodec_native.loop.job import EvolveProgress, EvolveResult
from aicodec_native.quality import METRICS
from aicodec_native.video.settings import SVT_PRESETS

_REASONS = {
    "target": "small enough",
    "minutes": "the time is over",
    "usd": "the money is spent",
    "rounds": "all rounds are done",
    "patience": "nothing got better for a while",
    "exhausted": "there are no more proposals",
}


@click.command("evolve")
@click.argument("source", metavar="INPUT")
@click.argument("output", metavar="OUTPUT.aic")
@click.option("-q", "--quality", type=QUALITY, show_default="80", help="As for encode: what every segment must reach.")
@click.option("--target", type=TARGET, help=f"Another metric to reach instead: {', '.join(METRICS)}.")
@click.option("-p", "--preset", type=click.Choice(list(SVT_PRESETS)), default="medium", show_default=True)
@click.option(
    "--proposer",
    default="search",
    show_default=True,
    metavar="search|claude|replay:FILE.jsonl",
    help="Who proposes: search works offline, claude asks a model (its key in ANTHROPIC_API_KEY), replay reads a file.",
)
@click.option("--model", help="Of claude [default: the first in the table of prices].")
@click.option("--proposer-cmd", metavar="CMD", help="A program that proposes: JSON on its standard input and output.")
@click.option("--seed", type=int, default=0, show_default=True, help="Decides what search tries.")
@click.option("--max-minutes", type=click.FloatRange(min=0, min_open=True), help="End after this time.")
@click.option("--max-rounds", type=click.IntRange(min=1), help="End after so many rounds.")
@click.option("--max-usd", type=click.FloatRange(min=0, min_open=True), help="End before a model costs more.")
@click.option(
    "--patience",
    type=click.IntRange(min=1),
    default=DEFAULT_PATIENCE,
    show_default=True,
    help="End after so many rounds without an improvement.",
)
@click.option("--stop-at", type=click.IntRange(min=1), metavar="BYTES", help="End when the file is as small as this.")
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Candidates at once [default: one per core].")
@click.option(
    "--candidate-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=300.0,
    show_default=True,
    help="A candidate that takes longer is killed.",
)
@click.option(
    "--candidate-memory", type=click.FloatRange(min=0.25), metavar="GIB", help="One that needs more memory fails."
)
@click.option("--compare/--no-compare", default=True, help="Measure x265 and SVT-AV1 too, for the ledger's ratios.")
@click.option("--ledger", metavar="PATH", help="Where experiments are written down [default: OUTPUT.aic.ledger].")
@click.option("--prices", metavar="FILE.json", help="Prices of models, in place of those that come with the package.")
@click.option("--start", type=click.FloatRange(min=0), help="Begin this many seconds into the input.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="Encode this many seconds.")
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), help="Frame rate of an image sequence.")
@click.option("--segment-seconds", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True)
@click.option("--dry-run", is_flag=True, help="Encode, then print what claude would be asked and what that may cost.")
@click.option("--resume", is_flag=True, help="Go on with a run that was killed.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace an existing output.")
@json_option
def command(
    source: str,
    output: str,
    proposer: str,
    model: str | None,
    proposer_cmd: str | None,
    prices: str | None,
    candidate_memory: float | None,
    dry_run: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Encode a video, then make the file smaller by experiments, at the same quality.

    Round by round a proposer suggests how to code each segment; every suggestion is coded, decoded by the real decoder,
    measured, and kept only if it is smaller at the asked quality. Everything is written down in a ledger.
    """
    if proposer_cmd is not None:
        proposer = f"command:{proposer_cmd}"
    chosen = proposer_of(proposer, model=model, prices=prices, rehearsal=dry_run)
    if dry_run:
        _rehearse(source, chosen, options)
        return
    memory = None if candidate_memory is None else int(candidate_memory * (1 << 30))
    with status_line("encoding") as show:

        def told(progress: EvolveProgress) -> None:
            saved = ""
            if progress.first_bytes:
                share = 100 * progress.best_bytes / progress.first_bytes
                saved = f"{progress.experiments} experiments, {size_text(progress.best_bytes)} ({share:.1f}%)  "
            show(f"{progress.seconds:.0f} s  {saved}{progress.note}")

        result = evolve(
            source,
            output,
            proposer=chosen,
            candidate_memory=memory,
            progress=told,
            **options,
        )
    print_warnings(result.warnings)
    if as_json:
        print_json(asdict(result))
    else:
        click.echo(_summary(result))


def _rehearse(source: str, proposer: Any, options: dict[str, Any]) -> None:
    """A run that asks nobody and leaves nothing behind."""
    from aicodec_native.loop.claude import Claude, DryRun

    if not isinstance(proposer, Claude):
        raise OptionError("--dry-run is for --proposer claude")

    def show(request: dict[str, Any], tokens: float, usd: float) -> None:
        for block in [*request["system"], *request["messages"][0]["content"]]:
            click.echo(block["text"] if block["type"] == "text" else f"[picture, {block['source']['media_type']}]")
        click.echo(f"tools: {', '.join(tool['name'] for tool in request['tools'])}")
        click.echo(
            f"{request['model']}: about {tokens:,.0f} tokens; with the longest answer at most {usd:.3f} USD a request"
        )

    with tempfile.TemporaryDirectory(prefix="aicodec-rehearsal-") as folder:
        kept = {**options, "ledger": None, "resume": False, "compare": False}
        evolve(source, f"{folder}/out.aic", proposer=DryRun(proposer, show), **kept)


def _summary(result: EvolveResult) -> str:
    size = (
        f"{result.path}: {size_text(result.bytes)}, {100 * result.bytes / result.first_bytes:.1f}% of what encode made"
    )
    tried = f"{result.experiments} experiments, {result.improvements} improvements"
    cost = f", {result.usd:.2f} USD" if result.usd else ""
    return f"{size}\n{tried} in {result.seconds:.0f} s{cost}; {_REASONS[result.reason]}\nledger: {result.ledger}"
