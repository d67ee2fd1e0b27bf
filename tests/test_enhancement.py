"""Shaders that enhance a video layer: kept where they save bytes or reach more, drawn by the real decoder."""

import numpy as np

import aicodec_native as aic
from aicodec_native import enhancement
from aicodec_native.video import libaom


def coloured_grain(frames=8, width=128, height=96):
    """One colour, as bright as a camera's noise over soft shapes: 4:2:0 blurs it, luma tells where it belongs."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(2)
    soft = 120 + 60 * np.sin(x / 9) * np.cos(y / 7)
    bright = np.stack([soft + rng.normal(0, 25, soft.shape) for _ in range(frames)])
    colour = np.array([1.0, 0.25, 0.1])
    return np.clip(bright[..., None] * colour, 0, 255).astype(np.uint8)


def test_a_shader_over_video_reaches_more_or_takes_less(tmp_path, monkeypatch):
    clip = coloured_grain()
    monkeypatch.setattr(libaom, "version", lambda: None)  # 4:4:4 leaves such a shader nothing to do
    found = aic.encode(clip, tmp_path / "a.aic", quality=80, preset="medium", workers=1)
    segment = found.segments[0]
    assert segment["stack"] == "video+shader"
    assert aic.verify(tmp_path / "a.aic").ok
    monkeypatch.setattr(enhancement, "_FORMATS", dict.fromkeys(("fast", "medium", "slow"), ()))
    plain = aic.encode(clip, tmp_path / "b.aic", quality=80, preset="medium", workers=1)
    assert plain.segments[0]["stack"] == "video"
    assert found.bytes < plain.bytes if plain.segments[0]["reached"] else found.score > plain.score


def test_fast_and_chroma_subsampled_canvases_are_not_asked(tmp_path):
    clip = coloured_grain(4)
    segment = aic.encode(clip, tmp_path / "a.aic", quality=60, preset="fast", workers=1).segments[0]
    assert {tried["stack"] for tried in segment["tried"]} == {"video"}
