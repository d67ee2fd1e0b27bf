"""The file of tests/five_scenes.py at 1920x1080: its bytes, and how fast iter_native() decodes it on two threads.

`python bench/shader_scenes.py [--turns 3] [--readme]`; --readme puts the table into README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import aicodec_native as aic
import machine
import report
from five_scenes import FIVE_SCENES, RECORDS
from timing import alternate

MOST_BYTES = 1000
LEAST_RATE = 60.0
SIZE = (1920, 1080)
THREADS = 2


def decode(path: Path) -> None:
    with aic.open(path, threads=THREADS) as reader:
        count = sum(1 for _ in reader.iter_native())
    if count != len(RECORDS):
        raise SystemExit(f"{count} frames came back of {len(RECORDS)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "five.aic"
        size = aic.shade(FIVE_SCENES, path, size=SIZE, fps=30, duration=10, track=RECORDS).bytes
        runs = alternate({"decode": lambda: decode(path)}, options.turns)["decode"]
    rate = len(RECORDS) / runs.seconds
    processor = len(RECORDS) / statistics.median(runs.processor)
    text = "\n".join(
        [
            f"{report.machine_line(about)}; {SIZE[0]}x{SIZE[1]}, {THREADS} threads, median of {options.turns} decodes.",
            "",
            "| measurement | figure | target | |",
            "|---|---|---|---|",
            f"| bytes of the whole file, {len(RECORDS)} frames and their table | {size} | at most {MOST_BYTES} | "
            f"{report.verdict(size <= MOST_BYTES)} |",
            f"| `iter_native()` from first to last frame | {rate:.0f} frames/s ({processor:.0f} a second of processor "
            f"time) | at least {LEAST_RATE:.0f} | {report.verdict(rate >= LEAST_RATE)} |",
            "",
        ]
    )
    print(text)
    if options.readme:
        report.put_into(Path(__file__).parent / "README.md", text, "shader scenes")


if __name__ == "__main__":
    main()
