"""A rough look at what video would take, which spares the candidates that cannot win."""

from __future__ import annotations

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import segment_encoder, video_candidates, video_outlook
from aicodec_native.video import libaom
from aicodec_native.video_outlook import VideoOutlook
from test_candidates import drawing
from test_hybrid import mixed, page

needs_libaom = pytest.mark.skipif(libaom.version() is None, reason="there is no ffmpeg program with libaom")


def typed(frames=8, height=192, width=320):
    """A page of letters that appears line by line, on a ground of its own."""
    clip = np.full((frames, height, width, 3), 30, np.uint8)
    letters = page(height, width)
    for number, frame in enumerate(clip):
        frame[: 24 * (number + 1)] = letters[: 24 * (number + 1)]
    return clip


def stacks_tried(result):
    return {tried["stack"] for tried in result.segments[0]["tried"]}


@needs_libaom
def test_video_is_not_tried_where_a_screen_layer_takes_far_fewer_bytes(tmp_path, monkeypatch):
    result = aic.encode(typed(), tmp_path / "a.aic", quality=85)
    assert stacks_tried(result) == {"screen"}
    (segment,) = result.segments
    assert segment["video_expected"] > min(tried["bytes"] for tried in segment["tried"])
    monkeypatch.setattr(segment_encoder._SegmentEncoder, "_video_has_lost", lambda encoder: False)
    thorough = aic.encode(typed(), tmp_path / "b.aic", quality=85)
    assert "video" in stacks_tried(thorough)
    assert thorough.segments[0]["video_expected"] is None
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()


@needs_libaom
def test_video_is_tried_where_it_may_win(tmp_path):
    result = aic.encode(drawing(24), tmp_path / "a.aic", quality=75)
    assert "video" in stacks_tried(result)


@needs_libaom
def test_text_beside_footage_is_not_searched_where_the_text_alone_is_too_much(tmp_path, monkeypatch):
    clip = mixed()
    assert "video+screen" in stacks_tried(aic.encode(clip, tmp_path / "a.aic", quality=70))
    monkeypatch.setattr(segment_encoder, "look_out", lambda *_: VideoOutlook(16, 16, 10.0, 10.0))
    assert "video+screen" not in stacks_tried(aic.encode(clip, tmp_path / "b.aic", quality=70))


def test_the_bounds_of_a_segment_follow_from_its_first_frames():
    steady = VideoOutlook(frames=101, coded=51, key=1000.0, others=500.0)
    assert steady.least([10 * n for n in range(1, 102)]) < 2000 < steady.most
    assert steady.least([10] * 101) < 1500  # nothing more to code in the second half
    whole = VideoOutlook(frames=20, coded=20, key=1000.0, others=500.0)
    assert whole.least(list(range(1, 21))) < 1500 < whole.most
    assert VideoOutlook(frames=1, coded=1, key=1000.0, others=0.0).least([0]) < 1000


@needs_libaom
def test_photographs_among_drawings_begin_where_the_rough_look_says(tmp_path, monkeypatch):
    """And with libaom, which `slow` has for them, a good guess takes fewer probes than a bad one."""
    probes = []
    probe = video_candidates.VideoSearch.probe

    def counted(search, step):
        if search._compose is not None:
            probes.append(step)
        return probe(search, step)

    monkeypatch.setattr(video_candidates.VideoSearch, "probe", counted)
    clip = mixed()
    (segment,) = aic.encode(clip, tmp_path / "a.aic", quality=70, preset="slow").segments
    first = len(probes)
    assert segment["stack"] == "video+screen"
    monkeypatch.setattr(video_outlook, "_mixed_crf", lambda *_: 1.0)
    aic.encode(clip, tmp_path / "b.aic", quality=70, preset="slow")
    assert first < len(probes) - first


@needs_libaom
@pytest.mark.parametrize(
    ("quality", "preset", "by"), [(70, "medium", "CRF"), (90, "medium", "libaom"), (70, "slow", "libaom")]
)
def test_photographs_among_drawings_have_half_the_chroma_where_that_suffices(tmp_path, quality, preset, by):
    (segment,) = aic.encode(mixed(), tmp_path / "a.aic", quality=quality, preset=preset).segments
    settings = [tried["setting"] for tried in segment["tried"] if tried["stack"] == "video+screen"]
    assert settings
    assert all(setting.startswith(by) for setting in settings)
