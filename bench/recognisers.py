"""What the recognisers make of procedural clips.

    python bench/recognisers.py [--preset fast] [--only NAME] [--json FILE]

Two groups: the corpus's clips of the class procedural, and clips that FFmpeg's own sources draw (life, mandelbrot,
cellauto, gradients of each kind). For each the best program, its bytes and PSNR over all frames, the lossless file
with and without recognisers, and the peers, coded here. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

import aicodec_native
import corpus
from aicodec_native import lossless_encoder
from aicodec_native.media import Source
from aicodec_native.recognise import Arrays, Clip, psnr, recognise

RATE = 30
# FFmpeg's sources and how many frames; whatever they draw by chance has its seed.
DRAWN = {
    "life": ("life=size=320x180:rate=30:seed=7:ratio=0.3,scale=1280:720:flags=neighbor", 60),
    "life, fading": ("life=size=640x360:rate=30:seed=7:ratio=0.3:mold=10:death_color=#C83232:life_color=#00ff00", 60),
    "cellauto": ("cellauto=size=640x360:rate=30:seed=3:rule=110", 60),
    "mandelbrot": ("mandelbrot=size=640x360:rate=30", 60),
    "gradients linear": ("gradients=size=640x360:rate=30:seed=5:type=linear:nb_colors=3:duration=2", 60),
    "gradients circular": ("gradients=size=640x360:rate=30:seed=5:type=circular:nb_colors=4:duration=2", 60),
}
PEERS = {"svt": ("libsvtav1", {"crf": "1", "preset": "6"}, "yuv420p")}
LOSSLESS = {
    "x264rgb": ("libx264rgb", {"qp": "0", "preset": "veryslow"}, "rgb24"),
    "x265": ("libx265", {"preset": "slow", "x265-params": "lossless=1:log-level=0"}, "gbrp"),
}


@dataclass(frozen=True)
class Row:
    """A clip: RGB frames and frames a second."""

    name: str
    frames: list[np.ndarray]
    rate: float


def corpus_rows() -> Iterator[Row]:
    for clip in corpus.clips():
        if clip.kind == "procedural":
            with Source(clip.path) as source:
                frames = [frame.picture.rgb(source.info.colour) for frame in source.frames()]
            yield Row(clip.name, frames, clip.rate)


def drawn_rows() -> Iterator[Row]:
    for name, (graph, count) in DRAWN.items():
        with av.open(graph, format="lavfi") as container:
            frames = []
            for frame in container.decode(video=0):
                frames.append(frame.to_ndarray(format="rgb24"))
                if len(frames) == count:
                    break
        yield Row(name, frames, RATE)


@contextmanager
def without_recognisers() -> Iterator[None]:
    kept = lossless_encoder.recognise
    lossless_encoder.recognise = lambda clip: []
    try:
        yield
    finally:
        lossless_encoder.recognise = kept


def lossless_bytes(row: Row, preset: str, folder: Path) -> int:
    path = folder / "a.aic"
    result = aicodec_native.encode(
        row.frames, path, quality="lossless", preset=preset, fps=row.rate, workers=1, overwrite=True
    )
    with aicodec_native.open(path) as reader:
        for wanted, frame in zip(row.frames, reader, strict=True):
            if not np.array_equal(wanted, frame):
                raise RuntimeError(f"{row.name}: not exact")
    return result.bytes


def peer_bytes(row: Row, codec: tuple[str, dict[str, str], str], folder: Path) -> tuple[int, float]:
    """(bytes of the file, PSNR over R, G and B): lossless ones must give infinity."""
    name, options, form = codec
    path = folder / "peer.mkv"
    height, width = row.frames[0].shape[:2]
    with av.open(path, "w") as out:
        stream = out.add_stream(name, rate=int(row.rate), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, form
        for picture in row.frames:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=form)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    error, count = 0.0, 0
    with av.open(path) as decoded:
        for wanted, frame in zip(row.frames, decoded.decode(video=0), strict=True):
            error += float(np.mean((frame.to_ndarray(format="rgb24").astype(float) - wanted) ** 2))
            count += 1
    return path.stat().st_size, float(10 * np.log10(255**2 / (error / count))) if error else float("inf")


def measured(row: Row, preset: str, folder: Path) -> dict[str, Any]:
    clip = Clip(Arrays(row.frames), fps=row.rate)
    started = time.process_time()
    found = recognise(clip)
    seconds = time.process_time() - started
    result: dict[str, Any] = {"name": row.name, "seconds": seconds, "with": lossless_bytes(row, preset, folder)}
    if found:
        best = min(found, key=lambda each: (each.psnr < 45, each.proposal.bytes if each.psnr >= 45 else -each.psnr))
        result |= {"found": best.proposal.name, "bytes": best.proposal.bytes}
        result["psnr"] = psnr(best.proposal, clip, range(len(clip)))
        with without_recognisers():
            result["without"] = lossless_bytes(row, preset, folder)
    for name, codec in (PEERS | LOSSLESS).items():
        result[name], result[f"{name} psnr"] = peer_bytes(row, codec, folder)
        if name in LOSSLESS and result[f"{name} psnr"] != float("inf"):
            raise RuntimeError(f"{name} is not exact on {row.name}")
    return result


def table(results: list[dict[str, Any]]) -> str:
    head = (
        "| clip | recognised as | program | PSNR | recognising | lossless | without | x264rgb | x265 | SVT-AV1, crf 1 |"
    )
    lines = [head, "|---" * 10 + "|"]
    for r in results:
        name, seconds = r.get("found", "nothing"), f"{r['seconds']:.1f} s"
        program = f"{r['bytes']:,} B | {r['psnr']:.1f} dB" if "found" in r else "| "
        without = f"{r['without']:,}" if "without" in r else "the same"
        lines.append(
            f"| {r['name']} | {name} | {program} | {seconds} | {r['with']:,} | {without} "
            f"| {r['x264rgb']:,} | {r['x265']:,} | {r['svt']:,} ({r['svt psnr']:.1f} dB) |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", default="", help="clips whose name contains this")
    arguments = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for rows in (corpus_rows, drawn_rows):
            for row in rows():
                if arguments.only in row.name:
                    results.append(measured(row, arguments.preset, Path(folder)))
                    print(table(results[-1:]).splitlines()[-1], flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))
    print(table(results))


if __name__ == "__main__":
    main()
