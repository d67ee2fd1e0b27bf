"""aicodec-native demo"""

from __future__ import annotations

import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich import box
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.output import finite, frame_bar, json_option, print_json, size_text
from aicodec_native.compare.clip import load_clip
from aicodec_native.compare.coding import Measures, PeerRun, code_ours
from aicodec_native.compare.curve import Curve, grow
from aicodec_native.compare.peers import svtav1, x265
from aicodec_native.compare.point import Point
from aicodec_native.decoder import verify
from aicodec_native.video.settings import SVT_PRESETS

# In points: the search for a peer's quantiser ends with a file above the score and one below, no further apart.
_GAP = 0.4


class Compared(NamedTuple):
    """A line of the table."""

    codec: str
    setting: str
    point: Point


@click.command("demo")
@click.argument("path", required=False)
@click.option("-q", "--quality", type=float, default=80.0, show_default=True, help="The SSIMULACRA2 score to reach.")
@click.option("-p", "--preset", type=click.Choice(list(SVT_PRESETS)), default="medium", show_default=True)
@click.option(
    "--duration", type=click.FloatRange(0, min_open=True), default=10.0, help="Use this many seconds of PATH."
)
@click.option("--every", type=click.IntRange(min=1), default=4, show_default=True, help="Measure every N-th frame.")
@json_option
def command(path: str | None, quality: float, preset: str, duration: float, every: int, as_json: bool) -> int:
    """Encode a clip, decode and verify it, and compare it with x265 and SVT-AV1.

    The clip is PATH, or a recorded terminal session that comes with the package. The others are run here and now, at
    the quality that the .aic file reached, measured on the same frames by the same code.
    """
    with (
        as_file(files("aicodec_native") / "data" / "demo.mkv") as shipped,
        tempfile.TemporaryDirectory() as folder,
    ):
        rows, verified = _run(Path(path) if path else shipped, quality, preset, duration, every, Path(folder))
    if as_json:
        print_json({"verified": verified, "rows": [_row(row) for row in rows]})
    else:
        _print(rows, verified, every)
    return 0 if verified else 1


def _run(
    path: Path, quality: float, preset: str, duration: float, every: int, folder: Path
) -> tuple[list[Compared], bool]:
    clip = load_clip(path, duration=duration)
    measures = Measures(("ssimulacra2", "psnr"), every)
    with frame_bar("encoding .aic", len(clip.frames)) as bar:
        ours = code_ours(
            clip, quality, preset, folder / "demo.aic", measures, lambda done, note: bar.update(done, note=note)
        )
    rows = [Compared(".aic", preset, ours)]
    verified = verify(folder / "demo.aic").ok
    for peer in (x265("medium"), svtav1(SVT_PRESETS[preset])):
        curve = Curve(peer.title)
        with frame_bar(f"running {peer.title}", None):
            run = PeerRun(peer, clip, folder, measures)
            grow(curve, peer.scale, [ours.scores["ssimulacra2"]], run.at, gap=_GAP)
        point = curve.smallest(ours.scores["ssimulacra2"])
        reached = point is not None
        point = point or curve.best()
        point.reached = reached
        rows.append(Compared(peer.title, point.setting, point))
    return rows, verified


def _row(row: Compared) -> dict[str, Any]:
    return {
        "codec": row.codec,
        "setting": row.setting,
        "bytes": row.point.bytes,
        "ssimulacra2": finite(row.point.scores["ssimulacra2"]),
        "ssimulacra2_p5": finite(row.point.scores["ssimulacra2_p5"]),
        "psnr_rgb": finite(row.point.scores["psnr"]),
        "encode_seconds": row.point.encode_seconds,
        "decode_seconds": row.point.decode_seconds,
        "reached": row.point.reached,
    }


def _print(rows: list[Compared], verified: bool, every: int) -> None:
    ours = rows[0].point
    frames = f"{len(ours.per_frame)} frames measured" + (f", every {every}th" if every > 1 else "")
    table = Table(title=f"equal SSIMULACRA2 ({frames})", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("codec", no_wrap=True)
    for heading in ("bytes", "against .aic", "score", "PSNR (dB)", "encode (s)", "decode (s)"):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True, min_width=8)
    for row in rows:
        point = row.point
        table.add_row(
            f"{row.codec} {row.setting}",
            f"{point.bytes:,}",
            "" if point is ours else f"{point.bytes / ours.bytes - 1:+.1%}",
            f"{point.scores['ssimulacra2']:.2f}",
            f"{point.scores['psnr']:.2f}",
            f"{point.encode_seconds:.1f}",
            f"{point.decode_seconds:.2f}",
        )
    Console().print(table)
    for row in rows:
        if not row.point.reached:
            click.echo(f"{row.codec} could not reach the asked quality everywhere: 4:2:0 blurs coloured text.")
    click.echo(
        "The encode time of .aic covers its whole search for the quality; the others' is one run at the right CRF.\n"
        + (f"Decoded and verified: {size_text(ours.bytes)}." if verified else "NOT VERIFIED: the file is damaged.")
    )
