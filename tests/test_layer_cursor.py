"""Frames of one AV1 layer at random places: the same as in order, whatever is passed over."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

from aicodec_native import _native, errors
from aicodec_native.video_layer import LayerCursor, VideoDecoder, VideoSettings, encode_pictures

WIDTH, HEIGHT, FRAMES = 96, 64, 24


@pytest.fixture(scope="module")
def packets() -> list[tuple[bytes, bool]]:
    pictures = []
    for number in range(FRAMES):
        picture = _native.Picture("yuv420p", WIDTH, HEIGHT)
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        picture.plane(0)[:] = (128 + 90 * np.sin((x + 3 * number) / 9) * np.cos((y - number) / 7)).astype(np.uint8)
        pictures.append(picture)
    settings = VideoSettings(30, 10, 8, 1)
    return encode_pictures(pictures, _native.Colour(), Fraction(30), settings).packets


def luma(planes: list) -> bytes:
    plane, stride = planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(HEIGHT, stride)[:, :WIDTH].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_any_rising_frames_are_those_of_a_sequential_decode(packets: list[tuple[bytes, bool]], threads: int) -> None:
    assert any(droppable for _, droppable in packets)
    decoder = VideoDecoder("yuv420p", WIDTH, HEIGHT, threads=threads)
    expected = [luma(planes) for planes in decoder.stream(data for data, _ in packets)]
    assert len(expected) == FRAMES
    for wanted in (range(FRAMES), [0], [FRAMES - 1], [3, 4, 5, 19], [1, 7, 22, 23], range(1, FRAMES, 5)):
        cursor = LayerCursor(decoder, packets)
        assert [luma(cursor.frame(number)) for number in wanted] == [expected[number] for number in wanted]


def test_a_frame_that_no_packet_gives_is_an_error(packets: list[tuple[bytes, bool]]) -> None:
    cursor = LayerCursor(VideoDecoder("yuv420p", WIDTH, HEIGHT, threads=2), packets[:5])
    cursor.frame(2)
    with pytest.raises(errors.CorruptError):
        cursor.frame(5)
