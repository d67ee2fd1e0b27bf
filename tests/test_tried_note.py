"""What a file keeps of how its segments came about, and `info --layers` tells."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import aicodec_native as aic
from aicodec_native import decode_rate
from aicodec_native.cli import group
from aicodec_native.tried_note import Tried, read_tried, tried_line
from test_candidates import drawing, encoded
from test_video_outlook import typed

sizes = st.lists(st.integers(0, 10**9), min_size=1, max_size=3)
scores = st.none() | st.integers(-500, 1000).map(lambda tenths: tenths / 10)


def told(path, *options):
    done = CliRunner().invoke(group, ["info", str(path), *options])
    assert done.exit_code == 0, done.output
    return done.output


@given(sizes, scores, st.sampled_from(["larger", "missed", "too slow", "not coded"]), st.data())
def test_a_line_comes_back(layers, score, fate, data):
    kinds = data.draw(
        st.lists(st.sampled_from(["video", "shader", "screen"]), min_size=len(layers), max_size=len(layers))
    )
    rate = data.draw(st.integers(0, 999)) if fate == "too slow" else None
    kept = Tried("video", [12], 80.5, "kept")
    other = Tried("+".join(kinds), layers, score, fate, rate)
    assert read_tried(f"{kept} {other}\n{kept}", 2) == [[kept, other], [kept]]


@given(st.text(alphabet="vhs+@!?~0123456789.- \n", max_size=60), st.integers(1, 3))
def test_what_is_no_such_note_tells_nothing_and_harms_nobody(text, segments):
    assert len(read_tried(text, segments)) == segments
    assert read_tried("v" + "9" * 6000, 1) == read_tried("a note", 1) == read_tried("v1\nv1", 1) == [[]]


def test_a_small_file_keeps_it_where_that_is_asked_for(tmp_path):
    clip = drawing()
    usual = encoded(clip, tmp_path / "usual.aic", quality=93)
    without = encoded(clip, tmp_path / "without.aic", quality=93, notes=False)
    noted = encoded(clip, tmp_path / "noted.aic", quality=93, notes=True)
    assert usual.bytes == without.bytes < noted.bytes < without.bytes + 100
    assert json.loads(told(tmp_path / "usual.aic", "--json"))["segments"][0]["tried"] == []
    (segment,) = json.loads(told(tmp_path / "noted.aic", "--json"))["segments"]
    kept, *others = segment["tried"]
    assert (kept["stack"], kept["fate"]) == ("screen", "kept")
    assert kept["layer_bytes"] == [layer["bytes"] for layer in segment["layers"]]
    assert kept["score"] == pytest.approx(segment["quality"]["score"], abs=0.06)
    assert others
    assert all(other["stack"] != "screen" and other["fate"] != "kept" for other in others)
    said = told(tmp_path / "noted.aic", "--layers")
    assert f"screen: {kept['layer_bytes'][0]:,} bytes" in said
    assert "kept" in said
    assert "tried" not in told(tmp_path / "usual.aic", "--layers")


def test_a_file_in_which_it_is_next_to_nothing_keeps_it_anyway(tmp_path):
    clip = np.random.default_rng(1).integers(0, 256, (6, 96, 128, 3), np.uint8)
    result = encoded(clip, tmp_path / "a.aic", quality=90)
    assert result.bytes > 100_000
    assert json.loads(told(tmp_path / "a.aic", "--json"))["segments"][0]["tried"]
    bounded = encoded(clip, tmp_path / "b.aic", quality=90, max_size=10 * result.bytes)
    assert json.loads(told(tmp_path / "b.aic", "--json"))["segments"][0]["tried"] == []
    assert bounded.bytes < result.bytes


def test_what_was_set_aside_for_decoding_time_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(decode_rate, "_LEAST_PIXELS", 1)
    encoded(typed(), tmp_path / "a.aic", quality=80, decode_rate=60, notes=True)
    (segment,) = json.loads(told(tmp_path / "a.aic", "--json"))["segments"]
    fates = {tried["stack"]: tried["fate"] for tried in segment["tried"]}
    assert fates == {"video": "kept", "screen": "too slow"}
    assert "too slow" in told(tmp_path / "a.aic", "--layers")


def test_every_segment_has_its_own(tmp_path):
    clip = np.concatenate([typed(), 255 - typed()[:, ::-1]])
    encoded(clip, tmp_path / "a.aic", quality=80, segment_seconds=1.0, fps=8, notes=True)
    segments = json.loads(told(tmp_path / "a.aic", "--json"))["segments"]
    assert len(segments) > 1
    for segment in segments:
        assert segment["tried"][0]["layer_bytes"] == [layer["bytes"] for layer in segment["layers"]]


def test_lossless_files_have_none(tmp_path):
    encoded(drawing(4), tmp_path / "a.aic", quality="lossless", notes=True)
    assert json.loads(told(tmp_path / "a.aic", "--json"))["segments"][0]["tried"] == []
    aic.open(tmp_path / "a.aic").close()


def test_what_was_spared_is_told_too():
    tried = {"stack": "screen", "setting": "exact", "bytes": 700, "layer_bytes": [700], "score": 100.0, "reached": True}
    report = {"stack": "screen", "setting": "exact", "tried": [tried], "video_expected": 900, "screen_too_slow": None}
    assert tried_line(report) == "s700@100 v900?"
    video = tried | {"stack": "video", "setting": "CRF 20", "bytes": 900, "layer_bytes": [900], "score": 80.04}
    report = {"stack": "video", "setting": "CRF 20", "tried": [video], "screen_too_slow": 7.4}
    assert tried_line(report) == "v900@80 s~7"
