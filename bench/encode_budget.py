"""The processor time of an encode with all that it tries, against SVT-AV1's own on the same frames.

python bench/encode_budget.py [--seconds N] [--only CLIP ...] [--readme]

"SVT-AV1 once" codes the frames with the quantiser that a search with SVT-AV1 ends at, in one go and with nothing else,
as somebody would who knew that quantiser, with the video layer's settings; "plain" is the same without SVT-AV1's screen
tools. "its search" is that search, as ab-av1 does it: probes, dav1d and the metric on as many frames.
Clips come with their beginnings, which must be one segment.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import corpus
import machine
import report
from aicodec_native import _native
from aicodec_native.candidate import Candidate, Goal
from aicodec_native.encode_result import EncodeResult
from aicodec_native.encoder import encode
from aicodec_native.frame_store import FrameReader, FrameStore
from aicodec_native.headers import header_of
from aicodec_native.media import Source
from aicodec_native.scorer import Scorer
from aicodec_native.video.encoder import encode_stream
from aicodec_native.video.frame import encoder_frame
from aicodec_native.video.settings import DRAWN_NOVELTY, SVT_PRESETS, VideoSettings
from aicodec_native.video_candidates import VideoSearch
from aicodec_native.workbench import Workbench

PRESET = "medium"
QUALITY = 80
TARGET = 3.0
# Of every class of the corpus one or two, and all camera clips.
CLIPS = (
    "natural_aspen",
    "natural_dance",
    "natural_ducks",
    "natural_parktrees",
    "natural_road",
    "natural_rooftop",
    "natural_walk",
    "screen_terminal_720p30",
    "pygame_aliens_720p60",
    "lottie_monster_720p30",
    "manim_transforms_720p30",
    "mpl_wave3d_720p30",
    "mgl_raymarching_720p30",
    "mixed_slides_720p30",
)


@dataclass(frozen=True, slots=True)
class Row:
    """Processor seconds, and of the encode those of each kind of candidate, roughly: by the clock, scaled."""

    clip: str
    frames: int
    ours: float
    once: float
    plain: float
    search: float
    probes: int
    parts: dict[str, float]
    winner: str


def measure(path: Path, seconds: float, temp: Path) -> Row | None:
    """None where the beginning is several segments: they would be coded in other processes."""
    started = _processor_seconds()
    result = encode(path, temp / "out.aic", preset=PRESET, quality=QUALITY, duration=seconds, overwrite=True, workers=1)
    ours = _processor_seconds() - started
    if len(result.segments) != 1:
        print(f"{path.stem}: left out, for it has a cut in its first {seconds:g} s", file=sys.stderr, flush=True)
        return None
    started = _processor_seconds()
    drawn = result.segments[0]["novelty"] < DRAWN_NOVELTY
    found, probes = _search(path, result.frames, drawn)
    search = _processor_seconds() - started
    held = _pictures(path, result.frames)
    plain = _once(held, found.details["crf"], drawn=False)
    once = _once(held, found.details["crf"], drawn=True) if drawn else plain
    winner = f"{result.segments[0]['stack']}, {result.segments[0]['setting']}"
    return Row(path.stem, result.frames, ours, once, plain, search, probes, _parts(result, ours), winner)


def _processor_seconds() -> float:
    """Of this process and of the programs that it ran, libaom's."""
    return sum(os.times()[:4])


def _pictures(path: Path, count: int) -> tuple[_native.Colour, list[_native.Picture]]:
    with Source(path) as source:
        return source.info.colour, [frame.picture for frame in itertools.islice(source.frames(), count)]


def _once(clip: tuple[_native.Colour, list[_native.Picture]], crf: float, *, drawn: bool) -> float:
    settings = VideoSettings(crf, SVT_PRESETS[PRESET], 10, 2, drawn)
    frames = [encoder_frame(picture, clip[0], settings) for picture in clip[1]]
    started = _processor_seconds()
    for _ in encode_stream(iter(frames), Fraction(30), settings):
        pass
    return _processor_seconds() - started


def _parts(result: EncodeResult, ours: float) -> dict[str, float]:
    (segment,) = result.segments
    parts: dict[str, float] = {}
    for tried in segment["tried"]:
        parts[tried["stack"]] = parts.get(tried["stack"], 0.0) + tried["seconds"]
    scale = ours / result.elapsed
    return {name: spent * scale for name, spent in parts.items()}


def _search(path: Path, count: int, drawn: bool) -> tuple[Candidate, int]:
    """The video search alone, with what encode would tell it."""
    with Source(path) as source:
        info = source.info
        store = FrameStore(info.format, info.width, info.height)
        times = []
        for frame in itertools.islice(source.frames(), count):
            store.append(frame.picture)
            times.append(frame.pts)
    step = times[1] - times[0]
    header = header_of(info, times[0], step)
    frames = FrameReader(store.path, store.shape, count)
    scorer = Scorer("ssimulacra2", frames, header.colour, float(info.frame_rate or 30), PRESET, 2)

    def wrap(layers: Any) -> _native.Segment:
        payload = _native.build_segment(
            header=header, first_frame=0, times=[*times, times[-1] + step], digest=None, layers=layers
        )
        return _native.Segment(payload, header)

    bench = Workbench(frames, scorer, header, Goal("ssimulacra2", QUALITY), PRESET, 2, wrap)
    search = VideoSearch(bench, lambda share, note: None, drawn=drawn, encoder="svtav1")
    found = search.run()
    frames.close()
    store.close()
    assert found is not None
    return found, len(search.tried)


def table(rows: Sequence[Row], described: dict[str, Any], seconds: float) -> str:
    once = [row.ours / row.once for row in rows]
    search = [row.ours / row.search for row in rows]
    lines = [
        f"{report.machine_line(described)}; processor time of the first {seconds:g} s of each clip, "
        f"SSIMULACRA2 {QUALITY}, preset `{PRESET}`.",
        "",
        "| clip | frames | encode | SVT-AV1 once | plain | its search | over once | over search | by kind | winner |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        parts = ", ".join(f"{name} {spent:.1f}" for name, spent in row.parts.items())
        cells = (
            *(row.clip, row.frames, f"{row.ours:.1f} s", f"{row.once:.1f} s", f"{row.plain:.1f} s"),
            *(f"{row.search:.1f} s ({row.probes})", f"{row.ours / row.once:.2f}", f"{row.ours / row.search:.2f}"),
            *(parts, row.winner),
        )
        lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += [
        "",
        f"Geometric means: {statistics.geometric_mean(once):.2f} times SVT-AV1 once, of which at most {TARGET:g} are "
        f"asked of each clip ({sum(ratio > TARGET for ratio in once)} of {len(rows)} take more), and "
        f"{statistics.geometric_mean(search):.2f} times its search.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each clip (default: 4)")
    parser.add_argument("--only", nargs="+", default=CLIPS, help="clips by name")
    parser.add_argument("--readme", action="store_true", help="put the table into bench/README.md")
    arguments = parser.parse_args()
    described, rows = machine.describe(), []
    with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
        for name in arguments.only:
            row = measure(corpus.folder() / f"{name}.mkv", arguments.seconds, Path(temp))
            if row is not None:
                rows.append(row)
                print(row, file=sys.stderr, flush=True)
    text = table(rows, described, arguments.seconds)
    print(text)
    if arguments.readme:
        report.put_into(Path(__file__).with_name("README.md"), text, "encode-budget")


if __name__ == "__main__":
    main()
