"""Video layers under a shader that enhances them: sharper, chroma led by luma, or by fitted taps.

What a program gains in score is spent on a coarser quantiser. Programs are tried on the decoded frames that the winning
video layer gave; only where the gain is worth quantiser steps is anything coded again. Measurements: decision 0010.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from aicodec_native import _native
from aicodec_native.candidate import Candidate
from aicodec_native.crf_search import MAX_STEP, STEPS_PER_CRF
from aicodec_native.recognise import Clip, Proposal, drawn, restore
from aicodec_native.stack import draw_in_order
from aicodec_native.video_candidates import VideoSearch
from aicodec_native.workbench import Workbench

# How much of the difference from the neighbours' mean is added, until more makes it worse.
_AMOUNTS = (0.06, 0.12, 0.25, 0.5)
# A candidate must save this share of the bytes, by what is known of the curve, before it is coded.
_WORTH = {"medium": 0.02, "slow": 0.005}
_CODED = 2
# On 4:2:0 canvases no program gained: medium does not look there.
_FORMATS = {"fast": (), "medium": ("rgb24", "rgb30"), "slow": ("rgb24", "rgb30", "yuv420p", "yuv420p10")}


class Enhancer:
    """Of one segment. `tried` are all candidates it coded."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self.tried: list[Candidate] = []

    def run(self, video: VideoSearch, best: Candidate) -> Candidate | None:
        """A smaller stack than `best`, the winner of `video`, that reaches the goal too; None where there is none."""
        if self._bench.frames.shape[0] not in _FORMATS[self._bench.preset] or self._bench.goal.crf is not None:
            return None
        if best.details["format"].startswith("yuv444"):
            return None  # chroma has nothing to be led by, and sharpening saved less than 1%
        below = {number: picture for number, picture in self._drawn(best) if number in set(self._bench.scorer.frames)}
        score, proposal = self._best_program(below)
        gain = score - best.score
        step = round(best.details["crf"] * STEPS_PER_CRF)
        if proposal is None or gain <= 0:
            return None
        if not best.reached:
            return self._stacked(best, proposal)
        spare = best.score - self._bench.goal.target
        coarser = video.grid * int((gain + spare) / -video.slope / video.grid)
        saved = best.size * (1 - (1 - video.bytes_per_step) ** coarser) - proposal.bytes
        if saved < _WORTH[self._bench.preset] * best.size:
            return None
        found = None
        for _ in range(_CODED):
            if coarser < 1 or step + coarser > MAX_STEP:
                break
            stacked = self._stacked(video.probe(step + coarser), proposal)
            if stacked.reached and stacked.size < (found or best).size:
                found = stacked
            missing = max(0.0, self._bench.goal.target - stacked.score)
            coarser += video.grid * (1 if stacked.reached else -1 - int(missing / -video.slope / video.grid))
        return found

    def _best_program(self, below: dict[int, _native.Picture]) -> tuple[float, Proposal | None]:
        """By its score over the decoded frames that count."""
        numbers = sorted(below)
        colour = self._bench.header.colour
        sources = Clip([self._bench.frames[n] for n in numbers], fps=1, colour=colour, threads=self._bench.threads)
        under = Clip([below[n] for n in numbers], fps=1, colour=colour, threads=self._bench.threads)
        best: tuple[float, Proposal | None] = (float("-inf"), None)
        for family in (_sharper(), iter([_led_by_luma()]), _fitted(sources, under)):
            last = float("-inf")
            for proposal in family:
                self._bench.scorer.begin()
                for index, number in enumerate(numbers):
                    picture = drawn(
                        proposal, sources, index, below=under.rgb_picture(index), threads=self._bench.threads
                    )
                    if picture.format != self._bench.frames.shape[0]:
                        picture = picture.convert(self._bench.frames.shape[0], colour, self._bench.threads)
                    self._bench.scorer.add(number, picture)
                score = self._bench.scorer.result()[0]
                if score > best[0]:
                    best = score, proposal
                if score < last:
                    break
                last = score
        return best

    def _drawn(self, candidate: Candidate) -> Iterator[tuple[int, _native.Picture]]:
        segment = self._bench.wrap(candidate.layers)
        return enumerate(draw_in_order(lambda _: segment, range(1), self._bench.header, self._bench.threads))

    def _stacked(self, video: Candidate, proposal: Proposal) -> Candidate:
        """The program over a video layer, drawn by the decoder that users have, and scored."""
        started = time.perf_counter()
        layers = [*video.layers, (_native.LAYER_SHADER, proposal.layer)]
        candidate = Candidate("video+shader", f"{video.setting}, {proposal.name}", layers, 0.0, [])
        digest = _native.SegmentDigest()
        self._bench.scorer.begin()
        for number, picture in self._drawn(candidate):
            hashed = _native.picture_hash(picture)
            digest.add(hashed)
            if number in set(self._bench.scorer.frames):
                self._bench.scorer.add(number, picture, hashed)
        candidate.score, candidate.scores = self._bench.scorer.result()
        candidate.digest = digest.value
        candidate.reached = candidate.score >= self._bench.goal.target
        candidate.details = dict(video.details)
        candidate.seconds = video.seconds + time.perf_counter() - started
        self.tried.append(candidate)
        return candidate


def _sharper() -> Iterator[Proposal]:
    for amount in _AMOUNTS:
        around = " + ".join(f"below_nearest({x}.0, {y}.0)" for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1)))
        yield Proposal(
            "sharpening",
            f"""def color(x, y, t):
    c = below_nearest(0.0, 0.0)
    return rgb(c + (c - ({around}) * 0.25) * {amount})
""",
        )


def _led_by_luma() -> Proposal:
    """Chroma as the straight line over luma that fits the five by five pixels around: 4:4:4 from 4:2:0."""
    return Proposal(
        "chroma by luma",
        """def luma(c):
    return c[0] * 0.2126 + c[1] * 0.7152 + c[2] * 0.0722


def color(x, y, t):
    c = below_nearest(0.0, 0.0)
    l = luma(c)
    s, r, b, ss, sr, sb = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(5):
        for j in range(5):
            p = below_nearest(float(i - 2), float(j - 2))
            m = luma(p)
            s, ss = s + m, ss + m * m
            r, sr = r + p[0] - m, sr + (p[0] - m) * m
            b, sb = b + p[2] - m, sb + (p[2] - m) * m
    k = (l - s * 0.04) / (ss * 0.04 - s * s * 0.0016 + 0.0004)
    r = r * 0.04 + (sr * 0.04 - r * s * 0.0016) * k
    b = b * 0.04 + (sb * 0.04 - b * s * 0.0016) * k
    return rgb(l + r, l - (r * 0.2126 + b * 0.0722) / 0.7152, l + b)
""",
    )


def _fitted(sources: Clip, under: Clip) -> Iterator[Proposal]:
    """Taps by least squares; what reads the finished frame before cannot be judged from some frames alone."""
    return (p for p in restore.propose_over(sources, under) if not p.program.reads_prev)
