"""Writes the seeds of fuzz_shader: `python fuzz/shader_seeds.py FOLDER` with the package importable."""

from __future__ import annotations

import math
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from aicodec_native import CorruptError, _native, tracks
from aicodec_native.shader_source import compile_source
from shader_examples import EXAMPLES
from shader_programs import RandomProgram


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    seeds = [b"\2" + compile_source(text).write() for text in EXAMPLES.values()]
    for seed in range(200):
        try:
            seeds.append(b"\1" + _native.ShaderProgram.from_code(RandomProgram(seed, 20).code).write())
        except CorruptError:
            continue
    seeds.append(b"\0" + tracks.pack([{"a": i / 30, "b": i % 5, "c": math.sin(0.1 * i)} for i in range(60)]))
    for number, data in enumerate(seeds):
        (folder / f"seed{number}").write_bytes(data)


if __name__ == "__main__":
    main()
