"""Every sample of a source comes back from a lossless encode, whatever its pixel format; or the user hears why not."""

from __future__ import annotations

import av
import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native.media import Source
from aicodec_native.media.exact import exact_canvas, exact_picture
from media_inputs import write_video

LOSSLESS = {"quality": "lossless", "preset": "fast"}
WIDTH, HEIGHT = 22, 18

# Bits, and by how much chroma is finer than its samples: (columns, rows).
PLANAR = {
    "yuv420p": (8, (2, 2)),
    "yuvj420p": (8, (2, 2)),
    "yuv420p10le": (10, (2, 2)),
    "yuv422p": (8, (2, 1)),
    "yuv422p10le": (10, (2, 1)),
    "yuv440p": (8, (1, 2)),
    "yuv411p": (8, (4, 1)),
    "yuv410p": (8, (4, 4)),
    "yuv444p": (8, (1, 1)),
    "yuv444p10le": (10, (1, 1)),
    "gbrp": (8, (1, 1)),
    "gbrp10le": (10, (1, 1)),
}
# Where R, G and B lie in a pixel.
PACKED_RGB = {"rgb24": (0, 1, 2), "bgr24": (2, 1, 0), "bgr0": (2, 1, 0), "0rgb": (1, 2, 3), "rgba": (0, 1, 2)}
# Bits, where Cb lies in a pair, by how much chroma is finer.
PAIRED = {
    "nv12": (8, 0, (2, 2)),
    "nv21": (8, 1, (2, 2)),
    "nv16": (8, 0, (2, 1)),
    "nv24": (8, 0, (1, 1)),
    "p010le": (10, 0, (2, 2)),
    "p210le": (10, 0, (2, 1)),
}
# Where luma, Cb and Cr lie in four bytes.
PACKED_YUV = {"yuyv422": (0, 1, 3), "uyvy422": (1, 0, 2)}
GRAY = {"gray": 8, "gray10le": 10}


def random_frame(pix_fmt: str, seed: int) -> tuple[av.VideoFrame, list[np.ndarray]]:
    """A frame of noise, and the samples that it must have on a canvas."""
    rng = np.random.default_rng(seed)
    frame = av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    bits = {**{name: row[0] for name, row in (PLANAR | PAIRED).items()}, **GRAY}.get(pix_fmt, 8)
    shift = 6 if pix_fmt.startswith("p") and bits == 10 else 0  # at the top of 16 bits
    planes = []
    for plane in frame.planes:
        samples = np.frombuffer(plane, np.uint8 if bits == 8 else "<u2").reshape(plane.height, -1)
        samples[...] = rng.integers(0, 1 << bits, samples.shape) << shift
        planes.append(samples >> shift)
    return frame, [plane[:HEIGHT, :WIDTH] for plane in _canvas(pix_fmt, planes)]


def _canvas(pix_fmt: str, planes: list[np.ndarray]) -> list[np.ndarray]:
    if pix_fmt in GRAY:
        neutral = np.full((HEIGHT // 2, WIDTH // 2), 1 << (GRAY[pix_fmt] - 1))
        return [planes[0], neutral, neutral]
    if pix_fmt in PACKED_RGB:
        size = 3 if len(pix_fmt) == 5 else 4
        return [planes[0][:, place : WIDTH * size : size] for place in PACKED_RGB[pix_fmt]]
    if pix_fmt in PACKED_YUV:
        luma, cb, cr = PACKED_YUV[pix_fmt]
        whole = planes[0][:, : WIDTH * 2]
        return [whole[:, luma::2], *(whole[:, place::4].repeat(2, axis=1) for place in (cb, cr))]
    if pix_fmt.startswith("gbr"):
        return [planes[2], planes[0], planes[1]]
    if pix_fmt in PAIRED:
        _, cb, finer = PAIRED[pix_fmt]
        planes = [planes[0], planes[1][:, cb::2], planes[1][:, 1 - cb :: 2]]
    else:
        _, finer = PLANAR[pix_fmt]
    across, down = (1, 1) if finer == (2, 2) else finer
    chroma_width = WIDTH // 2 if finer == (2, 2) else None
    chroma = [plane.repeat(down, axis=0).repeat(across, axis=1)[:, :chroma_width] for plane in planes[1:]]
    return [planes[0], *chroma]


def repeats(pix_fmt: str) -> bool:
    finer = {name: row[-1] for name, row in (PLANAR | PAIRED).items()}
    return pix_fmt in PACKED_YUV or finer.get(pix_fmt, (1, 1)) not in ((1, 1), (2, 2))


@pytest.mark.parametrize("pix_fmt", [*PLANAR, *PACKED_RGB, "nv12", "nv21", *PACKED_YUV, *GRAY])
def test_every_sample_comes_back(tmp_path, pix_fmt):
    made = [random_frame(pix_fmt, seed) for seed in range(2)]
    clip = write_video(tmp_path / "a.nut", [frame for frame, _ in made], "rawvideo")
    result = aic.encode(clip, tmp_path / "a.aic", **LOSSLESS)
    assert (result.metric, result.score, result.reached) == ("max_error", 0, True)
    with aic.open(tmp_path / "a.aic") as reader:
        assert reader.info.format.startswith("rgb") == (pix_fmt in PACKED_RGB or pix_fmt.startswith("gbr"))
        for (_, expected), planes in zip(made, reader.iter_native(), strict=True):
            for samples, wanted in zip(planes, expected, strict=True):
                np.testing.assert_array_equal(samples, wanted)
    told = [warning for warning in result.warnings if "each chroma sample repeated" in warning]
    assert len(told) == repeats(pix_fmt)
    assert ("transparency is dropped" in result.warnings) == (pix_fmt == "rgba")


@pytest.mark.parametrize("pix_fmt", PAIRED)
def test_formats_that_no_file_here_holds(pix_fmt):
    frame, expected = random_frame(pix_fmt, 5)
    canvas = exact_canvas(frame)
    assert canvas is not None
    picture = exact_picture(frame, canvas)
    for index, wanted in enumerate(expected):
        np.testing.assert_array_equal(picture.plane(index), wanted)


@pytest.mark.parametrize("pix_fmt", ["yuv420p12le", "gray16le", "rgb48le", "gbrp12le"])
def test_what_no_canvas_holds_is_refused(tmp_path, pix_fmt):
    clip = write_video(tmp_path / "a.nut", [av.VideoFrame(WIDTH, HEIGHT, pix_fmt)] * 2, "rawvideo")
    with pytest.raises(aic.InputError, match=rf"a\.nut: no canvas holds every sample of {pix_fmt}: convert it first"):
        aic.encode(clip, tmp_path / "a.aic", **LOSSLESS)
    assert not (tmp_path / "a.aic").exists()
    with Source(clip) as source:
        assert len(list(source.frames())) == 2


def test_formats_without_a_canvas():
    for name in ("p016le", "p012le", "yuv444p16le", "xyz12le", "bayer_rggb8", "gbrpf32le", "rgba64le", "yuv420p9le"):
        assert exact_canvas(av.VideoFrame(16, 16, name)) is None, name


def test_palettes_and_narrow_colours_stay_apart():
    rng = np.random.default_rng(3)
    indices = np.arange(256, dtype=np.uint8).reshape(16, 16)
    palette = rng.integers(0, 256, (256, 4), dtype=np.uint8)
    palette[:, 3] = 255
    frame = av.VideoFrame.from_ndarray((indices, palette), format="pal8")
    picture = exact_picture(frame, "rgb24")
    found = np.stack([picture.plane(index) for index in range(3)], axis=-1).reshape(256, 3)
    stored = np.frombuffer(bytes(frame.planes[1]), "<u4")
    np.testing.assert_array_equal(found, np.stack([stored >> 16 & 255, stored >> 8 & 255, stored & 255], axis=-1))
    for name in ("rgb565le", "rgb8", "bgr555le"):
        narrow = av.VideoFrame(64, 64, name)
        samples = np.frombuffer(narrow.planes[0], np.uint8)
        samples[...] = rng.integers(0, 256, samples.shape)
        canvas = exact_canvas(narrow)
        assert canvas == "rgb24"
        picture = exact_picture(narrow, canvas)
        colours = np.stack([picture.plane(index) for index in range(3)], axis=-1).reshape(-1, 3)
        stride = narrow.planes[0].line_size // 64
        width = 64 * (1 if name == "rgb8" else 2)
        values = samples.reshape(64, -1)[:, :width].copy().view("u1" if stride == 1 else "<u2").ravel()
        values = values & 0x7FFF if "555" in name else values
        pairs = {(int(value), *map(int, colour)) for value, colour in zip(values, colours, strict=True)}
        assert len({pair[0] for pair in pairs}) == len({pair[1:] for pair in pairs}) == len(pairs)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (15, 1), (33, 31)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_any_size(tmp_path, size, dtype):
    height, width = size
    rng = np.random.default_rng(height)
    frames = np.full((5, height, width, 3), 7, dtype)
    frames[1:, : height // 2 + 1] = rng.integers(0, 256 if dtype == np.uint8 else 1024, (1, height // 2 + 1, width, 3))
    frames[3, -1, -1] = 0
    aic.encode(frames, tmp_path / "a.aic", **LOSSLESS)
    with aic.open(tmp_path / "a.aic") as reader:
        np.testing.assert_array_equal(reader[:], frames)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "yuv422p"])
@pytest.mark.parametrize("size", [(1, 1), (35, 17)])
def test_odd_sizes_with_chroma(tmp_path, pix_fmt, size):
    frames = []
    for seed in range(2):
        frame = av.VideoFrame(*size, pix_fmt)
        rng = np.random.default_rng(seed)
        for plane in frame.planes:
            samples = np.frombuffer(plane, "<u2" if "10" in pix_fmt else np.uint8)
            samples[...] = rng.integers(0, 1024 if "10" in pix_fmt else 256, samples.shape)
        frames.append(frame)
    clip = write_video(tmp_path / "a.nut", frames, "rawvideo")
    aic.encode(clip, tmp_path / "a.aic", **LOSSLESS)
    with aic.open(tmp_path / "a.aic") as reader:
        for frame, planes in zip(frames, reader.iter_native(), strict=True):
            for plane, samples in zip(frame.planes, planes, strict=True):
                rows = np.frombuffer(plane, samples.dtype).reshape(plane.height, -1)[:, : plane.width]
                if pix_fmt == "yuv422p" and samples.shape != rows.shape:
                    rows = rows.repeat(2, axis=1)[:, : size[0]]
                np.testing.assert_array_equal(samples, rows)
