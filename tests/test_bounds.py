"""Files that must not become larger than asked: the best that fits."""

import click
import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native.cli.goals import SIZE
from clips import moving_shots


def noisy():
    clip = moving_shots(2).astype(float)
    return np.clip(clip + np.random.default_rng(1).normal(0, 5, clip.shape), 0, 255).astype(np.uint8)


def test_the_best_that_fits(tmp_path):
    clip = noisy()
    free = aic.encode(clip, tmp_path / "free.aic", preset="fast", quality=80, fps=24)
    limit = free.bytes * 2 // 3
    bound = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=80, fps=24, max_size=limit)
    assert 0.75 * limit < bound.bytes <= limit
    assert (tmp_path / "a.aic").stat().st_size == bound.bytes
    assert bound.score < free.score
    rate = limit * 8 / 1000 / free.duration
    by_rate = aic.encode(clip, tmp_path / "b.aic", preset="fast", quality=80, fps=24, max_bitrate=rate)
    assert by_rate.bytes <= limit
    with aic.open(tmp_path / "a.aic") as reader:
        assert len(list(reader)) == len(clip)


def test_what_fits_anyway_is_as_without_a_bound(tmp_path):
    clip = noisy()
    free = aic.encode(clip, tmp_path / "free.aic", preset="fast", quality=60, fps=24)
    bound = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=60, fps=24, max_size=2 * free.bytes)
    assert bound.reached
    assert bound.bytes == free.bytes


def test_a_bound_that_nothing_reaches(tmp_path):
    with pytest.raises(aic.EncodeError, match="cannot be made as small"):
        aic.encode(noisy()[:6], tmp_path / "a.aic", preset="fast", quality=30, max_size=100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [{"max_size": 0}, {"max_bitrate": -1.0}, {"max_size": 10, "crf": 30}, {"max_size": 10, "quality": "lossless"}],
)
def test_bounds_that_make_no_sense(tmp_path, options):
    with pytest.raises(aic.OptionError):
        aic.encode(noisy()[:2], tmp_path / "a.aic", **options)


def test_sizes():
    assert [SIZE.convert(text, None, None) for text in ("500", "800k", "10M", "1.5GB")] == [500, 800e3, 10e6, 15e8]
    for text in ("10X", "ten", "-5", ""):
        with pytest.raises(click.BadParameter):
            SIZE.convert(text, None, None)
