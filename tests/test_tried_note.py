"""What a file keeps of how its segments came about, and `info --layers` tells."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import aicodec_native as aic
from aic_files import assemble, head_of, header, video_segment
from aicodec_native import CorruptError, _native, decode_rate
from aicodec_native.cli import group
from aicodec_native.tried_note import LARGEST_TEXT, Tried, read_tried, tried_line, tried_notes
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
    found = read_tried(text, segments)
    assert len(found) == segments
    for tried in (one for line in found for one in line):
        assert tried.fate in ("kept", "larger", "missed", "too slow", "not coded")
        assert all(size >= 0 for size in tried.layer_bytes)
        assert (tried.decode_rate is not None) == (tried.fate == "too slow")
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


def test_no_bound_is_exceeded_for_it(tmp_path):
    clip = drawing()
    noted = encoded(clip, tmp_path / "noted.aic", quality=93, notes=True)
    tight = encoded(clip, tmp_path / "tight.aic", quality=93, notes=True, max_size=noted.bytes - 1)
    assert tight.bytes < noted.bytes
    assert tight.score == noted.score
    assert json.loads(told(tmp_path / "tight.aic", "--json"))["segments"][0]["tried"] == []
    roomy = encoded(clip, tmp_path / "roomy.aic", quality=93, notes=True, max_size=noted.bytes + 50)
    assert roomy.bytes == noted.bytes


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
    assert tried_line(report, "ssimulacra2") == "s700@100 v900?"
    video = tried | {"stack": "video", "setting": "CRF 20", "bytes": 900, "layer_bytes": [900], "score": 80.04}
    report = {"stack": "video", "setting": "CRF 20", "tried": [video], "screen_too_slow": 7.4}
    assert tried_line(report, "ssimulacra2") == "v900@80 s~7"


def report_of(**fields):
    tried = {"stack": "video", "setting": "CRF 20", "bytes": 900, "layer_bytes": [900], "score": 80.0, "reached": True}
    tried |= fields
    return {"stack": tried["stack"], "setting": tried["setting"], "tried": [tried]}


@pytest.mark.parametrize(
    ("metric", "score", "line"),
    [
        ("ssimulacra2", 80.1234, "v900@80.1"),
        ("psnr", 41.96, "v900@42"),
        ("ssim", 0.98127, "v900@0.9813"),
        ("ms_ssim", 0.995, "v900@0.995"),
        ("ssimulacra2", -0.01, "v900@0"),
    ],
)
def test_scores_have_the_digits_that_their_metric_takes(metric, score, line):
    assert tried_line(report_of(score=score), metric) == line


def test_of_stacks_that_miss_the_better_one_is_told_however_slow():
    report = report_of()
    slow, quick = (
        report["tried"][0] | fields | {"stack": "screen", "reached": False, "decode_rate": 12.0}
        for fields in (
            {"setting": "slow", "is_slow": True, "score": 78.0, "layer_bytes": [700]},
            {"setting": "quick", "is_slow": False, "score": 60.0, "layer_bytes": [500]},
        )
    )
    report["tried"] += [quick, slow]
    assert tried_line(report, "ssimulacra2") == "v900@80 s700@78!"


@pytest.mark.parametrize("text", ["v١٢", "v1@٣", "v1~７", "v" * 9, "v" + "+".join("1" * 9), "v1 s2@1.x"])
def test_a_note_with_digits_of_other_scripts_or_no_end_is_none(text):
    assert read_tried(text, 1) == [[]]


def test_a_mark_of_what_was_kept_means_nothing():
    assert read_tried("v12@80~7", 1) == [[Tried("video", [12], 80.0, "kept")]]


def test_notes_too_long_for_readers_are_not_made():
    report = report_of()
    few, many = [report] * 20_000, [report] * (LARGEST_TEXT // 7)
    h, writer = header(), _native.Writer()
    data = writer.begin(h) + writer.notes(tried_notes(few, "ssimulacra2")) + writer.finish()
    ((_, text),) = _native.FileReader.from_bytes(data).notes()
    assert len(read_tried(text, len(few))[-1]) == 1
    assert tried_notes(many, "ssimulacra2") == []
    assert len(tried_notes(many[: LARGEST_TEXT // 8], "ssimulacra2")[0][1]) > LARGEST_TEXT - 9
    assert tried_notes(many[: LARGEST_TEXT // 8 + 1], "ssimulacra2") == []


def with_chunk(path, kind, payload):
    h = header()
    path.write_bytes(assemble(head_of(h), [("S", video_segment(h)), (kind, payload)]))
    return path


@pytest.mark.parametrize("payload", [b"", b"\1", b"\1\1a\1b\0", b"\1\1\xff\0", b"\1\5tried\2v\xff"])
def test_malformed_notes_take_nothing_else_from_info(tmp_path, payload):
    path = with_chunk(tmp_path / "a.aic", "n", payload)
    with aic.open(path) as reader, pytest.raises(CorruptError):
        reader._file.notes()
    assert "3 frames" in told(path)
    assert "tried" not in told(path, "--layers")
    assert json.loads(told(path, "--json"))["segments"][0]["tried"] == []


@pytest.mark.parametrize("payload", [b"", b"\5\1\0\0", b"\0\0\0\0", b"\0\1\0"])
def test_a_malformed_quality_takes_nothing_else_from_info(tmp_path, payload):
    path = with_chunk(tmp_path / "a.aic", "q", payload)
    assert "3 frames" in told(path, "--layers")
    assert json.loads(told(path, "--json"))["quality"] is None


def test_of_equal_keys_the_first_counts(tmp_path):
    path = with_chunk(tmp_path / "a.aic", "n", b"\2\5tried\2v1\5tried\2v2")
    assert json.loads(told(path, "--json"))["segments"][0]["tried"][0]["layer_bytes"] == [1]


def test_info_tells_what_has_no_bytes(tmp_path):
    path = with_chunk(tmp_path / "a.aic", "n", b"\1\5tried\10v1 s~7 h")
    said = told(path, "--layers")
    assert "screen: too slow, 7 frames/s" in said
    assert "shader: larger" in said
