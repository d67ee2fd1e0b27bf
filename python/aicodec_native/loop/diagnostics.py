"""A few numbers about a segment's pictures, for whoever proposes how to code them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader

# Pictures that are looked at.
_LOOKS = 8


def diagnose(frames: ChangeReader, colour: _native.Colour) -> dict[str, Any]:
    """Of pairs of neighbouring frames: `repeats`, the share of equal ones, and `changed`, the share of pixels that
    differ; and `novelty`, the greatest of their frames (cpp/analyze/novelty.h). Of the middle frame: `colours`, the
    number of distinct ones; `flat`, the share of pixels equal to the one to their left; `noise`, the mean absolute
    second difference along a row; `mean`, its mean colour, 0 to 1."""
    count = len(frames)
    places = sorted({round(i * (count - 1) / _LOOKS) for i in range(_LOOKS + 1)})
    middle = frames[count // 2].rgb(colour)
    peak = 255.0 if middle.dtype == np.uint8 else 1023.0
    differ = [_differing(frames[i - 1].rgb(colour), frames[i].rgb(colour)) for i in places if i > 0]
    rows = middle.astype(np.int32)
    packed = rows[..., 0] << 20 | rows[..., 1] << 10 | rows[..., 2]
    return {
        "repeats": round(sum(share == 0 for share in differ) / max(1, len(differ)), 3),
        "changed": round(float(np.mean(differ)) if differ else 0.0, 4),
        "colours": len(np.unique(packed)),
        "flat": round(float((packed[:, 1:] == packed[:, :-1]).mean()) if packed.shape[1] > 1 else 1.0, 4),
        "noise": round(float(np.abs(np.diff(rows, 2, axis=1)).mean()) / peak if rows.shape[1] > 2 else 0.0, 5),
        "novelty": round(max(_native.novelty(frames[i]) for i in places), 4),
        "mean": [round(float(value) / peak, 3) for value in rows.mean(axis=(0, 1))],
    }


def _differing(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    return float((one != other).any(axis=2).mean())
