"""How much of a camera's pictures stands still but for noise.

There a temporal filter finds the picture under the noise; elsewhere it takes detail away that counts
(docs/decisions/0003-video-layer-settings.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.frame_store import FrameReader

_BLOCK = 16
# The mean squared difference, in 8-bit code values, up to which a block has hardly more than noise in it.
_NOISE = 8.0


def still_share(first: _native.Picture, second: _native.Picture) -> float:
    """Of the blocks of 16x16 luma (in RGB: green) samples, those that differ by noise alone from one picture to the
    next; 0 where there is no whole block."""
    step = _luma(second) - _luma(first)
    rows, columns = (size // _BLOCK for size in step.shape)
    blocks = step[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    errors = np.square(blocks).mean(axis=(1, 3))
    return float(np.mean(errors <= _NOISE)) if errors.size else 0.0


def mean_still_share(frames: FrameReader, pairs: Sequence[int]) -> float:
    """Of these frames to the next one each; 0 where there are none."""
    shares = [still_share(frames[number], frames[number + 1]) for number in pairs]
    return sum(shares) / len(shares) if shares else 0.0


def _luma(picture: _native.Picture) -> NDArray[np.float32]:
    plane = 1 if picture.format.startswith("rgb") else 0
    return picture.plane(plane).astype(np.float32) * np.float32(2.0 ** (8 - picture.bit_depth))
