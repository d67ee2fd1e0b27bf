"""aicodec-native decode"""

from __future__ import annotations

from dataclasses import asdict

import click

from aicodec_native.cli.output import frame_bar, frames_text, json_option, print_json, print_warnings
from aicodec_native.decoder import decode
from aicodec_native.reader import Reader


@click.command("decode")
@click.argument("path", metavar="INPUT.aic")
@click.argument("output", metavar="OUTPUT")
@click.option("--codec", help="An encoder of FFmpeg's instead of the container's usual one.")
@click.option("--crf", type=float, help="That encoder's quality.")
@click.option("--option", "pairs", multiple=True, metavar="KEY=VALUE", help="More options for that encoder.")
@click.option("--container", help="A container other than the one that OUTPUT's ending says.")
@click.option("-y", "--overwrite", is_flag=True, help="Replace an existing output.")
@json_option
def command(
    path: str,
    output: str,
    codec: str | None,
    crf: float | None,
    pairs: tuple[str, ...],
    container: str | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Decode into another file.

    OUTPUT's ending chooses the container: .mkv (exact, FFV1), .y4m (exact), .mp4 (H.264), .webm (VP9), .gif,
    frames/%05d.png or frames/ (exact images), or - for y4m on standard output.
    """
    if as_json and output == "-":
        raise click.UsageError("--json and frames cannot both go to standard output")
    for pair in pairs:
        if "=" not in pair:
            raise click.BadParameter(f"{pair!r} is not KEY=VALUE", param_hint="--option")
    options = dict(pair.partition("=")[::2] for pair in pairs)
    with Reader(path) as reader:
        total, recovered = len(reader), reader.recovered
    if recovered:
        click.echo(f"warning: {path} was cut off; decoding its {total} complete frames", err=True)
    with frame_bar("decoding", total) as bar:
        result = decode(
            path,
            output,
            codec=codec,
            crf=crf,
            options=options or None,
            container=container,
            overwrite=overwrite,
            progress=bar.update,
        )
    print_warnings(result.warnings)
    if as_json:
        print_json(asdict(result) | {"output": output})
    elif output != "-":
        click.echo(f"{output}: {frames_text(result.frames)}")
