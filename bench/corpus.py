"""The clips: where they lie, and long ones made of them."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from aicodec_native.media import Sink, Source, VideoFrame, VideoInfo

NATURAL = ("aspen", "dance", "ducks", "parktrees", "road", "rooftop", "walk")
# Of one size (960x540).
JOINED = ("aspen", "dance", "parktrees")


def folder() -> Path:
    """The corpus, or the end of the program with a clear message."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "corpus"
    path = Path(os.environ.get("AICODEC_CORPUS", beside))
    if not (path / "MANIFEST.tsv").is_file():
        sys.exit(f"the corpus is not at {path}: say with AICODEC_CORPUS where its MANIFEST.tsv and clips are")
    return path


@dataclass(frozen=True, slots=True)
class Clip:
    """A line of the manifest. `format` is what its frames are compared in: "rgb24" or "yuv420p"."""

    name: str
    path: Path
    kind: str
    width: int
    height: int
    rate: int
    frames: int
    format: str

    @property
    def frame_bytes(self) -> int:
        return self.width * self.height * 3 // (1 if self.format == "rgb24" else 2)


def clips() -> list[Clip]:
    """Every clip of the manifest, in its order."""
    where = folder()
    with (where / "MANIFEST.tsv").open(newline="") as manifest:
        return [_clip_of(where, line) for line in csv.DictReader(manifest, delimiter="\t")]


def _clip_of(where: Path, line: dict[str, str]) -> Clip:
    width, height, rate, frames = (int(line[key]) for key in ("width", "height", "fps", "frames"))
    form = {"gbrp": "rgb24", "yuv420p": "yuv420p"}[line["pix_fmt"]]
    path = where / line["file"]
    return Clip(path.stem, path, line["class"], width, height, rate, frames, form)


def clip(name: str) -> Path:
    return folder() / f"natural_{name}.mkv"


def read(path: Path) -> tuple[VideoInfo, list[VideoFrame]]:
    with Source(path) as source:
        return source.info, list(source.frames())


def looped(names: Sequence[str], at_least: int) -> tuple[VideoInfo, list[VideoFrame]]:
    """Clips of one size one after another, again and again: `at_least` frames at 30 a second.

    Every second round runs backwards, so that only a change of clip is a cut.
    """
    info: VideoInfo | None = None
    joined: list[VideoFrame] = []
    for name in names:
        info, frames = read(clip(name))
        joined += frames
    assert info is not None
    rounds = -(-at_least // len(joined))
    order = [frame for turn in range(rounds) for frame in (joined if turn % 2 == 0 else reversed(joined))]
    timed = [VideoFrame(index, 1, frame.picture) for index, frame in enumerate(order[:at_least])]
    return replace(info, time_base=Fraction(1, 30), frame_rate=Fraction(30), metadata={}), timed


def write_lossless(path: Path, info: VideoInfo, frames: Sequence[VideoFrame]) -> None:
    """As the clips are, so that its decoding costs what theirs does: lossless H.264."""
    with Sink(path, info, codec="libx264", crf=0, options={"preset": "medium"}) as sink:
        for frame in frames:
            sink.write(frame)
