"""aicodec-native metrics"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.output import finite, frame_bar, json_option, print_json, print_warnings
from aicodec_native.compare.pairs import PairedVideos
from aicodec_native.errors import OptionError
from aicodec_native.quality import METRICS, Quality, measure


@click.command("metrics")
@click.argument("reference", metavar="REF")
@click.argument("distorted", metavar="DIST")
@click.option(
    "--metrics",
    "names",
    help=f"Which ones, with commas. [default: {','.join(METRICS)}; with --every without xpsnr]",
)
@click.option("--every", type=click.IntRange(min=1), default=1, help="Measure every N-th frame only.")
@click.option("--threads", type=click.IntRange(min=0), default=0, help="Threads [default: one per core].")
@click.option("--frames", "per_frame", is_flag=True, help="With --json: the figures of every frame, too.")
@json_option
def command(
    reference: str, distorted: str, names: str | None, every: int, threads: int, per_frame: bool, as_json: bool
) -> None:
    """Measure how close DIST is to REF, frame by frame.

    Both are .aic files or anything that FFmpeg opens. Pictures of different formats are compared as RGB.
    """
    if names is None:
        chosen = [name for name in METRICS if every == 1 or name != "xpsnr"]
    else:
        chosen = [name.strip() for name in names.split(",") if name.strip()]
    if not chosen:
        raise OptionError(f"--metrics names none; known are {', '.join(METRICS)}")
    if every > 1 and "xpsnr" in chosen:
        raise OptionError("xpsnr needs every frame: leave it out (--metrics) or drop --every")
    with (
        PairedVideos(reference, distorted, every) as videos,
        frame_bar("measuring", videos.count_hint) as bar,
    ):
        quality = measure(
            videos.pairs(lambda done: bar.update(done)),
            colour=videos.colour,
            frame_rate=videos.frame_rate,
            metrics=chosen,
            threads=threads,
        )
    print_warnings(videos.warnings)
    if as_json:
        print_json(_json(quality, per_frame))
    else:
        _print(quality, videos.plane_names)


def _json(quality: Quality, per_frame: bool) -> dict[str, Any]:
    content = asdict(quality)
    frames = content.pop("per_frame")
    for key, value in content.items():
        if isinstance(value, tuple):
            content[key] = [finite(part) for part in value]
        elif isinstance(value, float):
            content[key] = finite(value)
    if per_frame:
        content["per_frame"] = {
            name: [[finite(v) for v in row] if values.ndim > 1 else finite(row) for row in values.tolist()]
            for name, values in frames.items()
        }
    return content


def _print(quality: Quality, planes: str) -> None:
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_column(style="dim")

    def by_plane(values: tuple[float, float, float], form: str) -> str:
        return "  ".join(f"{name} {value:{form}}" for name, value in zip(planes.split(), values, strict=True))

    table.add_row("frames", str(quality.frames), "")
    if quality.ssimulacra2 is not None:
        table.add_row("SSIMULACRA2", f"{quality.ssimulacra2:.3f}", f"5th percentile {quality.ssimulacra2_p5:.3f}")
    if quality.psnr is not None:
        table.add_row("PSNR (dB)", by_plane(quality.psnr, ".3f"), "")
        table.add_row("  RGB", f"{quality.psnr_rgb:.3f}", f"worst frame {quality.psnr_worst:.3f}")
    if quality.ssim is not None:
        table.add_row("SSIM", by_plane(quality.ssim, ".5f"), f"all {quality.ssim_all:.5f}")
    if quality.ms_ssim is not None:
        table.add_row("MS-SSIM", f"{quality.ms_ssim:.5f}", "luma")
    if quality.xpsnr is not None:
        table.add_row("XPSNR (dB)", by_plane(quality.xpsnr, ".3f"), "")
    Console().print(table)
