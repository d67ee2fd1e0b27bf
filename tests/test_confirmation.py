"""What wins is scored on more frames than the search looks at, and mended where it falls short there."""

from __future__ import annotations

import numpy as np
import pytest

from aicodec_native import _native, measure
from aicodec_native.frame_store import FrameReader, FrameStore
from aicodec_native.scorer import Scorer, sample_frames
from test_candidates import encoded, footage, read


@pytest.mark.parametrize(("count", "usual", "wider"), [(16, 16, None), (30, 8, 30), (32, 8, 32), (40, 8, 24)])
def test_the_winner_is_looked_at_on_more_frames(count, usual, wider):
    store = FrameStore("rgb24", 16, 16)
    for number in range(count):
        store.append(_native.Picture.from_rgb(np.full((16, 16, 3), number, np.uint8)))
    frames = FrameReader(store.path, store.shape, count)
    scorer = Scorer("ssimulacra2", frames, _native.Colour(), 25.0, "medium", 1)
    more = scorer.widened()
    assert len(scorer.frames) == usual
    assert (None if more is None else len(more.frames)) == wider
    frames.close()
    store.close()


def test_a_sample_that_flatters_does_not_leave_the_file_below_the_goal(tmp_path):
    """The frames that the search looks at have less noise than the others, which cost it points."""
    clip = footage(24)
    for number in sample_frames(24, 6):
        clip[number] = np.round(0.7 * clip[number] + 0.3 * np.roll(clip[number], 1, axis=1))
    result = encoded(clip, tmp_path / "flattered.aic", quality=80)
    (segment,) = result.segments
    assert [tried["reached"] for tried in segment["tried"]].count(False) == 1
    found = measure(zip(clip, read(tmp_path / "flattered.aic"), strict=True), metrics=["ssimulacra2"])
    assert found.ssimulacra2 >= 79.8
    assert segment["score"] == pytest.approx(found.ssimulacra2, abs=1.0)
