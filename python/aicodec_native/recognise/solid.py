"""One colour over the whole picture, the same in all frames or changing: a fade, a flash."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aicodec_native.recognise.clip import Clip
from aicodec_native.recognise.proposal import Proposal
from aicodec_native.recognise.series import Track


def propose(clip: Clip) -> Iterator[Proposal]:
    """Every point of a frame has one colour."""
    if np.ptp(clip.key_thumbs, axis=(1, 2)).any():
        return
    colours = [clip.thumb(index) for index in range(len(clip))]
    if any(np.ptp(colour, axis=(0, 1)).any() for colour in colours):
        return
    levels = np.stack([colour[0, 0] for colour in colours])
    track = Track(clip.times)
    # Within 0.4 of a level the rounded value is the level itself.
    parts = [track.expression(levels[:, channel], 0.4) for channel in range(3)]
    yield Proposal(
        "solid", f"def color(x, y, t):\n    return rgb(({', '.join(parts)}) / {clip.top}.0)\n", track.columns
    )
