"""The encoder's knobs, turned one at a time from the best known setting: what `search` does besides programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from aicodec_native.loop.proposals import Attempt, Context, Proposal
from aicodec_native.loop.strategy import CRF_RANGE, MAX_EDGE, SCREEN_PRESETS, Strategy
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.video import libaom
from aicodec_native.video.settings import AOM_PRESETS, DRAWN_NOVELTY, DRAWN_PARAMETERS, SVT_PRESETS

# What SVT-AV1 is usually told (video/settings.py), and what else is worth a try, the most promising first.
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
# How many neighbours of a setting come before the other encoder.
_BEFORE_THE_OTHER = 4
# A layer this many times as large as the best candidate is not worth more tries.
_HOPELESS = {"screen": 4.0, "video": 1.5}
# Of a screen layer: where its bound usually lies, what twice the bound costs in points of SSIMULACRA2, and how little a
# wider bound may save before it is not worth going on.
_USUAL_EDGE, _USUAL_SCORE, _POINTS_PER_DOUBLING = 36, 80.0, 6.0
_FLAT = 0.998


def video(context: Context) -> Iterator[Proposal]:
    """Neighbours of the best video setting. None for goals that a lossy layer cannot reach."""
    if context.metric == GREATEST_ERROR:
        return
    tried = _tried(context, "video")
    if _is_hopeless(context, tried, "video"):
        return
    made = context.attempts[0].strategy.get("encoder") or (
        "svtav1" if "bytes.video" in context.attempts[0].measurements else ""
    )
    usual, other = _plain_videos(context, made)
    best, setting = _best(context, tried, usual)
    if not tried and "bytes.video" not in context.attempts[0].measurements:
        yield Proposal(setting, hypothesis="video: alone")  # `encode` did without: how far is it from the best?
        return
    turned = _libaom if setting.get("encoder") == "libaom" else _svtav1
    proposals = turned(context, setting, best, not tried)
    yield from islice(proposals, _BEFORE_THE_OTHER)
    if other is not None:
        name = other.get("encoder", "svtav1")
        yield Proposal(other, hypothesis=f"video: {name}", parent=best.id if best else None)
    yield from proposals


def _plain_videos(context: Context, made: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """What `encode` would code video by, and by the other encoder, if there is one; `made`: which it took, if known."""
    drawn = context.diagnostics.get("novelty", 1.0) < DRAWN_NOVELTY
    full = context.header.format.startswith(("rgb", "yuv444"))
    svt = {"stack": "video"} | ({"svt": DRAWN_PARAMETERS} if drawn else {})
    if libaom.version() is None:
        return svt, None
    aom: dict[str, Any] = {"stack": "video", "encoder": "libaom"}
    aom |= ({"chroma": "444"} if full else {}) | ({"screen_tools": True} if full or drawn else {})
    by_libaom = context.preset in AOM_PRESETS and (full or drawn)
    return (aom, svt) if made == "libaom" or (not made and by_libaom) else (svt, aom)


def _libaom(context: Context, setting: Mapping[str, Any], best: Attempt | None, first: bool) -> Iterator[Proposal]:
    usual = AOM_PRESETS.get(context.preset, AOM_PRESETS["medium"])
    cpu_used = setting.get("cpu_used", usual)
    for finer in _FINER:
        wanted = max(0, usual - finer)
        if wanted < cpu_used or first:
            yield _turned(setting, best, f"video: cpu-used {wanted}", cpu_used=wanted)
    tools, chroma = not setting.get("screen_tools", False), "420" if setting.get("chroma") == "444" else "444"
    if chroma == "420" or context.header.format.startswith(("rgb", "yuv444")):
        yield _turned(setting, best, f"video: chroma {chroma}", chroma=chroma)
    yield _turned(setting, best, f"video: screen tools {'on' if tools else 'off'}", screen_tools=tools)
    yield _turned(setting, best, "video: 8 bits", bit_depth=8)
    if best is not None and best.crf is not None and best.crf < CRF_RANGE[1]:
        # Only where the search ended early: the next coarser one may reach the goal, too.
        yield _turned(setting, best, f"video: CRF {best.crf + 1:g}", crf=float(int(best.crf) + 1))


def _svtav1(context: Context, setting: Mapping[str, Any], best: Attempt | None, first: bool) -> Iterator[Proposal]:
    usual = SVT_PRESETS[context.preset]
    preset = setting.get("svt_preset", usual)
    for finer in _FINER:
        wanted = max(0, usual - finer)
        if wanted < preset or first:
            yield _turned(setting, best, f"video: preset {wanted}", svt_preset=wanted)
    parameters = setting.get("svt", {})
    for name, value in _SVT:
        if parameters.get(name) != value:
            yield _turned(setting, best, f"video: {name}={value}", svt={**parameters, name: value})
    yield _turned(setting, best, "video: 8 bits", bit_depth=8)


def screen(context: Context) -> Iterator[Proposal]:
    """Screen layers: exact, or for a score with the greatest errors at edges that still reach it."""
    tried = _tried(context, "screen")
    exact_first = _exact_screen(context)
    tried = [exact_first, *tried] if exact_first else tried
    exact = context.metric == GREATEST_ERROR
    slow = SCREEN_PRESETS[-1]
    limit = int(context.target) if exact else 0
    plain: dict[str, Any] = {"stack": "screen"} | ({"near": limit} if limit else {})
    best, setting = _best(context, tried, plain)
    if not tried and not exact:
        yield Proposal(plain, hypothesis="screen: exact")
        return
    if _is_hopeless(context, tried, "screen"):
        return
    if exact_first and context.preset != slow:
        yield _turned(setting, best, f"screen: preset {slow}", screen_preset=slow)
    if not exact and (edge := _next_edge(context, tried)) is not None:
        yield Proposal({"stack": "screen", "edge": edge}, hypothesis=f"screen: edges within {edge}")
    if context.preset != slow:
        yield _turned(setting, best, f"screen: preset {slow}", screen_preset=slow)
    for near in (limit // 2, limit - 1, 0) if limit else ():
        if near != setting.get("near", 0):
            yield _turned(setting, best, f"screen: samples within {near}", near=near)


def hybrid(context: Context) -> Iterator[Proposal]:
    """An exact layer over a coarse one, which it may predict from."""
    if context.metric != GREATEST_ERROR or not context.header.format.startswith(("rgb", "yuv")):
        return
    near = int(context.target)
    for crf in (30.0, 45.0, 20.0):
        strategy = {"stack": "video+screen", "crf": crf} | ({"near": near} if near else {})
        yield Proposal(strategy, hypothesis=f"hybrid: exact over AV1 at CRF {crf:g}")


def _next_edge(context: Context, tried: Sequence[Attempt]) -> int | None:
    """A bound between the widest that reached the goal and the narrowest that missed it, where the scores so far say
    that the goal lies; None where that is known, or wider ones save nothing."""
    plain = {a.strategy.get("edge", 0): a for a in tried if set(a.strategy) <= {"stack", "edge"}}
    passed = {edge: a.bytes for edge, a in plain.items() if a.error_class != "quality_missed"}
    if not passed:
        return None
    low = max(passed)
    if low and passed[low] >= _FLAT * passed[max(edge for edge in passed if edge < low)]:
        return None
    high = min((edge for edge in plain if edge > low), default=MAX_EDGE + 1)
    known = [edge for edge in plain if edge]
    if not known or context.metric != "ssimulacra2":
        guess = (
            _USUAL_EDGE * 2 ** ((_USUAL_SCORE - context.bar) / _POINTS_PER_DOUBLING) if not known else (low + high) / 2
        )
    else:
        nearest = min(known, key=lambda edge: abs(plain[edge].measurements["score"] - context.bar))
        guess = nearest * 2 ** ((plain[nearest].measurements["score"] - context.bar) / _POINTS_PER_DOUBLING)
    return min(max(int(guess), low + 1), high - 1) if high - low > 1 else None


def _is_hopeless(context: Context, tried: Sequence[Attempt], stack: str) -> bool:
    sizes = [attempt.bytes for attempt in tried]
    return bool(sizes) and min(sizes) > _HOPELESS[stack] * context.best.bytes


def _exact_screen(context: Context) -> Attempt | None:
    """What `encode` made, where that is a screen layer alone without any error: as if it had been proposed."""
    first = context.attempts[0]
    layers = {name for name in first.measurements if name.startswith("bytes.")} - {"bytes.container"}
    if layers != {"bytes.screen"} or "psnr" in first.measurements or context.metric == GREATEST_ERROR:
        return None
    return replace(first, strategy={"stack": "screen"})


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
