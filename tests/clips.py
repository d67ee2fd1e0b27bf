"""Clips that several test files share: small, made on the fly, with cuts that nobody can miss."""

from __future__ import annotations

import av
import numpy as np

RATE = 24


def moving_shots(shots=3, frames=RATE, height=128, width=192, seed=0):
    """uint8 (shots * frames, height, width, 3): smooth waves that drift, other colours in every shot."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    out = np.empty((shots * frames, height, width, 3), np.uint8)
    for shot in range(shots):
        rng = np.random.default_rng(seed + shot)
        base, tilt = rng.integers(40, 216, 3), rng.normal(0, 0.5, (3, 2))
        for i in range(frames):
            for c in range(3):
                wave = 30 * np.sin((x + 3 * i) / (5 + shot) + c) * np.cos((y - 2 * i) / 9)
                plane = base[c] + tilt[c, 0] * (x - width / 2) + tilt[c, 1] * (y - height / 2) + wave
                out[shot * frames + i, ..., c] = np.clip(plane, 0, 255)
    return out


def yuv_frames(rgb, pix_fmt="yuv420p"):
    """av.VideoFrames of any pixel format."""
    return [av.VideoFrame.from_ndarray(frame).reformat(format=pix_fmt) for frame in rgb]
