"""Files: what goes in comes out, at a fixed cost of a few bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aic_files import (
    COLOUR,
    SUBTITLE,
    agreed,
    assemble,
    coded,
    head_of,
    header,
    layer,
    nominal,
    packet,
    segment_of,
    video_segment,
)
from aicodec_native import CorruptError, FormatError, UnsupportedError, _native

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
scores = st.integers(-(2**20), 2**20)
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


# Round trips.


@given(headers)
def test_a_header_comes_back(h):
    found = _native.FileReader.from_bytes(assemble(head_of(h), []))
    assert found.header == h
    agreed(assemble(head_of(h), []))


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
    assert agreed(data)["packets"] == expected


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_tags_come_back(tags):
    writer = _native.Writer()
    track = _native.Track(kind="audio", codec="é", time_base=(7, 9), extradata=b"\0\xff", tags=tags)
    found = agreed(writer.begin(header()) + writer.track(track) + writer.tags(tags) + writer.finish())
    assert found["tags"] == tags
    assert found["tracks"] == [("audio", "é", (7, 9), b"\0\xff", tags)]


@given(st.integers(0, 4), st.lists(st.tuples(st.integers(1, 2**30), scores, scores), min_size=1, max_size=5))
def test_a_quality_comes_back(metric, rows):
    h, steps = header(), 100 if metric < 3 else 10000
    writer = _native.Writer()
    data = writer.begin(h)
    for number in range(len(rows) - 1 or 1):
        data += writer.segment(segment_of(h, [b""], first=number, frames=1), 1)
    rows = rows if len(rows) != 2 else rows[:1]
    rows = [(frames, mean / steps, low / steps) for frames, mean, low in rows]
    file = _native.FileReader.from_bytes(data + writer.quality(metric, rows) + writer.finish())
    assert file.quality() == (metric, rows)


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\5\1\0\0", UnsupportedError),
        (b"\0", CorruptError),
        (b"\0\0\0\0", CorruptError),
        (b"\0\1\0", CorruptError),
        (b"\0\1\0\0" * 2, CorruptError),
    ],
)
def test_a_malformed_quality_harms_nothing_else(payload, error):
    h = header()
    file = _native.FileReader.from_bytes(assemble(head_of(h), [("S", video_segment(h)), ("q", payload)]))
    with pytest.raises(error):
        file.quality()
    assert len(file.entries) == 2


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8))
def test_notes_come_back(notes):
    h, writer = header(), _native.Writer()
    data = writer.begin(h) + writer.segment(video_segment(h), 3)
    assert agreed(data + writer.notes(notes) + writer.finish())["notes"] == notes


@pytest.mark.parametrize("payload", [b"", b"\1", b"\1\1a\1b\0", b"\1\1\xff\0"])
def test_malformed_notes_harm_nothing_else(payload):
    h = header()
    file = _native.FileReader.from_bytes(assemble(head_of(h), [("S", video_segment(h)), ("n", payload)]))
    with pytest.raises(CorruptError):
        file.notes()
    assert file.quality() is None
    assert len(file.entries) == 2


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
    assert agreed(whole)["segments"][0][1] == nominal(h, 0, 300)


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
    assert agreed(data)["segments"][0][1] == ticks
