"""Tables of time series: they come back bit for bit, small where a formula made them."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicodec_native import FormatError, OptionError, _native, tracks

RECORDS = [
    {"frame": i, "time": i / 30, "complexity": 0.5 + 0.3 * math.sin(0.1 * i), "scene_type": i % 5} for i in range(300)
]


def same(a, b):
    """Equal bit for bit, NaN and -0 too."""
    return list(a) == list(b) and all(
        a[name].dtype == b[name].dtype and a[name].tobytes() == b[name].tobytes() for name in a
    )


def test_the_records_of_300_frames_take_64_bytes_at_most():
    data = tracks.pack(RECORDS)
    assert len(data) <= 64
    found = tracks.unpack(data)
    assert found == RECORDS
    assert [type(v) for v in found[7].values()] == [int, float, float, int]
    assert len(json.dumps(RECORDS)) > 400 * len(data)


def test_records_and_columns_are_told_apart():
    columns = {name: np.array([record[name] for record in RECORDS]) for name in RECORDS[0]}
    found = tracks.unpack(tracks.pack(columns))
    assert isinstance(found, dict)
    assert same(found, columns)


floats = st.floats(width=64, allow_nan=True, allow_infinity=True)
whole = st.integers(-(2**63), 2**63 - 1)


@given(st.integers(0, 40).flatmap(lambda n: st.dictionaries(
    st.text(max_size=20), st.one_of(
        st.lists(floats, min_size=n, max_size=n).map(lambda v: np.array(v, dtype=np.float64)),
        st.lists(whole, min_size=n, max_size=n).map(lambda v: np.array(v, dtype=np.int64)),
    ), max_size=4)))  # fmt: skip
def test_any_table_comes_back(columns):
    assert same(tracks.unpack(tracks.pack(columns)), columns)


ROWS = np.arange(500)


@pytest.mark.parametrize(
    ("values", "limit"),
    [
        (np.full(500, 0.1), 10),
        (0.1 * ROWS, 12),
        (ROWS / 30, 10),
        (3.25 + 0.05 * ROWS, 16),
        (7 * ROWS - 3, 10),
        (ROWS**2 // 3, 100),
        ((ROWS * ROWS) % 7, 14),
        (1.5 * np.array([math.sin(0.25 * i + 1.5) for i in ROWS]) - 0.25, 20),
        (-0.3 * np.array([math.sin(0.02 * i) for i in ROWS]), 18),
        (np.round(np.cumsum(np.random.default_rng(1).normal(size=500)), 2), 700),
        (np.repeat([0.1, 0.7, 0.2, 0.9], 125), 30),
    ],
)
def test_formulas_are_found(values, limit):
    columns = {"v": values}
    data = tracks.pack(columns)
    assert same(tracks.unpack(data), columns)
    assert len(data) <= limit


def test_noise_costs_little_more_than_itself():
    rng = np.random.default_rng(2)
    assert len(tracks.pack({"v": rng.normal(size=4000)})) < 32000
    assert len(tracks.pack({"v": rng.integers(-(2**63), 2**63 - 1, 4000)})) < 32400


def test_the_sine_is_the_library_s_but_for_a_last_bit():
    x = np.concatenate([np.random.default_rng(5).uniform(-b, b, 20_000) for b in (1, 100, 1e5, 1e9)])
    found, library = _native.sine64(x), np.array([math.sin(v) for v in x])
    assert np.abs(found - library).max() <= 2**-53
    assert (found != library).mean() < 0.01
    assert _native.sine64(np.array([math.inf, math.nan, 2.0**30, -0.0])).tolist() == [0, 0, 0, 0]


def test_truncations_are_refused_or_give_another_table():
    """As of any range-coded stream: only the last bytes may be missed without notice."""
    data = tracks.pack(RECORDS)
    for length in range(len(data)):
        try:
            assert tracks.unpack(data[:length]) != RECORDS
        except FormatError:
            continue
        assert length >= len(data) - 4
    with pytest.raises(FormatError):
        tracks.unpack(data + b"\1\2\3\4\5")


def test_damage_is_no_crash():
    data = tracks.pack(RECORDS)
    refused = 0
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            tracks.unpack(bytes(damaged))
        except FormatError:
            refused += 1
    assert refused > 50


def test_huge_tables_are_refused():
    for rows, columns in ((2**20 + 1, 1), (2**20, 5), (1, 257), (2**60, 2**60)):
        data = _native.encode_numbers([rows, columns])
        with pytest.raises(FormatError):
            tracks.unpack(data + b"\x55" * 40)


@pytest.mark.parametrize(
    "table",
    [
        {"a": [1, 2], "b": [1]},
        {"a": [1, 2.5]},
        {"a": ["x"]},
        {"a": [True]},
        {"a": [2**63]},
        {"a": [[1, 2], [3, 4]]},
        {3: [1]},
        {"n" * 256: [1]},
        [{"a": 1}, {"b": 2}],
        {f"c{i}": [1] for i in range(257)},
    ],
)
def test_what_is_no_table_is_refused(table):
    with pytest.raises(OptionError):
        tracks.pack(table)
