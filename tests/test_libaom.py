"""AV1 of full chroma, by the ffmpeg program: what goes in comes out, alike on any number of threads; failures have
reasons, and nothing is left running."""

from __future__ import annotations

import subprocess
from fractions import Fraction

import numpy as np
import pytest

from aicodec_native import EncodeError, _native, encode
from aicodec_native import open as open_aic
from aicodec_native.quality import psnr_of
from aicodec_native.video import libaom
from aicodec_native.video.decoder import VideoDecoder, canvas_picture
from aicodec_native.video.encoder import encode_pictures, encode_stream
from aicodec_native.video.frame import encoder_frame
from aicodec_native.video.settings import VideoSettings
from clips import yuv_frames
from media_inputs import write_video

pytestmark = pytest.mark.skipif(libaom.version() is None, reason="there is no ffmpeg program with libaom")
RATE = Fraction(24)
RGB = _native.Colour(matrix=0, full_range=True)


def coloured(frames=6, width=96, height=80):
    """Columns of one pixel in colours that 4:2:0 has no room for, and a square that moves over them."""
    clip = np.zeros((frames, height, width, 3), np.uint8)
    clip[:, :, 0::2] = (200, 30, 40)
    clip[:, :, 1::2] = (30, 60, 220)
    for number, frame in enumerate(clip):
        frame[10:30, 4 * number : 4 * number + 20] = (20, 190, 60)
    return clip


def settings(crf=20, **more):
    return VideoSettings(**{"crf": crf, "preset": 8, "drawn": True, "encoder": "libaom", "chroma": "444"} | more)


def write_rgb(path, clip):
    return write_video(path, yuv_frames(clip, "bgr0"), rate=24)


def settings_tried(result):
    return [candidate["setting"] for segment in result.segments for candidate in segment["tried"]]


def code(pictures, colour, chosen):
    return encode_pictures(pictures, colour, RATE, chosen)


def error(pictures, video, colour, shape):
    decoder = VideoDecoder(video.format, pictures[0].width, pictures[0].height)
    drawn = [
        canvas_picture(planes, video.format, colour, shape) for planes in decoder.stream(d for d, _ in video.packets)
    ]
    assert len(drawn) == len(pictures)
    squares = [
        np.mean((np.asarray(p.plane(c), float) - np.asarray(q.plane(c), float)) ** 2)
        for p, q in zip(pictures, drawn, strict=True)
        for c in range(3)
    ]
    return float(np.mean(squares))


def psnr_rgb(clip, video):
    decoder = VideoDecoder(video.format, clip.shape[2], clip.shape[1])
    shape = ("rgb24", clip.shape[2], clip.shape[1])
    frames = [
        canvas_picture(planes, video.format, RGB, shape).rgb(RGB)
        for planes in decoder.stream(d for d, _ in video.packets)
    ]
    return psnr_of(float(np.mean((np.array(frames, float) - clip) ** 2)), 8)


def test_colours_that_420_loses_are_there():
    clip = coloured()
    pictures = [_native.Picture.from_rgb(frame) for frame in clip]
    full = code(pictures, RGB, settings())
    assert full.format == "yuv444p10"
    assert psnr_rgb(clip, full) > 38
    assert psnr_rgb(clip, code(pictures, RGB, settings(chroma="420"))) < 25


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10", "yuv444p", "yuv444p10"])
@pytest.mark.parametrize("full_range", [False, True])
def test_samples_keep_their_range(name, full_range):
    """The program must not take limited range for full range, or the other way round."""
    colour = _native.Colour(matrix=1, full_range=full_range)
    y, x = np.mgrid[0:72, 0:100]
    ramp = np.stack([2 * x, 3 * y, 255 - 2 * x], axis=-1).clip(0, 255).astype(np.uint8)
    pictures = [_native.Picture.from_rgb(np.roll(ramp, 2 * n, axis=1)).convert(name, colour) for n in range(3)]
    chroma = name[3:6]
    video = code(pictures, colour, settings(4, chroma=chroma, drawn=False))
    scale = 4 if name.endswith("10") else 1
    assert error(pictures, video, colour, (name, 100, 72)) < (1.5 * scale) ** 2


def test_every_number_of_threads_gives_the_same_packets():
    pictures = [_native.Picture.from_rgb(frame) for frame in coloured(8, 320, 192)]
    one = code(pictures, RGB, settings(threads=1))
    assert code(pictures, RGB, settings(threads=4)) == one


def test_sides_below_the_least_are_padded():
    clip = coloured(2, 10, 7)
    video = code([_native.Picture.from_rgb(frame) for frame in clip], RGB, settings(10))
    assert psnr_rgb(clip, video) > 35


def test_a_program_that_fails_says_why():
    pictures = [_native.Picture.from_rgb(frame) for frame in coloured(40, 320, 192)]
    with pytest.raises(EncodeError, match=r"libaom failed: .*crf"):
        code(pictures, RGB, settings(crf=99))


def test_who_stops_listening_ends_the_program(monkeypatch):
    started = []
    real = subprocess.Popen

    def watched(*arguments, **options):
        started.append(real(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", watched)
    chosen = settings()

    def frames():
        for frame in coloured(400):
            yield encoder_frame(_native.Picture.from_rgb(frame), RGB, chosen)

    stream = encode_stream(frames(), RATE, chosen)
    next(stream)
    stream.close()
    assert [program.poll() is not None for program in started] == [True]


def discs(edge=12):
    """Two that grow, with edges of so many pixels."""
    y, x = np.mgrid[0:120, 0:160]
    clip = np.zeros((6, 120, 160, 3))
    for number, frame in enumerate(clip):  # soft discs that grow: nothing for exact blocks or a recogniser
        for cx, cy, r, colour in ((50, 60, 30, (200, 40, 60)), (110, 50, 25, (40, 60, 210))):
            distance = np.hypot(x - cx - 0.7 * number, y - cy)
            cover = np.clip(r + 1.3 * number - distance, 0, edge)[..., None] / edge
            frame[:] = frame * (1 - cover) + np.array(colour) * cover
    return clip.astype(np.uint8)


def test_drawings_in_rgb_are_coded_with_all_of_their_chroma(tmp_path):
    path = write_rgb(tmp_path / "discs.mkv", discs(edge=2))
    tried = settings_tried(encode(path, tmp_path / "discs.aic", quality=60, preset="medium"))
    assert any("libaom" in setting and "4:4:4" in setting for setting in tried)
    assert not any(setting.startswith("CRF") for setting in tried)
    with open_aic(tmp_path / "discs.aic") as reader:
        assert reader.shape == (6, 120, 160, 3)


@pytest.mark.parametrize(("quality", "metric", "preset", "bits"), [
    (60, None, "medium", 8), (94, None, "medium", 10), (60, None, "slow", 10), (None, ("psnr", 35.0), "medium", 10),
])  # fmt: skip
def test_drawings_have_8_bits_where_that_suffices(tmp_path, quality, metric, preset, bits):
    goal = {"quality": quality} if metric is None else {"target": metric}
    path = write_rgb(tmp_path / "discs.mkv", discs(edge=2))
    tried = settings_tried(encode(path, tmp_path / "discs.aic", preset=preset, **goal))
    found = [setting for setting in tried if "libaom" in setting]
    assert found
    assert all(f"{bits} bit" in setting for setting in found)


def shades(lines=False):
    """A light that moves over smooth shades; or thin red and green lines that grow, as in a plot."""
    y, x = np.mgrid[0:180, 0:320]
    clip = np.zeros((6, 180, 320, 3))
    for number, frame in enumerate(clip):
        glow = np.exp(-np.hypot(x - 120 - 6 * number, y - 80 - 3 * number) / 60)
        frame[:] = (glow[..., None] * (150, 90, 40) + np.stack([x / 8, y / 6, 60 - x / 10], -1)) / (1 + lines)
        for row in range(4, 180, 8) if lines else ():
            frame[row, : 150 + 9 * number] = (230, 20, 30) if row % 16 else (20, 210, 40)
    return clip.round().astype(np.uint8)


def test_smooth_shades_have_10_bits_and_chroma_as_small_as_nobody_sees(tmp_path):
    """8 bits of YCbCr alone would take most of what a score of 90 leaves room for."""
    for lines, formats in ((False, {"10 bit"}), (True, {"8 bit, 4:4:4", "10 bit, 4:4:4"})):
        path = write_rgb(tmp_path / "c.mkv", shades(lines))
        result = encode(path, tmp_path / "c.aic", quality=90, preset="medium", workers=1, overwrite=True)
        found = [setting for setting in settings_tried(result) if setting.startswith("libaom")]
        assert found
        assert {setting.split(", ", 1)[1] for setting in found} <= formats, lines


def test_without_the_program_svt_av1_does_it(tmp_path, monkeypatch):
    monkeypatch.setattr(libaom, "version", lambda: None)
    path = write_rgb(tmp_path / "c.mkv", coloured())
    result = encode(path, tmp_path / "c.aic", quality=60, preset="medium", workers=1)
    assert not any("libaom" in setting for setting in settings_tried(result))
