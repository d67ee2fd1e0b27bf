"""The search for a quantiser on curves that are known, without a video."""

import math
import random
from dataclasses import replace

import numpy as np
import pytest

from aicodec_native.crf_search import MAX_STEP, MIN_STEP, PowerAxes, QuantiserAxes, SearchPlan, clamp, search

PLAN = SearchPlan(target=80.0, guess=108, slope=-0.24, tolerance=0.3)


class Probe:
    """A curve that notes where it was asked."""

    def __init__(self, curve):
        self.curve = curve
        self.steps = []

    def __call__(self, step):
        assert isinstance(step, int)
        assert MIN_STEP <= step <= MAX_STEP
        assert step not in self.steps, "a step was probed twice"
        assert len(self.steps) < 12, "the search does not end"
        self.steps.append(step)
        return self.curve(step)


def run(curve, plan=PLAN):
    """The result of a search, after what holds for every search is checked."""
    probe = Probe(curve)
    result = search(plan, probe)
    assert result.probes == {step: curve(step) for step in probe.steps}
    passing = [step for step in probe.steps if curve(step) >= plan.target]
    assert result.reached == bool(passing)
    if passing:
        assert result.step == max(passing)
    else:
        assert result.step in probe.steps
        assert curve(result.step) >= max(map(curve, probe.steps)) - plan.tolerance
    return result


def bent(at, slope, bend):
    """Through the target at step `at`, steeper towards coarse steps."""
    return lambda step: 80 + slope * (step - at) - bend * (step - at) * abs(step - at)


def plausible_curves():
    rng = random.Random(1)
    for _ in range(400):
        yield bent(rng.gauss(108, 30), -rng.uniform(0.12, 0.45), rng.uniform(0, 0.0015))


def test_few_probes_on_plausible_curves():
    counts = [len(run(curve).probes) for curve in plausible_curves()]
    assert sum(counts) / len(counts) <= 4
    assert max(counts) <= 8


def test_result_is_close_to_the_best_step():
    for curve in plausible_curves():
        best = max((s for s in range(MIN_STEP, MAX_STEP + 1) if curve(s) >= 80), default=None)
        result = run(curve)
        assert result.reached == (best is not None)
        if best is not None:
            assert best - result.step <= 4, "more than one CRF is given away"


def test_a_right_guess_costs_one_probe():
    assert run(lambda step: 80.2 - (step - 108) * 0.24).probes == {108: 80.2}


@pytest.mark.parametrize("score", [100.0, 80.0])
def test_a_curve_that_always_passes_takes_the_coarsest_step(score):
    result = run(lambda step: score)
    assert result.reached
    if score == 100:
        assert result.step == MAX_STEP
        assert len(result.probes) <= 4


def test_out_of_reach_gives_up_early_and_keeps_a_small_file():
    result = run(lambda step: 60.0 - step / 1000)
    assert not result.reached
    assert len(result.probes) <= 4
    assert result.step >= 60, "finer steps gain nothing here and only cost bytes"


def test_just_out_of_reach_at_the_finest_step():
    result = run(lambda step: 79.9 - (step - MIN_STEP) * 0.2)
    assert (result.step, result.reached) == (MIN_STEP, False)


def test_reached_at_the_finest_step_only():
    result = run(lambda step: 80.1 - (step - MIN_STEP) * 0.2)
    assert (result.step, result.reached) == (MIN_STEP, True)


def test_reached_by_all_but_the_coarsest_step():
    result = run(lambda step: 80.0 + (MAX_STEP - 1 - step) * 0.5)
    assert (result.step, result.reached) == (MAX_STEP - 1, True)


@pytest.mark.parametrize("edge", [50, 107, 108, 109, 200, MAX_STEP - 1])
def test_a_cliff_is_found_or_bounded(edge):
    result = run(lambda step: 95.0 if step <= edge else 20.0)
    assert result.reached
    assert result.step <= edge


@pytest.mark.parametrize("noise", [0.1, 1.0, 10.0])
def test_noise_neither_loops_nor_fools(noise):
    for seed in range(200):
        rng = random.Random(seed)
        offsets = [rng.gauss(0, noise) for _ in range(MAX_STEP + 1)]
        run(lambda step, offsets=offsets: 80 - (step - 120) * 0.2 + offsets[step])


def test_a_rising_curve_ends():
    run(lambda step: 60 + step * 0.1)
    run(lambda step: 90 + step * 0.01)


@pytest.mark.parametrize("guess", [-10_000, 0, MIN_STEP, MAX_STEP, 10_000])
def test_any_guess_will_do(guess):
    plan = SearchPlan(target=80.0, guess=guess, slope=-0.24, tolerance=0.3)
    result = run(bent(108, -0.24, 0), plan)
    assert result.reached
    assert 107 <= result.step <= 108


@pytest.mark.parametrize("slope", [-0.0001, -100.0])
def test_any_slope_will_do(slope):
    plan = SearchPlan(target=80.0, guess=200, slope=slope, tolerance=0.3)
    assert run(bent(108, -0.24, 0), plan).step >= 104


@pytest.mark.parametrize("score", [math.inf, -math.inf, math.nan])
def test_scores_that_are_no_numbers_end_the_search(score):
    probe = Probe(lambda step: score)
    assert search(PLAN, probe).reached == (score == math.inf)


def test_whole_crfs_alone_are_probed_where_there_are_no_others():
    plan = replace(PLAN, grid=4)
    for curve in plausible_curves():
        result = run(curve, plan)
        assert all(step % 4 == 0 for step in result.probes)
        nearer = [step for step in range(MIN_STEP, MAX_STEP + 1, 4) if curve(step) >= plan.target]
        # Well known: the best whole CRF, or one within the tolerance.
        assert result.step == max(nearer, default=result.step) or curve(result.step) <= plan.target + plan.tolerance


def power_curves():
    """As of camera footage: what is lacking of 100 grows with a power of the step that nobody knows beforehand."""
    rng = random.Random(2)
    for _ in range(400):
        lacking, power = rng.uniform(16, 23), rng.uniform(0.5, 1.0)
        yield lambda step, lacking=lacking, power=power: 100 - lacking * (step / 80) ** power


@pytest.mark.parametrize("target", [70.0, 85.0, 90.0])
def test_axes_that_fit_the_curves_spare_probes_far_from_the_guess(target):
    straight = replace(PLAN, target=target, guess=80, slope=-0.2, tolerance=0.3, usual_probes=2)
    bent = replace(straight, slope=-0.7, axes=PowerAxes())
    counts = {plan: [len(run(curve, plan).probes) for curve in power_curves()] for plan in (straight, bent)}
    assert sum(counts[bent]) < sum(counts[straight])
    assert max(counts[bent]) <= 4


# What photographs among drawings score at CRFs (SVT-AV1 4, whole stacks): a window dragged over one, and slides.
PHOTO_CRFS = [24, 30, 36, 41, 46, 51, 56, 60, 63]
PHOTO_SCORES = [
    [92.12, 91.5, 90.42, 89.2, 87.48, 85.63, 82.85, 78.36, 66.77],
    [85.61, 83.95, 81.95, 80.05, 78.1, 75.35, 71.91, 63.88, 51.1],
]


@pytest.mark.parametrize("target", [76.0, 80.0, 83.0])
def test_axes_of_the_quantiser_fit_photographs_among_drawings(target):
    def curve_through(scores):
        return lambda step: float(np.interp(step / 4, PHOTO_CRFS, scores))

    plan = replace(PLAN, target=target, guess=180, tolerance=0.45, usual_probes=2)
    counts = {
        axes: [
            len(run(curve_through(scores), replace(plan, axes=axes(), slope=slope)).probes) for scores in PHOTO_SCORES
        ]
        for axes, slope in ((PowerAxes, -0.7), (QuantiserAxes, -0.34))
    }
    assert sum(counts[QuantiserAxes]) < sum(counts[PowerAxes])
    assert max(counts[QuantiserAxes]) <= 4


@pytest.mark.parametrize("axes", [PowerAxes(), QuantiserAxes()])
def test_axes_tell_the_way_back(axes):
    steps = range(MIN_STEP, MAX_STEP + 1)
    places = [axes.place(step) for step in steps]
    assert places == sorted(set(places))
    assert [clamp(axes.step(place)) for place in places] == list(steps)


@pytest.mark.parametrize("axes", [PowerAxes(), QuantiserAxes()])
def test_what_is_out_of_reach_is_given_up_on_any_axes(axes):
    result = run(lambda step: 60.0 - step / 1000, replace(PLAN, slope=-0.7, axes=axes))
    assert not result.reached
    assert len(result.probes) <= 4
    assert result.step >= 20


@pytest.mark.parametrize("guess", [60, 100, 101, 108, 140, 200])
@pytest.mark.parametrize("tolerance", [0.3, 0.9])
def test_a_cliff_at_the_target_ends_the_search(guess, tolerance):
    plan = SearchPlan(80.0, guess, -0.7, tolerance, axes=PowerAxes())
    run(lambda step: 80.001 if step <= 100 else 79.999, plan)


@pytest.mark.parametrize("grid", [1, 4])
def test_what_is_out_of_reach_is_the_last_step_there_is(grid):
    for axes in (PowerAxes(), QuantiserAxes()):
        assert clamp(axes.step(axes.place(MIN_STEP) - 9), grid) == clamp(-5.0, grid) == MIN_STEP
    assert clamp(math.inf, grid) == clamp(9999.0, grid) == MAX_STEP


def test_two_steps_that_are_as_good_are_no_reason_to_go_far():
    scores = {step: 90.0 - 0.1 * (step - 108) for step in range(MIN_STEP, MAX_STEP + 1)}
    scores[112] = scores[108] + 0.2
    plan = replace(PLAN, target=89.5, slope=-0.1, tolerance=0.1, grid=4)
    assert max(run(scores.__getitem__, plan).probes) <= 112 + 3 * 8
