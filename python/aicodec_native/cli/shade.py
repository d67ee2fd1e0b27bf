"""aicodec-native shade"""

from __future__ import annotations

import json
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from aicodec_native.authoring import shade
from aicodec_native.cli.output import frames_text, json_option, print_json, size_text
from aicodec_native.errors import InputError


class _Size(click.ParamType[Any]):
    name = "WIDTHxHEIGHT"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        width, _, height = value.lower().partition("x")
        if not (width.isdigit() and height.isdigit()):
            self.fail(f"{value!r} is not a size, such as 1920x1080", param, ctx)
        return int(width), int(height)


class _Rate(click.ParamType[Any]):
    name = "N|N/D"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return Fraction(value)
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no rate, such as 30 or 30000/1001", param, ctx)


@click.command("shade")
@click.argument("source", metavar="PROGRAM.py")
@click.option("-o", "--output", required=True, metavar="OUTPUT.aic")
@click.option("--size", type=_Size(), required=True, help="Of the picture, such as 1920x1080.")
@click.option("--fps", type=_Rate(), default="30", show_default=True)
@click.option(
    "--duration", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="In seconds."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10"]),
    default="rgb24",
    show_default=True,
)
@click.option("--track", metavar="FILE.json", help="A list of records, one for each frame: param(0), param(1), ...")
@click.option("--digests/--no-digests", default=True, help="Store a hash of the frames, for verify.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace an existing output.")
@json_option
def command(
    source: str,
    output: str,
    size: tuple[int, int],
    fps: Fraction,
    duration: float,
    format_name: str,
    track: str | None,
    digests: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make a file from a shader program alone.

    PROGRAM.py holds a function color(x, y, t) in the language of docs/shader.md; it is read, never run.
    """
    try:
        text = Path(source).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{source}: is no text") from None
    table = None
    if track is not None:
        try:
            table = json.loads(Path(track).read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{track}: is not JSON: {error}") from None
    result = shade(
        text, output, size=size, fps=fps, duration=duration, format=format_name, track=table, digest=digests,
        overwrite=overwrite,
    )  # fmt: skip
    if as_json:
        print_json(asdict(result))
    else:
        parts = f"program {result.program_bytes}, track {result.track_bytes}"
        click.echo(f"{result.path}: {size_text(result.bytes)} ({parts}), {frames_text(result.frames)}")
