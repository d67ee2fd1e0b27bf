"""The shot detector: on clips drawn here with numpy, and on the corpus of real clips where there is one."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from aicodec_native import errors
from aicodec_native._native import Picture, ShotDetector

HEIGHT, WIDTH = 180, 320


def starts_of(frames: Iterable[np.ndarray | Picture], min_length: int = 4, max_length: int = 10_000) -> list[int]:
    """Runs a detector over grey arrays or pictures; checks the promises that hold for every clip."""
    detector = ShotDetector(min_length, max_length)
    starts: list[int] = []
    count = 0
    for frame in frames:
        count += 1
        for start in detector.push(frame if isinstance(frame, Picture) else grey(frame)):
            assert count - 1 <= max(starts, default=0) + max_length + min_length + detector.lookahead
            starts.append(start)
    starts += detector.finish()
    edges = [0, *starts, count]
    lengths = np.diff(edges)
    assert starts == sorted(set(starts))
    assert all(0 < start < count for start in starts)
    assert all(length <= max_length for length in lengths)
    assert all(length >= min_length for length in lengths[:-1])
    return starts


def grey(image: np.ndarray, form: str = "yuv420p") -> Picture:
    """A picture of the grey levels 0..255 in `image`; chroma is a constant."""
    height, width = image.shape
    picture = Picture(form, width, height)
    scale = 1023 / 255 if picture.bit_depth == 10 else 1
    samples = np.rint(np.clip(image, 0, 255) * scale)
    for index in range(3):
        plane = picture.plane(index)
        plane[:] = samples if index == 0 or form.startswith("rgb") else 128
    return picture


@functools.cache
def texture(seed: int, height: int = HEIGHT, width: int = WIDTH, low: float = 0, high: float = 255) -> np.ndarray:
    """Smooth random content with detail at several scales, between the levels `low` and `high`."""
    random = np.random.default_rng(seed)
    image = np.zeros((height, width))
    for cells in (4, 9, 20, 45):
        knots = random.normal(size=(cells, cells)) / cells**0.5
        rows = np.linspace(0, cells - 1.001, height)
        columns = np.linspace(0, cells - 1.001, width)
        top, left = rows.astype(int), columns.astype(int)
        y, x = (rows - top)[:, None], (columns - left)[None, :]
        image += (1 - y) * ((1 - x) * knots[np.ix_(top, left)] + x * knots[np.ix_(top, left + 1)])
        image += y * ((1 - x) * knots[np.ix_(top + 1, left)] + x * knots[np.ix_(top + 1, left + 1)])
    image -= image.min()
    return low + (high - low) * image / image.max()


def noisy(image: np.ndarray, count: int, sigma: float = 4, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [image + random.normal(scale=sigma, size=image.shape) for _ in range(count)]


def pan(image: np.ndarray, count: int, step: int) -> list[np.ndarray]:
    """A view of the window that moves to the right over `image`."""
    return [image[:, step * i : step * i + WIDTH] for i in range(count)]


def page(seed: int, height: int = HEIGHT) -> np.ndarray:
    """Something like a page of text: dark words of random length on white lines."""
    random = np.random.default_rng(seed)
    image = np.full((height, WIDTH), 255.0)
    for top in range(6, height - 8, 12):
        x = 8
        while x < WIDTH - 60 and random.random() > 0.04:
            word = int(random.integers(8, 50))
            image[top : top + 7, x : x + word : 2] = 30
            x += word + 6
    return image


@pytest.mark.parametrize(("low", "high"), [(0, 255), (0, 20), (16, 40), (200, 255)])
def test_hard_cuts_between_textures(low: float, high: float) -> None:
    shots = [texture(seed, low=low, high=high) for seed in range(4)]
    clip = [frame for i, shot in enumerate(shots) for frame in noisy(shot, 12 + i, sigma=1)]
    assert starts_of(clip) == [12, 25, 39]


def test_cut_between_shots_with_one_histogram() -> None:
    first = texture(1)
    mirrored = first[::-1, ::-1]
    rolled = np.roll(first, (HEIGHT // 2, WIDTH // 2), axis=(0, 1))
    assert starts_of([first] * 10 + [mirrored] * 10 + [rolled] * 10) == [10, 20]


def test_cut_between_flat_colours() -> None:
    levels = [16, 60, 235, 128]
    assert starts_of(np.full((HEIGHT, WIDTH), level) for level in levels for _ in range(10)) == [10, 20, 30]


def test_cut_between_moving_shots() -> None:
    wide = [texture(seed, width=3 * WIDTH) for seed in range(2)]
    assert starts_of(pan(wide[0], 20, 9) + pan(wide[1], 20, 12)) == [20]


def test_cut_with_one_blended_frame() -> None:
    first, second = texture(1), texture(2)
    starts = starts_of([first] * 15 + [(first + second) / 2] + [second] * 15)
    assert starts in ([15], [16])


def test_cut_out_of_and_into_pure_noise() -> None:
    static = noisy(np.full((HEIGHT, WIDTH), 128.0), 20, sigma=60)
    assert starts_of(noisy(texture(3), 20) + static + noisy(texture(4), 20)) == [20, 40]
    assert starts_of(static) == []


@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("level", [255, 230])
def test_flash_is_no_cut(length: int, level: int) -> None:
    shot = noisy(texture(1), 40)
    for i in range(15, 15 + length):
        shot[i] = shot[i] * 0.1 + level * 0.9
    assert starts_of(shot) == []
    moving = pan(texture(1, width=3 * WIDTH), 40, 5)
    for i in range(15, 15 + length):
        moving[i] = np.full((HEIGHT, WIDTH), float(level))
    assert starts_of(moving) == []


def test_repeated_flashes_are_no_cuts() -> None:
    shot = noisy(texture(1), 60)
    for i in (10, 11, 14, 22, 23, 24, 37):
        shot[i] = np.full((HEIGHT, WIDTH), 255.0)
    assert starts_of(shot) == []


def test_flash_that_ends_in_another_scene_is_one_cut() -> None:
    white = np.full((HEIGHT, WIDTH), 255.0)
    starts = starts_of([texture(1)] * 15 + [white] * 2 + [texture(2)] * 15)
    assert starts in ([15], [17])


@pytest.mark.parametrize("step", [1, 4, 9, 15])
def test_pan_is_no_cut(step: int) -> None:
    assert starts_of(pan(texture(1, width=WIDTH + 40 * step), 40, step)) == []


def test_pan_that_starts_and_stops_is_no_cut() -> None:
    wide = texture(1, width=4 * WIDTH)
    still = pan(wide, 1, 0) * 15
    moving = pan(wide, 30, 14)
    assert starts_of(still + moving + [moving[-1]] * 15) == []


def test_handheld_camera_is_no_cut() -> None:
    random = np.random.default_rng(7)
    wide = texture(1, HEIGHT + 40, WIDTH + 40)
    offsets = np.clip(20 + np.cumsum(random.integers(-5, 6, size=(60, 2)), axis=0), 0, 40)
    clip = [wide[y : y + HEIGHT, x : x + WIDTH] for y, x in offsets]
    assert starts_of(f + random.normal(scale=4, size=f.shape) for f in clip) == []


@pytest.mark.parametrize("step", [2, 5, 12, 30])
def test_scrolling_text_is_no_cut(step: int) -> None:
    text = page(1, HEIGHT + 40 * step)
    still = [text[:HEIGHT]] * 10
    assert starts_of(still + [text[step * i : step * i + HEIGHT] for i in range(40)]) == []


def test_small_changes_of_a_screen_are_no_cuts() -> None:
    screen = page(1)
    clip = []
    for i in range(60):
        if i == 20:
            screen[40:90, 60:150] = 200  # a dialogue opens
        if i == 40:
            screen[40:90, 60:150] = page(2)[40:90, 60:150]
        screen[100:107, 10 + 3 * i : 12 + 3 * i] = 0
        clip.append(screen.copy())
    assert starts_of(clip) == []


def test_jump_of_a_screen_to_another_page_is_a_cut() -> None:
    dark = 255 - page(2)
    assert starts_of([page(1)] * 30 + [dark] * 30 + [texture(3)] * 30) == [30, 60]


@pytest.mark.parametrize("length", [6, 12, 25, 50, 100])
@pytest.mark.parametrize("level", [0, 255])
def test_fade_is_no_cut(length: int, level: int) -> None:
    shot, flat = texture(1), np.full((HEIGHT, WIDTH), float(level))
    steps = [i / length for i in range(length + 1)]
    out = [(1 - s) * shot + s * flat for s in steps]
    assert starts_of([shot] * 10 + out + [flat] * 10) == []
    assert starts_of([flat] * 10 + out[::-1] + [shot] * 10) == []


@pytest.mark.parametrize("length", [8, 20])
def test_cross_fade_is_no_cut(length: int) -> None:
    first, second = texture(1), texture(2)
    fade = [(1 - i / length) * first + i / length * second for i in range(length + 1)]
    assert starts_of([first] * 10 + fade + [second] * 10) == []


def test_static_video_has_no_cut() -> None:
    assert starts_of([texture(1)] * 50) == []
    assert starts_of([np.zeros((HEIGHT, WIDTH))] * 50) == []


def test_cuts_closer_than_min_length_merge() -> None:
    shots = [texture(seed) for seed in range(4)]
    clip = [shots[0]] * 20 + [shots[1]] * 7 + [shots[2]] * 30 + [shots[3]] * 9
    assert starts_of(clip, min_length=4) == [20, 27, 57]
    assert starts_of(clip, min_length=10) == [20, 57]
    assert starts_of(clip, min_length=25) == [27, 57]


def test_max_length_of_static_video_is_used_in_full() -> None:
    assert starts_of([texture(1)] * 100, min_length=5, max_length=30) == [30, 60, 90]
    assert starts_of([texture(1)] * 92, min_length=5, max_length=30) == [30, 60, 87]
    assert starts_of([texture(1)] * 30, min_length=5, max_length=30) == []


def test_max_length_prefers_the_largest_change() -> None:
    screen = page(1)
    clip = [screen] * 25 + [np.where(np.arange(WIDTH) < 90, 128, screen)] * 35
    assert starts_of(clip, min_length=5, max_length=30) == [25, 55]


@pytest.mark.parametrize("cut", range(26, 50))
def test_max_length_never_costs_a_real_cut(cut: int) -> None:
    clip = [texture(1)] * cut + [texture(2)] * 25
    starts = starts_of(clip, min_length=10, max_length=30)
    assert cut in starts
    assert len(starts) == 1 + (cut > 30)


def test_every_frame_its_own_segment() -> None:
    assert starts_of([texture(1)] * 12, min_length=1, max_length=1) == list(range(1, 12))


def test_a_cut_is_reported_within_the_lookahead() -> None:
    detector = ShotDetector(4, 1000)
    reported = [detector.push(grey(texture(1 + i // 20))) for i in range(20 + detector.lookahead + 1)]
    assert reported[-1] == [20]
    assert not any(reported[:-1])


def test_finish_makes_the_detector_new() -> None:
    detector = ShotDetector(2, 1000)
    for height, width in ((90, 160), (64, 64)):
        for i in range(20):
            assert detector.push(grey(texture(i // 15, height, width))) == []
        assert detector.finish() == [15]
    assert detector.finish() == []


@pytest.mark.parametrize("form", ["rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10"])
def test_formats_agree(form: str) -> None:
    clip = noisy(texture(1), 12) + pan(texture(2, width=2 * WIDTH), 12, 5) + noisy(texture(3), 12)
    assert starts_of(grey(frame, form) for frame in clip) == [12, 24]


def test_colour_counts_in_rgb() -> None:
    red, blue = np.zeros((2, HEIGHT, WIDTH, 3), np.uint8)
    red[..., 0], blue[..., 2] = 255, 255
    assert starts_of(Picture.from_rgb(frame) for frame in [red] * 10 + [blue] * 10) == [10]


@pytest.mark.parametrize("height", [1, 2, 3, 8])
@pytest.mark.parametrize("width", [1, 2, 5, 8])
def test_tiny_pictures(height: int, width: int) -> None:
    assert starts_of([np.full((height, width), 50.0)] * 10 + [np.full((height, width), 200.0)] * 10) == [10]
    assert starts_of([np.full((height, width), 50.0)] * 20) == []


@pytest.mark.parametrize(("height", "width"), [(1, 3000), (3000, 1), (65, 129), (127, 63)])
def test_odd_shapes(height: int, width: int) -> None:
    dark, light = texture(1, height, width, high=100), texture(2, height, width, low=100)
    assert starts_of([dark] * 10 + [light] * 10) == [10]


def test_no_and_one_frame() -> None:
    assert starts_of([]) == []
    assert starts_of([texture(1)]) == []


@pytest.mark.parametrize(("low", "high"), [(0, 10), (5, 4), (-1, 5)])
def test_lengths_that_make_no_sense(low: int, high: int) -> None:
    with pytest.raises((ValueError, TypeError)):
        ShotDetector(low, high)


def test_pictures_of_another_size_are_refused() -> None:
    detector = ShotDetector(1, 10)
    detector.push(Picture("rgb24", 8, 8))
    with pytest.raises(errors.FormatError):
        detector.push(Picture("rgb24", 8, 9))
    assert detector.push(Picture("yuv420p10", 8, 8)) == []


# Real clips -------------------------------------------------------------------------------------------------

CORPUS = Path(os.environ.get("AICODEC_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus"))
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no clips at {CORPUS} (AICODEC_CORPUS)")
ONE_SHOT = [
    "natural_aspen",
    "natural_dance",
    "natural_ducks",
    "natural_parktrees",
    "natural_road",
    "natural_rooftop",
    "natural_walk",
    "ale_mspacman_720p60",
    "gym_carracing_720p30",
    "lavfi_gradients_720p30",
    "lavfi_sierpinski_720p30",
    "lavfi_testsrc2_720p30",
    "lottie_bodymovin_720p60",
    "lottie_monster_720p30",
    "mgl_raymarching_720p30",
    "mpl_doublependulum_720p60",
    "mpl_wave3d_720p30",
    "pygame_aliens_720p60",
    "screen_deskdrag_960x1080p30",
    "screen_terminal_720p30",
    "three_marching_720p30",
]


def decoded(name: str, size: tuple[int, int] | None = None, most: int = 40) -> Iterator[Picture]:
    """The first frames of a corpus clip, scaled to (width, height) if asked."""
    av = pytest.importorskip("av")
    path = CORPUS / f"{name}.mkv"
    if not path.exists():
        pytest.skip(f"the corpus has no {path.name}")
    with av.open(str(path)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index == most:
                return
            width, height = size or (frame.width, frame.height)
            yield Picture.from_rgb(frame.to_ndarray(format="rgb24", width=width, height=height))


@needs_corpus
@pytest.mark.parametrize("name", ONE_SHOT)
def test_a_real_shot_is_not_cut(name: str) -> None:
    assert starts_of(decoded(name, most=120)) == []


@needs_corpus
@pytest.mark.parametrize("first", range(0, len(ONE_SHOT), 3))
def test_joins_of_real_shots_are_cut_exactly(first: int) -> None:
    names = [ONE_SHOT[(first + 4 * i) % len(ONE_SHOT)] for i in range(6)]
    joined: list[Picture] = []
    joins = []
    for name in names:
        joined += decoded(name, size=(480, 270), most=25)
        joins.append(len(joined))
    assert starts_of(joined) == joins[:-1]
