"""Segments and the stack: layers, digests, times, hostile tables, and video that is not what the file promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aicodec_native as aic
from aic_files import (
    YUV,
    agreed,
    assemble,
    block,
    coded,
    everything,
    head_of,
    header,
    layer,
    nominal,
    segment_of,
    varint,
    video_segment,
)
from aicodec_native import CorruptError, FormatError, TruncatedError, UnsupportedError, _native
from reference import segment as reference


def with_segment(payload: bytes, stream_header: _native.StreamHeader | None = None) -> bytes:
    return assemble(head_of(stream_header or header()), [("S", payload)])


def parsed(payload: bytes) -> _native.Segment:
    return _native.Segment(payload, header())


def video() -> bytes:
    return layer(header(), coded())


def head(first: int = 0, frames: int = 3, flags: int = 0) -> bytes:
    return varint(first) + varint(frames) + bytes([flags])


def table_of(packets: list[tuple[bytes, bool]]) -> bytes:
    return _native.build_video_layer(format="yuv420p", colour=YUV, rgb_canvas=False, packets=packets)


def read_all(data: bytes) -> None:
    with aic.open(data, threads=1) as reader:
        list(reader.iter_native())


def read_at_random(data: bytes) -> None:
    with aic.open(data, threads=1) as reader:
        for number in reversed(range(len(reader))):
            reader.native(number)


# What is written comes back.


def test_a_segment_comes_back():
    times = [5, 90, 91, 2000]
    part = parsed(segment_of(header(), [video(), video()], first=7, times=times, digest=2**64 - 1))
    assert (part.first_frame, part.frames, part.times, part.digest) == (7, 3, times, 2**64 - 1)
    assert part.layers == [("video", len(video()))] * 2
    assert part.video_format(1) == "yuv420p"
    assert part.video_packets(0) == coded().packets
    assert not part.sequential


def test_a_digest_of_zero_is_one():
    payload = _native.build_segment(
        header=header(), first_frame=0, times=[0, 33], digest=0, layers=[(0, table_of([(b"x", False)]))]
    )
    assert parsed(payload).digest == 0


rows = st.lists(st.tuples(st.binary(min_size=1, max_size=40), st.booleans()), min_size=1, max_size=30)


@given(rows, st.integers(0, 2**20))
def test_packets_of_a_video_layer_come_back(packets, first):
    data = with_segment(segment_of(header(), [table_of(packets)], first=first, frames=len(packets)))
    agreed(data)
    part = parsed(segment_of(header(), [table_of(packets)], first=first, frames=len(packets)))
    assert part.video_packets(0) == packets


def test_a_table_of_repeated_frames_costs_little_over_a_bit_a_frame():
    packets = [(b"x" * 3, False)] * 1000
    assert len(table_of(packets)) - 3000 < 180


def test_what_makes_no_segment_is_not_written():
    for times in ([], [0], [0, 0], [5, 4], [0, 2**60 + 1], [-(2**60) - 1, 0]):
        with pytest.raises(ValueError, match=r"timestamps|segment"):
            _native.build_segment(header=header(), first_frame=0, times=times, digest=None, layers=[(0, b"")])
    with pytest.raises(ValueError, match="layers"):
        _native.build_segment(header=header(), first_frame=0, times=[0, 1], digest=None, layers=[])
    with pytest.raises(CorruptError):
        segment_of(header(), [b""] * 9)
    with pytest.raises(CorruptError):
        segment_of(header(), [b""], first=2**30)


# Stacks.


@pytest.mark.parametrize("kind", [2, 4, 127])
@pytest.mark.parametrize("above", [False, True])
def test_other_layers_are_unsupported(kind, above):
    other, bottom = bytes([kind | 128]) + b"?", b"\0" + block(video())
    payload = head() + (bottom + other if above else other)
    with pytest.raises(UnsupportedError):
        parsed(payload)
    with pytest.raises(UnsupportedError):
        read_all(with_segment(payload))


def test_the_topmost_layer_is_what_shows():
    h = header()
    low, high = layer(h, coded(start=9)), layer(h, coded())
    alone = list(aic.open(with_segment(segment_of(h, [high]))).iter_native())
    both = list(aic.open(with_segment(segment_of(h, [low, high]))).iter_native())
    assert all(np.array_equal(a, b) for x, y in zip(alone, both, strict=True) for a, b in zip(x, y, strict=True))


def test_layers_without_an_end_are_refused():
    for payload in (head(), head() + b"\0", head() + b"\0" + varint(99) + b"x", head() + b"\0" + block(video())):
        with pytest.raises(TruncatedError):
            parsed(payload)


def test_every_truncation_of_a_segment_is_refused():
    payload = video_segment(header(), times=[1, 50, 60, 99])
    for length in range(2, len(payload)):
        with pytest.raises(FormatError):
            everything(with_segment(payload[:length]))


# Hostile tables.


def test_a_million_frames_in_a_few_bytes_are_refused():
    for frames in (2**20, 2**20 + 1, 2**60):
        with pytest.raises(CorruptError):
            parsed(head(frames=frames) + b"\x80\1" + block(b"\xff\xff\xff") + b"x")


def test_flags_of_a_segment_and_of_a_video_layer():
    with pytest.raises(UnsupportedError):
        parsed(head(flags=4) + b"\x80" + video())
    for config in (0, 3, 8, 9, 255):
        with pytest.raises(UnsupportedError):
            parsed(head() + b"\x80" + bytes([config]) + video()[1:])


@given(st.binary(max_size=40), st.integers(1, 50))
def test_tables_of_noise_are_judged_alike(noise, frames):
    for payload in (
        head(frames=frames) + b"\x80\1" + block(noise) + bytes(200),
        head(frames=frames, flags=1) + block(noise) + b"\x80" + table_of([(b"x", False)] * frames),
    ):
        try:
            found = agreed(with_segment(payload))
        except FormatError:
            with pytest.raises(ValueError):  # noqa: PT011 - the reference decoder's one error
                _parsed_by_reference(payload)
        else:
            assert found["segments"]


def _parsed_by_reference(payload: bytes) -> None:
    from reference import container

    h = container.open_file(with_segment(payload)).header
    part = reference.read_segment(payload, h)
    for kind, data in part.layers:
        reference.read_layer(kind, data, h, part)


@pytest.mark.parametrize("packet", [b"\0", b"\x12\0", b"\xff" * 20, b"\x7a\x01\x80", coded().packets[1][0]])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_packets_that_are_no_frame_are_refused(packet, place):
    packets = list(coded().packets)
    if packets[place][0] == packet:
        pytest.skip("that is the packet which belongs there")
    packets[place] = (packet, False)
    data = with_segment(segment_of(header(), [table_of(packets)]))
    if packet == coded().packets[1][0] and place == 2:  # a frame that shows is a frame, though not the right one
        read_all(data)
        return
    with pytest.raises(CorruptError):
        read_all(data)
    with pytest.raises(CorruptError):
        read_at_random(data)


def test_a_packet_with_two_frames_is_refused():
    first, second, third = (data for data, _ in coded().packets)
    packets = [(first + second, False), (third, False), (third, False)]
    data = with_segment(segment_of(header(), [table_of(packets)]))
    for read in (read_all, read_at_random):
        with pytest.raises(CorruptError):
            read(data)


# Video that the file describes wrongly.


@pytest.mark.parametrize(
    ("fields", "video"),
    [
        ({"width": 128}, coded()),
        ({"width": 66, "height": 66}, coded()),
        ({"width": 32, "height": 32}, coded(128, 64)),
        ({}, coded(66, 64)),
    ],
)
def test_frames_of_another_size_are_refused(fields, video):
    h = header(**fields)
    data = with_segment(segment_of(h, [layer(h, video)]), h)
    for read in (read_all, read_at_random):
        with pytest.raises(CorruptError, match="another size"):
            read(data)


@pytest.mark.parametrize("config", [2, 5, 6])
def test_frames_of_another_format_are_refused(config):
    data = with_segment(segment_of(header(), [bytes([config]) + video()[1:]]))
    for read in (read_all, read_at_random):
        with pytest.raises(CorruptError, match="format"):
            read(data)


def test_drawing_checks_the_planes_that_it_is_handed():
    part = parsed(segment_of(header(), [video()]))
    good = [(bytes(64 * 64), 64), (bytes(32 * 32), 32), (bytes(32 * 32), 32)]
    assert part.draw(0, lambda *_: good).format == "yuv420p"
    for place, wrong in ((0, (bytes(64 * 64 - 1), 64)), (1, (bytes(32 * 32), 31)), (2, (b"", 32))):
        planes = list(good)
        planes[place] = wrong
        with pytest.raises(CorruptError):
            part.draw(0, lambda *_, planes=planes: planes)
    with pytest.raises(CorruptError):
        part.draw(0, lambda *_: good[:2])
    with pytest.raises(CorruptError):
        part.draw(3, lambda *_: good)
    with pytest.raises(ZeroDivisionError):
        part.draw(0, lambda *_: 1 / 0)


# Time and digests across segments.


def test_a_gap_is_filled_by_the_frame_before_it():
    h = header()
    data = assemble(head_of(h), [("S", video_segment(h, 2)), ("S", video_segment(h, 2, first=9))])
    with aic.open(data) as reader:
        expected = nominal(h, 0, 1) + nominal(h, 9, 2)
        assert reader.ticks.tolist() == expected
        assert reader.index_at(0.2) == 1


@pytest.mark.parametrize("second", [{"first": 1}, {"first": 2, "times": [66, 70, 80]}, {"first": 0}])
def test_segments_that_overlap_are_refused(second):
    h = header()
    parts = [video_segment(h, 2), video_segment(h, 2, digest=None, **second)]
    data = assemble(head_of(h), [("S", part) for part in parts])
    with aic.open(data) as reader, pytest.raises(CorruptError, match="begins before"):
        _ = reader.ticks
    assert any("begins before" in problem for problem in aic.verify(data).problems)


def test_verify_tells_wrong_and_missing_digests():
    h = header()
    parts = [video_segment(h, 2), video_segment(h, 2, first=2, digest=1), video_segment(h, 2, first=4, digest=None)]
    report = aic.verify(assemble(head_of(h), [("S", part) for part in parts]))
    assert (report.frames, report.segments, report.undigested) == (6, 3, 1)
    assert report.problems == ["segment 1: the decoded frames are not the ones that were encoded"]


def test_verify_goes_on_after_a_damaged_segment():
    h = header()
    data = bytearray(assemble(head_of(h), [("S", video_segment(h, 2, first=first)) for first in (0, 2, 4)]))
    entry = _native.FileReader.from_bytes(bytes(data)).entries[1]
    data[entry.offset + 30] ^= 1
    report = aic.verify(bytes(data))
    assert len(report.problems) == 1
    assert "segment 1: a checksum does not match" in report.problems[0]
