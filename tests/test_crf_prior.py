"""What a video search knows beforehand: where it begins, and what it takes one probe's bytes to tell."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from aicodec_native import _native
from aicodec_native.candidate import Goal
from aicodec_native.crf_prior import crf_prior
from aicodec_native.crf_search import MAX_STEP, MIN_STEP
from aicodec_native.faint_edges import faint_share

KINDS = list(itertools.product(("svtav1", "libaom"), (False, True)))
SCORES = [
    ("ssimulacra2", (60, 75, 90)),
    ("psnr", (32, 38, 44)),
    ("xpsnr", (32, 38, 44)),
    ("ms_ssim", (0.97, 0.99, 0.998)),
]


def prior(kind=("libaom", True), goal=80.0, metric="ssimulacra2", preset="medium", faint=None, mixed=False):
    return crf_prior(*kind, Goal(metric, goal), preset, faint, mixed=mixed)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("metric", "goals"), SCORES)
def test_higher_goals_begin_at_finer_steps(kind, metric, goals):
    guesses = [prior(kind, goal, metric).guess for goal in goals]
    assert guesses == sorted(guesses, reverse=True)
    assert guesses[0] > guesses[-1]
    assert guesses[0] <= MAX_STEP


@pytest.mark.parametrize("mixed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_no_goal_is_taken_for_one_without_slope(kind, mixed):
    for goal in range(0, 101, 5):
        known = prior(kind, float(goal), mixed=mixed)
        assert known.slope < 0 < known.tolerance
        assert MIN_STEP <= known.guess <= MAX_STEP


def test_photographs_among_drawings_may_be_coarser_than_camera_footage():
    for goal in (70.0, 80.0, 90.0):
        assert prior(("svtav1", False), goal, mixed=True).guess > prior(("svtav1", False), goal).guess


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


@pytest.mark.parametrize("goal", [60.0, 80.0, 90.0, 95.0])
def test_drawings_with_faint_edges_begin_at_finer_steps(goal):
    guesses = [prior(goal=goal, faint=share).guess for share in (0.0, 0.4, 0.7, 1.0)]
    assert guesses == sorted(guesses, reverse=True)
    assert guesses[0] > guesses[-1]


def test_gradients_are_faint_edges_and_letters_are_not():
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (40, 200, 3))
    letters = np.where(ramp % 8 < 4, np.uint8(20), np.uint8(220))
    both = np.concatenate([ramp, letters])
    shares = [faint_share([_native.Picture.from_rgb(np.ascontiguousarray(p))]) for p in (letters, both, ramp)]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] == 1
    assert faint_share([_native.Picture.from_rgb(np.zeros((8, 8, 3), np.uint8))]) == 0


def test_depth_is_no_contrast():
    ramp = _native.Picture.from_rgb(np.tile(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], (8, 1, 3)))
    deep = ramp.convert("rgb30", _native.Colour())
    assert faint_share([deep]) == faint_share([ramp]) == 1


def test_a_point_of_camera_footage_is_dearer_the_less_is_lacking():
    tolerances = [prior(("svtav1", False), goal).tolerance for goal in (60.0, 80.0, 90.0, 99.0)]
    assert tolerances == sorted(tolerances, reverse=True)
    assert tolerances[0] > tolerances[-1] > 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("goal", [1.0, 98.0, 99.0, 99.9, 100.0])
def test_the_first_step_is_one_there_is(kind, goal):
    for faint in (None, 0.0, 1.0):
        known = prior(kind, goal, faint=faint)
        assert MIN_STEP <= known.guess <= MAX_STEP


def test_a_goal_next_to_perfect_does_not_make_curves_steeper():
    slopes = [prior(("svtav1", False), goal).slope for goal in (98.0, 99.0, 99.9)]
    assert slopes == sorted(slopes)


def test_only_medium_is_content_with_a_whole_crf_over_the_goal():
    assert prior(preset="slow").tolerance < prior(preset="medium").tolerance
    assert prior(preset="slow").usual_probes > prior(preset="medium").usual_probes
