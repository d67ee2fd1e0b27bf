"""Row e: SSIMULACRA2 at 1280x720, frames a second on one core."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import corpus
import timing
from aicodec_native import _native
from aicodec_native.media import Source

CLIP = "mpl_wave3d_720p30.mkv"
FRAMES = 20


def measure(temp: Path, repetitions: int) -> dict[str, Any]:
    with Source(corpus.folder() / CLIP) as source:
        colour = source.info.colour
        frames = [frame.picture for _, frame in zip(range(2), source.frames(), strict=False)]
    reference, distorted = frames
    prepared = _native.Ssimulacra2(reference, colour, 1)

    def compare_prepared() -> None:
        for _ in range(FRAMES):
            prepared.compare(distorted, 1)

    def compare_new() -> None:
        for _ in range(FRAMES):
            _native.Ssimulacra2(reference, colour, 1).compare(distorted, 1)

    contestants: dict[str, Any] = {"reference prepared before": compare_prepared, "both new": compare_new}
    count = dict.fromkeys(contestants, FRAMES)
    row: dict[str, Any] = {"clip": CLIP, "size": "1280x720", "threads": 1}
    package = _package(reference, distorted, colour, temp)
    if package is None:
        row["note"] = "the package ssimulacra2 or Pillow is not installed"
    else:
        contestants["package ssimulacra2"] = package
        count["package ssimulacra2"] = 1
    runs = timing.alternate(contestants, repetitions)
    row["frames_per_second"] = {name: count[name] / s for name, s in timing.medians(runs).items()}
    row["frames_per_processor_second"] = {
        name: count[name] / statistics.median(times.processor) for name, times in runs.items()
    }
    if package is not None:
        row["times_the_package"] = FRAMES * timing.ratio(runs, "package ssimulacra2", "both new")
    return row


def _package(reference: _native.Picture, distorted: _native.Picture, colour: _native.Colour, temp: Path) -> Any:
    """The package takes files; as uncompressed bitmaps they cost it next to nothing to read."""
    try:
        from PIL import Image
        from ssimulacra2 import compute_ssimulacra2
    except ImportError:
        return None
    paths = [str(temp / "reference.bmp"), str(temp / "distorted.bmp")]
    for path, picture in zip(paths, (reference, distorted), strict=True):
        Image.fromarray(picture.rgb(colour)).save(path)
    return lambda: compute_ssimulacra2(*paths)
