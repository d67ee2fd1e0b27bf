"""aicodec-native compare"""

from __future__ import annotations

import os
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import click
from rich import box
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.output import FrameBar, frame_bar, json_option, print_json
from aicodec_native.compare.clip import load_clip
from aicodec_native.compare.coding import Measures
from aicodec_native.compare.comparison import Comparison, compare
from aicodec_native.compare.curve import bd_rate
from aicodec_native.compare.peers import PEERS, peers_of
from aicodec_native.compare.point import METRICS
from aicodec_native.compare.report import write_report
from aicodec_native.errors import OptionError, OutputError
from aicodec_native.video.settings import SVT_PRESETS


@click.command("compare")
@click.argument("path", metavar="IN")
@click.option(
    "--peers", default="x265,svtav1", show_default=True, help=f"With commas, out of {', '.join(PEERS)}; or 'none'."
)
@click.option(
    "--metric",
    "metrics",
    default="ssimulacra2,xpsnr,psnr",
    show_default=True,
    help=f"With commas, out of {', '.join(METRICS)}.",
)
@click.option(
    "-q", "--quality", "qualities", default="60,70,80,90", show_default=True, help="SSIMULACRA2 scores to compare at."
)
@click.option("-p", "--preset", type=click.Choice(list(SVT_PRESETS)), default="medium", show_default=True)
@click.option("--start", type=click.FloatRange(min=0), help="Begin this many seconds into the input.")
@click.option(
    "--duration", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, help="Seconds of the input."
)
@click.option("--html", "page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page to look at, too.")
@json_option
def command(
    path: str,
    peers: str,
    metrics: str,
    qualities: str,
    preset: str,
    start: float | None,
    duration: float,
    page: Path | None,
    as_json: bool,
) -> None:
    """Rate-distortion curves of .aic and other codecs on a clip of yours.

    Every codec writes files at several qualities, which are decoded and measured by the same code. BD-rates, and so all
    peers, need the extra 'peers' (pip install 'aicodec-native[peers]'); --peers none measures .aic alone without.
    """
    others = [] if peers.strip() == "none" else peers_of(_listed(peers))
    measures = Measures(_listed(metrics))
    scores = sorted({_score(text) for text in _listed(qualities)})
    # Before hours of work, not after.
    if page is not None and not page.parent.is_dir():
        raise OutputError(f"{page}: the folder {page.parent} does not exist")
    if page is not None and not os.access(page.parent, os.W_OK):
        raise OutputError(f"{page}: the folder {page.parent} cannot be written to")
    shown = min(scores, key=lambda score: abs(score - 80))
    clip = load_clip(Path(path), start, duration)
    if others:
        _need_bd_rates()
    with tempfile.TemporaryDirectory(prefix="aicodec-compare-") as folder:
        found = compare(clip, others, measures, scores, preset, Path(folder), _announce)
        if page is not None:
            write_report(found, shown, page)
    if as_json:
        print_json(found.as_json())
    else:
        _print(found, shown)
        if page is not None:
            click.echo(f"{page}: plots, and frames side by side")


def _announce(name: str, total: int | None) -> AbstractContextManager[FrameBar]:
    return frame_bar(name, total)


def _need_bd_rates() -> None:
    try:
        import bjontegaard  # noqa: F401
    except ImportError:
        raise OptionError(
            "BD-rates against peers need the package bjontegaard: pip install 'aicodec-native[peers]'; or --peers none"
        ) from None


def _listed(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise OptionError("a list with commas is empty")
    return names


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        raise OptionError(f"{text!r} is no SSIMULACRA2 score") from None
    if not 0 < score < 100:
        raise OptionError("SSIMULACRA2 scores to compare at lie between 0 and 100")
    return score


def _print(found: Comparison, shown: float) -> None:
    """Bytes at each quality; then BD-rates, and the times of the file nearest to `shown`."""
    sizes = _table([f"{score:.4g}" for score in found.levels.values()])
    titles = [f"BD-rate\n{METRICS[metric].split(' (')[0]}" for metric in found.metrics]
    rates = _table([*titles, "encode\n(s)", "decode\n(s)"])
    ours = found.contestants[0]
    for one in found.contestants:
        found_sizes = [found.bytes_at(one, asked) for asked in found.levels]
        sizes.add_row(one.curve.name, *("–" if size is None else f"{size:,.0f}" for size in found_sizes))
        near = min(one.curve.points, key=lambda point: abs(point.scores["ssimulacra2"] - shown))
        rates.add_row(
            one.curve.name,
            *("" if one is ours else _percent(bd_rate(one.curve, ours.curve, metric)) for metric in found.metrics),
            f"{near.encode_seconds:.1f}",
            f"{near.decode_seconds:.2f}",
        )
    console = Console()
    click.echo(f"{found.clip.path.name}: bytes at equal SSIMULACRA2")
    console.print(sizes)
    console.print(rates)
    click.echo(
        "BD-rate: bytes of .aic against the peer's at equal quality; below zero .aic is smaller. –: out of reach,\n"
        f"or too little to compare. Times are those of the file nearest to {shown:g}."
    )


def _table(headings: list[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("codec", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:+.1f}%"
