"""What a video search knows beforehand: where it begins, and what it takes one probe's bytes to tell."""

from __future__ import annotations

import itertools

import pytest

from aicodec_native.candidate import Goal
from aicodec_native.crf_prior import crf_prior
from aicodec_native.crf_search import MAX_STEP, MIN_STEP

KINDS = list(itertools.product(("svtav1", "libaom"), (False, True)))
SCORES = [
    ("ssimulacra2", (60, 75, 90)),
    ("psnr", (32, 38, 44)),
    ("xpsnr", (32, 38, 44)),
    ("ms_ssim", (0.97, 0.99, 0.998)),
]


def prior(kind=("libaom", True), goal=80.0, metric="ssimulacra2", preset="medium"):
    return crf_prior(*kind, Goal(metric, goal), preset, screen_tools=kind[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("metric", "goals"), SCORES)
def test_higher_goals_begin_at_finer_steps(kind, metric, goals):
    guesses = [prior(kind, goal, metric).guess for goal in goals]
    assert guesses == sorted(guesses, reverse=True)
    assert guesses[0] > guesses[-1]
    assert guesses[0] <= MAX_STEP


@pytest.mark.parametrize("kind", KINDS)
def test_no_goal_is_taken_for_one_without_slope(kind):
    for goal in range(0, 101, 5):
        known = prior(kind, float(goal))
        assert known.slope < 0 < known.tolerance


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("score", [40.0, 79.0, 80.0, 83.0, 95.0])
def test_the_least_is_no_more_than_the_most(kind, score):
    known = prior(kind)
    least, most = known.least_bytes(10_000, score, 100, MAX_STEP), known.most_bytes(10_000, score)
    assert most is None or least <= most


def test_a_probe_below_the_goal_has_fewer_bytes_than_the_goal_takes():
    known = prior()
    assert known.least_bytes(10_000, 60.0, 200, MAX_STEP) > known.least_bytes(10_000, 75.0, 200, MAX_STEP) > 10_000
    assert known.least_bytes(10_000, 85.0, 200, MAX_STEP) < 10_000
    assert known.most_bytes(10_000, 60.0) is None  # too far away to tell


def test_nothing_is_coarser_than_the_coarsest_step():
    assert prior().least_bytes(10_000, 95.0, MAX_STEP, MAX_STEP) == 10_000
    assert prior().least_bytes(10_000, 95.0, MIN_STEP, MAX_STEP) < 10_000


def test_only_medium_is_content_with_a_whole_crf_over_the_goal():
    assert prior(preset="slow").tolerance < prior(preset="medium").tolerance
    assert prior(preset="slow").usual_probes > prior(preset="medium").usual_probes
