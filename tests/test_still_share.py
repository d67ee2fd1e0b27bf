"""How much stands still but for noise, and what follows for SVT-AV1's temporal filter."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from aicodec_native import _native, encode
from aicodec_native.still_share import still_share
from aicodec_native.video.encoder import encode_pictures
from aicodec_native.video.settings import VideoSettings, filters_noise

HEIGHT, WIDTH = 96, 128


def footage(shift, noise, frames=2):
    """Smooth waves that pan by `shift` a frame, under noise of that many levels, the lower half standing still."""
    random = np.random.default_rng(2)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    moved = [np.where(y < HEIGHT // 2, x - shift * n, x) for n in range(frames)]
    waves = [128 + 60 * np.sin(columns / 5) + 40 * np.cos(y / 7) for columns in moved]
    clip = np.stack(waves)[..., None] + random.normal(0, noise, (frames, HEIGHT, WIDTH, 3))
    return np.clip(np.round(clip), 0, 255).astype(np.uint8)


def pictures(clip):
    return [_native.Picture.from_rgb(np.ascontiguousarray(frame)) for frame in clip]


@pytest.mark.parametrize(
    ("shift", "noise", "share"), [(0, 0.0, 1.0), (0, 1.0, 1.0), (3, 1.0, 0.5), (3, 0.0, 0.5), (0, 9.0, 0.0)]
)
def test_still_is_what_differs_by_noise_alone(shift, noise, share):
    assert still_share(*pictures(footage(shift, noise))) == share


def test_all_formats_tell_the_same():
    rgb = pictures(footage(3, 1.0))
    for name in ("rgb30", "yuv420p", "yuv420p10", "yuv444p10"):
        assert still_share(*(picture.convert(name, _native.Colour()) for picture in rgb)) == 0.5


def test_nothing_stands_still_in_less_than_a_block():
    small = pictures(footage(0, 0.0)[:, :15])
    assert still_share(*small) == 0


def test_what_stands_still_is_filtered_at_finer_quantisers():
    crfs = [1.0, 5.0, 10.0, 15.0, 19.75, 20.0, 40.0]
    still, moving = ([filters_noise(crf, share) for crf in crfs] for share in (0.9, 0.3))
    assert still == sorted(still)
    assert moving == sorted(moving)
    assert sum(still) > sum(moving) > 0


def test_the_filter_reaches_svt_av1():
    clip = pictures(footage(3, 6.0, frames=12))
    coded = [
        encode_pictures(clip, _native.Colour(), Fraction(24), VideoSettings(12.0, 10, threads=1, temporal_filter=on))
        for on in (True, False, True)
    ]
    assert coded[0].packets == coded[2].packets
    assert coded[0].packets != coded[1].packets


@pytest.mark.parametrize(("shift", "noise", "least", "most"), [(0, 1.0, 0.9, 1.0), (3, 9.0, 0.0, 0.1)])
def test_an_encode_says_how_much_stood_still(tmp_path, shift, noise, least, most):
    result = encode(footage(shift, noise, frames=12), tmp_path / "a.aic", fps=24, crf=12.0)
    assert least <= result.segments[0]["still"] <= most
