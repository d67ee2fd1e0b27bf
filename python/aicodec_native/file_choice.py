"""A file of several segments as a whole: which of the ways that each was coded in it gets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from aicodec_native import _native
from aicodec_native.allocation import FLOORS, Point, SegmentPoints, best_within, cheapest
from aicodec_native.candidate import Goal
from aicodec_native.size_search import FILLED, Fill, WrongSizeError
from aicodec_native.stack import draw_in_order


@dataclass(frozen=True, slots=True)
class Room:
    """`limit`: the most bytes; `size`: those of the file with the segments as they are; `fill`: which are too few."""

    limit: int
    size: int
    fill: Fill


def chosen_points(reports: list[dict[str, Any]], goal: Goal, room: Room | None) -> dict[int, dict[str, Any]]:
    """By segment: the points, among those of its report, that the file is to have in place of what is there.

    Raises WrongSizeError where no choice fits the room, or none does well.
    """
    points = [[report, *report.get("points", [])] for report in reports]
    choices = [
        SegmentPoints([Point(p["bytes"], p["score"]) for p in mine], 0, report["frames"])
        for mine, report in zip(points, reports, strict=True)
    ]
    chosen = cheapest(choices, goal.target, FLOORS[goal.metric])
    if room is not None:
        chosen = _fitting(choices, chosen, room)
    return {n: points[n][index] for n, index in enumerate(chosen) if index > 0}


def _fitting(choices: list[SegmentPoints], chosen: list[int], room: Room) -> list[int]:
    other = room.size - sum(segment.points[0].bytes for segment in choices)

    def size_of(points: list[int]) -> int:
        return other + sum(segment.points[n].bytes for segment, n in zip(choices, points, strict=True))

    size = size_of(chosen)
    fitting: list[int] | None = chosen
    if size > room.limit:
        fitting = best_within(choices, room.limit - other)
    must_fill = room.fill is Fill.ALWAYS or (room.fill is Fill.IF_CUT and size > room.limit)
    if fitting is None or (must_fill and size_of(fitting) < FILLED * room.limit):
        raise WrongSizeError(size, room.limit)
    return fitting


def redrawn(payload: bytes, header: _native.StreamHeader, layers: list[tuple[int, bytes]], *, digests: bool) -> bytes:
    """The segment with other layers, of which the decoder that users have draws every frame for the digest."""
    old = _native.Segment(payload, header)

    def built(digest: int | None) -> bytes:
        return _native.build_segment(
            header=header, first_frame=old.first_frame, times=old.times, digest=digest, layers=layers
        )

    if not digests:
        return built(None)
    segment = _native.Segment(built(None), header)
    digest = _native.SegmentDigest()
    for picture in draw_in_order(lambda _: segment, range(1), header, os.cpu_count() or 1):
        digest.add(_native.picture_hash(picture))
    return built(digest.value)
