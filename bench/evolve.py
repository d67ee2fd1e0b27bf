"""What the loop gains: `evolve` with the offline search on drawn clips, against what `encode` makes.

python bench/evolve.py [--minutes 5] [--quality 80] [--clips NAME ...] [--out FILE] [--table]

Clips that the results already hold are not run again, so that a run may be stopped and may do a part.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import aicodec_native
import corpus
import machine
import report
from aicodec_native.loop.ledger_reader import LedgerReader
from aicodec_native.media import Source
from corpus import Clip

_HERE = Path(__file__).resolve().parent
KINDS = ("procedural", "dataviz", "lottie", "game")
# What is asked of the loop.
LEAST_SMALLER = 0.5
MOST_OVERHEAD = 0.05


def main() -> None:
    arguments = _arguments()
    results: dict[str, Any] = {"clips": {}}
    if arguments.out.exists():
        results = json.loads(arguments.out.read_text())
    asked = [c for c in corpus.clips() if c.kind in KINDS and (arguments.clips is None or c.name in arguments.clips)]
    for clip in asked if not arguments.table else []:
        key = f"{clip.name} {arguments.quality} {arguments.minutes:g}"
        if key in results["clips"]:
            continue
        results["clips"][key] = row = _measured(clip, arguments.quality, arguments.minutes)
        print(f"{clip.name}: {row['bytes']} of {row['first_bytes']} bytes", file=sys.stderr, flush=True)
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(results, indent=1) + "\n")
    text = table(results)
    print(text)
    if arguments.clips is None:
        report.put_into(_HERE / "README.md", text, "evolve")


def _measured(clip: Clip, quality: str, minutes: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as folder:
        path = Path(folder) / "out.aic"
        goal: float | str = quality if quality.startswith("lossless") else float(quality)
        result = aicodec_native.evolve(clip.path, path, quality=goal, max_minutes=minutes, patience=None)
        with LedgerReader(result.ledger) as ledger:
            lines = ledger.experiments(result.run)
        kept = [line for line in lines if line["status"] == "kept"]
        best = {line["segment"]: line for line in kept}  # the last of a segment is its smallest
        return {
            "class": clip.kind,
            "machine": machine.describe(),
            "quality": quality,
            "minutes": minutes,
            "first_bytes": result.first_bytes,
            "bytes": result.bytes,
            "first_score": _mean([line["score"] for line in kept if line["round"] == 0]),
            "score": _mean([line["score"] for line in best.values()]),
            "all_frames": _all_frames(clip, path),
            "experiments": result.experiments,
            "improvements": result.improvements,
            "reason": result.reason,
            "seconds": result.seconds,
            "overhead": 1 - result.busy_seconds / result.seconds,
            "winners": [line["strategy"] for line in best.values()],
        }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _all_frames(clip: Clip, path: Path) -> float | None:
    """SSIMULACRA2 of the file that came out, over every frame: more than the loop itself looks at."""
    with aicodec_native.open(path) as reader, Source(clip.path) as source:
        pairs = (
            (frame.picture.rgb(source.info.colour), drawn) for frame, drawn in zip(source.frames(), reader, strict=True)
        )
        return aicodec_native.measure(pairs, metrics=("ssimulacra2",)).ssimulacra2


def table(results: dict[str, Any]) -> str:
    rows = results["clips"]
    if not rows:
        return "Not measured yet.\n"
    last = max((row["machine"] for row in rows.values()), key=lambda about: about["date"])
    smaller = sum(row["bytes"] < row["first_bytes"] for row in rows.values()) / len(rows)
    larger = sum(row["bytes"] > row["first_bytes"] for row in rows.values())
    overhead = max(row["overhead"] for row in rows.values())
    wanted = [clip.name for clip in corpus.clips() if clip.kind in KINDS]
    missing = [name for name in wanted if not any(key.split()[0] == name for key in rows)]
    gain = math.exp(_mean([math.log(row["bytes"] / row["first_bytes"]) for row in rows.values()]))
    lines = [
        f"{report.machine_line(last)}.",
        "",
        "| target | figure |  |",
        "|---|---|---|",
        f"| at least half of the files smaller | {smaller:.0%} of {len(rows)} | {_met(smaller >= LEAST_SMALLER)} |",
        f"| none larger | {larger} larger | {_met(larger == 0)} |",
        f"| overhead at most 5% of the time | at most {overhead:.1%} | {_met(overhead <= MOST_OVERHEAD)} |",
        "",
        f"Geometric mean of the sizes: {gain:.3f} of what `encode` makes.",
        f"Not run: {', '.join(missing)}." if missing else "All clips of these classes were run.",
        "",
        "| clip | class | quality | minutes | encode | evolve | share | before | after | all | experiments | winner |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(key.split()[0], row) for key, row in rows.items()]
    return "\n".join(lines) + "\n"


def _line(name: str, row: dict[str, Any]) -> str:
    cells = [
        name,
        row["class"],
        row["quality"],
        f"{row['minutes']:g}",
        f"{row['first_bytes']:,}",
        f"{row['bytes']:,}",
        f"{row['bytes'] / row['first_bytes']:.3f}",
        f"{row['first_score']:.2f}",
        f"{row['score']:.2f}",
        f"{row['all_frames']:.2f}",
        str(row["experiments"]),
        ", ".join(sorted({_named(winner) for winner in row["winners"]})),
    ]
    return f"| {' | '.join(cells)} |"


def _met(yes: bool) -> str:
    return "met" if yes else "**missed**"


def _named(strategy: dict[str, Any]) -> str:
    knobs = [f"{name} {value}" for name, value in strategy.items() if name not in ("stack", "svt", "track")]
    knobs += [f"{name}={value}" for name, value in strategy.get("svt", {}).items()]
    return " ".join([strategy["stack"], *knobs])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--quality", default="80")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these; the README stays as it is")
    parser.add_argument("--out", type=Path, default=_HERE / "results" / "evolve.json")
    parser.add_argument("--table", action="store_true", help="run nothing: only the table of what is there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
