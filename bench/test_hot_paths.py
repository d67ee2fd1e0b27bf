"""The native core's hot paths and whole jobs, one by one, for pytest-benchmark: `pytest bench/ --benchmark-only`.

Those of `aicodec-native bench`, and beside them other formats, presets and programs. Absolute times mean little on a
busy machine: compare runs of one machine (`--benchmark-compare`).
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from aicodec_native import _native
from aicodec_native.hot_paths import HotPath, hot_paths, scene
from aicodec_native.media import Source
from aicodec_native.shader_source import compile_source

pytest.importorskip("pytest_benchmark")
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))

from shader_examples import EXAMPLES

HD, FULL_HD = (1280, 720), (1920, 1080)
COLOUR = _native.Colour(primaries=1, transfer=1, matrix=1)
PATHS = hot_paths()
DEMO = pathlib.Path(__file__).parents[1] / "python" / "aicodec_native" / "data" / "demo.mkv"
Benchmark = Callable[..., Any]


@pytest.mark.parametrize("path", [p for p in PATHS if not p.whole], ids=lambda path: path.name)
def test_hot_path(benchmark: Benchmark, path: HotPath) -> None:
    benchmark(path.prepare())


@pytest.mark.parametrize("path", [p for p in PATHS if p.whole], ids=lambda path: path.name)
def test_whole_job(benchmark: Any, path: HotPath) -> None:
    benchmark.pedantic(path.prepare(), rounds=3)


@pytest.mark.parametrize("title", EXAMPLES)
def test_shader_of_the_docs_1080p(benchmark: Benchmark, title: str) -> None:
    width, height = FULL_HD
    program = compile_source(EXAMPLES[title])
    other = scene(FULL_HD, format_name="rgb24")
    inputs: dict[str, Any] = {"below": other, "prev": other, "parameters": [0.5], "threads": 1}
    benchmark(lambda: program.draw(format="rgb24", width=width, height=height, t=0.5, frame=1, step=1, **inputs))


@pytest.fixture(scope="module")
def demo_pictures() -> list[_native.Picture]:
    with Source(DEMO, start=2.0, duration=0.5) as source:
        return [frame.picture for frame in source.frames()]


@pytest.mark.parametrize("preset", ["fast", "medium", "slow"])
def test_screen_encode(benchmark: Any, demo_pictures: list[_native.Picture], preset: str) -> None:
    first = demo_pictures[0]

    def encode() -> bytes:
        encoder = _native.ScreenEncoder(first.format, first.width, first.height, preset=preset)
        for picture in demo_pictures:
            encoder.add(picture)
        return encoder.finish()

    assert benchmark.pedantic(encode, rounds=3)


@pytest.mark.parametrize("format_name", ["yuv420p10", "yuv444p"])
def test_colour_to_rgb_1080p(benchmark: Benchmark, format_name: str) -> None:
    benchmark(scene(FULL_HD, format_name=format_name).rgb, COLOUR, 1)


@pytest.mark.parametrize(
    ("source", "target"), [("rgb24", "yuv420p10"), ("yuv420p", "yuv420p10"), ("yuv420p10", "yuv420p")]
)
def test_convert_1080p(benchmark: Benchmark, source: str, target: str) -> None:
    benchmark(scene(FULL_HD, format_name=source).convert, target, COLOUR, 1)


def test_psnr_rgb_720p(benchmark: Benchmark) -> None:
    benchmark(_native.mse_rgb, scene(HD), scene(HD, 0.02, seed=2), COLOUR, 1)


def test_ssimulacra2_720p_prepared(benchmark: Benchmark) -> None:
    benchmark(_native.Ssimulacra2(scene(HD), COLOUR, 1).compare, scene(HD, 0.02, seed=2), 1)


@pytest.mark.parametrize("format_name", ["yuv420p", "rgb24"])
def test_shot_detector_push_720p(benchmark: Benchmark, format_name: str) -> None:
    pictures = [scene(HD, 0.01, format_name, seed) for seed in range(4)]
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


def test_open_without_its_index(benchmark: Benchmark, long_file: pathlib.Path, tmp_path: pathlib.Path) -> None:
    cut = tmp_path / "cut.aic"
    cut.write_bytes(long_file.read_bytes()[:-100])
    assert benchmark(lambda: _native.FileReader(str(cut)).recovered)


def test_segment_parse(benchmark: Benchmark) -> None:
    payload, stream = segment(3), header()
    benchmark(lambda: _native.Segment(payload, stream).video_packets(0))
