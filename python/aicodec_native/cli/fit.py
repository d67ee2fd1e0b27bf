"""aicodec-native fit"""

from __future__ import annotations

import itertools
from pathlib import Path

import click

from aicodec_native import _native
from aicodec_native.cli.output import finite, frame_bar, json_option, part_bar, print_json, print_warnings, size_text
from aicodec_native.compare.pairs import open_video
from aicodec_native.errors import InputError, OutputError
from aicodec_native.fitting import fit


@click.command("fit")
@click.argument("program", metavar="PROGRAM.py")
@click.argument("video", metavar="VIDEO")
@click.option("-o", "--output", metavar="FITTED.py", help="Where the program goes [default: standard output].")
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=20.0, show_default=True, help="At most so long."
)
@click.option(
    "--spread",
    type=click.FloatRange(min=0, max=1, max_open=True),
    default=0.2,
    show_default=True,
    help="How far off the constants may be, as a part of their size.",
)
@click.option("--frames", type=click.IntRange(min=1), default=300, show_default=True, help="The first N frames.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the random starts and pixels.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace an existing output.")
@json_option
def command(
    program: str,
    video: str,
    output: str | None,
    seconds: float,
    spread: float,
    frames: int,
    seed: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Change the float constants of a shader program until it draws VIDEO.

    PROGRAM.py is in the language of docs/shader.md; VIDEO is an .aic file or anything that FFmpeg opens.
    """
    try:
        text = Path(program).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{program}: is no text") from None
    target = None if output is None else Path(output)
    if target is not None and target.exists() and not overwrite:
        raise OutputError(f"{target}: exists already; use --overwrite to replace it")
    pictures, fps = _pictures(video, frames)
    with part_bar("fitting") as bar:
        result = fit(text, pictures, fps=fps, seconds=seconds, spread=spread, seed=seed, progress=bar)
    if target is not None:
        part = target.with_name(target.name + ".part")
        part.write_text(result.text, encoding="utf-8")
        part.replace(target)
    if as_json:
        fields = {"psnr": finite(result.psnr), "bytes": result.bytes, "evaluations": result.evaluations}
        print_json({**fields, "elapsed": result.elapsed, "text": result.text})
        return
    if target is None:
        click.echo(result.text, nl=False)
    summary = f"{result.psnr:.2f} dB, {size_text(result.bytes)}, {result.evaluations:,} evaluations"
    click.echo(f"{summary} in {result.elapsed:.1f} s", err=target is None)


def _pictures(path: str, most: int) -> tuple[list[_native.Picture], float]:
    """The first frames as RGB, and how many come in a second."""
    source = open_video(path)
    try:
        form = "rgb30" if source.info.format in ("rgb30", "yuv420p10", "yuv444p10") else "rgb24"
        pictures = []
        with frame_bar("reading", source.frame_count_hint) as bar:
            for number, frame in enumerate(itertools.islice(source.frames(), most), 1):
                same = frame.picture.format == form
                pictures.append(frame.picture if same else frame.picture.convert(form, source.info.colour))
                bar.update(number)
        print_warnings(source.warnings)
        return pictures, float(source.info.frame_rate or 25)
    finally:
        source.close()
