"""Measurements as a markdown table, losses marked as such."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What the project asks of itself.
MOST_OVERHEAD = 0.005
MOST_ENCODE_RATIO = 1.15
LEAST_SPEED_RATIO = 0.9
LEAST_SSIMULACRA2 = 10.0

_Row = tuple[str, str, str, str, str]


def table(results: dict[str, Any]) -> str:
    """The machine, and one line for every measurement in `results`."""
    repetitions = f"medians of {results['repetitions']} alternating repetitions."
    parts = [f"{machine_line(results['machine'])}; {repetitions}", ""]
    parts += ["| row | measurement | figure | target | |", "|---|---|---|---|---|"]
    parts += [f"| {' | '.join(row)} |" for row in _rows(results)]
    return "\n".join(parts) + "\n"


def put_into(readme: Path, text: str, name: str = "measured") -> None:
    """Replace what stands between the markers of that name."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = readme.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{readme}: the markers {begin} and {end} are missing")
    readme.write_text(f"{before}{begin}\n{text}{end}{after}")


def machine_line(machine: dict[str, Any]) -> str:
    """What was measured on and with, but for the full stop."""
    load = "" if machine["load"] is None else f", load before the run {machine['load'][0]}"
    return (
        f"{machine['date']}, commit {machine['commit']}: {machine['cpu']}, {machine['cores']} cores{load}; "
        f"instruction set {machine['isa']}, {machine['compiler']}; Python {machine['python']}, "
        f"PyAV {machine['packages']['av']}, libavcodec {machine['libavcodec']}, SVT-AV1 {machine['svt_av1']}"
    )


def _rows(results: dict[str, Any]) -> Iterator[_Row]:
    if "encode" in results:
        yield from _encode_rows(results["encode"])
    for row in results.get("decode", []):
        yield from _decode_rows(row)
    for row in results.get("random_access", []):
        yield from _access_rows(row)
    if "ssimulacra2" in results:
        yield from _metric_rows(results["ssimulacra2"])


def _encode_rows(encode: dict[str, Any]) -> Iterator[_Row]:
    names = {"fixed": "fixed CRF", "search": "quality 80"}
    clips, summary = encode["clips"], encode["summary"]
    for kind, name in names.items():
        worst = summary[kind]["worst_overhead"]
        figure = f"{100 * summary[kind]['overhead']:+.3f}% mean, {100 * worst:+.3f}% worst of {len(clips)} clips"
        if not all(clip[kind]["same_packets"] for clip in clips):
            figure += " (packets differ)"
        target = f"at most {100 * MOST_OVERHEAD:+.1f}%"
        yield "a", f"bytes over bare AV1 packets, {name}", figure, target, verdict(worst <= MOST_OVERHEAD)
    for kind, name in names.items():
        share = 100 * sum(clip[kind]["share_inside_svt"] for clip in clips) / len(clips)
        what = f"time over SVT-AV1 alone, {name}, mean of {len(clips)} clips ({share:.0f}% inside SVT-AV1)"
        figure = f"{_times(summary[kind])}, worst {summary[kind]['worst_ratio']:.2f}"
        yield "b", what, figure, *_encode_target(kind, summary[kind]["worst_ratio"])
    for row in encode["joined"]:
        what = f"the same, {names[row['kind']]}, {row['segments']} segments on 2 processes ({row['frames']} frames)"
        yield "b", what, _times(row), *_encode_target(row["kind"], row["ratio"])


def _encode_target(kind: str, ratio: float) -> tuple[str, str]:
    if kind == "fixed":
        return "", ""
    return f"at most {MOST_ENCODE_RATIO}", verdict(ratio <= MOST_ENCODE_RATIO)


def _decode_rows(row: dict[str, Any]) -> Iterator[_Row]:
    rates = row["frames_per_second"]
    for pair in row["pairs"]:
        ours, pyav = pair["ours"], pair["pyav"].split()[1]
        what = f"in order, {_stream(row)}: {_OURS[ours]} against {_PYAV[pyav]}"
        figure = (
            f"{pair['speed_ratio']:.2f} times the speed ({rates[ours]:.0f} against {rates[pair['pyav']]:.0f} frames/s; "
            f"processor time {pair['processor_ratio']:.2f})"
        )
        # RGB against a loop that converts nothing is shown, but not asked for.
        asked = (ours, pyav) in (("native", "decode"), ("rgb", "rgb24"), ("rgb", "rgb48"))
        yield "c", what, figure, *(_speed_target(pair["speed_ratio"]) if asked else ("", ""))


def _access_rows(row: dict[str, Any]) -> Iterator[_Row]:
    for kind, found in row["kinds"].items():
        ours = "`reader[i]`" if kind == "rgb24" else "`reader.native(i)`"
        what = f"random access, {_stream(row)}: {ours} against seek and decode, {kind} ({found['best_pyav'][5:]})"
        times = found["milliseconds"]
        ours_ms, pyav_ms = times["ours"], times[found["best_pyav"]]
        figure = (
            f"{found['speed_ratio']:.2f} times the speed ({ours_ms:.1f} against {pyav_ms:.1f} ms; "
            f"processor time {found['processor_ratio']:.2f})"
        )
        yield "d", what, figure, "", "" if found["speed_ratio"] >= 1 else "slower"


def _metric_rows(row: dict[str, Any]) -> Iterator[_Row]:
    for name in ("both new", "reference prepared before"):
        wall, processor = row["frames_per_second"][name], row["frames_per_processor_second"][name]
        figure = f"{wall:.1f} frames/s ({processor:.1f} a second of processor time)"
        target = f"at least {LEAST_SSIMULACRA2:.0f}"
        yield (
            "e",
            f"SSIMULACRA2 at {row['size']}, 1 thread, {name}",
            figure,
            target,
            verdict(wall >= LEAST_SSIMULACRA2),
        )
    if "times_the_package" in row:
        figure = f"{row['times_the_package']:.0f} times the speed"
        yield "e", "the same, both new, against the package ssimulacra2", figure, "", ""


_OURS = {"native": "`iter_native()`", "rgb": "`for frame in reader`"}
_PYAV = {
    "decode": "PyAV's loop, frames untouched",
    "native": "with `to_ndarray()`",
    "rgb24": 'with `to_ndarray("rgb24")`',
    "rgb48": 'with `to_ndarray("rgb48le")`',
}


def _stream(row: dict[str, Any]) -> str:
    canvas = "" if row["packet_bits"] == row["canvas_bits"] else f" on an {row['canvas_bits']}-bit canvas"
    return f"{row['size']}, {row['packet_bits']}-bit packets{canvas}"


def _times(row: dict[str, Any]) -> str:
    return f"{row['ratio']:.2f} times (processor time {row['processor_ratio']:.2f})"


def _speed_target(ratio: float) -> tuple[str, str]:
    return f"at least {LEAST_SPEED_RATIO}", verdict(ratio >= LEAST_SPEED_RATIO)


def verdict(met: bool) -> str:
    return "met" if met else "**missed**"
