"""aicodec-native demo"""

from __future__ import annotations

import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from aicodec_native.cli.output import finite, frame_bar, json_option, print_json, size_text
from aicodec_native.compare.peers import Outcome, Peer, PeerRun, measure_file, svtav1, x265
from aicodec_native.decoder import events, verify
from aicodec_native.encoder import encode
from aicodec_native.errors import InputError
from aicodec_native.media import Source, VideoFrame
from aicodec_native.reader import Reader
from aicodec_native.video_layer import SVT_PRESETS

# A demo holds the clip in memory, uncompressed.
_MOST_BYTES = 3 << 30


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
        outcomes, verified = _run(Path(path) if path else shipped, quality, preset, duration, every, Path(folder))
    if as_json:
        print_json({"verified": verified, "rows": [_row(outcome) for outcome in outcomes]})
    else:
        _print(outcomes, verified, every)
    return 0 if verified else 1


def _run(
    clip: Path, quality: float, preset: str, duration: float, every: int, folder: Path
) -> tuple[list[Outcome], bool]:
    with Source(clip, duration=duration) as source:
        info = source.info
        frame_size = info.width * info.height * 3
        video: list[VideoFrame] = []
        for frame in source.frames():
            video.append(frame)
            if len(video) * frame_size > _MOST_BYTES:
                raise InputError(f"{clip}: too large for a demo; use a shorter --duration")
    ours = _run_ours(clip, video, info, quality, preset, duration, every, folder / "demo.aic")
    verified = verify(folder / "demo.aic").ok
    peers: list[Peer] = [x265("medium"), svtav1(SVT_PRESETS[preset])]
    outcomes = [ours]
    assert ours.quality.ssimulacra2 is not None
    for peer in peers:
        with frame_bar(f"running {peer.name}", None):
            outcomes.append(PeerRun(peer, video, info, folder, every).at_quality(ours.quality.ssimulacra2))
    return outcomes, verified


def _run_ours(
    clip: Path,
    video: list[VideoFrame],
    info: Any,
    quality: float,
    preset: str,
    duration: float,
    every: int,
    path: Path,
) -> Outcome:
    with frame_bar("encoding .aic", len(video)) as bar:
        result = encode(
            clip,
            path,
            quality=quality,
            preset=preset,
            duration=duration,
            progress=lambda p: bar.update(p.frames_coded, note=p.note),
        )
    started = time.perf_counter()
    with Reader(path) as reader:
        pictures = [event.picture for event in events(reader) if isinstance(event, VideoFrame)]
    decoded = time.perf_counter() - started
    measured = measure_file(video, info, pictures, ("ssimulacra2", "psnr"), every)
    return Outcome(".aic", preset, result.bytes, measured, result.elapsed, decoded, result.reached)


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "codec": outcome.name,
        "setting": outcome.setting,
        "bytes": outcome.bytes,
        "ssimulacra2": finite(outcome.quality.ssimulacra2),
        "ssimulacra2_p5": finite(outcome.quality.ssimulacra2_p5),
        "psnr_rgb": finite(outcome.quality.psnr_rgb),
        "encode_seconds": outcome.encode_seconds,
        "decode_seconds": outcome.decode_seconds,
        "reached": outcome.reached,
    }


def _print(outcomes: list[Outcome], verified: bool, every: int) -> None:
    ours = outcomes[0]
    frames = f"{ours.quality.frames} frames measured" + (f", every {every}th" if every > 1 else "")
    table = Table(title=f"equal SSIMULACRA2 ({frames})", box=box.SIMPLE_HEAD, padding=0, pad_edge=False)
    table.add_column("codec", no_wrap=True)
    for heading in ("bytes", "against .aic", "score", "PSNR (dB)", "encode (s)", "decode (s)"):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True, min_width=8)
    for outcome in outcomes:
        quality = outcome.quality
        table.add_row(
            f"{outcome.name} {outcome.setting}",
            f"{outcome.bytes:,}",
            "" if outcome is ours else f"{outcome.bytes / ours.bytes - 1:+.1%}",
            f"{quality.ssimulacra2:.2f}",
            f"{quality.psnr_rgb:.2f}",
            f"{outcome.encode_seconds:.1f}",
            f"{outcome.decode_seconds:.2f}",
        )
    Console().print(table)
    for outcome in outcomes:
        if not outcome.reached:
            click.echo(f"{outcome.name} could not reach the asked quality everywhere: 4:2:0 blurs coloured text.")
    click.echo(
        "The encode time of .aic covers its whole search for the quality; the others' is one run at the right CRF.\n"
        + (f"Decoded and verified: {size_text(ours.bytes)}." if verified else "NOT VERIFIED: the file is damaged.")
    )
