"""The score of what has won a segment, on more frames than all candidates are measured on.

A sample of eight frames is up to half a point of SSIMULACRA2 off. So what lies so near to the goal is looked at once
more, as the decoder that users have draws it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aicodec_native import _native
from aicodec_native.candidate import Candidate
from aicodec_native.errors import EncodeError
from aicodec_native.stack import draw_in_order
from aicodec_native.workbench import Workbench

# Further above the goal a sample is not off.
_MOST_OFF = 0.5
# So little below the goal is as good.
_NEGLIGIBLE = 0.1


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Of one candidate: its score and those of the frames looked at; `missing`: points that it lacks of the goal,
    0 where they do not matter."""

    score: float
    scores: list[float]
    missing: float


def confirmation(bench: Workbench, candidate: Candidate, off: float) -> Confirmation | None:
    """None where it is sure already to reach the goal; `off`: what is known to be added to scores of a sample. Else the
    candidate's digest is known afterwards."""
    goal = bench.goal
    if goal.metric != "ssimulacra2" or goal.crf is not None or not candidate.reached:
        return None
    if candidate.score + off >= goal.target + _MOST_OFF:
        return None
    scorer = bench.scorer.widened()
    if scorer is None:
        return None
    wanted = set(scorer.frames)
    digest = _native.SegmentDigest()
    for number, picture, hashed in drawn_again(bench, candidate):
        digest.add(hashed)
        if number in wanted:
            scorer.add(number, picture, hashed)
    candidate.digest = digest.value
    score, scores = scorer.result()
    missing = goal.target - score
    return Confirmation(score, scores, missing if missing > _NEGLIGIBLE else 0.0)


def drawn_again(bench: Workbench, candidate: Candidate) -> Iterator[tuple[int, _native.Picture, int]]:
    """Number, picture and hash of every frame, from the bytes. What was measured must come out again: EncodeError."""
    segment = bench.wrap(candidate.layers)
    for number, picture in enumerate(draw_in_order(lambda _: segment, range(1), bench.header, bench.threads)):
        hashed = _native.picture_hash(picture)
        if candidate.hashes.get(number, hashed) != hashed:
            raise EncodeError(f"frame {number} decodes to another picture than was measured")
        yield number, picture, hashed
