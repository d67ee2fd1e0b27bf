"""What the shader VM takes for the examples of docs/shader.md: processor time for a frame, and for a step and pixel.

`python bench/shader_speed.py [--size 1920x1080] [--seconds 1] [--threads 2]` prints JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import machine
from aicodec_native import _native
from aicodec_native.shader_source import compile_source
from shader_examples import EXAMPLES


def measure(title: str, width: int, height: int, seconds: float, threads: int) -> dict[str, Any]:
    program = compile_source(EXAMPLES[title])
    other = _native.Picture("rgb24", width, height)
    other.unpack_from(bytes(other.packed_size))
    arguments: dict[str, Any] = {"format": "rgb24", "width": width, "height": height, "parameters": [0.5]}
    arguments |= {"below": other, "prev": other, "threads": threads}
    program.draw(**arguments)
    frames, begin, processor = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < seconds:
        program.draw(**arguments, t=frames / 30, frame=frames, step=frames)
        frames += 1
    elapsed, spent = time.perf_counter() - begin, time.process_time() - processor
    steps = program.steps[3]
    return {
        "example": title,
        "bytes": len(program.write()),
        "steps": steps,
        "frames_per_second": frames / elapsed,
        "processor_ms_a_frame": 1000 * spent / frames,
        # Of the listing's steps: a loop's body counts once here, however often it runs.
        "ns_a_step_and_pixel": 1e9 * spent / frames / (width * height) / steps,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    rows = [measure(title, width, height, options.seconds, options.threads) for title in EXAMPLES]
    json.dump({"machine": machine.describe(), "size": options.size, "rows": rows}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
