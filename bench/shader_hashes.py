"""Whether frames of the reference shaders are the same on every instruction set, with 1 and 2 threads, in every build.

`python bench/shader_hashes.py [--size 1920x1080] [--frames 5] [--other NAME=EXTENSION ...] [--readme]`

--other names further builds of the extension, for example one by clang (CONTRIBUTING.md says how to make it). Ends with
an error if two hashes of a frame differ. --readme puts the outcome into README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import machine
import report

ISAS = ("base", "avx2", "avx512")
HERE = Path(__file__).parent

# Prints the instruction set and the hashes of all frames, by shader.
CHILD = """
import importlib.util, json, sys
extension, width, height, frames, threads = sys.argv[1], *map(int, sys.argv[2:])
if extension:
    spec = importlib.util.spec_from_file_location("aicodec_native._native", extension)
    sys.modules["aicodec_native._native"] = native = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(native)
    import aicodec_native
    aicodec_native._native = native
from aicodec_native import _native
from aicodec_native.shader_source import compile_source
from reference_shaders import REFERENCE_SHADERS
assert not extension or _native.__file__ == extension
size = {"format": "rgb24", "width": width, "height": height}
found = {}
for name, text in REFERENCE_SHADERS.items():
    program = compile_source(text)
    found[name] = [
        _native.picture_hash(program.draw(**size, t=k * 5 / frames, threads=threads)) for k in range(frames)
    ]
json.dump([_native.isa, found], sys.stdout)
"""


def hashes(extension: str, isa: str, threads: int, size: tuple[int, int], frames: int) -> dict[str, Any] | None:
    """Frame hashes by shader; None where the machine has not the instruction set."""
    environment = {**os.environ, "AICODEC_ISA": isa, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    command = [sys.executable, "-c", CHILD, extension, *map(str, (*size, frames, threads))]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    used, found = json.loads(done.stdout)
    return found if used == isa else None


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--other", action="append", default=[], metavar="NAME=EXTENSION")
    parser.add_argument("--readme", action="store_true")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    about = machine.describe()
    builds = {about["compiler"]: ""}
    for other in options.other:
        name, _, path = other.partition("=")
        builds[name] = str(Path(path).resolve())
    found = {
        (build, isa, threads): hashes(extension, isa, threads, (width, height), options.frames)
        for build, extension in builds.items()
        for isa in ISAS
        for threads in (1, 2)
    }
    drawn = {kind: value for kind, value in found.items() if value is not None}
    first = next(iter(drawn.values()))
    different = [" ".join(map(str, kind)) for kind, value in drawn.items() if value != first]
    text = (
        f"{about['date']}, commit {about['commit']}, {about['cpu']}: {options.frames} frames of each of {len(first)} "
        f"shaders at {options.size}, {len(drawn)} ways to draw them "
        f"({', '.join(builds)}; {', '.join(dict.fromkeys(isa for _, isa, _ in drawn))}; 1 and 2 threads): "
        + (f"**different** with {'; '.join(different)}" if different else "all hashes equal")
        + ".\n"
    )
    print(text)
    if options.readme:
        report.put_into(HERE / "README.md", text, "shader hashes")
    if different:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
