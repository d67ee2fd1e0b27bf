"""In how many bits, and with how much chroma, libaom codes, and where SVT-AV1 will do.

Smooth shades lose more by rounding to 8 bits of YCbCr than a high score leaves room for, and thin coloured lines by
chroma of half the size: what a few frames lack once they have been in such a format, no quantiser brings back.
"""

from __future__ import annotations

from typing import Literal

from aicodec_native.candidate import Compose, Goal
from aicodec_native.scorer import Scorer
from aicodec_native.video.frame import is_rgb
from aicodec_native.video.settings import Encoder

Chroma = Literal["420", "444"]

# 8 bits take a third less time for 2% more bytes: up to such a goal, and where rounding takes less than this share of
# all that may lack of a score of 100.
_EIGHT_BITS = {"medium": 92.0}
_MOST_BY_ROUNDING = 0.4
# Chroma of half the size takes up to a quarter fewer bytes where it takes less than such a share, and so many points.
_MOST_BY_CHROMA, _LEAST_SEEN = 0.4, 4.0
# Photographs among drawings take a third of libaom's time with SVT-AV1, whose chroma has half the size, and about as
# many bytes, as long as that chroma takes less than such a share.
_MOST_BY_CHROMA_IN_PHOTOS = {"medium": 0.5}
# Frames that are looked at.
_FRAMES = 2


def drawn_bit_depth(form: str, goal: Goal, preset: str, scorer: Scorer) -> int:
    """`form`: the source's format."""
    if goal.metric != "ssimulacra2" or goal.target > _EIGHT_BITS.get(preset, 0.0):
        return 10
    if form in ("yuv420p", "yuv444p"):
        return 8
    if form != "rgb24":
        return 10
    return 10 if scorer.lacking("yuv444p", _FRAMES) > _MOST_BY_ROUNDING * (100 - goal.target) else 8


def chosen_chroma(form: str, goal: Goal, scorer: Scorer) -> Chroma:
    """`form`: the source's format, which has chroma of full size."""
    if goal.metric != "ssimulacra2" or not is_rgb(form):
        return "444"
    most = min(_LEAST_SEEN, _MOST_BY_CHROMA * (100 - goal.target))
    return "420" if scorer.lacking("yuv420p10", _FRAMES) <= most else "444"


def photo_encoder(goal: Goal, preset: str, scorer: Scorer, compose: Compose) -> Encoder | None:
    """For photographs that `compose` puts among drawings; None for that which suits the pictures."""
    most = _MOST_BY_CHROMA_IN_PHOTOS.get(preset)
    if goal.metric != "ssimulacra2" or most is None:
        return None
    return "svtav1" if scorer.lacking("yuv420p10", _FRAMES, compose) <= most * (100 - goal.target) else None
