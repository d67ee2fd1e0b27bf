"""Small files that a decoder has no time for: set aside where others will do, and said to be."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native, decode_rate
from aicodec_native.cli.encode import _explain
from test_candidates import drawing, encoded
from test_video_outlook import typed


def work(pictures, **settings):
    height, width = pictures[0].shape[:2]
    encoder = _native.ScreenEncoder("rgb24", width, height, **({"first_leads": False} | settings))
    for picture in pictures:
        encoder.add(_native.Picture.from_rgb(picture))
    return encoder.work


def work_of_last(clip, count, **settings):
    return (work(clip, **settings) - work(clip[:-count], **settings)) / count


def uncut(clip):
    """As many pixels in so few rows that there cannot be slices."""
    return clip.reshape(len(clip), 8, -1, 3)


@pytest.fixture
def strict(monkeypatch):
    """As if test clips were full screens of as much detail."""
    monkeypatch.setattr(decode_rate, "_LEAST_PIXELS", 1)


def test_a_smaller_stack_that_decodes_too_slowly_loses_to_one_in_time(tmp_path, strict):
    clip = typed()
    smallest = encoded(clip, tmp_path / "a.aic", quality=80, decode_rate=0)
    in_time = encoded(clip, tmp_path / "b.aic", quality=80, decode_rate=60)
    assert (smallest.segments[0]["stack"], in_time.segments[0]["stack"]) == ("screen", "video")
    assert smallest.bytes < in_time.bytes
    assert in_time.reached
    screens = [tried for tried in in_time.segments[0]["tried"] if tried["stack"] == "screen"]
    assert screens
    assert all(tried["is_slow"] and tried["decode_rate"] < 60 for tried in screens)


def test_what_alone_reaches_the_goal_is_kept_however_slow(tmp_path, strict):
    clip = drawing()
    smallest = encoded(clip, tmp_path / "a.aic", quality=93, decode_rate=0)
    kept = encoded(clip, tmp_path / "b.aic", quality=93, decode_rate=10_000)
    (segment,) = kept.segments
    assert (kept.reached, segment["stack"]) == (True, "screen")
    assert all(tried["is_slow"] for tried in segment["tried"] if tried["stack"] == "screen")
    assert kept.bytes == smallest.bytes
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()


def test_small_pictures_are_always_in_time(tmp_path):
    assert encoded(typed(), tmp_path / "a.aic", quality=80, decode_rate=60).segments[0]["stack"] == "screen"


def test_the_rate_holds_for_every_segment(tmp_path):
    clip = np.concatenate([typed(), 255 - typed()[:, ::-1]])
    options = {"quality": 80, "segment_seconds": 1.0, "fps": 8}
    smallest = encoded(clip, tmp_path / "a.aic", **options)
    in_time = encoded(clip, tmp_path / "b.aic", decode_rate=1000, **options)  # as nothing but video
    assert len(in_time.segments) > 1
    assert {segment["stack"] for segment in smallest.segments} == {"screen"}
    assert {segment["stack"] for segment in in_time.segments} == {"video"}
    assert all(segment["screen_too_slow"] < 1000 for segment in in_time.segments)


def test_no_rate_below_zero(tmp_path):
    for rate in (-1.0, float("nan"), float("inf")):
        with pytest.raises(aic.OptionError, match="decode_rate"):
            encoded(drawing(2), tmp_path / "a.aic", decode_rate=rate)


def test_a_layer_of_video_below_takes_its_time():
    pixels = 1920 * 1080
    alone, over = decode_rate.decode_rate(0, 30, pixels), decode_rate.decode_rate(0, 30, pixels, video_bytes=30)
    assert alone > 2 * over > 100  # a still desktop, and one in which nothing but a picture moves
    assert over > 1.5 * decode_rate.decode_rate(0, 30, pixels, video_bytes=3_000_000)


def test_work_is_what_changes():
    still = np.random.default_rng(3).integers(0, 256, (64, 96, 3), np.uint8)
    noise = np.random.default_rng(4).integers(0, 256, (5, 64, 96, 3), np.uint8)
    assert work([still] * 5) < 100
    assert work(noise) > 4 * 64 * 96
    assert work(drawing(5)) < work(drawing(9))
    assert work(drawing(9), edge=32) < work(drawing(9))
    assert work(drawing(5)) < work(drawing(5), preset="slow")


def test_slices_leave_a_decoder_with_two_threads_less_work():
    rng = np.random.default_rng(5)
    noise = rng.integers(0, 256, (6, 3), np.uint8)[rng.integers(0, 6, (9, 256, 256))]
    whole, sliced = work_of_last(uncut(noise), 4), work_of_last(noise, 4)
    assert 0.4 * whole < sliced < 0.7 * whole
    assert work(noise, threads=1) == work(noise, threads=3)


def test_slices_begin_with_the_frame_that_would_take_too_long():
    rng = np.random.default_rng(5)
    one, other = rng.integers(0, 256, (6, 3), np.uint8)[rng.integers(0, 6, (2, 256, 256))]
    clip = np.stack([one] * 9 + [other])
    for t in range(9):
        clip[t, 100, 10 * t] = 255  # a pointer
    for settings in ({}, {"first_leads": None}):
        whole, sliced = work_of_last(uncut(clip), 1, **settings), work_of_last(clip, 1, **settings)
        assert 0.4 * whole < sliced < 0.7 * whole
        quiet = np.concatenate([clip[:9], clip[:1]])
        assert work(quiet, **settings) < 0.1 * sliced


def test_what_was_set_aside_is_explained(capsys):
    def tried(stack, size, rate, *, slow):
        named = {"stack": stack, "setting": stack, "score": 90.5, "reached": True, "seconds": 0.1}
        return named | {"bytes": size, "layer_bytes": [size], "decode_rate": rate, "is_slow": slow}

    segment = {"frames": 3, "score": 90.5, "score_p5": 90.0, "reached": True, "stack": "video", "setting": "video"}
    segment["tried"] = [tried("screen", 100, 7.2, slow=True), tried("video", 120, None, slow=False)]
    _explain(SimpleNamespace(metric="ssimulacra2", segments=[segment, segment | {"screen_too_slow": 4.4}]))
    lines = capsys.readouterr().out.splitlines()
    assert any("screen" in line and "7 frames/s" in line and "too slow" in line for line in lines)
    assert any("video" in line and "decodes in time" in line for line in lines)
    assert any("4 frames/s" in line and "given up" in line for line in lines)
