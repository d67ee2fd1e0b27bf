"""Writes small lossless files as seeds for fuzz_container: `python fuzz/seeds.py FOLDER`; and coded frames for
fuzz_screen into FOLDER/screen.

Whole, valid screen layers, which no mutation of other streams would ever reach: several segments with a dictionary,
near-lossless samples, both depths, and sizes that no block divides. Those in slices are thrown by dice: no canvas that
is small enough to fuzz is busy enough for our encoder to cut it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "conformance"))

import dice
from accepted import header
from accepted_screen import parsed

import aicodec_native as aic
from aicodec_native import _native


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


# What fuzz_screen.cpp chooses from by the first byte.
FORMATS = ("rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10")


def coded_frames(number: int, width: int, height: int, preset: str, near: int) -> bytes:
    """An input of fuzz_screen: six frames without anything below, with its head."""
    encoder = _native.ScreenEncoder(FORMATS[number], width, height, preset=preset, near=near)
    rng = np.random.default_rng(number)
    for frame in range(6):
        picture = _native.Picture(FORMATS[number], width, height)
        peak = (1 << picture.bit_depth) - 1
        for index in range(3):
            plane = picture.plane(index)
            y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
            plane[...] = np.where(y < 20, (x * 5 + y * 3) & peak, np.roll((x ^ y) & 12, frame, axis=1) * 9)
            plane[-9:] = rng.integers(0, peak + 1, plane[-9:].shape) if frame % 3 == 0 else peak // 2
        encoder.add(picture)
    return head_of(number, width, height) + encoder.finish()


def head_of(number: int, width: int, height: int) -> bytes:
    """What fuzz_screen.cpp reads in front of a payload: six frames, without anything below."""
    return bytes([number, width - 1, (height - 1) % 128, 5, 8 * (height > 128)])


def in_slices(number: int, rows: tuple[int, ...], cut: int) -> bytes:
    """An input of fuzz_screen by dice: a ground, and slices from frame `cut` on, the first ones of so many units; later
    less."""
    width, height = 4, 132
    shape = parsed(header(format=FORMATS[number], width=width, height=height))
    models = {"near": 3 * (number == 1), "rich": number == 4, "all_voters": number == 3, "on_ground": cut == 0}
    models["ground"] = (9, 9 << 10) if FORMATS[number].startswith("yuv420") else (99 << 20 | 9,)
    moves = ((1, tuple(units - 2 for units in rows)),)
    settings = dice.settings_of(rows=rows, cut=cut, moves=moves, **models)
    return head_of(number, width, height) + dice.thrown(shape, settings, 6)


def photos(number: int) -> bytes:
    """An input of fuzz_screen by dice: photo blocks between pixels, of one frame and of two."""
    width, height = 24, 40
    shape = parsed(header(format=FORMATS[number], width=width, height=height))
    how = {"chances": (0.1, 0.6, 0.1, 0.9), "luck": 0.02}
    return head_of(number, width, height) + dice.thrown(shape, dice.settings_of(saved=0), 6, **how)


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
    (folder / "screen").mkdir(exist_ok=True)
    sizes = ((17, 33, "fast", 0), (24, 40, "medium", 0), (5, 140, "slow", 2))
    for number, name in enumerate(FORMATS):
        for width, height, preset, near in sizes:
            data = coded_frames(number, width, height, preset, near)
            (folder / "screen" / f"{name}_{width}x{height}").write_bytes(data)
        (folder / "screen" / f"{name}_photos").write_bytes(photos(number))
        # Units are higher where chroma is halved.
        for rows in ((5,), (3, 3)) if name.startswith("yuv420") else ((9,), (3, 8)):
            for cut in (0, 4):
                sliced = folder / "screen" / f"{name}_{len(rows) + 1}_slices_from_{cut}"
                sliced.write_bytes(in_slices(number, rows, cut))


if __name__ == "__main__":
    main()
