"""Pictures and colour conversion, against a float64 model written from the formulas of ITU-T H.273."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from aicodec_native import errors
from aicodec_native._native import Colour, Picture, matrix_supported

FORMATS = ["rgb24", "rgb30", "yuv420p", "yuv420p10", "yuv444p", "yuv444p10"]
YUV = FORMATS[2:]
SIZES = [(1, 1), (2, 1), (1, 2), (3, 3), (5, 8), (17, 9), (66, 35), (129, 67)]  # width, height
# Kr and Kb by matrix code point: H.273, table 4.
WEIGHTS = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}


def depth_of(form: str) -> int:
    return 10 if form.endswith(("10", "30")) else 8


def noise(form: str, width: int, height: int, seed: int = 1) -> Picture:
    """A picture of every code value, legal or not in limited range."""
    random = np.random.default_rng(seed)
    picture = Picture(form, width, height)
    for index in range(3):
        plane = picture.plane(index)
        plane[:] = random.integers(0, 1 << picture.bit_depth, plane.shape)
    return picture


def planes(picture: Picture) -> list[np.ndarray]:
    return [picture.plane(index).copy() for index in range(3)]


def digest(picture: Picture) -> str:
    return hashlib.sha256(picture.packed()).hexdigest()


# Memory -----------------------------------------------------------------------------------------------------


def test_planes_outlive_their_picture() -> None:
    """Memory of freed pictures is used again: never while an array still looks into it, and never uncleared."""
    kept = []
    for value in range(1, 9):
        picture = Picture("yuv420p10", 640, 360)
        assert not any(picture.plane(index).any() for index in range(3))
        picture.plane(0)[:] = value
        kept.append(picture.plane(0))
        for _ in range(3):
            Picture("yuv420p10", 640, 360).plane(0)[:] = 1023
    assert [set(np.unique(plane)) for plane in kept] == [{value} for value in range(1, 9)]


def test_threads_never_share_a_picture() -> None:
    barrier = threading.Barrier(4)

    def work(value: int) -> bool:
        barrier.wait()
        whole = True
        for turn in range(300):
            # Two sizes, so that blocks of the wrong one are found and put back.
            plane = Picture("yuv420p", 512, 256 + 64 * (turn % 2)).convert("yuv420p10", Colour()).plane(0)
            plane[:] = value
            whole = whole and bool((plane == value).all())
        return whole

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(1, 5)))


# The model --------------------------------------------------------------------------------------------------


def upsampled(plane: np.ndarray, width: int, height: int, centred: bool) -> np.ndarray:
    """4:2:0 chroma at luma positions by linear interpolation, edges repeated."""

    def along(values: np.ndarray, count: int, offset: float) -> np.ndarray:
        place = np.clip((np.arange(count) - offset) / 2, 0, len(values) - 1)
        low = np.floor(place).astype(int)
        high = np.minimum(low + 1, len(values) - 1)
        share = (place - low)[:, None]
        return (1 - share) * values[low] + share * values[high]

    return along(along(plane.astype(float), height, 0.5).T, width, 0.5 if centred else 0).T


def downsampled(plane: np.ndarray, centred: bool) -> np.ndarray:
    """The mean of two rows, and of two columns (centred) or of three weighted 1 2 1 (on the left column)."""
    tall = np.pad(plane, ((0, plane.shape[0] % 2), (0, 0)), mode="edge")
    tall = (tall[::2] + tall[1::2]) / 2
    wide = np.pad(tall, ((0, 0), (1, 1)), mode="edge")
    even = slice(0, tall.shape[1], 2)
    if centred:
        return (wide[:, 1:-1][:, even] + wide[:, 2:][:, even]) / 2
    return (wide[:, :-2][:, even] + 2 * wide[:, 1:-1][:, even] + wide[:, 2:][:, even]) / 4


def scales(depth: int, full: bool) -> tuple[float, float, float, float]:
    """Luma offset and span, chroma offset and span: H.273, equations 20 to 30."""
    one = 1 << (depth - 8)
    top = (1 << depth) - 1
    return (0, top, 128 * one, top) if full else (16 * one, 219 * one, 128 * one, 224 * one)


def model_rgb(picture: Picture, matrix: int, full: bool, centred: bool, depth: int) -> np.ndarray:
    red, blue = WEIGHTS[matrix]
    y0, y_span, c0, c_span = scales(picture.bit_depth, full)
    y, cb, cr = (plane.astype(float) for plane in planes(picture))
    if picture.format.startswith("yuv420"):
        cb, cr = (upsampled(c, picture.width, picture.height, centred) for c in (cb, cr))
    y, cb, cr = (y - y0) / y_span, (cb - c0) / c_span, (cr - c0) / c_span
    r = y + 2 * (1 - red) * cr
    b = y + 2 * (1 - blue) * cb
    g = (y - red * r - blue * b) / (1 - red - blue)
    top = (1 << depth) - 1
    return np.clip(np.stack([r, g, b], axis=-1) * top, 0, top)


def model_yuv(rgb: np.ndarray, top: int, matrix: int, full: bool, centred: bool, form: str) -> list[np.ndarray]:
    red, blue = WEIGHTS[matrix]
    y0, y_span, c0, c_span = scales(depth_of(form), full)
    r, g, b = (rgb[..., i] / top for i in range(3))
    y = red * r + (1 - red - blue) * g + blue * b
    cb, cr = (b - y) / (2 * (1 - blue)), (r - y) / (2 * (1 - red))
    if form.startswith("yuv420"):
        cb, cr = downsampled(cb, centred), downsampled(cr, centred)
    out = [y0 + y_span * y, c0 + c_span * cb, c0 + c_span * cr]
    return [np.clip(plane, 0, (1 << depth_of(form)) - 1) for plane in out]


# Pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_shapes_of_planes(form: str, width: int, height: int) -> None:
    picture = Picture(form, width, height)
    chroma = ((height + 1) // 2, (width + 1) // 2) if form.startswith("yuv420") else (height, width)
    assert [picture.plane(i).shape for i in range(3)] == [(height, width), chroma, chroma]
    dtype = np.uint16 if depth_of(form) == 10 else np.uint8
    assert all(picture.plane(i).dtype == dtype and not picture.plane(i).any() for i in range(3))
    assert (picture.format, picture.width, picture.height) == (form, width, height)
    assert picture.bit_depth == depth_of(form)
    assert picture.packed_size == sum(picture.plane(i).nbytes for i in range(3)) == len(picture.packed())


@pytest.mark.parametrize("form", ["", "rgb", "RGB24", "yuv422p", "yuv420p12", "gray"])
def test_unknown_formats(form: str) -> None:
    with pytest.raises(errors.UnsupportedError):
        Picture(form, 8, 8)
    with pytest.raises(errors.UnsupportedError):
        Picture("rgb24", 8, 8).convert(form, Colour())


@pytest.mark.parametrize(("width", "height"), [(0, 1), (1, 0), (65537, 1), (1, 65537), (65536, 65536)])
def test_impossible_sizes(width: int, height: int) -> None:
    with pytest.raises(errors.FormatError):
        Picture("rgb24", width, height)


def test_a_plane_outlives_its_picture() -> None:
    plane = Picture("rgb24", 64, 64).plane(1)
    plane[:] = 7
    assert (plane == 7).all()


@pytest.mark.parametrize("index", [-1, 3])
def test_there_are_three_planes(index: int) -> None:
    picture = Picture("rgb24", 2, 2)
    with pytest.raises(IndexError):
        picture.plane(index)
    with pytest.raises(IndexError):
        picture.set_plane(index, bytes(4), 2)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_pack_and_unpack(form: str, width: int, height: int) -> None:
    picture = noise(form, width, height)
    packed = picture.packed()
    assert packed == b"".join(plane.tobytes() for plane in planes(picture))
    buffer = bytearray(picture.packed_size + 7)
    picture.pack_into(buffer, 5)
    assert buffer[5:-2] == packed
    copy = Picture(form, width, height)
    copy.unpack_from(buffer, 5)
    assert copy.packed() == packed
    by_plane = Picture(form, width, height)
    for index, plane in enumerate(planes(picture)):
        padded = np.pad(plane, ((0, 0), (0, 3)), constant_values=1)
        by_plane.set_plane(index, padded, padded.strides[0])
    assert by_plane.packed() == packed


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_rgb_arrays_come_back(dtype: type, width: int, height: int) -> None:
    top = 1023 if dtype is np.uint16 else 255
    rgb = np.random.default_rng(2).integers(0, top + 1, (height, width, 3)).astype(dtype)
    picture = Picture.from_rgb(rgb)
    assert picture.format == ("rgb30" if dtype is np.uint16 else "rgb24")
    assert [np.array_equal(picture.plane(i), rgb[..., i]) for i in range(3)] == [True] * 3
    for threads in (1, 2, 3, 8):
        back = picture.rgb(Colour(), threads)
        assert back.dtype == dtype
        assert np.array_equal(back, rgb)
    assert np.array_equal(Picture.from_rgb(rgb[::-1, ::-1]).rgb(Colour()), rgb[::-1, ::-1])


# Hostile input ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["rgb30", "yuv420p10", "yuv444p10"])
def test_samples_over_1023_are_clamped(form: str) -> None:
    picture = Picture(form, 5, 3)
    wild = np.random.default_rng(3).integers(0, 65536, picture.packed_size // 2).astype(np.uint16)
    wanted = np.minimum(wild, 1023).tobytes()
    picture.unpack_from(wild)
    assert picture.packed() == wanted
    picture = Picture(form, 5, 3)
    picture.set_plane(0, wild, 10)
    assert picture.packed()[:30] == wanted[:30]
    assert Picture.from_rgb(np.full((2, 2, 3), 65535, np.uint16)).rgb(Colour()).max() == 1023


def test_buffers_that_are_too_small() -> None:
    picture = Picture("yuv420p", 5, 3)
    size = picture.packed_size
    for call in (picture.unpack_from, picture.pack_into):
        call(bytearray(size))
        for buffer, offset in ((bytearray(size - 1), 0), (bytearray(size), 1), (bytearray(size), 1 << 63)):
            with pytest.raises(ValueError, match="too small"):
                call(buffer, offset)
        with pytest.raises((ValueError, TypeError)):
            call(bytearray(size), -1)
    with pytest.raises((ValueError, BufferError)):
        picture.pack_into(bytes(size))


@pytest.mark.parametrize("stride", [0, -5, 4, 1 << 62, 1 << 63, -(1 << 63)])
def test_strides_that_make_no_sense(stride: int) -> None:
    picture = Picture("rgb24", 5, 5)
    with pytest.raises((ValueError, TypeError)):
        picture.set_plane(0, bytes(25), stride)


def test_a_plane_needs_all_its_rows() -> None:
    picture = Picture("rgb24", 5, 3)
    picture.set_plane(0, bytes(2 * 7 + 5), 7)
    with pytest.raises(ValueError, match="too small"):
        picture.set_plane(0, bytes(2 * 7 + 4), 7)


def test_buffers_with_holes_are_refused() -> None:
    picture = Picture("rgb24", 4, 4)
    wide = np.zeros((4, 8), np.uint8)
    for buffer in (wide[:, ::2], wide[::-1], wide[:, 4:]):
        with pytest.raises((ValueError, BufferError)):
            picture.set_plane(0, buffer, 4)
        with pytest.raises((ValueError, BufferError)):
            Picture("rgb24", 1, 1).unpack_from(buffer)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3), (4, 0, 3), (3,)])
def test_arrays_that_are_no_frames(shape: tuple[int, ...]) -> None:
    with pytest.raises((ValueError, errors.FormatError)):
        Picture.from_rgb(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("dtype", [np.int8, np.float32, ">u2", bool])
def test_arrays_of_other_types(dtype: type) -> None:
    with pytest.raises(ValueError, match="uint8 or uint16"):
        Picture.from_rgb(np.zeros((2, 2, 3), dtype))


# Colour conversion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", YUV)
@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
def test_yuv_to_rgb_matches_the_model(form: str, matrix: int, full: bool) -> None:
    for centred in (False, True):
        colour = Colour(matrix=matrix, full_range=full, chroma_centred=centred)
        for width, height in SIZES:
            picture = noise(form, width, height)
            for target in ("rgb24", "rgb30"):
                model = model_rgb(picture, matrix, full, centred, depth_of(target))
                drawn = np.stack(planes(picture.convert(target, colour)), axis=-1)
                assert np.abs(drawn - model).max() <= 1
                if depth_of(target) == picture.bit_depth:
                    assert np.array_equal(picture.rgb(colour), drawn)


@pytest.mark.parametrize("form", YUV)
@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
def test_rgb_to_yuv_matches_the_model(form: str, matrix: int, full: bool) -> None:
    for centred in (False, True):
        colour = Colour(matrix=matrix, full_range=full, chroma_centred=centred)
        for width, height in SIZES:
            for source in ("rgb24", "rgb30"):
                picture = noise(source, width, height)
                rgb = np.stack(planes(picture), axis=-1).astype(float)
                model = model_yuv(rgb, (1 << picture.bit_depth) - 1, matrix, full, centred, form)
                for drawn, wanted in zip(planes(picture.convert(form, colour)), model, strict=True):
                    assert np.abs(drawn - wanted).max() <= 1


@pytest.mark.parametrize("matrix", WEIGHTS)
@pytest.mark.parametrize("full", [False, True])
def test_greys_stay_grey(matrix: int, full: bool) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    colour = Colour(matrix=matrix, full_range=full)
    yuv = Picture.from_rgb(np.repeat(levels[..., None], 3, axis=2)).convert("yuv444p", colour)
    assert (yuv.plane(1) == 128).all()
    assert (yuv.plane(2) == 128).all()
    back = yuv.rgb(colour).astype(int)
    assert np.ptp(back, axis=2).max() == 0
    assert np.abs(back[..., 0] - levels).max() <= (0 if full else 1)


def test_white_and_black() -> None:
    picture = Picture("yuv420p", 2, 2)
    for level, rgb in ((16, 0), (235, 255), (0, 0), (255, 255)):
        picture.unpack_from(bytes([level] * 4 + [128, 128]))
        assert (picture.rgb(Colour(matrix=1)) == rgb).all()


@pytest.mark.parametrize(("width", "height", "matrix"), [(1024, 576, 6), (1026, 16, 1), (16, 578, 1)])
def test_an_unspecified_matrix_goes_by_size(width: int, height: int, matrix: int) -> None:
    picture = noise("yuv444p", width, height)
    assert np.array_equal(picture.rgb(Colour()), picture.rgb(Colour(matrix=matrix)))


def test_supported_matrices() -> None:
    assert np.array_equal(*(noise("yuv444p", 9, 9).rgb(Colour(matrix=m)) for m in (5, 6)))
    assert [m for m in range(-1, 300) if matrix_supported(m)] == [1, 2, 5, 6, 7, 9]
    with pytest.raises(errors.UnsupportedError):
        Picture("yuv444p", 2, 2).rgb(Colour(matrix=8))
    with pytest.raises(errors.UnsupportedError):
        Picture("rgb24", 2, 2).convert("yuv420p", Colour(matrix=14))


@pytest.mark.parametrize("value", [-1, 256])
def test_code_points_are_bytes(value: int) -> None:
    for name in ("primaries", "transfer", "matrix"):
        with pytest.raises((ValueError, TypeError)):
            Colour(**{name: value})


# Depth and chroma resolution --------------------------------------------------------------------------------


@pytest.mark.parametrize(("eight", "ten"), [("rgb24", "rgb30"), ("yuv420p", "yuv420p10"), ("yuv444p", "yuv444p10")])
def test_depth(eight: str, ten: str) -> None:
    picture = noise(eight, 37, 21)
    deep = picture.convert(ten, Colour())
    assert digest(deep.convert(eight, Colour())) == digest(picture)
    scale = 1023 / 255 if eight == "rgb24" else 4.0
    for shallow, plane in zip(planes(picture), planes(deep), strict=True):
        assert np.abs(plane - shallow * scale).max() < 1
    wild = noise(ten, 37, 21)
    for plane, shallow in zip(planes(wild), planes(wild.convert(eight, Colour())), strict=True):
        assert np.abs(np.minimum(plane / scale, 255) - shallow).max() <= 0.5


@pytest.mark.parametrize("depths", [("", ""), ("", "10"), ("10", ""), ("10", "10")])
@pytest.mark.parametrize("centred", [False, True])
def test_chroma_resolution(depths: tuple[str, str], centred: bool) -> None:
    colour = Colour(chroma_centred=centred)
    scale = 4.0 ** ((depths[1] == "10") - (depths[0] == "10"))
    for width, height in SIZES:
        half = noise("yuv420p" + depths[0], width, height)
        whole = half.convert("yuv444p" + depths[1], colour)
        for index in (1, 2):
            model = scale * upsampled(half.plane(index), width, height, centred)
            assert np.abs(whole.plane(index) - model).max() <= 1
        whole = noise("yuv444p" + depths[0], width, height)
        half = whole.convert("yuv420p" + depths[1], colour)
        for index in (1, 2):
            model = scale * downsampled(whole.plane(index).astype(float), centred)
            assert np.abs(half.plane(index) - model).max() <= 1


# Independence -----------------------------------------------------------------------------------------------


def every_conversion(see: Callable[[bytes], None], threads: int = 1) -> None:
    """Shows `see` the bytes of all conversions between all formats."""
    for source in FORMATS:
        picture = noise(source, 131, 97)
        for centred in (False, True):
            colour = Colour(matrix=9, full_range=centred, chroma_centred=centred)
            see(picture.rgb(colour, threads).tobytes())
            for target in FORMATS:
                see(picture.convert(target, colour, threads).packed())


def digest_of_all(threads: int = 1) -> str:
    total = hashlib.sha256()
    every_conversion(total.update, threads)
    return total.hexdigest()


@pytest.mark.parametrize("threads", [2, 3, 8, 0])
def test_threads_change_nothing(threads: int) -> None:
    assert digest_of_all(threads) == digest_of_all(1)


@pytest.mark.parametrize("isa", ["base", "avx2", "avx512"])
def test_instruction_sets_change_nothing(isa: str) -> None:
    code = "import test_picture as t; from aicodec_native._native import isa; print(isa, t.digest_of_all())"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = {**os.environ, "AICODEC_ISA": isa, "PYTHONPATH": path}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    active, total = run.stdout.split()
    if active != isa:
        pytest.skip(f"this machine or build has no {isa}")
    assert total == digest_of_all()
