"""The screen layer's coded frames: what damage does to them, and what they do not depend on."""

from __future__ import annotations

import numpy as np
import pytest

import aicodec_native as aic
from aic_files import assemble, decode_av1, head_of, header, nominal
from aicodec_native import _native
from reference import bits, container, mixing, screen, segment

FORMATS = ("rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10")


def no_video(layer, frame):
    raise AssertionError("there is no video layer")


def pictures_of(name: str, width: int, height: int, frames: int) -> list[_native.Picture]:
    """Frames of glyphs that scroll, a smooth band, and noise that comes back."""
    made = []
    for t in range(frames):
        picture = _native.Picture(name, width, height)
        peak = (1 << picture.bit_depth) - 1
        for index in range(3):
            plane = picture.plane(index)
            y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
            noise = np.random.default_rng(10 * (t % 3) + index).integers(0, peak + 1, plane.shape)
            plane[...] = np.where((x * 7 + (y + 2 * t) * 5) % 11 < 4, peak // 5 * (index + 1), peak)
            plane[: height // 5] = ((x * 3 + y * 2 + t) % (peak + 1))[: height // 5]
            plane[-height // 6 :] = noise[-height // 6 :]
        made.append(picture)
    return made


def encode(pictures: list[_native.Picture], **settings: object) -> bytes:
    first = pictures[0]
    encoder = _native.ScreenEncoder(first.format, first.width, first.height, **settings)
    for picture in pictures:
        encoder.add(picture)
    return encoder.finish()


def stack_of(coded: bytes, frames: int, **fields: object) -> tuple[_native.StreamHeader, bytes]:
    stream_header = header(**fields)
    payload = _native.build_segment(
        header=stream_header,
        first_frame=0,
        times=nominal(stream_header, 0, frames),
        digest=None,
        layers=[(_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=coded))],
    )
    return stream_header, payload


def drawn(coded: bytes, frames: int, threads: int = 1, **fields: object) -> list[_native.Picture]:
    stream_header, payload = stack_of(coded, frames, **fields)
    part = _native.Segment(payload, stream_header)
    return [part.draw(number, no_video, threads) for number in range(frames)]


def shape_of(picture: _native.Picture) -> dict[str, object]:
    return {"format": picture.format, "width": picture.width, "height": picture.height}


def hashes_of(pictures: list[_native.Picture]) -> list[int]:
    return [_native.picture_hash(picture) for picture in pictures]


@pytest.mark.parametrize(("name", "preset"), [("rgb24", "fast"), ("rgb30", "slow"), ("yuv420p", "medium")])
def test_every_truncation_is_told_or_gives_pictures(name, preset):
    source = pictures_of(name, 13, 11, 2)
    coded = encode(source, preset=preset)
    assert hashes_of(drawn(coded, 2, **shape_of(source[0]))) == hashes_of(source)
    told = 0
    for size in range(len(coded)):
        try:
            found = drawn(coded[:size], 2, **shape_of(source[0]))
        except aic.CorruptError:
            told += 1
            continue
        assert len(found) == 2
    # Where a decoder reads four zeros behind the end, other frames may need no more.
    assert told > len(coded) * 0.9


def damaged(coded: bytes, place: int) -> bytes:
    flipped = bytearray(coded)
    flipped[place // 8] ^= 1 << place % 8
    return bytes(flipped)


@pytest.mark.parametrize(("name", "near"), [("rgb30", 0), ("yuv420p10", 2)])
def test_flipped_bits_are_told_or_give_pictures(name, near):
    source = pictures_of(name, 11, 9, 2)
    coded = encode(source, near=near)
    intact = hashes_of(drawn(coded, 2, **shape_of(source[0])))
    told = other = 0
    for place in (*range(8 * 8), *range(8 * 8, 8 * len(coded), 5)):
        try:
            found = drawn(damaged(coded, place), 2, **shape_of(source[0]))
        except aic.FormatError:
            told += 1
            continue
        assert all(picture.plane(index).max() < 1024 for picture in found for index in range(3))
        other += hashes_of(found) != intact
    assert told > 0
    assert other > 0


def test_both_decoders_refuse_and_draw_the_same_damaged_frames():
    source = pictures_of("rgb24", 9, 7, 2)
    coded = encode(source)
    refused = alike = 0
    for place in range(8 * 6, 8 * len(coded), 8 * len(coded) // 50):
        stream_header, payload = stack_of(damaged(coded, place), 2, **shape_of(source[0]))
        head = container.open_file(assemble(head_of(stream_header), [])).header
        try:
            planes = segment.decode_frames(head, segment.read_segment(payload, head), decode_av1)
        except bits.RefusedError:
            with pytest.raises(aic.FormatError):
                drawn(damaged(coded, place), 2, **shape_of(source[0]))
            refused += 1
            continue
        found = drawn(damaged(coded, place), 2, **shape_of(source[0]))
        assert hashes_of(found) == [segment.frame_hash(frame, head.depth) for frame in planes]
        alike += 1
    assert refused > 0
    assert alike > 0


def busy(frames: int) -> list[_native.Picture]:
    """So much noise that the encoder makes several slices."""
    made = []
    for t in range(frames):
        picture = _native.Picture("yuv420p", 640, 256)
        for index in range(3):
            plane = picture.plane(index)
            plane[...] = np.random.default_rng(10 * t + index).integers(0, 4, plane.shape) * 60
        made.append(picture)
    return made


def test_threads_draw_the_same_pictures():
    source = busy(6)
    coded = encode(source, preset="fast")
    assert coded[4] > 1, "several slices"
    for threads in (1, 2, 3, 8):
        assert hashes_of(drawn(coded, 6, threads, **shape_of(source[0]))) == hashes_of(source)


@pytest.mark.parametrize("preset", ["fast", "medium", "slow"])
def test_encoding_again_gives_the_same_bytes(preset):
    for name in ("rgb24", "yuv420p10"):
        source = pictures_of(name, 70, 45, 4)
        once = encode(source, preset=preset)
        encode(pictures_of(name, 31, 80, 2), preset=preset)  # leaves nothing behind in freed memory
        assert encode(source, preset=preset) == once


def photographs(name: str, frames: int, *, moving: bool) -> list[_native.Picture]:
    """On a ground that stands still a noisy photograph that moves by fractions of a pixel, or one after the other."""
    made = []
    for number in range(frames):
        picture = _native.Picture(name, 96, 80)
        peak = (1 << picture.bit_depth) - 1
        for index in range(3):
            plane = picture.plane(index)
            height, width = plane.shape
            grid = np.random.default_rng(index if moving else 10 + 3 * number + index).random((64, 64))
            # Smooth between the grid's samples, which lie three pixels apart.
            y, x = ((side + 0.6 * number * moving * width / 96) / 3 for side in np.indices(plane.shape))
            (i, v), (j, u) = (np.divmod(side, 1) for side in (y, x))
            corners = [grid[(i.astype(int) + a) % 64, (j.astype(int) + b) % 64] for a, b in np.ndindex(2, 2)]
            u, v = (part * part * (3 - 2 * part) for part in (u, v))
            upper, lower = (corners[k] * (1 - u) + corners[k + 1] * u for k in (0, 2))
            noise = np.random.default_rng(99 + 3 * number + index).normal(0, 0.7, plane.shape)
            shown = np.clip(peak * (upper * (1 - v) + lower * v) + noise, 0, peak)
            plane[...] = peak // 3
            inside = slice(height // 8, -height // 8), slice(width // 6, -width // 6)
            plane[inside] = shown[inside]
        made.append(picture)
    return made


@pytest.mark.parametrize("name", ["rgb24", "yuv420p", "yuv444p10"])
def test_photographs_that_move_between_pixels_are_found_again(name):
    moving, changing = (photographs(name, 8, moving=moving) for moving in (True, False))
    coded = encode(moving)
    assert hashes_of(drawn(coded, 8, **shape_of(moving[0]))) == hashes_of(moving)
    assert len(coded) < 0.75 * len(encode(changing))


def far_and_near_blended() -> list[_native.Picture]:
    """In the last of three frames small blends of what is 3000 pixels away and what was there at first, beside exact
    copies from as far, and beside blends of what was there in both frames."""
    rng = np.random.default_rng(5)

    def texture(amplitude: int) -> np.ndarray:
        samples = rng.random((12, 1404, 3)) * amplitude
        (i, v), (j, u) = (np.divmod(np.arange(side) / 3, 1) for side in (32, 4200))
        rows = samples[i.astype(int)] * (1 - v[:, None, None]) + samples[i.astype(int) + 1] * v[:, None, None]
        return rows[:, j.astype(int)] * (1 - u[:, None]) + rows[:, j.astype(int) + 1] * u[:, None]

    before = (texture(160) + 20).round()
    older = (before + texture(60) - 30).round()
    now = before.copy()
    for left in range(128, 1100, 64):
        here, beside = slice(left, left + 16), slice(left - 16, left)
        far = before[:, left + 3000 : left + 3016]
        now[16:, beside] = (before[16:, beside] + older[16:, beside]) / 2
        now[16:, here] = 0.65 * far[16:] + 0.35 * older[16:, here]
        now[:16, here] = far[:16]
        now[16:24, left : left + 8] = far[16:24, :8]
    return [_native.Picture.from_rgb(rgb.round().clip(0, 255).astype(np.uint8)) for rgb in (older, before, now)]


@pytest.mark.parametrize("preset", ["fast", "medium", "slow"])
def test_what_neighbours_from_far_away_do_not_let_be_told_is_coded_otherwise(preset):
    """Blocks are planned in squares of 16 pixels, and coded with other neighbours in smaller ones."""
    source = far_and_near_blended()
    assert hashes_of(drawn(encode(source, preset=preset), 3, **shape_of(source[0]))) == hashes_of(source)


@pytest.mark.parametrize("near", [1, 3, 8])
@pytest.mark.parametrize("name", FORMATS)
def test_near_lossless_keeps_its_bound(name, near):
    source = pictures_of(name, 90, 70, 4)
    found = drawn(encode(source, near=near), 4, **shape_of(source[0]))
    assert max(_native.greatest_error(*pair) for pair in zip(source, found, strict=True)) <= near


@pytest.mark.parametrize("settings", [{"preset": "fast"}, {}, {"preset": "slow"}, {"near": 2}, {"edge": 8}])
@pytest.mark.parametrize("name", ["rgb24", "yuv420p10"])
def test_a_ground_is_told_once_and_skipped(name, settings):
    """Before anything is drawn on it, in the frame that is drawn first, and after that."""
    source = pictures_of(name, 200, 150, 4)
    grounds = []
    for number, picture in enumerate(source):
        for index in range(3):
            plane = picture.plane(index)
            grounds.append(int(plane.max()) - 3 - index)
            plane[:, 70 if number else 0 :] = plane[70:] = grounds[-1]
    coded = encode(source, **settings)
    head = container.open_file(assemble(head_of(header(**shape_of(source[0]))), [])).header
    told = screen.read_settings(bits.Fields(coded), head).ground
    planes = {"rgb24": ((1, 0, 2),), "yuv420p10": ((0,), (1, 2))}[name]
    assert told == tuple(sum(grounds[k] << 10 * i for i, k in enumerate(sheet)) for sheet in planes)
    found = drawn(coded, 4, **shape_of(source[0]))
    most = max(settings.get("near", 0), settings.get("edge", 0))
    assert max(_native.greatest_error(*pair) for pair in zip(source, found, strict=True)) <= most
    # The roots below were never coded.
    assert all((picture.plane(k)[128:] == grounds[k]).all() for picture in found for k in range(3))


def test_a_few_bytes_take_no_gigabytes():
    for coded in (bytes([0, 22, 6, 0, 1, 0]), bytes([0, 10, 16, 0, 1, 0])):
        with pytest.raises(aic.FormatError, match="over the format's limit"):
            drawn(coded, 1, format="rgb24", width=64, height=64)


def test_the_logistic_tables_are_those_of_the_document():
    squashed = b"".join(value.to_bytes(2, "little") for value in mixing.SQUASH)
    stretched = b"".join(value.to_bytes(2, "little", signed=True) for value in mixing.STRETCH)
    assert (bits.crc32c(squashed), bits.crc32c(stretched)) == (0x2833774E, 0x54CCB9F0)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("settings", [{}, {"near": 2}, {"edge": 20}, {"edge": 60, "preset": "fast"}])
@pytest.mark.parametrize("first_leads", [False, True])
def test_an_encoder_shows_what_a_decoder_draws(name, settings, first_leads):
    source = pictures_of(name, 70, 66, 9)
    source[4] = source[3]
    encoder = _native.ScreenEncoder(name, 70, 66, first_leads=first_leads, **settings)
    shown = []
    for picture in source:
        encoder.add(picture)
        shown.append(_native.picture_hash(encoder.drawn()))
    found = drawn(encoder.finish(), len(source), **shape_of(source[0]))
    assert shown == hashes_of(found)
    assert (shown == hashes_of(source)) == (not settings)


def test_nothing_is_shown_before_one_way_of_coding_is_left():
    (picture,) = pictures_of("rgb24", 20, 20, 1)
    for settings in ({}, {"first_leads": True, "preset": "slow"}):
        encoder = _native.ScreenEncoder("rgb24", 20, 20, **settings)
        encoder.add(picture)
        with pytest.raises(aic.FormatError, match="no frame"):
            encoder.drawn()


def test_who_is_told_which_models_suit_need_not_try():
    source = pictures_of("rgb24", 70, 66, 9)
    told = {encode(source, first_leads=leads) for leads in (False, True)}
    assert len(told) == 2
    assert encode(source) in told


def test_more_contexts_are_mixed_where_they_save_enough():
    """Of a line that turns they save a twentieth, which is worth their time; of noise nothing. `fast` spares them."""
    y, x = np.mgrid[0:192, 0:320]
    away = [np.abs((x - 160) * np.sin(0.04 * t) + (y - 96) * np.cos(0.04 * t)) for t in range(8)]
    line = [(np.clip(2 - d, 0, 1)[..., None] * (200, 90, 40)).round().astype(np.uint8) for d in away]
    noise = np.random.default_rng(3).integers(0, 16, (8, 96, 96, 3), np.uint8)

    def is_rich(clip: list[np.ndarray] | np.ndarray, preset: str) -> bool:
        return encode([_native.Picture.from_rgb(rgb) for rgb in clip], preset=preset)[5] & 1 == 1

    assert is_rich(line, "medium")
    assert not is_rich(line, "fast")
    assert not is_rich(noise, "medium")


def test_slow_is_not_larger_for_mixing_noise():
    """Shaded balls that move, and grey noise beside them: what is added up learns more of it than what is mixed."""
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:128, :256]

    def frame(t: int) -> _native.Picture:
        rgb = np.full((128, 256, 3), (30, 40, 60))
        cx, cy = 128 + 60 * np.cos(t / 5), 64 + 30 * np.sin(t / 5)
        for k in range(6):
            away = np.hypot(x - cx - 30 * np.cos(k + t / 7), y - cy - 25 * np.sin(k * 2 + t / 9))[..., None]
            shaded = np.array((200, 90 + 20 * k, 40 * k)) * (1 - 0.7 * np.clip(away / 40, 0, 1))
            rgb = np.where(away < 22, shaded.astype(int), rgb)
        rgb[20:60, 20:120] += rng.integers(0, 60, (40, 100, 1))
        return _native.Picture.from_rgb(rgb.clip(0, 255).astype(np.uint8))

    clip = [frame(t) for t in range(16)]
    slow = encode(clip, preset="slow")
    assert slow[5] & 1 == 0  # not rich
    assert len(slow) < len(encode(clip, preset="medium"))
    assert hashes_of(drawn(slow, len(clip), **shape_of(clip[0]))) == hashes_of(clip)


@pytest.mark.parametrize("preset", ["fast", "medium", "slow"])
def test_tables_are_small_where_a_decoder_would_fall_behind(preset):
    """Grey noise over flat colours takes too long, a few letters' worth of it does not; `slow` is for size alone."""
    rng = np.random.default_rng(8)
    flat = np.full((512, 512, 3), 40)
    flat[:, ::64] = (200, 90, 30)

    def tables(side: int) -> tuple[int, int]:
        clip = []
        for _ in range(3):
            rgb = flat.copy()
            rgb[:side, :side] += rng.integers(0, 50, (side, side, 1))
            clip.append(_native.Picture.from_rgb(rgb.astype(np.uint8)))
        coded = encode(clip, preset=preset)
        assert hashes_of(drawn(coded, len(clip), **shape_of(clip[0]))) == hashes_of(clip)
        return coded[1], coded[2]

    usual = tables(24)
    assert tables(400) == (usual if preset == "slow" else (min(usual[0], 16), min(usual[1], 11)))
    assert usual[1] > 11


def test_what_stands_still_beside_motion_keeps_within_its_tolerance():
    """Contrast that goes away beside a still pixel takes that pixel's tolerance along."""
    flat = np.full((128, 128, 3), 90, np.uint8)
    flat[:, 64:] = 100
    edge = flat.copy()
    edge[:, 63] = 250
    clip = [edge, edge, flat, flat]
    pictures = [_native.Picture.from_rgb(rgb) for rgb in clip]
    found = drawn(encode(pictures, edge=100), 4, **shape_of(pictures[0]))
    for rgb, picture in zip(clip, found, strict=True):
        rows = np.pad(rgb.astype(int), ((1, 1), (1, 1), (0, 0)), mode="edge")
        windows = np.lib.stride_tricks.sliding_window_view(rows, (3, 3), axis=(0, 1))
        allowed = (windows.max((-1, -2)) - windows.min((-1, -2))) // 2
        assert (np.abs(picture.rgb(_native.Colour()).astype(int) - rgb) <= allowed.max(-1, keepdims=True)).all()


def letters(frames: int) -> list[np.ndarray]:
    """Lines of soft coloured letters that scroll by a line each frame."""
    rng = np.random.default_rng(0)
    shapes = rng.random((24, 12, 8))
    shapes = np.clip(((shapes + np.roll(shapes, 1, 1) + np.roll(shapes, 1, 2)) / 3 - 0.45) * 5, 0, 1).round(1)[
        ..., None
    ]
    inks, ground = np.array([[200, 60, 60], [90, 120, 230], [230, 220, 110], [205, 214, 244]]), 30
    which, ink = rng.integers(0, 24, (16 + frames, 40)), inks[rng.integers(0, 4, (16 + frames, 40))]
    cells = ground + shapes[which] * (ink[:, :, None, None] - ground)
    lines = cells.transpose(0, 2, 1, 3, 4).reshape(-1, 12, 320, 3).round().astype(np.uint8)
    return [lines[first : first + 16].reshape(192, 320, 3) for first in range(frames)]


def test_what_stands_still_at_first_costs_nothing_later():
    """How a segment is coded is decided from frames that tell something, and slices begin when there is something to
    go on from."""
    blank, *pictures = map(_native.Picture.from_rgb, [np.full((192, 320, 3), 30, np.uint8), *letters(8)])
    assert len(encode([blank] * 8 + pictures)) < 1.01 * len(encode([blank, *pictures]))
