"""Our own side of the lossless comparison: size, exactness, and the speed of coding and decoding a clip."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import aicodec_native
import raw_frames
import timing
from aicodec_native import OptionError, Reader
from corpus import Clip

PRESETS = ("fast", "medium", "slow")
DECODING_THREADS = 2


def available(presets: list[str], temp: Path) -> list[str]:
    """Those of the presets that this build codes losslessly with; for each of the others a line says why not."""
    found = []
    for preset in presets:
        try:
            aicodec_native.encode(
                np.zeros((2, 16, 16, 3), np.uint8), temp / f"{preset}.aic", quality="lossless", preset=preset, fps=30
            )
        except OptionError as error:
            print(
                f"preset {preset} is not measured: this build cannot code losslessly with it ({error})", file=sys.stderr
            )
        else:
            found.append(preset)
    return found


def measure(clip: Clip, preset: str, temp: Path, repetitions: int) -> dict[str, Any]:
    """One encode on one core, the decoded frames compared with the clip's, then `repetitions` timed decodes."""
    path = temp / "coded.aic"

    def encode() -> None:
        aicodec_native.encode(clip.path, path, quality="lossless", preset=preset, workers=1, overwrite=True)

    # Once, and cold: with the slow presets the corpus takes long enough.
    runs = timing.alternate({"encode": encode}, 1, warm_up=False)["encode"]
    with aicodec_native.open(path, threads=DECODING_THREADS) as reader:
        exact = tuple(map(raw_frames.digest, _raw(reader, clip))) == raw_frames.digests(clip)
    return {
        "bytes": path.stat().st_size,
        "exact": exact,
        "encode_seconds": runs.wall[0],
        "encode_processor_seconds": runs.processor[0],
        **_decode_times(path, clip, repetitions),
    }


def _raw(reader: Reader, clip: Clip) -> Iterator[bytes]:
    if clip.format == "rgb24":
        for frame in reader:
            yield frame.tobytes()
    else:
        for planes in reader.iter_native():
            yield b"".join(plane.tobytes() for plane in planes)


def _decode_times(path: Path, clip: Clip, repetitions: int) -> dict[str, Any]:
    """Frames a second, the file's opening included, and the longest that a user waits for a frame after the first.

    Every frame counts with its shortest wait in any repetition, so that only the decoder's own peaks remain.
    """
    totals: list[float] = []
    shortest: list[float] = []
    for _ in range(repetitions):
        started = time.perf_counter()
        waits = _waits(path, clip)
        totals.append(time.perf_counter() - started)
        shortest = list(map(min, shortest, waits)) if shortest else waits
    return {
        "decode_frames_per_second": clip.frames / statistics.median(totals),
        "worst_frame_ms": 1000 * max(shortest[1:], default=0.0),
    }


def _waits(path: Path, clip: Clip) -> list[float]:
    """Seconds from one frame to the next as users get them: RGB arrays, or a camera video's planes."""
    waits = []
    with aicodec_native.open(path, threads=DECODING_THREADS) as reader:
        frames: Iterator[Any] = iter(reader) if clip.format == "rgb24" else reader.iter_native()
        before = time.perf_counter()
        for _ in frames:
            now = time.perf_counter()
            waits.append(now - before)
            before = now
    return waits
