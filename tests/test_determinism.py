"""Decoded pictures depend neither on the instruction set nor on the number of threads."""

from __future__ import annotations

from pathlib import Path

import pytest

import aicodec_native as aic
from aic_files import assemble, head_of, header, video_segment
from aicodec_native import _native
from instruction_sets import same_under_all

STREAMS = sorted((Path(__file__).parent / "conformance" / "v1" / "accept").glob("*.aic"))

# Frame hashes of conformance streams and of noise through every conversion, as a child process prints them.
SCRIPT = """
import sys
import numpy as np
import aicodec_native as aic
from aicodec_native import _native

for path in sys.argv[1:]:
    with aic.open(path) as reader:
        print([_native.picture_hash(picture) for picture in reader._pictures(0, len(reader))])
formats = ("rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10")
rng = np.random.default_rng(1)
for source in formats:
    picture = _native.Picture(source, 333, 71)
    picture.unpack_from(rng.integers(0, 1024, picture.packed_size // 2 + 1, dtype=np.uint16).tobytes())
    for target in formats:
        colour = _native.Colour(matrix=6, full_range=bool(rng.integers(2)), chroma_centred=bool(rng.integers(2)))
        converted = picture.convert(target, colour, 2)
        rgb = _native.Picture.from_rgb(converted.rgb(colour, 3))
        print(source, target, _native.picture_hash(converted), _native.picture_hash(rgb))
"""


def test_instruction_sets_give_the_same_pictures():
    same_under_all(SCRIPT, *STREAMS)


@pytest.mark.parametrize("fields", [{}, {"format": "rgb24"}, {"format": "yuv444p10", "width": 201, "height": 131}])
def test_threads_give_the_same_pictures(fields):
    h = header(**{"width": 200, "height": 160, **fields})
    parts = [video_segment(h, 5), video_segment(h, 5, first=5)]
    data = assemble(head_of(h), [("S", part) for part in parts])
    found = []
    for threads in (1, 2, 3, 8):
        with aic.open(data, threads=threads) as reader:
            in_order = [_native.picture_hash(picture) for picture in reader._pictures(0, 10)]
            at_random = [_native.picture_hash(reader._picture(n)) for n in (9, 0, 4, 5, 3)]
            assert at_random == [in_order[n] for n in (9, 0, 4, 5, 3)]
            found.append((in_order, [frame.tobytes() for frame in reader]))
    assert all(other == found[0] for other in found[1:])
