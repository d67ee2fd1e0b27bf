"""What the project asks of its lossless files, and whether a run's results reach it.

The speeds are asked at 1920x1080 or 1280x720, which few clips have: they are scaled by the number of pixels.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# The classes that the means are taken over; "mixed" holds photos, and is reported but not promised.
PROMISED = ("screen", "game", "lottie", "manim", "dataviz", "procedural")
TIMES_SMALLER = {"slow": 3.0, "medium": 2.5, "fast": 2.0}
MOST_WAIT_MS = 100.0

_FULL_HD, _HD = 1920 * 1080, 1280 * 720
# A target, the figure, and whether it is met.
Verdict = tuple[str, str, bool]
Row = dict[str, Any]
# Of one clip's row with a preset; None where it was not measured.
Figure = Callable[[Row, str], float | None]


def verdicts(results: dict[str, Any]) -> Iterator[Verdict]:
    """Those of the targets that the measured presets and clips tell about."""
    promised = [row for row in results["clips"] if row["class"] in PROMISED]
    drawn = [row for row in results["clips"] if row["class"] != "natural"]
    natural = [row for row in results["clips"] if row["class"] == "natural"]
    quick = [row for row in promised if row["class"] in ("screen", "game")]
    lacking = sum(len(row["peers"]) < len(results["peers"]["drawn"]) for row in promised)
    note = f" ({lacking} clips lack some peer)" if lacking else ""
    for preset, least in TIMES_SMALLER.items():
        smaller = mean_times_smaller(promised, preset)
        if smaller is not None:
            what = f"`{preset}`: at least {least:g} times below each clip's best peer, geometric mean"
            yield what, f"{smaller:.2f} times{note}", smaller >= least
    yield from _worst(
        f"`slow`: no clip larger than any peer{note}", promised, "slow", times_smaller, 1.0, "times below"
    )
    what = "`medium`: no clip larger than the prototype"
    yield from _worst(what, drawn, "medium", _below_prototype, 1.0, "times below")
    yield from _worst("`medium`: no camera clip larger than FFV1", natural, "medium", times_smaller, 1.0, "times below")
    for least, which, rows in ((60.0, "screen and game", quick), (30.0, "all drawn clips but mixed", promised)):
        what = f"`medium`: decoding at 1920x1080 on 2 threads, {which}, at least {least:.0f} frames/s"
        yield from _worst(what, rows, "medium", _decode_rate(_FULL_HD), least, "frames/s")
    what = f"`medium`: longest wait for a frame after the first at 1920x1080, at most {MOST_WAIT_MS:.0f} ms"
    yield from _worst(what, promised, "medium", _wait_ms, MOST_WAIT_MS, "ms", most=True)
    what = "`medium`: decoding camera video at 1280x720 on 2 threads, at least 10 frames/s"
    yield from _worst(what, natural, "medium", _decode_rate(_HD), 10.0, "frames/s")
    what = "`fast`: encoding at 1280x720, screen and game, at least 30 frames in a second of one core"
    yield from _worst(what, quick, "fast", _encode_rate, 30.0, "frames/s")


def best_peer(row: Row) -> tuple[str, int] | None:
    """The name and the bytes of the smallest file by a peer that gave every frame back."""
    exact = [(name, entry["bytes"]) for name, entry in row["peers"].items() if entry["exact"]]
    return min(exact, key=lambda pair: pair[1], default=None)


def times_smaller(row: Row, preset: str) -> float | None:
    """The best peer's bytes over ours; None where one of them is missing, 0 where ours is not exact."""
    best = best_peer(row)
    return _times_below(best[1], row, preset) if best else None


def _below_prototype(row: Row, preset: str) -> float | None:
    floor = row["prototype"]
    return _times_below(floor["bytes"], row, preset) if floor and floor["exact"] else None


def _times_below(size: int, row: Row, preset: str) -> float | None:
    ours = row["ours"].get(preset)
    if ours is None:
        return None
    return size / int(ours["bytes"]) if ours["exact"] else 0.0


def _decode_rate(pixels: int) -> Figure:
    def rate(row: Row, preset: str) -> float | None:
        ours = row["ours"].get(preset)
        return ours["decode_frames_per_second"] * _pixels(row) / pixels if ours else None

    return rate


def _wait_ms(row: Row, preset: str) -> float | None:
    ours = row["ours"].get(preset)
    return ours["worst_frame_ms"] * _FULL_HD / _pixels(row) if ours else None


def _encode_rate(row: Row, preset: str) -> float | None:
    ours = row["ours"].get(preset)
    return row["frames"] / ours["encode_processor_seconds"] * _pixels(row) / _HD if ours else None


def _pixels(row: Row) -> int:
    return int(row["width"]) * int(row["height"])


def mean_times_smaller(rows: Iterable[Row], preset: str) -> float | None:
    """The geometric mean over the clips that are known; 0 if one of ours is not exact."""
    found = [value for row in rows if (value := times_smaller(row, preset)) is not None]
    if not found:
        return None
    return statistics.geometric_mean(found) if all(found) else 0.0


def _worst(
    what: str,
    rows: Iterable[Row],
    preset: str,
    figure: Figure,
    limit: float,
    unit: str,
    *,
    most: bool = False,
) -> Iterator[Verdict]:
    """The clip with the worst figure, against a limit (the least, or the `most`) that every one has to keep."""
    found = [(value, row["name"]) for row in rows if (value := figure(row, preset)) is not None]
    if not found:
        return
    value, name = max(found) if most else min(found)
    missed = sum(value > limit if most else value < limit for value, _ in found)
    text = f"worst {value:.4g} {unit} ({name})"
    yield what, f"{text}, missed by {missed} of {len(found)} clips" if missed else text, not missed
