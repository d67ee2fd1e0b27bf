"""Which frames of a segment stand for all of it."""

from __future__ import annotations

import numpy as np
import pytest

from aicodec_native import _native, measure
from aicodec_native.frame_store import FrameReader, FrameStore
from aicodec_native.scorer import Scorer, sample_frames


@pytest.mark.parametrize("count", [1, 2, 5, 8, 9, 17, 31, 300, 10_007])
@pytest.mark.parametrize("samples", [1, 4, 6, 8, 16, 32])
def test_samples_are_distinct_frames_in_order(count, samples):
    chosen = sample_frames(count, samples)
    assert len(chosen) == min(count, samples)
    assert chosen == sorted(set(chosen))
    assert chosen[0] >= 0
    assert chosen[-1] < count


@pytest.mark.parametrize(
    ("count", "samples"),
    [(count, samples) for count in (31, 36, 45, 60, 150, 301) for samples in (8, 16, 32) if samples * 2 <= count],
)
def test_a_pyramid_is_sampled_level_by_level(count, samples):
    """The mean over the samples of what depends on the level alone is the mean over all frames, or nearly."""
    scores = [{0: 66.0, 1: 70.0, 2: 71.5}.get(level, 73.0) for level in map(_factors_of_two, range(count))]
    mean = sum(scores) / count
    assert sum(scores[frame] for frame in sample_frames(count, samples)) / samples == pytest.approx(mean, abs=0.25)


@pytest.mark.parametrize("count", [40, 77, 300])
def test_samples_are_spread(count):
    chosen = sample_frames(count, 8)
    gaps = [after - before for before, after in zip([0, *chosen], [*chosen, count], strict=True)]
    assert max(gaps) <= 2 * count / 8 + 4


def test_what_was_scored_before_scores_the_same_again():
    """And the source itself is perfect."""
    source = np.random.default_rng(3).integers(0, 256, (3, 40, 48, 3)).astype(np.uint8)
    other = np.where(np.arange(48)[:, None] % 5 == 0, source // 2, source)
    store = FrameStore("rgb24", 48, 40)
    for frame in source:
        store.append(_native.Picture.from_rgb(frame))
    frames = FrameReader(store.path, store.shape, 3)
    scorer = Scorer("ssimulacra2", frames, _native.Colour(), 25.0, "medium", 1)
    for clip in (other, source, other):
        scorer.begin()
        for number, frame in enumerate(clip):
            scorer.add(number, _native.Picture.from_rgb(frame))
        wanted = measure(zip(source, clip, strict=True), metrics=["ssimulacra2"]).per_frame["ssimulacra2"]
        assert scorer.result()[1] == pytest.approx(list(wanted), abs=1e-6)
    frames.close()
    store.close()


@pytest.mark.parametrize(("count", "measured"), [(8, 8), (15, 15), (16, 16), (40, 8)])
def test_every_frame_of_a_short_segment_counts(count, measured):
    store = FrameStore("rgb24", 16, 16)
    for number in range(count):
        store.append(_native.Picture.from_rgb(np.full((16, 16, 3), number, np.uint8)))
    frames = FrameReader(store.path, store.shape, count)
    scorer = Scorer("ssimulacra2", frames, _native.Colour(), 25.0, "medium", 1)
    assert len(scorer.frames) == measured
    frames.close()
    store.close()


def _factors_of_two(number: int) -> int:
    return (number & -number).bit_length() - 1 if number else 9
