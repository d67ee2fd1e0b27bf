"""Writes small lossless files as seeds for fuzz_container: `python fuzz/seeds.py FOLDER`.

Whole, valid screen layers, which no mutation of other streams would ever reach: several segments with a dictionary,
near-lossless samples, both depths, and sizes that no block divides.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import aicodec_native as aic


def pages(order: str, height: int, width: int, peak: int) -> np.ndarray:
    """Noise in two colours, by name, with a spot that blinks."""
    frames = []
    for name in order:
        rng = np.random.default_rng(ord(name))
        dark = rng.random((height, width, 1)) < 0.4
        frames += [np.where(dark, peak // 8, peak).repeat(3, axis=2)] * 2
        frames[-1] = frames[-1].copy()
        frames[-1][1:4, 1:4] = peak // 2
    return np.stack(frames).astype(np.uint8 if peak < 256 else np.uint16)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for height, width, peak in ((32, 32, 255), (1, 1, 255), (33, 19, 1023)):
        frames = pages("ABA", height, width, peak)
        for quality in ("lossless", "lossless~3"):
            for seconds in (0.2, 1):
                target = folder / f"{width}x{height}_{peak}_{quality}_{seconds:g}.aic"
                aic.encode(
                    frames, target, quality=quality, preset="fast", fps=10, segment_seconds=seconds, overwrite=True
                )


if __name__ == "__main__":
    main()
