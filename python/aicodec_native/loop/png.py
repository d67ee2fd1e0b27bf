"""Pictures as PNG, for models and people."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt


def png(rgb: npt.NDArray[Any]) -> bytes:
    """The PNG of an RGB picture (height, width, 3), uint8, or uint16 in 0..1023, of which the upper 8 bits are kept."""
    samples = rgb if rgb.dtype == np.uint8 else (rgb >> 2).astype(np.uint8)
    height, width, _ = samples.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = samples.reshape(height, -1)
    rows[:, 4:] -= samples.reshape(height, -1)[:, :-3]  # filter "sub": each sample less the one to its left
    rows[:, 0] = 1
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b"")]
    data = b"".join(struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + data
