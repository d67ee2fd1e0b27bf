"""What a script prints under each instruction set that this machine has."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

ISAS = ("base", "avx2", "avx512")


def same_under_all(script: str, *arguments: object) -> None:
    """Runs a script in a process for each set; it must print the same. Skips the test where there is one set only."""

    def outcome(isa: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", f"from aicodec_native import _native\nprint(_native.isa)\n{script}"]
            + [str(argument) for argument in arguments],
            env={**os.environ, "AICODEC_ISA": isa, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.splitlines()

    base = outcome("base")
    assert base[0] == "base"
    assert len(base) > 1
    compared = 0
    for isa in ISAS[1:]:
        lines = outcome(isa)
        # A set that this machine lacks is another in its place.
        if lines[0] == isa:
            assert lines[1:] == base[1:]
            compared += 1
    if not compared:
        pytest.skip("this machine has one instruction set only")
