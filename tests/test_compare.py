"""Comparisons with other codecs: the search for a quantiser, curves and what they say, peers on a small clip."""

from __future__ import annotations

import json
import math
from contextlib import nullcontext
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from aicodec_native.compare import comparison
from aicodec_native.compare.clip import load_clip
from aicodec_native.compare.coding import Measures, PeerRun, code_ours
from aicodec_native.compare.comparison import compare
from aicodec_native.compare.curve import Curve, bd_rate, equal_score, grow
from aicodec_native.compare.peers import PEERS, peers_of, svtav1
from aicodec_native.compare.point import Point
from aicodec_native.compare.search import Scale, next_quantiser
from aicodec_native.compare.store import PointStore
from aicodec_native.errors import OptionError
from clips import moving_shots, yuv_frames
from media_inputs import write_video

SCALE = Scale(finest=1, coarsest=63, step=0.25, guess=24, slope=-0.8)


def point(size, score, quantiser=None):
    scores = {"ssimulacra2": score, "ssimulacra2_p5": score, "psnr": math.inf}
    return Point("", size, size, scores, 1.0, 1.0, 1.0, 1.0, quantiser)


def codec(score_at):
    """A probe of a codec whose bytes halve every six quantisers."""
    return lambda quantiser: point(round(1e6 * 2 ** (-quantiser / 6)), score_at(quantiser), quantiser)


@pytest.mark.parametrize("step", [0.25, 1.0])
@pytest.mark.parametrize("target", [55, 80, 90, 95])
@pytest.mark.parametrize("curvature", [0.7, 1, 2.5])
def test_the_search_ends_with_files_close_on_both_sides(step, target, curvature):
    scale = Scale(finest=1, coarsest=63, step=step, guess=24, slope=-0.8)
    curve = Curve("any")
    grow(curve, scale, [target], codec(lambda q: 100 - 70 * (q / 63) ** curvature), gap=1.0)
    above = min(p.scores["ssimulacra2"] for p in curve.points if p.scores["ssimulacra2"] >= target)
    below = max(p.scores["ssimulacra2"] for p in curve.points if p.scores["ssimulacra2"] < target)
    quantisers = {p.scores["ssimulacra2"]: p.quantiser for p in curve.points}
    assert above - below <= 1.0 or abs(quantisers[above] - quantisers[below]) <= step
    assert len(curve.points) <= 8


def test_a_score_that_no_quantiser_reaches_is_given_up():
    curve = Curve("4:2:0")
    grow(curve, SCALE, [95], codec(lambda q: 85 - 0.01 * q))
    assert len(curve.points) <= 4
    assert curve.bytes_at(95) is None
    assert curve.best().scores["ssimulacra2"] < 85


def test_a_score_that_every_quantiser_reaches_takes_the_coarsest():
    curve = Curve("easy")
    grow(curve, SCALE, [60], codec(lambda q: 99 - 0.1 * q))
    assert curve.smallest(60).quantiser == SCALE.coarsest
    assert curve.bytes_at(60) == curve.smallest(60).bytes


def test_known_points_answer_again_without_a_probe():
    curve = Curve("any")
    grow(curve, SCALE, [70, 80], codec(lambda q: 100 - q))

    def refuse(quantiser):
        raise AssertionError(f"{quantiser} was probed again")

    grow(curve, SCALE, [80, 70], refuse)
    assert next_quantiser(SCALE, {}, 80, 1.0) == SCALE.guess


def test_bytes_between_two_files_lie_on_the_line_of_their_logarithms():
    curve = Curve("any", [point(1000, 80), point(4000, 84)])
    assert curve.bytes_at(82) == pytest.approx(2000)
    assert curve.bytes_at(84) == pytest.approx(4000)
    assert curve.bytes_at(84.1) is None


def test_bd_rate_of_a_codec_that_needs_a_quarter_less():
    pytest.importorskip("bjontegaard")
    anchor = Curve("anchor", [point(size, score) for size, score in [(1000, 60), (2000, 72), (4000, 80), (8000, 86)]])
    better = Curve(
        "better", [point(size * 3 // 4, score) for size, score in [(1000, 60), (2000, 72), (4000, 80), (8000, 86)]]
    )
    assert bd_rate(anchor, better) == pytest.approx(-25, abs=0.01)
    assert bd_rate(better, anchor) == pytest.approx(100 / 3, abs=0.01)
    assert bd_rate(anchor, Curve("short", better.points[:3])) is None
    elsewhere = Curve("elsewhere", [point(p.bytes, p.scores["ssimulacra2"] + 30) for p in anchor.points])
    assert bd_rate(anchor, elsewhere) is None


def test_infinite_decibels_go_through_json():
    before = point(10, 100.0, 12.5)
    text = json.dumps(before.as_json(), allow_nan=False)
    assert Point.from_json(json.loads(text)) == before


def test_names_of_peers():
    assert [peer.title for peer in peers_of(["x265-444", "vvenc"])] == ["x265 slow 4:4:4", "VVenC fast"]
    with pytest.raises(OptionError, match="unknown peer 'h264'; known are x264,"):
        peers_of(["h264"])
    assert len({peer.settings for peer in PEERS.values()}) == len(PEERS)
    assert "crf=30.25" in svtav1(6, "scm=1").options_at(30.25)["svtav1-params"]


def test_metrics_that_need_every_frame():
    with pytest.raises(OptionError, match="every frame"):
        Measures(("vmaf",), every=2)
    with pytest.raises(OptionError, match="unknown metric 'mos'"):
        Measures(("mos",))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A dozen frames of drifting waves, 192x128, RGB."""
    folder = tmp_path_factory.mktemp("compare")
    frames = yuv_frames(moving_shots(1, 12), "bgr0")
    return load_clip(write_video(folder / "waves.mkv", frames, rate=12, time_base=Fraction(1, 12)))


@pytest.mark.parametrize("name", ["x264", "x265-444", "svtav1-screen", "vp9-444"])
def test_a_finer_quantiser_gives_a_larger_and_better_file(name, clip, tmp_path):
    run = PeerRun(PEERS[name], clip, tmp_path, Measures(("ssimulacra2", "psnr", "xpsnr")))
    fine, coarse = run.at(16), run.at(44)
    assert fine.bytes > coarse.bytes > coarse.stream_bytes > 0
    for metric in ("ssimulacra2", "psnr", "xpsnr"):
        assert fine.scores[metric] > coarse.scores[metric]
    assert len(fine.per_frame) == 12
    assert np.mean(fine.per_frame) == pytest.approx(fine.scores["ssimulacra2"], abs=0.01)


@pytest.mark.parametrize("name", ["aom-444", "vvenc"])
def test_peers_by_the_ffmpeg_program(name, clip, tmp_path):
    pytest.importorskip("imageio_ffmpeg")
    run = PeerRun(PEERS[name], clip, tmp_path, Measures(("vmaf",)))
    fine, coarse = run.at(20), run.at(44)
    assert fine.bytes > coarse.bytes
    assert fine.scores["ssimulacra2"] > coarse.scores["ssimulacra2"]
    assert 100 >= fine.scores["vmaf"] > coarse.scores["vmaf"] > 0


def test_ours_goes_the_same_way(clip, tmp_path):
    found = code_ours(clip, 70, "fast", tmp_path / "ours.aic", Measures(("psnr",)), lambda done, note: None)
    assert found.bytes == found.stream_bytes == (tmp_path / "ours.aic").stat().st_size
    assert found.scores["ssimulacra2"] > 65
    assert found.encode_seconds > 0 < found.decode_seconds


def test_a_store_measures_each_point_once(clip, tmp_path):
    measures, kept = Measures(("psnr",)), tmp_path / "peers.json"
    run = PeerRun(PEERS["x264"], clip, tmp_path, measures)
    told = []
    first = PointStore(kept).complete(clip, run, measures, [70.0], told.append, gap=6)
    assert told == first.points
    again = PointStore(kept).complete(clip, run, measures, [70.0], told.append, gap=6)
    assert len(told) == len(first.points)
    assert again.bytes_at(70.0) == first.bytes_at(70.0)
    assert PointStore(kept).curve(clip, PEERS["x264"], Measures(("vmaf",))).points == []
    assert PointStore(kept).curve(clip, PEERS["x265"], measures).points == []
    assert PointStore(kept).curve(replace(clip, duration=1), PEERS["x264"], measures).points == []
    assert "PyAV" in PointStore(kept).version(clip, PEERS["x264"])


def test_a_store_has_a_line_for_each_point(clip, tmp_path):
    """What is added later changes no other line, so that differences between two versions are the points that came."""
    measures, kept = Measures(("psnr",)), tmp_path / "peers.json"
    lines = {}
    for name, score in (("x264", 70.0), ("vp9", 70.0), ("x264", 85.0)):
        store = PointStore(kept)
        run = PeerRun(PEERS[name], clip, tmp_path, measures)
        store.complete(clip, run, measures, [score], lambda point: None, gap=9)
        lines[name, score] = kept.read_text().splitlines()
        points = [json.loads(line.rstrip(",")) for line in lines[name, score] if line.startswith('  {"setting"')]
        known = [store.curve(clip, PEERS[peer], measures).points for peer in ("x264", "vp9")]
        assert [point["bytes"] for point in points] == [point.bytes for curve in known for point in curve]
    before, after = lines["vp9", 70.0], lines["x264", 85.0]
    assert {line.rstrip(",") for line in before} <= {line.rstrip(",") for line in after}
    assert len(after) > len(before)


def test_the_file_that_is_shown_is_the_one_in_the_table(clip, tmp_path, monkeypatch):
    """One for a higher quality may be the smaller one."""
    coded = {80.0: point(2000, 95.0), 85.0: point(1500, 86.0)}
    monkeypatch.setattr(comparison, "code_ours", lambda clip, quality, *_: coded[quality])
    found = compare(clip, [], Measures(("psnr",)), [80.0, 85.0], "fast", tmp_path, lambda *_: nullcontext())
    ours = found.contestants[0]
    assert [found.bytes_at(ours, asked) for asked in (80.0, 85.0)] == [1500, 1500]
    assert {(file.point.bytes, file.path.name) for file in ours.files.values()} == {(1500, "ours-85.aic")}


def test_others_are_compared_at_the_score_of_ours_unless_it_missed():
    assert equal_score(90, 93) == 90
    assert equal_score(90, 89.2) == 89.2
    assert equal_score(90, 84) == 90
