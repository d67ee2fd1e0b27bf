"""The native core's hot paths, one by one, for pytest-benchmark: `pytest bench/ --benchmark-only`.

Absolute times mean little on a busy machine: compare runs of one machine (`--benchmark-compare`).
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aicodec_native import _native

pytest.importorskip("pytest_benchmark")

HD, FULL_HD = (1280, 720), (1920, 1080)
COLOUR = _native.Colour(primaries=1, transfer=1, matrix=1)
Benchmark = Callable[..., Any]


def scene(format_name: str, size: tuple[int, int], noise: float, seed: int = 1) -> _native.Picture:
    """A smooth picture with some noise, full range of values."""
    random = np.random.default_rng(seed)
    picture = _native.Picture(format_name, *size)
    top = (1 << picture.bit_depth) - 1
    for index in range(3):
        plane = picture.plane(index)
        y, x = np.mgrid[: plane.shape[0], : plane.shape[1]]
        smooth = 0.5 + 0.4 * np.sin(x / 37 + index) * np.cos(y / 23)
        plane[:] = np.clip((smooth + noise * random.standard_normal(plane.shape)) * top, 0, top)
    return picture


@pytest.fixture(scope="module")
def pair() -> tuple[_native.Picture, _native.Picture]:
    return scene("yuv420p", HD, 0.01), scene("yuv420p", HD, 0.02, seed=2)


def numbers(count: int) -> list[int]:
    """Mostly small, as what a segment stores."""
    return np.random.default_rng(1).geometric(0.2, count).tolist()


def test_range_coder_encode(benchmark: Benchmark) -> None:
    benchmark(_native.encode_numbers, numbers(100_000))


def test_range_coder_decode(benchmark: Benchmark) -> None:
    values = numbers(100_000)
    coded = _native.encode_numbers(values)
    assert benchmark(_native.decode_numbers, coded, len(values)) == values


def test_crc32c_of_16_mib(benchmark: Benchmark) -> None:
    benchmark(_native.crc32c, np.random.default_rng(1).bytes(1 << 24))


def test_picture_hash_1080p(benchmark: Benchmark) -> None:
    benchmark(_native.picture_hash, scene("yuv420p", FULL_HD, 0.01))


@pytest.mark.parametrize("format_name", ["yuv420p", "yuv420p10", "yuv444p"])
def test_colour_to_rgb_1080p(benchmark: Benchmark, format_name: str) -> None:
    benchmark(scene(format_name, FULL_HD, 0.01).rgb, COLOUR, 1)


@pytest.mark.parametrize(
    ("source", "target"), [("rgb24", "yuv420p10"), ("yuv420p", "yuv420p10"), ("yuv420p10", "yuv420p")]
)
def test_convert_1080p(benchmark: Benchmark, source: str, target: str) -> None:
    benchmark(scene(source, FULL_HD, 0.01).convert, target, COLOUR, 1)


def test_psnr_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    benchmark(_native.mse, *pair, 1)


def test_psnr_rgb_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    benchmark(_native.mse_rgb, *pair, COLOUR, 1)


def test_ssim_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    benchmark(_native.ssim, *pair, 1)


def test_ms_ssim_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    benchmark(_native.ms_ssim, *pair, 1)


def test_xpsnr_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    benchmark(_native.Xpsnr("yuv420p", *HD, 30.0).add, *pair, 1)


def test_ssimulacra2_720p(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    reference, distorted = pair
    benchmark(lambda: _native.Ssimulacra2(reference, COLOUR, 1).compare(distorted, 1))


def test_ssimulacra2_720p_prepared(benchmark: Benchmark, pair: tuple[_native.Picture, _native.Picture]) -> None:
    reference, distorted = pair
    benchmark(_native.Ssimulacra2(reference, COLOUR, 1).compare, distorted, 1)


@pytest.mark.parametrize("format_name", ["yuv420p", "rgb24"])
def test_shot_detector_push_720p(benchmark: Benchmark, format_name: str) -> None:
    pictures = [scene(format_name, HD, 0.01, seed) for seed in range(4)]
    detector = _native.ShotDetector(15, 300)
    turn = iter(range(1 << 40))
    benchmark(lambda: detector.push(pictures[next(turn) % 4]))


# Files ------------------------------------------------------------------------------------------------------


def header() -> _native.StreamHeader:
    return _native.StreamHeader(
        format="yuv420p",
        width=1280,
        height=720,
        colour=COLOUR,
        sample_aspect=(1, 1),
        quarter_turns=0,
        time_base=(1, 30),
        frame_duration=(1, 1),
        origin=0,
    )


def segment(number: int, frames: int = 60, packet_bytes: int = 400) -> bytes:
    """A segment whose packets hold noise: nothing here decodes them."""
    random = np.random.default_rng(number)
    packets = [(random.bytes(packet_bytes), index % 2 == 1) for index in range(frames)]
    layer = _native.build_video_layer(format="yuv420p10", colour=COLOUR, rgb_canvas=False, packets=packets)
    return _native.build_segment(
        header=header(),
        first_frame=number * frames,
        times=list(range(number * frames, (number + 1) * frames + 1)),
        digest=number,
        layers=[(_native.LAYER_VIDEO, layer)],
    )


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """An hour in segments of two seconds."""
    writer = _native.Writer()
    parts = [writer.begin(header()), writer.tags([])]
    parts += [writer.segment(segment(number), 60) for number in range(1800)]
    path = tmp_path_factory.mktemp("files") / "long.aic"
    path.write_bytes(b"".join([*parts, writer.finish()]))
    return path


def test_open_and_index_1800_segments(benchmark: Benchmark, long_file: pathlib.Path) -> None:
    entries = benchmark(lambda: _native.FileReader(str(long_file)).entries)
    assert sum(entry.kind == "segment" for entry in entries) == 1800


def test_open_without_its_index(benchmark: Benchmark, long_file: pathlib.Path, tmp_path: pathlib.Path) -> None:
    cut = tmp_path / "cut.aic"
    cut.write_bytes(long_file.read_bytes()[:-100])
    assert benchmark(lambda: _native.FileReader(str(cut)).recovered)


def test_segment_parse(benchmark: Benchmark) -> None:
    payload, stream = segment(3), header()
    benchmark(lambda: _native.Segment(payload, stream).video_packets(0))
