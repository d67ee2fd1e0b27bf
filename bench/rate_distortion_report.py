"""The comparison at equal quality as markdown tables: what was asked, bytes, BD-rates, times, where we lose."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator
from typing import Any

from aicodec_native.compare.curve import Curve, bd_rate, equal_score
from aicodec_native.video.settings import SVT_PRESETS
from report import machine_line, verdict
from stored_curves import StoredPreset

DRAWN_SCORE = 90.0
# What the project asks of itself: our bytes over the best peer's, geometric mean of a group of classes.
_GROUPS = {
    ("screen", "game"): 0.5,
    ("lottie", "manim", "dataviz", "procedural"): 0.8,
}
_BD_METRICS = {"ssimulacra2": "SSIMULACRA2", "xpsnr": "XPSNR"}
# The codec inside the video layer of camera clips, at its preset.
_INSIDE = f"SVT-AV1 {SVT_PRESETS['medium']}"
_MOST_MEAN_BD = {_INSIDE: -3.0, "x265 slow": -25.0}
_LEAST_DECODE_RATE, _FULL_HD = 30.0, 1920 * 1080

Row = dict[str, Any]


def tables(results: dict[str, Any]) -> str:
    """All of it; `results` is what bench/rate_distortion.py made."""
    drawn = [row for row in results["rows"] if row["clip"].kind != "natural"]
    natural = [row for row in results["rows"] if row["clip"].kind == "natural"]
    part = "" if results["seconds"] is None else f" Of each drawn clip the first {results['seconds']:g} s."
    parts = [f"{machine_line(results['machine'])}.{part}"]
    for preset in results["presets"]:
        parts += _table(["target", "figure", ""], _targets(drawn, natural, preset, results["stored"]))
        head = ["clip", "class", f".aic {preset}", "reached", "best peer", "its bytes", "ours over it"]
        parts += _table(head, _byte_rows(drawn, preset))
        for metric, title in _BD_METRICS.items():
            names = _peer_names(natural)
            parts += _table([f"BD-rate of .aic {preset}, {title}", *names], _bd_rows(natural, names, preset, metric))
    parts += _table(["clip", *_peer_names(drawn)], _peer_rows(drawn))
    return "\n".join(parts) + "\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Empty where there is no row."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines] if lines else []


def level(row: Row, preset: str) -> float:
    """The score at which a drawn clip's files are compared: see curve.equal_score."""
    return equal_score(DRAWN_SCORE, row["ours"][preset].best().scores["ssimulacra2"])


def best_peer(row: Row, preset: str) -> tuple[str, float] | None:
    """The peer with the fewest bytes at the level, and those."""
    at = level(row, preset)
    found = [(name, size) for name, curve in row["peers"].items() if (size := curve.bytes_at(at)) is not None]
    return min(found, key=lambda pair: pair[1], default=None)


def over_best(row: Row, preset: str) -> float | None:
    """Our bytes over the best peer's; None where ours or every peer stays below the level."""
    best, ours = best_peer(row, preset), _ours(row, preset)
    return None if best is None or ours is None else ours / best[1]


def _ours(row: Row, preset: str) -> float | None:
    """Of a file that was really written: ours gets nothing for what it has above the level."""
    point = row["ours"][preset].smallest(level(row, preset))
    return None if point is None else float(point.bytes)


def _targets(drawn: list[Row], natural: list[Row], preset: str, stored: Iterable[StoredPreset]) -> Iterator[list[str]]:
    for classes, most in _GROUPS.items():
        rows = [row for row in drawn if row["clip"].kind in classes]
        ratios = [ratio for row in rows if (ratio := over_best(row, preset)) is not None]
        if rows:
            mean = statistics.geometric_mean(ratios) if ratios else math.inf
            missing = f"; {len(rows) - len(ratios)} of {len(rows)} do not reach it" if len(ratios) < len(rows) else ""
            what = f"{', '.join(classes)}: at SSIMULACRA2 {DRAWN_SCORE:g} at most {most:g} of the best peer's bytes"
            figure = f"{mean:.3f}" if ratios else "none"
            yield [what, f"{figure}{missing}", verdict(not missing and mean <= most)]
    if drawn:
        larger = {f"{row['clip'].name} ({name})" for row in drawn for name in _larger_than_av1(row, preset)}
        yield ["drawn clips larger than SVT-AV1 at the score", ", ".join(sorted(larger)) or "none", verdict(not larger)]
    for peer in _MOST_MEAN_BD:
        for metric in _BD_METRICS:
            yield from _bd_target(natural, peer, preset, metric, stored)
    yield from _decode_target([*drawn, *natural], preset)


def _bd_target(
    natural: list[Row], peer: str, preset: str, metric: str, stored: Iterable[StoredPreset]
) -> Iterator[list[str]]:
    """Where this preset misses it and an earlier run of another one is known, both say how they stand."""
    found = _bd_figure({row["clip"].name: row["ours"][preset] for row in natural}, natural, peer, metric)
    if found is None:
        return
    figure, met = found
    what = f"camera clips: BD-rate ({_BD_METRICS[metric]}) against {peer}, mean at most {_MOST_MEAN_BD[peer]:+g}%"
    said = verdict(met)
    for other in stored:
        earlier = _bd_figure(other.curves, natural, peer, metric)
        if not met and other.preset != preset and earlier is not None:
            figure = f"`{preset}` {figure}; `{other.preset}` (earlier, commit {other.commit}) {earlier[0]}"
            said = f"`{preset}` {verdict(met)}, `{other.preset}` {verdict(earlier[1])}"
    yield [what + (", no clip above 0%" if peer == _INSIDE else ""), figure, said]


def _bd_figure(ours: dict[str, Curve], natural: list[Row], peer: str, metric: str) -> tuple[str, bool] | None:
    """Of curves by clip, and whether the target is met; None where there is nothing to compare."""
    found = []
    for row in natural:
        name = row["clip"].name
        rate = _bd(row["peers"].get(peer), ours.get(name), metric)
        found += [] if rate is None else [(rate, name)]
    if not found:
        return None
    mean, (worst, where) = statistics.fmean(rate for rate, _ in found), max(found)
    met = mean <= _MOST_MEAN_BD[peer] and (worst <= 0 or peer != _INSIDE)
    return f"{mean:+.1f}%, worst {worst:+.1f}% ({where}), {len(found)} clips", met


def _decode_target(rows: list[Row], preset: str) -> Iterator[list[str]]:
    """By the clock, opening the file included, scaled by the number of pixels."""
    found = sorted(
        (
            len(point.per_frame) / point.decode_seconds * row["clip"].width * row["clip"].height / _FULL_HD,
            row["clip"].name,
        )
        for row in rows
        for point in row["ours"][preset].points
    )
    if found:
        rate, where = found[0]
        slow = len({name for rate, name in found if rate < _LEAST_DECODE_RATE})
        missed = f", missed by {slow} of {len(rows)} clips" if slow else ""
        what = f"every file decodes at 1920x1080 at {_LEAST_DECODE_RATE:g} frames/s or more on all cores here"
        yield [what, f"worst {rate:.0f} frames/s ({where}){missed}", verdict(not slow)]


def _larger_than_av1(row: Row, preset: str) -> Iterator[str]:
    ours = _ours(row, preset)
    for name, curve in row["peers"].items():
        size = curve.bytes_at(level(row, preset))
        if name.startswith("SVT-AV1") and size is not None and (ours is None or ours > size):
            yield name


def _byte_rows(rows: list[Row], preset: str) -> Iterator[list[str]]:
    for row in rows:
        point = row["ours"][preset].best()
        best, ratio = best_peer(row, preset), over_best(row, preset)
        peer = ["none reaches it", ""] if best is None else [best[0], f"{best[1]:,.0f}"]
        figure = "–" if ratio is None else f"{ratio:.3f}"
        reached = f"{point.scores['ssimulacra2']:.2f}"
        yield [row["clip"].name, row["clip"].kind, f"{point.bytes:,}", reached, *peer, figure]


def _peer_names(rows: list[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row["peers"]))


def _peer_rows(rows: list[Row]) -> Iterator[list[str]]:
    for row in rows:
        yield [row["clip"].name, *(_peer_bytes(row["peers"].get(name)) for name in _peer_names(rows))]


def _peer_bytes(curve: Curve | None) -> str:
    if curve is None:
        return "–"
    size = curve.bytes_at(DRAWN_SCORE)
    return f"at most {curve.best().scores['ssimulacra2']:.1f}" if size is None else f"{size:,.0f}"


def _bd_rows(rows: list[Row], names: list[str], preset: str, metric: str) -> Iterator[list[str]]:
    for row in rows:
        rates = (_bd(row["peers"].get(name), row["ours"][preset], metric) for name in names)
        yield [row["clip"].name, *("–" if rate is None else f"{rate:+.1f}%" for rate in rates)]


def _bd(anchor: Curve | None, ours: Curve | None, metric: str) -> float | None:
    return None if anchor is None or ours is None else bd_rate(anchor, ours, metric)
