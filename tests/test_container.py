"""Files: what goes in comes out, at a fixed cost of a few bytes, and damage of any kind is told or repaired."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import aicodec_native as aic
from aic_files import (
    AUDIO,
    COLOUR,
    SUBTITLE,
    assemble,
    chunk,
    coded,
    everything,
    everything_by_reference,
    head_of,
    header,
    index,
    layer,
    nominal,
    packet,
    segment_of,
    varint,
    video_segment,
)
from aicodec_native import CorruptError, FormatError, NotAicError, TruncatedError, UnsupportedError, _native
from reference import container

colours = st.builds(
    _native.Colour,
    primaries=st.integers(0, 255),
    transfer=st.integers(0, 255),
    matrix=st.integers(0, 255),
    full_range=st.booleans(),
    chroma_centred=st.booleans(),
)
parts = st.one_of(st.integers(1, 200), st.integers(1, 2**31 - 1))
headers = st.builds(
    header,
    format=st.sampled_from(["rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10"]),
    width=st.integers(1, 65536),
    height=st.integers(1, 2048),
    colour=colours,
    sample_aspect=st.tuples(parts, parts),
    quarter_turns=st.integers(0, 3),
    time_base=st.tuples(parts, parts),
    frame_duration=st.tuples(parts, parts).map(lambda pair: (max(pair), min(pair))),
    origin=st.integers(-(2**60), 2**60),
)
times = st.integers(-(2**60), 2**60)
side_data = st.lists(st.tuples(st.text(max_size=9), st.binary(max_size=9)), max_size=3)
packets = st.builds(
    lambda pts, duration, data, dts, key, side: packet(
        pts, duration, data, dts=pts if dts is None else dts, is_keyframe=key, side_data=side
    ),
    times,
    st.integers(0, 2**60),
    st.binary(max_size=20),
    st.none() | times,
    st.booleans(),
    side_data,
)


def same(data: bytes) -> dict:
    """What both decoders find, which must be the same."""
    found = everything(data)
    assert found == everything_by_reference(data)
    return found


def multi_segment() -> bytes:
    """Three segments of two frames, a track, metadata and packets between."""
    h = header()
    writer = _native.Writer()
    out = writer.begin(h) + writer.track(AUDIO) + writer.tags([("title", "t")])
    for first in (0, 2, 4):
        out += writer.packets(0, [packet(first * 1024), packet(first * 1024 + 1024)])
        out += writer.segment(video_segment(h, 2, first=first), 2)
    return out + writer.finish()


# Round trips.


@given(headers)
def test_a_header_comes_back(h):
    found = _native.FileReader.from_bytes(assemble(head_of(h), []))
    assert found.header == h
    same(assemble(head_of(h), []))


def test_each_header_field_is_compared():
    other = {
        "format": "rgb24",
        "width": 65,
        "height": 65,
        "colour": _native.Colour(full_range=True),
        "sample_aspect": (2, 1),
        "quarter_turns": 1,
        "time_base": (1, 999),
        "frame_duration": (100, 7),
        "origin": -1,
    }
    for name, value in other.items():
        assert header(**{name: value}) != header()


@given(st.lists(packets, max_size=12))
def test_packets_come_back(rows):
    writer = _native.Writer()
    data = writer.begin(header()) + writer.track(SUBTITLE) + writer.packets(0, rows) + writer.finish()
    fields = ("pts", "duration", "dts", "is_keyframe", "side_data", "data")
    expected = [(0, *(getattr(row, field) for field in fields)) for row in rows]
    assert same(data)["packets"] == expected


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_tags_come_back(tags):
    writer = _native.Writer()
    track = _native.Track(kind="audio", codec="é", time_base=(7, 9), extradata=b"\0\xff", tags=tags)
    found = same(writer.begin(header()) + writer.track(track) + writer.tags(tags) + writer.finish())
    assert found["tags"] == tags
    assert found["tracks"] == [("audio", "é", (7, 9), b"\0\xff", tags)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"width": 0},
        {"width": 65537},
        {"width": 65536, "height": 65536},
        {"time_base": (0, 1)},
        {"time_base": (1, 2**31)},
        {"frame_duration": (1, 2)},
        {"origin": 2**60 + 1},
    ],
)
def test_what_cannot_be_read_is_not_written(wrong):
    with pytest.raises(FormatError):
        header(**wrong)


def test_packets_with_times_out_of_range_are_not_written():
    for wrong in ({"pts": 2**60 + 1}, {"pts": 0, "duration": 2**60 + 1}, {"pts": 0, "dts": -(2**61)}):
        with pytest.raises(CorruptError):
            packet(**wrong)


# Cost.


@pytest.mark.parametrize("clock", [((1, 1000), (100, 3)), ((1, 15360), (512, 1))])
def test_the_fixed_cost_is_at_most_64_bytes(clock):
    h = header(width=1920, height=1080, time_base=clock[0], frame_duration=clock[1])
    payload = _native.build_video_layer(
        format="yuv420p10", colour=COLOUR, rgb_canvas=False, packets=[(bytes(2000), False)] * 300
    )
    segment = segment_of(h, [payload], frames=300, digest=2**64 - 1)
    whole = assemble(head_of(h), [("S", segment)])
    assert len(whole) - len(payload) <= 64
    assert same(whole)["segments"][0][1] == nominal(h, 0, 300)


def test_regular_times_cost_nothing_and_irregular_ones_little():
    h = header()
    video = layer(h, coded(frames=12))
    regular = segment_of(h, [video], frames=12)
    assert len(regular) == len(video) + 4  # first frame, frames, flags, kind
    shifted = [t + 5 for t in nominal(h, 0, 12)]
    assert len(segment_of(h, [video], frames=12, times=shifted)) - len(regular) <= 5


def test_a_repeating_pattern_of_durations_is_cheap():
    h = header(time_base=(1, 1000), frame_duration=(40, 1))
    steps = np.tile([33, 50, 33, 34], 250)
    table = len(segment_of(h, [b""], times=[0, *np.cumsum(steps).tolist()]))
    assert table < 1000


@given(st.lists(st.one_of(st.integers(1, 3), st.integers(1, 2**40)), min_size=1, max_size=30), st.integers(-99, 2**50))
def test_variable_rates_are_exact(durations, start):
    h = header()
    ticks = [start]
    for duration in durations:
        ticks.append(ticks[-1] + duration)
    payload = _native.build_video_layer(
        format="yuv420p", colour=COLOUR, rgb_canvas=False, packets=[(b"x", False)] * len(durations)
    )
    data = assemble(head_of(h), [("S", segment_of(h, [payload], times=ticks))])
    assert same(data)["segments"][0][1] == ticks


# Damage.


def test_every_truncation_gives_the_complete_segments():
    whole = multi_segment()
    full = everything(whole)
    ends = [(entry.offset + entry.size, entry.kind) for entry in _native.FileReader.from_bytes(whole).entries]
    header_end = len(head_of(header()))
    for length in range(len(whole)):
        data = whole[:length]
        if length < header_end:
            with pytest.raises(FormatError):
                _native.FileReader.from_bytes(data)
            with pytest.raises(FormatError):
                aic.open(data)
            continue
        found = everything(data)
        assert found["recovered"]
        complete = [kind for end, kind in ends if end <= length]
        assert found["segments"] == full["segments"][: complete.count("segment")]
        assert found["packets"] == full["packets"][: 2 * complete.count("packets")]
        if not found["segments"]:
            with pytest.raises(TruncatedError):
                aic.open(data)
        elif length % 37 == 0:
            assert len(list(aic.open(data))) == 2 * len(found["segments"])


def test_truncations_look_alike_to_both_decoders():
    whole = multi_segment()
    for length in range(len(head_of(header())), len(whole), 5):
        same(whole[:length])


def noticed(data: bytes, intact: dict) -> bool:
    """Whether reading a damaged file raises FormatError, finds it recovered, or finds what the intact one holds."""
    try:
        found = everything(data)
    except FormatError:
        return True
    return found["recovered"] or found == intact


def test_every_flipped_bit_is_noticed():
    whole = multi_segment()
    intact = everything(whole)
    for place in range(len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            assert noticed(bytes(data), intact), (place, bit)


def test_flips_behind_right_checksums_never_crash():
    whole = multi_segment()
    rng = np.random.default_rng(3)
    chunks = container.scan(whole, len(head_of(header())))
    for _ in range(400):
        number = rng.integers(len(chunks))
        damaged = bytearray(chunks[number][1])
        damaged[rng.integers(min(len(damaged), 40))] ^= 1 << rng.integers(8)
        out, entries = head_of(header()), []
        for n, (letter, data) in enumerate(chunks):
            piece = chunk(letter, bytes(damaged) if n == number else data)
            entries.append((*container.describe(letter, data), len(piece)))
            out += piece
        with contextlib.suppress(FormatError), aic.open(out + index(entries), threads=1) as reader:
            list(reader.packets())
            list(reader.iter_native())


# Malformed files.


def with_index(entries: list[tuple[int, int, int]]) -> bytes:
    h = header()
    body = b"".join(chunk("S", video_segment(h, 2, first=first)) for first in (0, 2))
    return head_of(h) + body + index(entries)


def sizes() -> list[int]:
    return [len(chunk("S", video_segment(header(), 2, first=first))) for first in (0, 2)]


def test_an_index_that_lies_is_refused():
    first, second = sizes()
    assert not everything(with_index([(1, 2, first), (1, 2, second)]))["recovered"]
    # The chunks are not what it says.
    for entries in (
        [(2, 0, first), (1, 2, second)],
        [(0, 0, first), (1, 2, second)],
        [(1, 2, first + 1), (1, 2, second - 1)],
        [(1, 2, first - 1), (1, 2, second + 1)],
        [(1, 4, first + second)],
    ):
        with pytest.raises(CorruptError):
            everything(with_index(entries))
    # Its numbers of frames are wrong.
    with pytest.raises(CorruptError), aic.open(with_index([(1, 3, first), (1, 1, second)])) as reader:
        list(reader)


def test_an_index_that_cannot_be_one_is_rebuilt():
    first, second = sizes()
    for entries in (
        [(1, 2, first)],
        [(1, 2, first), (1, 2, second + 1)],
        [(3, 2, first), (1, 2, second)],
        [(0, 2, first), (1, 2, second)],
        [(1, 2, first), (1, 2**31, second)],
    ):
        found = same(with_index(entries))
        assert found["recovered"]
        assert len(found["segments"]) == 2


def test_unknown_chunks():
    segment = video_segment(header())
    plain = everything(assemble(head_of(header()), [("S", segment)]))
    assert same(assemble(head_of(header()), [("a", b""), ("S", segment), ("m", b"any")])) == plain
    for place in (0, 1):
        chunks = [("S", segment)]
        chunks.insert(place, ("K", b""))
        with pytest.raises(UnsupportedError):
            everything(assemble(head_of(header()), chunks))


@pytest.mark.parametrize("kind", ["H", "T", "M"])
def test_chunks_out_of_order_are_refused(kind):
    payload = {"H": head_of(header())[7:-4], "T": b"\0\0\1\1\0\0", "M": b"\0"}[kind]
    with pytest.raises(CorruptError):
        everything(assemble(head_of(header()), [("S", video_segment(header())), (kind, payload)]))


def test_packets_of_a_track_that_is_missing_are_refused():
    data = assemble(head_of(header()), [("P", bytes([0, 1, 0, 0, 2, 1]) + b"p")])
    with pytest.raises(CorruptError):
        everything(data)
    with pytest.raises(CorruptError):
        list(aic.open(data).packets())


def test_foreign_and_empty_files(tmp_path):
    for data in (b"", b"RIFF", b"\x8aAIX\1", b"\0" * 100, b"\x89PNG\r\n\x1a\n"):
        path = tmp_path / "file"
        path.write_bytes(data)
        for source in (data, path):
            with pytest.raises(NotAicError):
                aic.open(source)
    for length in range(1, 5):
        with pytest.raises(TruncatedError):
            aic.open(b"\x8aAIC\1"[:length])
    with pytest.raises(aic.InputError):
        aic.open(tmp_path)
    with pytest.raises(aic.InputError):
        aic.open(tmp_path / "missing")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_other_versions_are_refused(version):
    data = bytearray(multi_segment())
    data[4] = version
    with pytest.raises(UnsupportedError, match="newer version"):
        aic.open(bytes(data))


@pytest.mark.parametrize(
    "promise", [b"T\xff\xff\xff\xff\xff\x1f", b"S\xff\xff\xff\xff\x7f", b"H\xff\xff\xff\xff\xff\x1f"]
)
def test_a_length_beyond_the_file_allocates_nothing(promise):
    assert everything(head_of(header()) + promise + bytes(50))["recovered"]
    with pytest.raises(TruncatedError):
        _native.FileReader.from_bytes(b"\x8aAIC\1" + promise)


def test_counts_beyond_the_data_are_refused():
    for kind, payload in (
        ("M", varint(4096)),
        ("M", varint(4097)),
        ("M", b"\1" + varint(2**20 + 1)),
        ("T", b"\0" + varint(2**40)),
    ):
        with pytest.raises(CorruptError):
            everything(assemble(head_of(header()), [(kind, payload)]))
    for payload in (b"\0" + varint(2**20) + b"\0", b"\0" + varint(2**20 + 1) + b"\0", b"\0\1\0\0\0" + varint(2**50)):
        with pytest.raises(CorruptError):
            everything(assemble(head_of(header()), [("T", b"\0\0\1\1\0\0"), ("P", payload)]))
