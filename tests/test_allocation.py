"""Where a file of several segments spends its bytes."""

import itertools

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native.allocation import Point, SegmentPoints, best_within, cheapest
from clips import moving_shots


def random_segments(seed, count):
    random = np.random.default_rng(seed)
    segments = []
    for _ in range(count):
        scores = 80 + np.sort(random.uniform(-4, 4, 4))
        sizes = random.uniform(1e4, 1e6) * np.exp((scores - 80) * random.uniform(0.03, 0.3))
        points = [Point(int(size), float(score)) for size, score in zip(sizes, scores, strict=True)]
        reaching = [i for i, p in enumerate(points) if p.score >= 80]
        segments.append(SegmentPoints(points, reaching[0] if reaching else 3, float(random.integers(1, 300))))
    return segments


def total(segments, chosen):
    return sum(s.points[i].bytes for s, i in zip(segments, chosen, strict=True))


def mean(segments, chosen):
    weights = [s.weight for s in segments]
    return np.average([s.points[i].score for s, i in zip(segments, chosen, strict=True)], weights=weights)


@pytest.mark.parametrize("seed", range(8))
def test_no_choice_is_cheaper(seed):
    segments = [s for s in random_segments(seed, 8) if s.points[s.usual].score >= 80][:5]
    chosen = cheapest(segments, 80, 3)
    every = itertools.product(range(4), repeat=len(segments))
    allowed = [
        c
        for c in every
        if mean(segments, c) >= 80
        and all(s.points[i].score >= 77 or i == s.usual for s, i in zip(segments, c, strict=True))
    ]
    assert total(segments, chosen) == min(total(segments, c) for c in allowed)


@pytest.mark.parametrize("seed", range(4))
def test_no_choice_within_a_size_is_better(seed):
    segments = random_segments(seed, 5)
    limit = int(0.9 * total(segments, [s.usual for s in segments]))
    fitting = [c for c in itertools.product(range(4), repeat=5) if total(segments, c) <= limit]
    chosen = best_within(segments, limit)
    assert total(segments, chosen) <= limit
    assert mean(segments, chosen) == pytest.approx(max(mean(segments, c) for c in fitting))
    assert best_within(segments, 1) is None


def test_what_cannot_be_reached_is_not_made_up_for_elsewhere():
    poor = SegmentPoints([Point(1000, 60.0), Point(10, 40.0)], 0, 1)
    good = SegmentPoints([Point(1000, 80.0), Point(1500, 90.0)], 0, 1)
    assert cheapest([poor, good], 80, 5) == [0, 0]


def test_two_hours_of_segments():
    segments = [s for s in random_segments(1, 1500) if s.points[s.usual].score >= 80]
    usual = [s.usual for s in segments]
    chosen = cheapest(segments, 80, 4)
    assert mean(segments, chosen) >= 80
    assert total(segments, chosen) < 0.95 * total(segments, usual)


def shots():
    """One that is dear to draw well, and two that are cheap."""
    noise = np.random.default_rng(4).normal(0, 12, (24, 128, 192, 3))
    clip = moving_shots().astype(float)
    clip[:24] += noise
    clip[24:] += noise[[*range(24), *range(24)]] / 3
    return np.clip(clip, 0, 255).astype(np.uint8)


def test_a_file_reaches_its_score_as_a_whole(tmp_path):
    clip = shots()
    whole = aic.encode(clip, tmp_path / "whole.aic", quality=75, workers=1, fps=24)
    assert whole.reached
    assert whole.score >= 75
    assert len(whole.segments) == 3
    alone = 0
    for number in range(3):
        part = aic.encode(clip[24 * number : 24 * number + 24], tmp_path / f"{number}.aic", quality=75, fps=24)
        alone += part.segments[0]["bytes"]
    assert sum(segment["bytes"] for segment in whole.segments) <= alone + 16
    assert min(segment["score"] for segment in whole.segments) >= 70
    with aic.open(tmp_path / "whole.aic") as reader:
        assert len(reader) == 72
    again = aic.encode(clip, tmp_path / "again.aic", quality=75, workers=3, fps=24)
    assert again.bytes == whole.bytes
    assert (tmp_path / "again.aic").read_bytes() == (tmp_path / "whole.aic").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.aic", "1.aic", "2.aic", "again.aic", "whole.aic"]
