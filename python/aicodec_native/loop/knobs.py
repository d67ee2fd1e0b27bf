"""The encoder's knobs, turned one at a time from the best known setting: what `search` does besides programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aicodec_native.loop.proposals import Attempt, Context, Proposal
from aicodec_native.loop.strategy import SCREEN_PRESETS, Strategy
from aicodec_native.lossless_encoder import GREATEST_ERROR, MAX_ERROR
from aicodec_native.video_layer import SVT_PRESETS

# What SVT-AV1 is usually told (video_layer.py), and what else is worth a try, the most promising first.
_SVT = (
    ("variance-boost-strength", 1),
    ("scm", 1),
    ("tune", 1),
    ("enable-variance-boost", 0),
    ("variance-octile", 3),
    ("enable-qm", 1),
    ("scm", 0),
    ("variance-boost-strength", 3),
    ("sharpness", 1),
    ("enable-overlays", 1),
    ("tune", 0),
    ("enable-tf", 0),
    ("variance-octile", 8),
    ("hierarchical-levels", 4),
    ("enable-cdef", 0),
    ("enable-restoration", 0),
)
# How much finer SVT-AV1's presets may go than the run's: each step takes about half as long again.
_FINER = (2, 1, 3, 4)
# A screen layer this many times as large as the best candidate is not worth more tries.
_HOPELESS = 4.0


def video(context: Context) -> Iterator[Proposal]:
    """Neighbours of the best video setting. None for goals that a lossy layer cannot reach."""
    if context.metric == GREATEST_ERROR:
        return
    tried = _tried(context, "video")
    best, setting = _best(context, tried, {"stack": "video"})
    preset = setting.get("svt_preset", SVT_PRESETS[context.preset])
    usual = SVT_PRESETS[context.preset]
    for finer in _FINER:
        wanted = max(0, usual - finer)
        if wanted < preset or not tried:
            yield _turned(setting, best, f"video: preset {wanted}", svt_preset=wanted)
    parameters = setting.get("svt", {})
    for name, value in _SVT:
        if parameters.get(name) != value:
            yield _turned(setting, best, f"video: {name}={value}", svt={**parameters, name: value})
    yield _turned(setting, best, "video: 8 bits", bit_depth=8)


def screen(context: Context) -> Iterator[Proposal]:
    """Screen layers: exact, then with the greatest error that still reaches the goal."""
    tried = _tried(context, "screen")
    exact = context.metric == GREATEST_ERROR
    slow = SCREEN_PRESETS[-1]
    limit = int(context.target) if exact else MAX_ERROR
    plain: dict[str, Any] = {"stack": "screen"} | ({"near": limit} if exact and limit else {})
    _, setting = _best(context, tried, plain)
    if not tried and not exact:
        yield Proposal(plain, hypothesis="screen: exact")
        return
    sizes = [attempt.bytes for attempt in tried]
    if sizes and min(sizes) > _HOPELESS * context.best.bytes:
        return
    if context.preset != slow:
        yield Proposal({**setting, "screen_preset": slow}, hypothesis=f"screen: preset {slow}")
    if not exact:
        near = _next_near(tried)
        if near is not None:
            yield Proposal({"stack": "screen", "near": near}, hypothesis=f"screen: samples within {near}")
    elif limit:
        for near in (limit // 2, limit - 1, 0):
            if near != setting.get("near", 0):
                yield Proposal({**setting, "near": near}, hypothesis=f"screen: samples within {near}")


def hybrid(context: Context) -> Iterator[Proposal]:
    """An exact layer over a coarse one, which it may predict from."""
    if context.metric != GREATEST_ERROR or not context.header.format.startswith(("rgb", "yuv")):
        return
    near = int(context.target)
    for crf in (30.0, 45.0, 20.0):
        strategy = {"stack": "video+screen", "crf": crf} | ({"near": near} if near else {})
        yield Proposal(strategy, hypothesis=f"hybrid: exact over AV1 at CRF {crf:g}")


def _next_near(tried: Sequence[Attempt]) -> int | None:
    """A bound between the widest that reached the goal and the narrowest that missed it; wider ones as long as they
    save bytes."""
    plain = {
        attempt.strategy.get("near", 0): attempt for attempt in tried if set(attempt.strategy) <= {"stack", "near"}
    }
    passed = {near: attempt.bytes for near, attempt in plain.items() if attempt.error_class in (None, "larger")}
    missed = [near for near, attempt in plain.items() if attempt.error_class == "quality_missed"]
    if not passed:
        return None
    widest = max(passed)
    if widest and passed[widest] >= passed[max(near for near in passed if near < widest)]:
        return None
    if missed:
        return (widest + min(missed)) // 2 if min(missed) - widest > 1 else None
    wider = 2 * widest if widest else 2
    return wider if wider <= MAX_ERROR else None


def _tried(context: Context, stack: str) -> list[Attempt]:
    """What was measured of a stack."""
    return [a for a in context.attempts if a.strategy.get("stack") == stack and "bytes" in a.measurements]


def _best(
    context: Context, tried: Sequence[Attempt], plain: Mapping[str, Any]
) -> tuple[Attempt | None, Mapping[str, Any]]:
    """The smallest that reached the goal, and its setting; the plain one where there is none."""
    good = [attempt for attempt in tried if attempt.error_class in (None, "larger")]
    if not good:
        return None, plain
    best = min(good, key=lambda a: a.bytes)
    first = context.attempts[0]
    if plain["stack"] == "video" and best.bytes > first.bytes and "bytes.video" in first.measurements:
        return None, plain  # what encode made is better
    return best, best.strategy


def _turned(setting: Mapping[str, Any], parent: Attempt | None, why: str, **changes: Any) -> Proposal:
    return Proposal({**setting, **changes}, hypothesis=why, parent=parent.id if parent else None)


def is_new(proposal: Proposal, attempts: Sequence[Attempt]) -> bool:
    """Whether that strategy was not tried before, programs aside; one that does not exist is not new."""
    marks = {json.dumps(_plain(attempt.strategy), sort_keys=True) for attempt in attempts}
    return json.dumps(_plain(proposal.strategy), sort_keys=True) not in marks


def _plain(strategy: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in strategy.items() if name in Strategy.__dataclass_fields__}
    return {**known, "svt": dict(known.get("svt", {}))}
