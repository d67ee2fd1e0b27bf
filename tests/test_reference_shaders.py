"""The ten reference shaders of the benches give the same frames everywhere: instruction sets, threads, compilers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from instruction_sets import ISAS

BENCH = Path(__file__).parents[1] / "bench"

# Of frames at 0 and 2.5 seconds, 203 x 71. A build by any compiler, for any machine, has to give these.
HASHES = {
    "gradient": [2987095127250564904, 8625283412353733735],
    "plasma": [4478950469279364292, 14964969560976129211],
    "rings": [11110852938548784288, 14584695038353510123],
    "checker": [15988121718563350227, 7748527058455913661],
    "zone plate": [2254474230551331121, 7238171762486391059],
    "mandelbrot": [2131562753726787536, 8448951715442880563],
    "clouds": [1238929172065619519, 11360357147892639675],
    "shapes": [5792113600749914409, 4355052026842574507],
    "march": [12173882628075762131, 17880009228796854033],
    "swirl": [6079248834320649356, 4955323706325717679],
}

SCRIPT = """
import json, sys
from aicodec_native import _native
from aicodec_native.shader_source import compile_source
from reference_shaders import REFERENCE_SHADERS

def frames(text, **how):
    program = compile_source(text)
    size = {"format": "rgb24", "width": 203, "height": 71}
    return [_native.picture_hash(program.draw(**size, t=t, **how)) for t in (0.0, 2.5)]

found = [
    {name: frames(text, **how) for name, text in REFERENCE_SHADERS.items()}
    for how in ({"threads": 1}, {"threads": 2}, {"reference": True})
]
json.dump([_native.isa, found], sys.stdout)
"""


@pytest.mark.parametrize("isa", ISAS)
def test_reference_shaders_draw_the_pinned_frames(isa):
    environment = {**os.environ, "AICODEC_ISA": isa, "PYTHONPATH": os.pathsep.join([str(BENCH), *sys.path])}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    used, ways = json.loads(done.stdout)
    if used != isa:
        pytest.skip(f"this machine has no {isa}")
    one_thread, two_threads, reference = ways
    assert one_thread == HASHES
    assert two_threads == HASHES
    assert reference == HASHES
