"""Threads of the core: loops that share them, begun from many threads at once and in forked processes."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from aicodec_native.shader_source import compile_source

PROGRAM = """
def color(x, y, t):
    return rgb(fract(x * 0.01 + t), fract(y * 0.01), fract(sin(x * y)))
"""
SIZE = {"format": "rgb24", "width": 200, "height": 700}


def test_loops_begun_at_once_share_the_threads():
    program = compile_source(PROGRAM)
    wanted = [program.draw(**SIZE, t=k * 0.1, threads=1).packed() for k in range(4)]
    with ThreadPoolExecutor(8) as callers:
        for _ in range(5):
            drawn = list(callers.map(lambda k: program.draw(**SIZE, t=k % 4 * 0.1, threads=1 + k % 5), range(40)))
            assert [picture.packed() for picture in drawn] == [wanted[k % 4] for k in range(40)]


FORKING = """
import os, sys
from aicodec_native.shader_source import compile_source
from test_threads import PROGRAM, SIZE
program = compile_source(PROGRAM)
before = program.draw(**SIZE, threads=3).packed()
child = os.fork()
if child == 0:
    os._exit(0 if program.draw(**SIZE, threads=3).packed() == before else 1)
assert program.draw(**SIZE, threads=3).packed() == before
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes are forked here")
def test_a_forked_process_has_threads_of_its_own():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(5):
        subprocess.run([sys.executable, "-c", FORKING], env=environment, check=True, timeout=60)
