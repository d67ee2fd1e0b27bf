"""What the recognisers make of procedural clips.

    python bench/recognisers.py [--preset fast] [--only NAME] [--json FILE] [--readme]

Two groups: the corpus's clips of the class procedural, and clips that FFmpeg's own sources draw (life, mandelbrot,
cellauto, gradients of each kind). For each the best program, its bytes and PSNR over all frames, the lossless file
with and without recognisers, the lossless file of its first frame alone, and the peers: coded here, or as
`results/lossless_peers.json` has them. Prints a line for each clip, and a Markdown table; --json keeps what is
finished, so that a run can be stopped and go on, and --readme puts the table into README.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

import aicodec_native
import corpus
import lossless_peers
import machine
import report
from aicodec_native import lossless_encoder
from aicodec_native.media import Source
from aicodec_native.recognise import Arrays, Clip, psnr, recognise
from aicodec_native.scheduling import usual_priority
from peer_store import PeerStore

HERE = Path(__file__).parent
STORE = HERE / "results" / "lossless_peers.json"
RATE = 30
MOST_GRADIENT_BYTES, LEAST_GRADIENT_PSNR = 2000, 45.0
MOST_OVER_FIRST_FRAME = 200
# FFmpeg's sources and how many frames; whatever they draw by chance has its seed.
DRAWN = {
    "life": ("life=size=320x180:rate=30:seed=7:ratio=0.3,scale=1280:720:flags=neighbor", 60),
    "life, fading": ("life=size=640x360:rate=30:seed=7:ratio=0.3:mold=10:death_color=#C83232:life_color=#00ff00", 60),
    "cellauto": ("cellauto=size=640x360:rate=30:seed=3:rule=110", 60),
    "mandelbrot": ("mandelbrot=size=640x360:rate=30", 60),
    "gradients linear": ("gradients=size=640x360:rate=30:seed=5:type=linear:nb_colors=3:duration=2", 60),
    "gradients circular": ("gradients=size=640x360:rate=30:seed=5:type=circular:nb_colors=4:duration=2", 60),
}
SVT = ("libsvtav1", {"crf": "1", "preset": "6"}, "yuv420p")
LOSSLESS = {
    "x264rgb": ("libx264rgb", {"qp": "0", "preset": "veryslow"}, "rgb24"),
    "x265": ("libx265", {"preset": "slow", "x265-params": "lossless=1:log-level=0"}, "gbrp"),
}


@dataclass(frozen=True)
class Row:
    """A clip of RGB frames; `clip` if it is one of the corpus."""

    name: str
    rate: float
    frames: Callable[[], list[np.ndarray]]
    clip: corpus.Clip | None = None


def corpus_frames(clip: corpus.Clip) -> list[np.ndarray]:
    with Source(clip.path) as source:
        return [frame.picture.rgb(source.info.colour) for frame in source.frames()]


def drawn_frames(graph: str, count: int) -> list[np.ndarray]:
    with av.open(graph, format="lavfi") as container:
        frames = itertools.islice(container.decode(video=0), count)
        return [frame.to_ndarray(format="rgb24") for frame in frames]


def rows() -> Iterator[Row]:
    for clip in corpus.clips():
        if clip.kind == "procedural":
            yield Row(clip.name, clip.rate, partial(corpus_frames, clip), clip)
    for name, (graph, count) in DRAWN.items():
        yield Row(name, RATE, partial(drawn_frames, graph, count))


@contextmanager
def without_recognisers() -> Iterator[None]:
    kept = lossless_encoder.recognise
    lossless_encoder.recognise = lambda clip: []
    try:
        yield
    finally:
        lossless_encoder.recognise = kept


def lossless_bytes(frames: list[np.ndarray], rate: float, preset: str, folder: Path) -> int:
    path = folder / "a.aic"
    result = aicodec_native.encode(frames, path, quality="lossless", preset=preset, fps=rate, workers=1, overwrite=True)
    with aicodec_native.open(path) as reader:
        for wanted, frame in zip(frames, reader, strict=True):
            if not np.array_equal(wanted, frame):
                raise RuntimeError("a lossless file is not exact")
    return result.bytes


def stored_bytes(clip: corpus.Clip | None, name: str) -> int | None:
    """What the peer took for a clip of the corpus, where that is known."""
    if clip is None:
        return None
    entries = (PeerStore(STORE).size(clip, peer) for peer in lossless_peers.peers() if peer.name == name)
    return next((entry["bytes"] for entry in entries if entry is not None and entry["exact"]), None)


def peer_bytes(
    frames: list[np.ndarray], rate: float, codec: tuple[str, dict[str, str], str], folder: Path
) -> tuple[int, float]:
    """(bytes of the file, PSNR over R, G and B): lossless ones must give infinity."""
    name, options, form = codec
    path = folder / "peer.mkv"
    height, width = frames[0].shape[:2]
    with av.open(path, "w") as out:
        stream = out.add_stream(name, rate=int(rate), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, form
        with usual_priority():  # SVT-AV1 would make this thread and its own real-time where it may
            out.start_encoding()
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=form)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    error, count = 0.0, 0
    with av.open(path) as decoded:
        for wanted, frame in zip(frames, decoded.decode(video=0), strict=True):
            error += float(np.mean((frame.to_ndarray(format="rgb24").astype(float) - wanted) ** 2))
            count += 1
    return path.stat().st_size, float(10 * np.log10(255**2 / (error / count))) if error else float("inf")


def measured(row: Row, preset: str, folder: Path) -> dict[str, Any]:
    frames = row.frames()
    clip = Clip(Arrays(frames), fps=row.rate)
    started = time.process_time()
    found = recognise(clip)
    result: dict[str, Any] = {
        "name": row.name,
        "preset": preset,
        "frames": len(frames),
        "seconds": time.process_time() - started,
        "with": lossless_bytes(frames, row.rate, preset, folder),
        "first": lossless_bytes(frames[:1], row.rate, preset, folder),
    }
    if found:
        best = min(found, key=lambda each: (each.psnr < 45, each.proposal.bytes if each.psnr >= 45 else -each.psnr))
        result |= {"found": best.proposal.name, "bytes": best.proposal.bytes}
        result["psnr"] = psnr(best.proposal, clip, range(len(clip)))
        with without_recognisers():
            result["without"] = lossless_bytes(frames, row.rate, preset, folder)
    for name, codec in LOSSLESS.items():
        result[name] = stored_bytes(row.clip, name)
        if result[name] is None:
            result[name], quality = peer_bytes(frames, row.rate, codec, folder)
            if quality != float("inf"):
                raise RuntimeError(f"{name} is not exact on {row.name}")
    result["svt"], result["svt psnr"] = peer_bytes(frames, row.rate, SVT, folder)
    return result


def line(r: dict[str, Any]) -> str:
    name, seconds = r.get("found", "nothing"), f"{r['seconds']:.1f} s"
    program = f"{r['bytes']:,} B | {r['psnr']:.1f} dB" if "found" in r else "| "
    without = f"{r['without']:,}" if "without" in r else "the same"
    lost = " **behind**" if r["with"] > min(r[peer] for peer in LOSSLESS) else ""
    return (
        f"| {r['name']} | {name} | {program} | {seconds} | {r['with']:,}{lost} | {without} "
        f"| {r['x264rgb']:,} | {r['x265']:,} | {r['svt']:,} ({r['svt psnr']:.1f} dB) |"
    )


def verdicts(results: list[dict[str, Any]]) -> Iterator[str]:
    yield "| target | figure | |"
    yield "|---|---|---|"
    for r in results:
        if r["name"] == "lavfi_gradients_720p30":
            figure, met = "not found", False
            if "found" in r:
                figure = f"{r['psnr']:.1f} dB in {r['bytes']} bytes"
                met = r["psnr"] >= LEAST_GRADIENT_PSNR and r["bytes"] <= MOST_GRADIENT_BYTES
            what = f"{LEAST_GRADIENT_PSNR:g} dB in at most {MOST_GRADIENT_BYTES} bytes"
            yield f"| gradients of the corpus: {what} | {figure} | {report.verdict(met)} |"
        if r["name"] == "life":
            over = r["with"] - r["first"]
            yield (
                f"| Life, exact, in at most {MOST_OVER_FIRST_FRAME} bytes more than its first frame alone "
                f"| {over} bytes more ({r['with']:,} for {r['frames']} frames) "
                f"| {report.verdict(over <= MOST_OVER_FIRST_FRAME)} |"
            )


def table(results: list[dict[str, Any]]) -> str:
    head = (
        "| clip | recognised as | program | PSNR | recognising | lossless | without | x264rgb | x265 | SVT-AV1, crf 1 |"
    )
    parts = [
        f"{report.machine_line(machine.describe())}; preset {results[0]['preset']}. Bytes of whole files; recognising "
        "in processor time.",
        "",
        *(head, "|---" * 10 + "|", *map(line, results)),
        "",
        *verdicts(results),
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--json", type=Path, help="finished clips, which are not measured again")
    parser.add_argument("--only", default="", help="clips whose name contains this")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    done = json.loads(options.json.read_text()) if options.json and options.json.exists() else []
    known = {(each["name"], each["preset"]): each for each in done}
    wanted = [row for row in rows() if options.only in row.name]
    with tempfile.TemporaryDirectory() as folder:
        for row in wanted:
            if (row.name, options.preset) not in known:
                known[row.name, options.preset] = measured(row, options.preset, Path(folder))
                if options.json:
                    options.json.write_text(json.dumps(list(known.values()), indent=1) + "\n")
            print(line(known[row.name, options.preset]), flush=True)
    text = table([known[row.name, options.preset] for row in wanted])
    print(text)
    if options.readme:
        report.put_into(HERE / "README.md", text, "recognisers")


if __name__ == "__main__":
    main()
