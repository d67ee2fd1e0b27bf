"""Text beside footage: a segment's photographs are AV1's, the rest of it the screen layer's, exactly."""

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import _native
from aicodec_native.photo_blocks import PhotoBlocks, VideoInput, is_mixed
from clips import yuv_frames
from media_inputs import write_video


def page(height, width):
    """Letters of one alphabet, in lines."""
    random = np.random.default_rng(2)
    glyphs = np.zeros((24, 8, 8), np.uint8)
    glyphs[:, 1:7, 1:6] = random.integers(0, 2, (24, 6, 5)) * 200
    lines = [np.concatenate(glyphs[random.integers(0, 24, width // 8)], axis=1) for _ in range(height // 16)]
    blank = np.zeros((8, width), np.uint8)
    return 30 + np.concatenate([np.concatenate([line, blank]) for line in lines])[..., None].repeat(3, axis=2)


def footage(frames, height, width):
    """A texture that pans, under a camera's noise."""
    random = np.random.default_rng(3)
    texture = sum(
        np.kron(random.normal(0, 12, (height // size + 2, (width + 64) // size + 2, 3)), np.ones((size, size, 1)))[
            :height, : width + 64
        ]
        for size in (4, 8, 16)
    )
    y, x = np.mgrid[0:height, 0 : width + 64]
    texture += 128 + (40 * np.sin(x / 19) + 30 * np.cos(y / 13))[..., None]
    clip = np.stack([texture[:, 2 * n : 2 * n + width] for n in range(frames)])
    return np.clip(clip + random.normal(0, 3, clip.shape), 0, 255).astype(np.uint8)


WIDTH, HEIGHT, SPLIT = 320, 192, 160


def mixed(frames=16):
    clip = np.zeros((frames, HEIGHT, WIDTH, 3), np.uint8)
    clip[:, :, :SPLIT] = page(HEIGHT, SPLIT)
    clip[:, :, SPLIT:] = footage(frames, HEIGHT, WIDTH - SPLIT)
    return clip


def read(path):
    with aic.open(path) as reader:
        return np.stack(list(reader))


@pytest.mark.parametrize("goal", [70, 80])
def test_text_beside_footage_gets_both_layers(tmp_path, goal):
    clip = mixed()
    result = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=goal)
    segment = result.segments[0]
    assert segment["stack"] == "video+screen"
    assert result.score >= goal
    drawn = read(tmp_path / "a.aic")
    np.testing.assert_array_equal(drawn[:, :, : SPLIT - 16], clip[:, :, : SPLIT - 16])
    assert (drawn[:, :, SPLIT:] != clip[:, :, SPLIT:]).any()


def test_both_layers_take_fewer_bytes_than_video_of_the_same_score(tmp_path):
    clip = mixed()
    both = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=75)
    crf = both.segments[0]["crf"]
    video = aic.encode(clip, tmp_path / "b.aic", preset="fast", crf=crf)
    while video.score < both.score and crf > 2:
        crf -= 4 if crf > 6 else 1
        video = aic.encode(clip, tmp_path / "b.aic", preset="fast", crf=crf, overwrite=True)
    assert both.bytes < video.bytes


class Frames(list):
    shape = ("rgb24", WIDTH, HEIGHT)


def test_what_a_window_passes_over_stands_still_in_the_video_layer():
    """What it uncovers was there before: AV1 codes the photograph once."""
    photo = footage(1, HEIGHT, WIDTH)[0]
    window = np.full((128, 128, 3), 30, np.uint8)
    window[16:112, 16:112] = page(96, 96)
    clip = np.stack([photo] * 40)
    for number, frame in enumerate(clip):
        left = 16 * number - 160
        if -128 < left < WIDTH:
            frame[32:160, max(left, 0) : left + 128] = window[:, max(-left, 0) : WIDTH - left]
    frames = Frames(_native.Picture.from_rgb(frame) for frame in clip)
    shown = list(VideoInput(frames, PhotoBlocks(frames).maps))

    def changes(pictures):
        planes = np.stack([picture.plane(0) for picture in pictures])[:, :, 64:256].astype(int)
        return np.count_nonzero(np.diff(planes, axis=0))

    assert changes(shown) < 0.25 * changes(frames)


def test_letters_are_no_business_of_the_video_layer():
    frames = Frames(_native.Picture.from_rgb(frame) for frame in mixed(3))
    for picture in VideoInput(frames, PhotoBlocks(frames).maps):
        for plane in range(3):
            assert (picture.plane(plane)[:, : SPLIT - 16] == 30).all()


def test_a_recording_in_420_keeps_its_text(tmp_path):
    source = mixed(16)
    for number, frame in enumerate(source):  # a page every other frame, of the same letters
        page_number = number // 2
        frame[:, :SPLIT] = np.roll(frame[:, :SPLIT], (-80 * page_number, 24 * page_number), axis=(0, 1))
    clip = write_video(tmp_path / "a.mkv", yuv_frames(source, "yuv420p"))
    result = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=85)
    assert result.segments[0]["stack"] == "video+screen"
    assert result.score >= 85
    with aic.open(tmp_path / "a.aic") as reader:
        assert reader.info.format == "yuv420p"
        for drawn, wanted in zip(reader, source, strict=True):
            text = np.abs(drawn[:, : SPLIT - 16].astype(int) - wanted[:, : SPLIT - 16])
            assert text.max() <= 3  # what the conversion to 4:2:0 and back leaves of gray


def test_only_drawings_beside_photographs_are_mixed():
    def picture(rgb):
        return _native.Picture.from_rgb(np.ascontiguousarray(rgb))

    clip = mixed(1)[0]
    assert is_mixed([picture(clip)])
    assert not is_mixed([picture(clip[:, :SPLIT])])
    assert not is_mixed([picture(clip[:, SPLIT:])])
    blurred = np.clip(128 + np.random.default_rng(5).normal(0, 1.5, clip.shape), 0, 255).astype(np.uint8)
    assert not is_mixed([picture(blurred)])


@pytest.mark.parametrize("form", ["rgb24", "yuv420p", "yuv444p10"])
@pytest.mark.parametrize("size", [(320, 192), (131, 67)])
def test_kept_blocks_show_what_is_below_and_all_else_is_exact(form, size):
    width, height = size
    random = np.random.default_rng(7)
    rgb = mixed(5)[:, :height, :width]
    colour = _native.Colour(matrix=1)
    header = _native.StreamHeader(
        format=form, width=width, height=height, colour=colour, sample_aspect=(1, 1), quarter_turns=0,
        time_base=(1, 25), frame_duration=(1, 1), origin=0,
    )  # fmt: skip
    sources = [_native.Picture.from_rgb(np.ascontiguousarray(frame)) for frame in rgb]
    if form != "rgb24":
        sources = [picture.convert(form, colour) for picture in sources]
    columns, rows = -(-width // 16), -(-height // 16)
    maps = [random.integers(0, 2, columns * rows, np.uint8) for _ in sources]
    maps[3] = maps[2]
    ground = _native.Picture(form, width, height)
    encoder = _native.ScreenEncoder(form, width, height, has_below=True)
    for source, cells in zip(sources, maps, strict=True):
        encoder.add(source, ground, cells.tobytes())
    layer = _native.build_screen_layer(pictures=[], coded=encoder.finish())
    black = _native.ScreenEncoder(form, width, height)
    for _ in sources:
        black.add(ground)
    under = _native.build_screen_layer(pictures=[], coded=black.finish())
    payload = _native.build_segment(
        header=header, first_frame=0, times=list(range(6)), digest=None,
        layers=[(_native.LAYER_SCREEN, under), (_native.LAYER_SCREEN, layer)],
    )  # fmt: skip
    segment = _native.Segment(payload, header)
    for number, (source, cells) in enumerate(zip(sources, maps, strict=True)):
        drawn = segment.draw(number, lambda layer, frame: [])
        wanted = _native.with_blocks(source, ground, cells.tobytes())
        for plane in range(3):
            np.testing.assert_array_equal(drawn.plane(plane), wanted.plane(plane))


def test_maps_of_another_size_are_refused():
    picture = _native.Picture("rgb24", 40, 20)
    with pytest.raises(ValueError, match="16x16"):
        _native.filled(picture, b"\0")
    encoder = _native.ScreenEncoder("rgb24", 40, 20, has_below=True)
    with pytest.raises(aic.FormatError):
        encoder.add(picture, picture, b"\0")
    with pytest.raises(aic.FormatError):
        _native.ScreenEncoder("rgb24", 40, 20).add(picture, None, bytes(6))
