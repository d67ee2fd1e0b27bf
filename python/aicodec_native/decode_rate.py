"""How fast screen layers decode, foretold from what their encoder counts: alike on every machine, and so files are.

Rates are for pictures of 1920x1080 on two cores of the machine that bench/screen_work.py measured the constants on, by
the clock: two threads take a quarter to a third longer for the same than one alone. When the decoder becomes faster,
run that on a quiet machine and put here what its last line says, and a quarter more, for machines have slow days. A
segment's first frame, all of whose pixels are new, does not count: players are ahead by more. A small picture counts as
one of 1280x720 whose other pixels stay: nobody waits for it.
"""

from __future__ import annotations

import math

FULL_HD = 1920 * 1080
_LEAST_PIXELS = 1280 * 720
# What a pixel of the canvas costs even where it only stays, and a unit of ScreenEncoder.work.
SECONDS_PER_PIXEL = 2e-9
_SECONDS_PER_WORK = 2.0e-9
# With a video layer below a pixel costs so much more: dav1d's share of the two threads, its conversion to the canvas,
# and a copy for the screen layer to read. So does a byte of it.
_SECONDS_PER_VIDEO_PIXEL = 3.2e-9
_SECONDS_PER_VIDEO_BYTE = 90e-9


def decode_rate(work: float, frames: int, pixels: int, *, video_bytes: int = 0) -> float:
    """Frames a second at 1920x1080 of a stack with a screen layer of so many frames with so many pixels each."""
    seconds = work * _SECONDS_PER_WORK + video_bytes * _SECONDS_PER_VIDEO_BYTE
    still = SECONDS_PER_PIXEL + (_SECONDS_PER_VIDEO_PIXEL if video_bytes else 0.0)
    return 1 / ((still + seconds / _drawn(frames, pixels)) * FULL_HD)


def most_work(rate: float, frames: int, pixels: int) -> float:
    """That a screen layer with nothing below may have for such a rate; 0 where none is quick enough."""
    if rate <= 0:
        return math.inf
    return max(0.0, _drawn(frames, pixels) * (1 / (rate * FULL_HD) - SECONDS_PER_PIXEL) / _SECONDS_PER_WORK)


def _drawn(frames: int, pixels: int) -> int:
    return max(frames - 1, 1) * max(pixels, _LEAST_PIXELS)
