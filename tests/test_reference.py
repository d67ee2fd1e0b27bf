"""The native decoder and the one in tests/reference, written from the document alone, agree on what they decode."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aicodec_native as aic
from aic_files import (
    agreed,
    assemble,
    coded,
    decode_av1,
    head_of,
    header,
    layer,
    scene,
    segment_of,
    video_segment,
)
from aicodec_native import _native
from reference import colour as reference_colour
from reference import container, screen_odds, segment

FORMATS = {
    "rgb24": (container.RGB, 8),
    "rgb30": (container.RGB, 10),
    "yuv420p": (container.YUV420, 8),
    "yuv420p10": (container.YUV420, 10),
    "yuv444p": (container.YUV444, 8),
    "yuv444p10": (container.YUV444, 10),
}
CODED = [name for name in FORMATS if name.startswith("yuv")]


def noise(name: str, width: int, height: int, seed: int = 0) -> _native.Picture:
    """A picture of every possible sample value in random order."""
    picture = _native.Picture(name, width, height)
    rng = np.random.default_rng(seed)
    for index in range(3):
        plane = picture.plane(index)
        plane[...] = rng.integers(0, 1 << picture.bit_depth, plane.shape)
        plane.flat[0] = 0
        plane.flat[-1] = (1 << picture.bit_depth) - 1
    return picture


def planes_of(picture: _native.Picture) -> list[np.ndarray]:
    return [picture.plane(index).astype(np.int64) for index in range(3)]


@pytest.mark.parametrize(("source", "target"), list(product(CODED, FORMATS)))
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (5, 3), (64, 34), (131, 67)])
def test_conversions_are_those_of_the_document(source, target, size):
    picture = noise(source, *size, seed=sum(size))
    for matrix, full, centred in ((1, False, False), (2, True, True), (9, False, True)):
        description = _native.Colour(matrix=matrix, full_range=full, chroma_centred=centred)
        ours = planes_of(picture.convert(target, description, 2))
        theirs = reference_colour.convert(planes_of(picture), FORMATS[source], FORMATS[target], matrix, full, centred)
        for a, b in zip(ours, theirs, strict=True):
            assert np.array_equal(a, b)


@pytest.mark.parametrize("matrix", [1, 2, 5, 6, 7, 9])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize(("source", "target"), [("yuv444p", "rgb24"), ("yuv444p10", "rgb30"), ("yuv444p10", "rgb24")])
def test_every_matrix(matrix, full, source, target):
    picture = noise(source, 200, 100)
    ours = planes_of(picture.convert(target, _native.Colour(matrix=matrix, full_range=full)))
    theirs = reference_colour.convert(planes_of(picture), FORMATS[source], FORMATS[target], matrix, full, False)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_the_unspecified_matrix_follows_the_size():
    for width, height in ((1024, 2), (1025, 2), (2, 576), (2, 577)):
        picture = noise("yuv444p", width, height)
        ours = planes_of(picture.convert("rgb24", _native.Colour()))
        theirs = reference_colour.convert(planes_of(picture), (2, 8), (0, 8), 2, False, False)
        assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(list(FORMATS)), st.integers(0, 99))
def test_frame_hashes(width, height, name, seed):
    picture = noise(name, width, height, seed)
    assert _native.picture_hash(picture) == segment.frame_hash(planes_of(picture), FORMATS[name][1])


@given(st.lists(st.integers(0, 2**64 - 1), max_size=9))
def test_digests(hashes):
    digest = _native.SegmentDigest()
    for value in hashes:
        digest.add(value)
    assert digest.value == segment.digest_of(hashes)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("depth", [8, 10])
@pytest.mark.parametrize("size", [(64, 64), (67, 65), (9, 70)])
def test_pixels(name, depth, size):
    h = header(format=name, width=size[0], height=size[1])
    data = assemble(head_of(h), [("S", video_segment(h, depth=depth))])
    agreed(data)
    assert aic.verify(data).ok  # against the digest that the reference decoder computed
    file = container.open_file(data)
    part = segment.read_segment(file.segments[0][0], file.header)
    expected = segment.decode_frames(file.header, part, decode_av1)
    with aic.open(data) as reader:
        for ours, theirs in zip(reader.iter_native(), expected, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_pixels_of_droppable_frames_at_random():
    h = header()
    video = coded(frames=24)
    assert any(droppable for _, droppable in video.packets)
    data = assemble(head_of(h), [("S", segment_of(h, [layer(h, video)], frames=24, digest=True))])
    file = container.open_file(data)
    part = segment.read_segment(file.segments[0][0], file.header)
    expected = segment.decode_frames(file.header, part, decode_av1)
    order = np.random.default_rng(5).permutation(24)
    with aic.open(data) as reader:
        for number in order:
            assert np.array_equal(reader.native(number)[0], expected[number][0])


def test_a_file_of_our_encoder(tmp_path):
    frames = np.stack([scene(80, 64, t) for t in range(12)])
    aic.encode(frames, tmp_path / "a.aic", crf=40, preset="fast", fps=30, segment_seconds=0.2)
    data = (tmp_path / "a.aic").read_bytes()
    found = agreed(data)
    assert len(found["segments"]) >= 1
    file = container.open_file(data)
    parts = segment.read_segments(file.segments, file.header)
    pictures = [planes for part in parts for planes in segment.decode_frames(file.header, part, decode_av1)]
    hashes = [segment.frame_hash(planes, file.header.depth) for planes in pictures[: parts[0].frames]]
    assert segment.digest_of(hashes) == parts[0].digest
    with aic.open(data) as reader:
        for ours, theirs in zip(reader.iter_native(), pictures, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_odds_of_ranks_are_cut_to_32_bits():
    odds = screen_odds.RankOdds()
    odds.voters[0, 0, 1, 5], odds.voters[0, 0, 0, 5] = 2**31 - 1, -1
    assert odds.score(0, 5) == 20  # the difference, 2^31, is below 0
    odds.voters[0, 0, 0, 5] = 2**31 - 65
    assert odds.score(0, 5) == 22
