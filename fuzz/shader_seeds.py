"""Writes the seeds of fuzz_shader: `python fuzz/shader_seeds.py FOLDER` with the package importable.

With `--fit` those of fuzz_fit: the same programs behind its first bytes.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aicodec_native import CorruptError, _native, tracks
from aicodec_native.shader_source import compile_source
from shader_examples import EXAMPLES
from shader_programs import RandomProgram


def programs() -> list[bytes]:
    found = [compile_source(text).write() for text in EXAMPLES.values()]
    for seed in range(200):
        try:
            found.append(_native.ShaderProgram.from_code(RandomProgram(seed, 20).code).write())
        except CorruptError:
            continue
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.fit:
        seeds = [bytes([n % 2, n // 2 % 2, n % 251, n % 7]) + program for n, program in enumerate(programs())]
    else:
        seeds = [bytes([1 + number % 2 + number // 2 % 8 * 16]) + program for number, program in enumerate(programs())]
        seeds.append(b"\0" + tracks.pack([{"a": i / 30, "b": i % 5, "c": math.sin(0.1 * i)} for i in range(60)]))
    for number, data in enumerate(seeds):
        (options.folder / f"seed{number}").write_bytes(data)


if __name__ == "__main__":
    main()
