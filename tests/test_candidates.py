"""Which stack a segment gets: camera footage AV1, drawings the screen layer, each as coarse as the goal allows."""

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native, screen_candidates, video_candidates
from aicodec_native.program_candidates import ProgramSearch
from clips import yuv_frames
from media_inputs import write_video


def drawing(frames=12, width=192, height=128):
    """Discs with smooth edges that move over flat colours, each at its own speed."""
    y, x = np.mgrid[0:height, 0:width]
    clip = np.zeros((frames, height, width, 3), np.uint8)
    for number in range(frames):
        picture = np.full((height, width, 3), (30.0, 60.0, 90.0))
        for at, colour in ((0.2, (240, 80, 60)), (0.55, (250, 220, 40)), (0.8, (40, 200, 160))):
            centre = width * at + (0.9 + at) * number, height * (0.3 + 0.5 * at)
            cover = np.clip(20.5 - np.hypot(x - centre[0], y - centre[1]), 0, 1)[..., None]
            picture = picture * (1 - cover) + cover * np.array(colour)
        clip[number] = np.round(picture)
    return clip


def footage(frames=12, width=192, height=128):
    """Smooth shapes under a camera's noise."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(1).normal(0, 6, (frames, height, width, 3))
    smooth = [128 + 60 * np.sin(x / 17 + n / 3) + 40 * np.cos(y / 11) for n in range(frames)]
    return np.clip(np.stack(smooth)[..., None] + noise, 0, 255).astype(np.uint8)


def dense_text(frames=3, width=320, height=180, cell=6):
    """Letters, each in a colour of its own, close together over a gradient that moves."""
    random = np.random.default_rng(4)
    glyphs = random.random((40, cell, cell)) < 0.5
    rows, columns = height // cell, width // cell
    ink = np.concatenate([np.concatenate(glyphs[random.integers(0, 40, columns)], axis=1) for _ in range(rows)])
    colours = random.integers(0, 256, (rows, columns, 3)).repeat(cell, axis=0).repeat(cell, axis=1)
    y, x = np.mgrid[0 : rows * cell, 0 : columns * cell]
    clip = []
    for n in range(frames):
        ground = np.stack([40 + 0.4 * x + 6 * n, 60 + 0.6 * y + 3 * n, 200 - 0.3 * x - 0.2 * y - 4 * n], axis=-1)
        clip.append(np.where(ink[..., None], colours, np.clip(np.round(ground), 0, 255)))
    return np.stack(clip).astype(np.uint8)


def encoded(clip, path, **options):
    return aic.encode(clip, path, preset="fast", **options)


def read(path):
    with aic.open(path) as reader:
        return np.stack(list(reader))


def test_drawings_get_screen_layers_that_just_reach_the_goal(tmp_path):
    clip = drawing()
    fine = encoded(clip, tmp_path / "fine.aic", quality=93)
    coarse = encoded(clip, tmp_path / "coarse.aic", quality=88)
    exact = encoded(clip, tmp_path / "exact.aic", quality="lossless")
    assert [r.segments[0]["stack"] for r in (fine, coarse)] == ["screen", "screen"]
    assert fine.score >= 93
    assert coarse.score >= 88
    assert coarse.bytes < fine.bytes < exact.bytes


def test_flat_areas_stay_exact(tmp_path):
    clip = drawing()
    result = encoded(clip, tmp_path / "a.aic", quality=88)
    drawn = read(tmp_path / "a.aic")
    assert result.segments[0]["setting"] != "exact"
    different = (drawn != clip).any(axis=-1)
    assert different.any()
    for number in np.flatnonzero(different.any(axis=(1, 2))):
        rows = np.pad(clip[number].astype(int), ((1, 1), (1, 1), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(rows, (3, 3), axis=(0, 1))
        contrast = (windows.max((-1, -2)) - windows.min((-1, -2))).max(-1)
        error = np.abs(drawn[number].astype(int) - clip[number]).max(-1)
        assert (error <= contrast // 2).all()


def test_camera_footage_gets_video_without_a_try_of_the_screen_layer(tmp_path):
    result = encoded(footage(), tmp_path / "a.aic", quality=60)
    segment = result.segments[0]
    assert segment["stack"] == "video"
    assert segment["novelty"] > 0.4
    assert {tried["stack"] for tried in segment["tried"]} == {"video"}


def test_what_video_cannot_show_is_drawn_exactly(tmp_path):
    """Though its colours are as many as a camera's."""
    clip = dense_text()
    result = encoded(clip, tmp_path / "a.aic", quality=85)
    segment = result.segments[0]
    assert segment["novelty"] > 0.35
    assert max(t["score"] for t in segment["tried"] if t["stack"] == "video") < 60
    assert result.reached
    assert result.score >= 85
    assert aic.measure(zip(clip, read(tmp_path / "a.aic"), strict=True), metrics=["ssimulacra2"]).ssimulacra2 >= 85


def test_footage_a_little_below_the_goal_gets_no_screen_layer(tmp_path):
    """Which would take many times the bytes."""
    finest = encoded(footage(6), tmp_path / "a.aic", crf=1).score
    result = encoded(footage(6), tmp_path / "b.aic", quality=min(finest + 2, 100))
    assert not result.reached
    assert {tried["stack"] for tried in result.segments[0]["tried"]} == {"video"}


def test_the_winner_is_the_smallest_that_reaches_the_goal(tmp_path):
    segment = encoded(drawing(), tmp_path / "a.aic", quality=85).segments[0]
    reaching = [tried for tried in segment["tried"] if tried["reached"]]
    best = min(reaching, key=lambda tried: tried["bytes"])
    won = next(t for t in segment["tried"] if (t["stack"], t["setting"]) == (segment["stack"], segment["setting"]))
    assert won["bytes"] <= 1.02 * best["bytes"]


def test_text_is_exact_whatever_is_asked(tmp_path):
    """Where tolerance saves nothing, pixels are kept."""
    random = np.random.default_rng(2)
    glyphs = random.integers(0, 2, (16, 8, 8), np.uint8) * 255
    page = np.concatenate([np.concatenate(glyphs[random.integers(0, 16, 24)], axis=1) for _ in range(12)])
    clip = np.repeat(page[None, :, :, None], 6, axis=0).repeat(3, axis=3)
    result = encoded(clip, tmp_path / "a.aic", quality=60)
    assert result.segments[0]["setting"] == "exact"
    np.testing.assert_array_equal(read(tmp_path / "a.aic"), clip)


def test_giving_up_what_is_too_large_changes_nothing_else(tmp_path, monkeypatch):
    clip = drawing(6)
    result = encoded(clip, tmp_path / "a.aic", quality=92)
    limits = []
    run = screen_candidates.ScreenSearch.run

    def unlimited(search):
        if search._over is None:  # not what corrects a program
            limits.append(search._limit)
            search._limit = float("inf")
        return run(search)

    monkeypatch.setattr(screen_candidates.ScreenSearch, "run", unlimited)
    encoded(clip, tmp_path / "b.aic", quality=92)
    assert len(limits) == 1
    assert limits[0] < float("inf")
    assert result.segments[0]["stack"] == "screen"
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()


def test_screen_layers_of_no_use_are_given_up(tmp_path, monkeypatch):
    """And coded to the end where nothing else reaches the goal."""
    monkeypatch.setattr(ProgramSearch, "run", lambda search: None)
    clip = drawing(6)
    encoded(clip, tmp_path / "a.aic", quality=92)
    monkeypatch.setattr(video_candidates.VideoSearch, "forecast", lambda search: 1)
    monkeypatch.setattr(video_candidates.VideoSearch, "run", lambda search: None)
    counts = []
    run = screen_candidates.ScreenSearch.run

    def counted(search):
        found = run(search)
        counts.append((len(search.tried), search.gave_up, found is None))
        return found

    monkeypatch.setattr(screen_candidates.ScreenSearch, "run", counted)
    encoded(clip, tmp_path / "b.aic", quality=92)
    assert counts[0] == (0, True, True)
    assert counts[1][1:] == (False, False)
    assert (tmp_path / "b.aic").read_bytes() == (tmp_path / "a.aic").read_bytes()


def test_the_size_of_a_screen_layer_grows_up_to_its_payload():
    encoder = _native.ScreenEncoder("rgb24", 192, 128)
    sizes = []
    for frame in drawing(12):
        encoder.add(_native.Picture.from_rgb(frame))
        sizes.append(encoder.size)
    assert sizes == sorted(sizes)
    assert 0 < sizes[-1] <= len(encoder.finish())


@pytest.mark.parametrize(("metric", "value"), [("psnr", 42.0), ("xpsnr", 44.0), ("ssim", 0.99)])
def test_other_metrics_are_reached(tmp_path, metric, value):
    result = encoded(drawing(6), tmp_path / "a.aic", target=(metric, value))
    assert result.reached
    assert result.score >= value


def test_a_fixed_crf_means_video(tmp_path):
    result = encoded(drawing(4), tmp_path / "a.aic", crf=40)
    assert [tried["stack"] for tried in result.segments[0]["tried"]] == ["video"]


@pytest.mark.parametrize("form", ["yuv420p", "yuv444p10le"])
def test_every_format(tmp_path, form):
    clip = write_video(tmp_path / "a.mkv", yuv_frames(drawing(5), form))
    result = encoded(clip, tmp_path / "a.aic", quality=96)
    assert result.segments[0]["stack"] == "screen"
    assert result.score >= 96


def test_novelty_tells_cameras_from_computers():
    assert _native.novelty(_native.Picture.from_rgb(drawing(1)[0])) < 0.12
    assert _native.novelty(_native.Picture.from_rgb(footage(1)[0])) > 0.4
    assert _native.novelty(_native.Picture.from_rgb(np.zeros((1, 1, 3), np.uint8))) == 0


@pytest.mark.parametrize("kind", ["rgb", "yuv420p"])
def test_the_frames_that_probes_decode_make_no_difference(tmp_path, monkeypatch, kind):
    """Whether the result is drawn once more or all of it was while it was probed: same bytes, with a true digest."""
    clip = footage(40)
    if kind == "yuv420p":
        clip = write_video(tmp_path / "clip.mkv", yuv_frames(clip))
    files = []
    for near in (0, 3, 1e9):  # nothing whole; as it comes; everything after the first probe
        monkeypatch.setattr(video_candidates, "_NEAR", near)
        result = encoded(clip, tmp_path / "a.aic", quality=72, overwrite=True)
        assert len(result.segments[0]["probes"]) > 1
        check = aic.verify(tmp_path / "a.aic")
        assert check.ok, check
        files.append((tmp_path / "a.aic").read_bytes())
    assert files[0] == files[1] == files[2]


def test_packets_that_do_not_survive_the_file_are_not_written(tmp_path, monkeypatch):
    real = _native.build_video_layer

    def lossy(*, packets, **options):
        return real(packets=[(data, not droppable) for data, droppable in packets], **options)

    monkeypatch.setattr(_native, "build_video_layer", lossy)
    with pytest.raises(aic.EncodeError, match="other packets"):
        encoded(footage(), tmp_path / "a.aic", crf=40)
    assert list(tmp_path.iterdir()) == []


def test_noise_at_a_fine_quantiser_is_tried_with_a_second_preset(tmp_path):
    """Where `slow` may take more bytes with its own."""
    clip = write_video(tmp_path / "a.mkv", yuv_frames(footage(8)))
    (fine,) = aic.encode(clip, tmp_path / "fine.aic", preset="slow", quality=88).segments
    usual = [tried for tried in fine["tried"] if "preset" not in tried["setting"]]
    second = [tried for tried in fine["tried"] if tried["setting"].endswith(", preset 3")]
    assert fine["crf"] <= 16
    assert usual
    assert 1 <= len(second) <= len(usual)
    assert fine["bytes"] <= 1.02 * min(tried["bytes"] for tried in usual + second if tried["reached"]) + 40
    (coarse,) = aic.encode(clip, tmp_path / "coarse.aic", preset="slow", quality=50).segments
    assert coarse["crf"] > 16
    assert not any("preset" in tried["setting"] for tried in coarse["tried"])
