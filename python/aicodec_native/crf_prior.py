"""What is known of a video layer's score and bytes over its quantiser before anything is coded.

Steps are quarters of a CRF. Measurements: docs/decisions/0003-video-layer-settings.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from aicodec_native.candidate import Goal
from aicodec_native.crf_search import MIN_STEP, STEPS_PER_CRF, Axes, PowerAxes, QuantiserAxes, SearchPlan, clamp
from aicodec_native.video.settings import Encoder

# The CRF that usually gives a SSIMULACRA2 of 80, by encoder and whether a computer drew the pictures.
TYPICAL_CRF = {
    ("svtav1", False): 20.0,
    ("svtav1", True): 44.0,
    ("libaom", False): 20.0,
    ("libaom", True): 54.0,
}
# Curves fall faster and faster: nobody begins at quantisers that are hardly ever good enough.
_COARSEST_GUESS = 54 * STEPS_PER_CRF
# The score lost per step there; in parts of that, by encoder and pictures.
_SLOPES = {"ssimulacra2": -0.13, "psnr": -0.08, "xpsnr": -0.07, "ssim": -0.0004, "ms_ssim": -0.0003}
_STEEPNESS = {("svtav1", False): 1.0, ("svtav1", True): 1.3, ("libaom", False): 2.2, ("libaom", True): 1.7}
# Of photographs among drawings, by libaom: 0.3 to 0.7 points a CRF at 90, 0.5 to 1.2 at 80.
_MIXED_STEEPNESS = 1.7
_TYPICAL_SCORES = {"ssimulacra2": 80.0, "psnr": 40.0, "xpsnr": 40.0, "ssim": 0.97, "ms_ssim": 0.99}
# What pictures lack of a SSIMULACRA2 of 100 grows by about the same share with every step: slopes are in proportion to
# it, and the steps between two goals, in parts of what the slope says, are these.
_STRIDES = {("svtav1", False): 0.75, ("svtav1", True): 1.0, ("libaom", False): 1.0, ("libaom", True): 1.4}
# What SVT-AV1's camera footage lacks grows with a power of the CRF (0.5 to 1 on the corpus) instead, what photographs
# among drawings lack with one of the quantiser (0.3 to 0.5): axes, power, and what is lacking at a CRF.
_CAMERA_CURVE = PowerAxes(), 0.7, TYPICAL_CRF["svtav1", False], 19.0
_PHOTO_CURVE = QuantiserAxes(), 0.34, 41.0, 20.0
# What a search accepts above its target: about one step.
TOLERANCES = {"ssimulacra2": 0.3, "psnr": 0.1, "xpsnr": 0.1, "ssim": 0.0005, "ms_ssim": 0.0004}
# Times that where a point costs fewer bytes or a probe too much time: libaom knows whole CRFs alone.
_QUICK_TOLERANCE = 1.5
_CRF_SHARE = {"medium": 1.0, "slow": 0.5}

# After so many probes a search is content with less.
_USUAL_PROBES = {"fast": 2, "medium": 2, "slow": 6}
_USUAL_DRAWN_PROBES = {"medium": 1, "slow": 6}

# What libaom's drawings lack of a score of 100 at a CRF in the middle, over the share of faint edges (a polynomial),
# and the share more of it for each CRF: within a fifth on most drawings, which without a look differ by a factor of 3.
_MIDDLE_CRF = 46.0
_LACKING = (7.0, 8.0, 15.0)
_LACKING_MORE = 0.037

# A step coarser saves less than this share of the bytes.
_MOST_SAVED = {
    ("svtav1", False): 0.03,
    ("svtav1", True): 0.0125,
    ("libaom", False): 0.03,
    ("libaom", True): 0.016,
}
# A step finer takes more than this share more, and slopes are up to this times the usual one.
_LEAST_GROWTH = 0.005
_STEEPEST = 2.0
# What a probe below the target tells of the bytes there: nothing from so many points of SSIMULACRA2 away, and so many
# times the bytes that follow from it are sure.
_FORESIGHT = 8.0
_DOUBT = 1.25


@dataclass(frozen=True, slots=True)
class CrfPrior:
    """Of an encoder's video that reaches a goal: the step to begin with, the score per step there (below zero), what
    may be above the target, after how many probes more may be, and the share of the bytes that a step saves at most.
    `curved`: axes that make a line of the curve, where straight ones do not, and the slope of that line."""

    goal: Goal
    guess: float
    slope: float
    tolerance: float
    usual_probes: int
    most_saved: float
    curved: tuple[Axes, float] | None = None

    def plan(self, guess: float, grid: int) -> SearchPlan:
        """A search that begins there."""
        plan = SearchPlan(
            self.goal.target,
            clamp(guess, grid),
            self.slope,
            self.tolerance,
            usual_probes=self.usual_probes,
            grid=grid,
        )
        return plan if self.curved is None else replace(plan, axes=self.curved[0], slope=self.curved[1])

    def least_bytes(self, size: int, score: float, step: float, coarsest: int) -> float:
        """What the goal takes at least, after a probe at a step that gave that size and score."""
        spare = (score - self.goal.target) / -self.slope  # steps, about
        if spare < 0:
            return float(size * (1 + _LEAST_GROWTH) ** (-spare / _STEEPEST))
        return float(size * (1 - self.most_saved) ** min(spare, max(0.0, coarsest - step)))

    def most_bytes(self, size: int, score: float) -> int | None:
        """What the goal takes at most; None where that probe does not tell."""
        missing = self.goal.target - score
        if missing <= 0:
            return size
        if missing > _FORESIGHT * _SLOPES[self.goal.metric] / _SLOPES["ssimulacra2"]:
            return None
        return int(_DOUBT * size * (1 - max(_MOST_SAVED.values())) ** (missing / self.slope))


def crf_prior(
    encoder: Encoder, drawn: bool, goal: Goal, preset: str, faint: float | None = None, *, mixed: bool = False
) -> CrfPrior:
    """`drawn`: by a computer; `faint`: the share of their edges that is faint, if known; `mixed`: photographs alone are
    coded, of pictures with drawings beside."""
    kind = encoder, drawn
    slope = _SLOPES[goal.metric] * (_MIXED_STEEPNESS if mixed and encoder == "libaom" else _STEEPNESS[kind])
    stride = (goal.target - _TYPICAL_SCORES[goal.metric]) / slope * _STRIDES[kind]
    guess = TYPICAL_CRF[kind] * STEPS_PER_CRF + stride
    tolerance = TOLERANCES[goal.metric]
    if preset != "slow":
        tolerance *= _QUICK_TOLERANCE
    curved: tuple[Axes, float] | None = None
    if goal.metric == "ssimulacra2":
        may_lack = max(100.0 - goal.target, 1.0)
        share = may_lack / (100.0 - _TYPICAL_SCORES[goal.metric])
        slope *= share
        if kind == ("libaom", True):
            tolerance = max(tolerance, -slope * STEPS_PER_CRF * _CRF_SHARE[preset])
            if faint is not None:
                guess = STEPS_PER_CRF * _drawn_crf(may_lack, faint)
        if kind == ("svtav1", False):
            tolerance *= share  # a point is worth the more bytes the less is lacking
            axes, power, crf, lacking = _PHOTO_CURVE if mixed else _CAMERA_CURVE
            curved = axes, -power
            way = math.log((may_lack - tolerance / 2) / lacking) / power
            guess = max(MIN_STEP, min(axes.step(axes.place(crf * STEPS_PER_CRF) + way), _COARSEST_GUESS))
            slope = -power * may_lack * (axes.place(guess + 1) - axes.place(guess))
    usual_probes = _USUAL_DRAWN_PROBES if kind == ("libaom", True) else _USUAL_PROBES
    guess = max(MIN_STEP, min(guess, _COARSEST_GUESS))
    return CrfPrior(goal, guess, slope, tolerance, usual_probes[preset], _MOST_SAVED[kind], curved)


def _drawn_crf(may_lack: float, faint: float) -> float:
    """Where that much is lacking of a score of 100, and one CRF finer: a narrow miss would cost another probe."""
    lacking = sum(factor * faint**power for power, factor in enumerate(_LACKING))
    return _MIDDLE_CRF + math.log(may_lack / lacking) / _LACKING_MORE - 1.0
