"""Programs in the search for a quality: alone, under a screen layer, over a photograph; and footage, which has none."""

from __future__ import annotations

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native
from aicodec_native.program_candidates import ProgramSearch
from aicodec_native.recognise import FAMILIES, Arrays, Clip, recognise
from aicodec_native.shader_source import compile_source
from clips import yuv_frames
from media_inputs import write_video
from test_candidates import footage

WIDTH, HEIGHT, FRAMES = 192, 128, 12

PLASMA = """def color(x, y, t):
    k = 0.5 + 0.2 * sin(x * 0.07 + y * 0.03 + t * 3) + 0.2 * sin(y * 0.11 - x * 0.025 - t * 5)
    return rgb(k, k * 0.8, 1 - k)
"""
GRADIENT = """def color(x, y, t):
    a = 0.3 + t * 5
    k = clamp(((x - 96) * cos(a) + (y - 64) * sin(a)) / 180 + 0.5, 0, 1)
    return rgb(mix((0.1, 0.2, 0.7), (0.8, 0.4, 0.1), k))
"""


def drawn(text: str, frames: int = FRAMES) -> np.ndarray:
    program = compile_source(text)
    pictures = [
        program.draw(format="rgb24", width=WIDTH, height=HEIGHT, t=i / 30, frame=i, step=i) for i in range(frames)
    ]
    return np.stack([picture.rgb(_native.Colour()) for picture in pictures])


def with_text(clip: np.ndarray) -> np.ndarray:
    """Red letters that stand still."""
    random = np.random.default_rng(1)
    out = clip.copy()
    for top in range(16, HEIGHT - 24, 16):
        for left in range(16, WIDTH - 20, 10):
            letter = random.random((5, 3)).repeat(2, axis=0).repeat(2, axis=1) < 0.45
            out[:, top : top + 10, left : left + 6][:, letter] = (255, 30, 60)
    return out


def with_sprite(clip: np.ndarray) -> np.ndarray:
    """A square of pixels of its own that moves over the clip."""
    sprite = np.random.default_rng(2).integers(0, 5, (12, 12)).repeat(3, axis=0).repeat(3, axis=1) * 60
    out = clip.copy()
    for number, frame in enumerate(out):
        frame[40:76, 8 + 7 * number : 44 + 7 * number] = sprite[..., None]
    return out


def fading(frames: int = FRAMES) -> np.ndarray:
    """A photograph that gets darker."""
    still = footage(1, WIDTH, HEIGHT)[0].transpose(1, 0, 2)
    return np.stack([np.round(still * (1 - 0.06 * n)).astype(np.uint8) for n in range(frames)])


def encoded(clip, path, **options):
    if isinstance(clip, np.ndarray):
        options["fps"] = 30
    return aic.encode(clip, path, workers=1, overwrite=True, **options)


def without_programs(clip, path, monkeypatch, **options):
    with monkeypatch.context() as patch:
        patch.setattr(ProgramSearch, "run", lambda self: None)
        return encoded(clip, path, **options)


def won(clip, folder, monkeypatch, stack, quality):
    """The encode, which that stack must win, and the one without programs."""
    options = {"preset": "fast", "quality": quality}
    found = encoded(clip, folder / "a.aic", **options)
    assert found.segments[0]["stack"] == stack
    assert found.score >= quality
    assert aic.verify(folder / "a.aic").ok
    return found, without_programs(clip, folder / "b.aic", monkeypatch, **options)


@pytest.mark.parametrize("form", ["rgb24", "yuv420p"])
def test_a_plasma_is_a_program_alone(tmp_path, monkeypatch, form):
    clip = drawn(PLASMA)
    if form == "yuv420p":
        clip = write_video(tmp_path / "clip.mkv", yuv_frames(clip))
    found, other = won(clip, tmp_path, monkeypatch, "shader", 85)
    assert {tried["stack"] for tried in other.segments[0]["tried"]} >= {"video"}
    assert found.bytes < 0.2 * other.bytes


@pytest.mark.parametrize("over", [with_text, with_sprite])
def test_a_screen_layer_corrects_what_lies_over_a_gradient(tmp_path, monkeypatch, over):
    found, other = won(over(drawn(GRADIENT, 16)), tmp_path, monkeypatch, "shader+screen", 85)
    assert found.bytes < other.bytes


def test_a_photograph_that_fades_is_coded_once(tmp_path, monkeypatch):
    found, other = won(fading(), tmp_path, monkeypatch, "video+shader", 88)
    assert found.bytes < 0.8 * other.bytes


def test_footage_is_ruled_out_by_its_noise(tmp_path, monkeypatch):
    """Only what moves or fades photographs is asked."""
    asked = []
    for name, family in list(FAMILIES.items()):
        monkeypatch.setitem(
            FAMILIES, name, lambda clip, name=name, family=family: iter([asked.append(name), *family(clip)][1:])
        )
    segment = encoded(footage(), tmp_path / "a.aic", preset="fast", quality=60).segments[0]
    assert {tried["stack"] for tried in segment["tried"]} == {"video"}
    assert set(asked) == {"fades", "camera"}


def test_noise_of_cameras_is_told_from_what_programs_draw():
    assert Clip(Arrays(footage(1)), fps=30).is_rough
    for clip in (drawn(PLASMA, 1), with_text(drawn(GRADIENT, 1)), np.zeros((1, 4, 2, 3), np.uint8)):
        assert not Clip(Arrays(clip), fps=30).is_rough


@pytest.mark.parametrize("over", [with_text, with_sprite])
def test_gradients_are_recognised_below_other_things(over):
    best = recognise(Clip(Arrays(over(drawn(GRADIENT))), fps=30))[0]
    assert "gradient" in best.proposal.name
    assert best.near > 0.6


def test_points_for_the_whole_file(tmp_path):
    """Programs that miss what is asked may serve the mean."""
    clip = np.concatenate([drawn(PLASMA, 24), footage(24, WIDTH, HEIGHT)])
    result = encoded(clip, tmp_path / "a.aic", preset="fast", quality=70)
    assert result.score >= 70
    assert [segment["stack"] for segment in result.segments] == ["shader", "video"]
