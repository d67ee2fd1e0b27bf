"""aicodec-native encode"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.goals import QUALITY, SIZE, TARGET
from aicodec_native.cli.output import (
    frame_bar,
    frames_text,
    json_option,
    print_json,
    print_warnings,
    quality_text,
    size_text,
)
from aicodec_native.encode_result import EncodeResult, Progress
from aicodec_native.encoder import encode
from aicodec_native.quality import METRICS
from aicodec_native.tried_note import winner_of
from aicodec_native.video.settings import SVT_PRESETS


@click.command("encode")
@click.argument("source", metavar="INPUT")
@click.argument("output", metavar="OUTPUT.aic")
@click.option(
    "-q",
    "--quality",
    type=QUALITY,
    show_default="80",
    help="The SSIMULACRA2 score to reach: 90 is visually lossless, 80 very high, 60 medium. Or lossless; or lossless~N:"
    " every sample within N of the source (1 to 64).",
)
@click.option("--target", type=TARGET, help=f"Another metric to reach instead: {', '.join(METRICS)}.")
@click.option("--crf", type=float, help="A fixed quantiser instead, 1 to 63 in steps of 0.25: no search.")
@click.option("--max-size", type=SIZE, help="The most bytes, such as 10M: the quality is lowered until they suffice.")
@click.option("--max-bitrate", type=click.FloatRange(min=0, min_open=True), help="The same in kbit/s.")
@click.option("-p", "--preset", type=click.Choice(list(SVT_PRESETS)), default="medium", show_default=True)
@click.option(
    "--decode-rate",
    type=click.FloatRange(min=0),
    metavar="FPS",
    show_default="30; with slow 0",
    help="What would decode slower than that at 1920x1080 on two cores is set aside; 0: the fewest bytes alone.",
)
@click.option("--workers", type=click.IntRange(min=0), default=0, help="Worker processes [default: one per core].")
@click.option("--cluster", metavar="ADDRESS", help="Code segments on a Dask cluster: its scheduler, tcp://host:8786.")
@click.option("--start", type=click.FloatRange(min=0), help="Begin this many seconds into the input.")
@click.option("--duration", type=click.FloatRange(min=0, min_open=True), help="Encode this many seconds.")
@click.option("--fps", type=click.FloatRange(min=0, min_open=True), help="Frame rate of an image sequence.")
@click.option(
    "--segment-seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="The longest distance between seek points, at the nominal frame rate.",
)
@click.option("--explain", is_flag=True, help="Say what was tried for each segment, and why the winner won.")
@click.option("--digests/--no-digests", default=True, help="Store a hash of each segment's frames, for verify.")
@click.option(
    "--notes/--no-notes",
    default=None,
    help="Store what was tried, for info --layers, unless it would exceed a bound."
    "  [default: where it takes at most a thousandth of the file and there is no bound]",
)
@click.option("--resume", is_flag=True, help="Go on where an interrupted encode stopped.")
@click.option(
    "-y", "--overwrite", is_flag=True, help="Replace an existing output, and what an interrupted encode left."
)
@json_option
def command(source: str, output: str, explain: bool, as_json: bool, **options: Any) -> None:
    """Encode a video.

    INPUT is anything that FFmpeg opens, an image pattern such as frames/%04d.png, or - for standard input.
    """
    with frame_bar("encoding", None) as bar:

        def told(progress: Progress) -> None:
            bar.update(progress.frames_coded, progress.frames_total or progress.frames_read, progress.note)

        result = encode(source, output, progress=told, **options)
    print_warnings(result.warnings)
    if not result.reached:
        click.echo(
            f"warning: {_shortfall(result)} could not reach {result.metric} {result.target:g}; the best is kept",
            err=True,
        )
    if as_json:
        print_json(asdict(result))
    else:
        if explain:
            _explain(result)
        click.echo(_summary(result))


def _explain(result: EncodeResult) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a pipe has no width of its own
    for number, segment in enumerate(result.segments):
        title = f"segment {number + 1}: {frames_text(segment['frames'])}, {quality_text(result.metric, segment)}"
        table = Table(box=None, title=title, title_justify="left")
        for heading in ("stack", "setting", "bytes", "by layer", result.metric, "seconds", ""):
            table.add_column(heading, justify="left" if heading in ("stack", "setting", "") else "right")
        winner = winner_of(segment)
        for tried in segment.get("tried", []):
            verdict = f"kept: {_reason(segment)}" if tried is winner else _fault(tried)
            layers = tried.get("layer_bytes", [])
            parts = " + ".join(f"{size:,}" for size in layers) if len(layers) > 1 else ""
            cells = (tried["stack"], tried["setting"], f"{tried['bytes']:,}", parts, f"{tried['score']:.2f}")
            table.add_row(*cells, f"{tried['seconds']:.1f}", verdict)
        console.print(table)
        if expected := segment.get("video_expected"):
            console.print(f" video alone would have taken {expected:,} bytes or more by a rough look: not tried")
        if rate := segment.get("screen_too_slow"):
            said = f"an exact screen layer would decode at about {rate:.0f} frames/s at 1920x1080"
            console.print(f" {said}, coarser ones too slowly, too: given up")


def _reason(segment: dict[str, Any]) -> str:
    """Why the winner won."""
    if segment.get("by_choice"):
        return "for the mean of the file"
    winner = winner_of(segment)
    if winner is None or not winner["reached"]:
        return "the best there is"
    in_time = any(
        tried.get("is_slow") and tried["reached"] and tried["bytes"] < winner["bytes"] for tried in segment["tried"]
    )
    return "the smallest that decodes in time" if in_time else "the smallest that reaches it"


def _fault(tried: dict[str, Any]) -> str:
    if not tried["reached"]:
        return "misses the target"
    if not tried.get("is_slow"):
        return ""
    return f"too slow: decodes at about {tried['decode_rate']:.0f} frames/s at 1920x1080"


def _shortfall(result: EncodeResult) -> str:
    short = sum(not (segment["reached"] or segment.get("by_choice")) for segment in result.segments)
    return f"{short} of {len(result.segments)} segments"


def _summary(result: EncodeResult) -> str:
    ratio = ""
    if result.input_bytes:
        ratio = f" ({100 * result.bytes / result.input_bytes:.3g}% of the input)"
    rate = result.bytes * 8 / 1000 / result.duration if result.duration else 0
    size = f"{result.path}: {size_text(result.bytes)}{ratio}, {rate:,.0f} kbit/s"
    work = f"{frames_text(result.frames)} in {result.elapsed:.1f} s"
    return f"{size}, {quality_text(result.metric, asdict(result))}, {work}"
