"""Measures what the project promises, side by side with its peers, and writes JSON and the README's table.

python bench/main_job.py [--out FILE] [--repetitions N] [--only PART ...]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import corpus
import decode_speed
import encode_time
import machine
import metric_speed
import random_access
import report

_HERE = Path(__file__).resolve().parent
_PARTS: dict[str, Callable[[Path, int], Any]] = {
    "encode": encode_time.measure,
    "decode": decode_speed.measure,
    "random_access": random_access.measure,
    "ssimulacra2": metric_speed.measure,
}


def main() -> None:
    arguments = _arguments()
    corpus.folder()
    results: dict[str, Any] = {"machine": machine.describe(), "repetitions": arguments.repetitions}
    out = arguments.out or _HERE / "results" / f"{results['machine']['date'][:10]}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    for part in arguments.only or _PARTS:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="aicodec-bench-") as temp:
            results[part] = _PARTS[part](Path(temp), arguments.repetitions)
        out.write_text(json.dumps(results, indent=1) + "\n")  # what is done so far outlives a stop
        print(f"{part}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    text = report.table(results)
    print(text)
    if not arguments.only:
        report.put_into(_HERE / "README.md", text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="the JSON file (default: bench/results/DATE.json)")
    parser.add_argument("--repetitions", type=int, default=5, help="turns of every contestant (default: 5)")
    parser.add_argument("--only", nargs="+", choices=_PARTS, help="only these parts; the README stays as it is")
    return parser.parse_args()


if __name__ == "__main__":
    main()
