"""How much of what a computer drew is faint: the steps of gradients and shadows, which coarse quantisers lose first.

One look at few frames tells a video search where to begin (docs/decisions/0003-video-layer-settings.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from aicodec_native import _native

# Between neighbours in a row, in 8-bit code values.
_FAINT = 8
_ROW_STEP = 4


def faint_share(pictures: Iterable[_native.Picture]) -> float:
    """Of the samples unlike their left neighbour, over all planes, those that differ by few levels; 0 where none do."""
    faint = edges = 0
    for picture in pictures:
        most = _FAINT << (picture.bit_depth - 8)
        for plane in range(3):
            steps = np.abs(np.diff(picture.plane(plane)[::_ROW_STEP].astype(np.int16), axis=1))
            edges += int(np.count_nonzero(steps))
            faint += int(np.count_nonzero((steps > 0) & (steps <= most)))
    return faint / edges if edges else 0.0
