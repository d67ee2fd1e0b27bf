"""Constants of the reference shaders, each disturbed by up to a fifth, fitted to what the shader drew.

`python bench/fit.py [--size 1280x720] [--frames 150] [--seconds 20] [--seeds 1] [--only NAME]` prints JSON and, with
--table, the rows for bench/README.md. A clip comes back if the fitted program draws all its frames with a PSNR of 50 dB
or more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import numpy as np

import aicodec_native
import machine
from aicodec_native import _native
from aicodec_native.fitting.constants import FreeConstants
from aicodec_native.shader_source import compile_source
from reference_shaders import REFERENCE_SHADERS

_FPS = 30
_ASKED = 50.0
_OFF = 0.2


def disturbed(program: _native.ShaderProgram, seed: int) -> _native.ShaderProgram:
    """Every free constant times 1 - 0.2 to 1 + 0.2."""
    constants = FreeConstants(program, tied=True, zeros=False)
    factors = 1 + _OFF * np.random.default_rng(seed).uniform(-1, 1, len(constants))
    return constants.program_with([_native.shader_constant(float(np.float32(v))) for v in constants.values * factors])


def drawn(program: _native.ShaderProgram, frames: int, size: tuple[int, int]) -> list[_native.Picture]:
    width, height = size
    return [
        program.draw(
            format="rgb24", width=width, height=height, t=float(np.float32(i / _FPS)), frame=i, step=i, threads=0
        )
        for i in range(frames)
    ]


def psnr(program: _native.ShaderProgram, clip: list[_native.Picture], size: tuple[int, int]) -> float:
    """dB over all frames; 100 for no error at all."""
    errors = [np.mean(_native.mse(a, b, 0)) for a, b in zip(clip, drawn(program, len(clip), size), strict=True)]
    mean = float(np.mean(errors))
    return 100.0 if mean == 0 else float(10 * np.log10(255**2 / mean))


def measure(name: str, seed: int, frames: int, size: tuple[int, int], seconds: float) -> dict[str, Any]:
    program = compile_source(REFERENCE_SHADERS[name])
    clip = drawn(program, frames, size)
    start = disturbed(program, seed)
    processor = time.process_time()
    result = aicodec_native.fit(start, clip, fps=_FPS, seconds=seconds, seed=seed)
    return {
        "shader": name,
        "seed": seed,
        "operations": len(program.code),
        "constants": len(FreeConstants(program, tied=True, zeros=False)),
        "psnr_before": psnr(start, clip[:: max(1, frames // 10)], size),
        "psnr": psnr(result.program, clip, size),
        "seconds": result.elapsed,
        "processor_seconds": time.process_time() - processor,
        "bytes_before": len(start.write()),
        "bytes": result.bytes,
        "bytes_of_the_original": len(program.write()),
    }


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| shader | operations | constants | start | fitted | time | processor time | bytes (original) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        fitted = "exact" if row["psnr"] >= 100 else f"{row['psnr']:.1f} dB"
        size = f"{row['bytes']} ({row['bytes_of_the_original']})"
        lines.append(
            f"| {row['shader']} | {row['operations']} | {row['constants']} | {row['psnr_before']:.1f} dB | {fitted} "
            f"| {row['seconds']:.1f} s | {row['processor_seconds']:.1f} s | {size} |"
        )
    back = sum(row["psnr"] >= _ASKED for row in rows)
    return "\n".join([*lines, "", f"{back} of {len(rows)} come back to {_ASKED:.0f} dB."])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=list(REFERENCE_SHADERS))
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    rows = []
    for name in options.only:
        for seed in range(options.seeds):
            rows.append(measure(name, seed, options.frames, (width, height), options.seconds))
            print(f"{name} {seed}: {rows[-1]['psnr']:.2f} dB in {rows[-1]['seconds']:.1f} s", file=sys.stderr)
    if options.table:
        print(table(rows))
    else:
        json.dump({"machine": machine.describe(), "rows": rows}, sys.stdout, indent=1)
        print()


if __name__ == "__main__":
    main()
