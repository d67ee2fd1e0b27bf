"""The lossless comparison as markdown tables: what was asked, sizes, speeds, and where a peer is smaller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import lossless_targets
from lossless_targets import PROMISED, Row
from report import machine_line, verdict

_NATURAL = "natural"


def tables(results: dict[str, Any]) -> str:
    """All of it; `results` is what bench/lossless.py writes."""
    natural = [row for row in results["clips"] if row["class"] == _NATURAL]
    drawn = [row for row in results["clips"] if row["class"] != _NATURAL]
    presets, drawn_peers, natural_peers = results["presets"], results["peers"]["drawn"], results["peers"]["natural"]
    parts = [f"{machine_line(results['machine'])}; medians of {results['repetitions']} decodes."]
    parts += _table(["target", "figure", ""], _target_rows(results))
    parts += _table(["clip", *_titles(drawn_peers), "prototype", *presets], _size_rows(drawn, drawn_peers, presets))
    parts += _table(["class", "clips", *presets], _mean_rows(drawn, presets))
    natural_sizes = _size_rows(natural, natural_peers, presets, floor=False)
    parts += _table(["camera clip", *_titles(natural_peers), *presets], natural_sizes)
    parts += _table(["clip", "size", *_speed_titles(presets)], _speed_rows(results["clips"], presets))
    parts += ["", *_missing(drawn, drawn_peers), *_missing(natural, natural_peers)]
    parts += _losses(results["clips"], presets)
    parts += _table(["peer", "settings", "version"], _peer_rows(drawn_peers + natural_peers))
    return "\n".join(parts) + "\n"


def _table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    """Empty where there is no row: nothing was measured that it could show."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return ["", f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines] if lines else []


def _titles(peers: list[dict[str, str]]) -> list[str]:
    return [peer["title"] for peer in peers]


def _target_rows(results: dict[str, Any]) -> Iterator[list[str]]:
    for what, figure, met in lossless_targets.verdicts(results):
        yield [what, figure, verdict(met)]


def _size_rows(
    rows: list[Row], peers: list[dict[str, str]], presets: list[str], *, floor: bool = True
) -> Iterator[list[str]]:
    for row in rows:
        best = lossless_targets.best_peer(row)
        cells = [
            _peer_size(row["peers"].get(peer["name"]), best is not None and best[0] == peer["name"]) for peer in peers
        ]
        if floor:
            cells.append(_peer_size(row["prototype"], False))
        yield [row["name"], *cells, *(_our_size(row, preset) for preset in presets)]


def _peer_size(entry: dict[str, Any] | None, best: bool) -> str:
    if entry is None:
        return "–"
    if not entry["exact"]:
        return "not exact"
    return f"**{entry['bytes']:,}**" if best else f"{entry['bytes']:,}"


def _our_size(row: Row, preset: str) -> str:
    ours = row["ours"].get(preset)
    if ours is None:
        return "–"
    if not ours["exact"]:
        return "**not exact**"
    smaller = lossless_targets.times_smaller(row, preset)
    return f"{ours['bytes']:,}" + ("" if smaller is None else f" ({smaller:.2f})")


def _mean_rows(rows: list[Row], presets: list[str]) -> Iterator[list[str]]:
    groups = {kind: [row for row in rows if row["class"] == kind] for kind in (*PROMISED, "mixed")}
    groups["all but mixed"] = [row for row in rows if row["class"] in PROMISED]
    for name, members in groups.items():
        if members:
            means = (lossless_targets.mean_times_smaller(members, preset) for preset in presets)
            yield [name, str(len(members)), *("–" if mean is None else f"{mean:.2f}" for mean in means)]


def _speed_titles(presets: list[str]) -> list[str]:
    return [f"{preset}: {what}" for preset in presets for what in ("encode", "decode", "longest wait")]


def _speed_rows(rows: list[Row], presets: list[str]) -> Iterator[list[str]]:
    for row in rows:
        cells: list[str] = []
        for preset in presets:
            ours = row["ours"].get(preset)
            cells += ["–"] * 3 if ours is None else _speeds(row["frames"], ours)
        yield [row["name"], f"{row['width']}x{row['height']}", *cells]


def _speeds(frames: int, ours: dict[str, Any]) -> list[str]:
    encode = frames / ours["encode_processor_seconds"]
    return [f"{encode:.1f}", f"{ours['decode_frames_per_second']:.0f}", f"{ours['worst_frame_ms']:.1f} ms"]


def _missing(rows: list[Row], peers: list[dict[str, str]]) -> Iterator[str]:
    """Without a peer that was not measured a ratio may be too good, so it has to be said."""
    for peer in peers:
        lacking = [row["name"] for row in rows if peer["name"] not in row["peers"]]
        if lacking:
            which = "all clips" if len(lacking) == len(rows) else ", ".join(lacking)
            yield f"Not measured with {peer['title']}: {which}.  "


def _losses(rows: list[Row], presets: list[str]) -> Iterator[str]:
    """A line for every preset: the clips on which some peer's file is smaller, and by how much."""
    for preset in presets:
        lost = [
            f"{row['name']} ({best[0]}, {100 * (1 / smaller - 1):+.1f}%)"
            for row in rows
            if (best := lossless_targets.best_peer(row))
            and (smaller := lossless_targets.times_smaller(row, preset)) is not None
            and 0 < smaller < 1
        ]
        yield f"Larger than the best peer with `{preset}`: {', '.join(lost) or 'none'}.  "


def _peer_rows(peers: list[dict[str, str]]) -> Iterator[list[str]]:
    for peer in peers:
        yield [peer["title"], f"`{peer['settings']}`", peer["version"]]
