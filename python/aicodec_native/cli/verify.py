"""aicodec-native verify"""

from __future__ import annotations

from dataclasses import asdict

import click

from aicodec_native.cli.output import frame_bar, frames_text, json_option, print_json
from aicodec_native.decoder import verify
from aicodec_native.reader import Reader


@click.command("verify")
@click.argument("path", metavar="FILE.aic")
@json_option
def command(path: str, as_json: bool) -> int:
    """Check that a file decodes to what was encoded: exit code 0 if so, 1 if not.

    Every checksum is tested, every frame is decoded, and each segment's frames are compared with the hash that the
    encoder stored.
    """
    with Reader(path) as reader:
        total = len(reader)
    with frame_bar("verifying", total) as bar:
        report = verify(path, progress=bar.update)
    if as_json:
        print_json(asdict(report) | {"path": path, "ok": report.ok})
    else:
        for problem in report.problems:
            click.echo(f"{path}: {problem}", err=True)
        note = f" ({report.undigested} segments carry no hash)" if report.undigested else ""
        count = len(report.problems)
        segments = "segment" if report.segments == 1 else "segments"
        state = "ok" if report.ok else f"damaged: {count} problem{'s' if count > 1 else ''}"
        click.echo(f"{path}: {state}, {frames_text(report.frames)} in {report.segments} {segments}{note}")
    return 0 if report.ok else 1
