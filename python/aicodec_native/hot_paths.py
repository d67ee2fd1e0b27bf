"""The paths where the time goes, each ready to be run again and again: what `aicodec-native bench` and bench/ measure.

The screen layer and the whole jobs work on the clip in the package: real content.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from aicodec_native import _native
from aicodec_native.headers import header_of
from aicodec_native.media import Source, VideoFrame, VideoInfo
from aicodec_native.shader_source import compile_source
from aicodec_native.stack import no_video

_COLOUR = _native.Colour(primaries=1, transfer=1, matrix=1)
_HD, _FULL_HD = (1280, 720), (1920, 1080)
_NUMBERS = 100_000
_FRAMES = 24

# Programs of the kinds that cost differently: little arithmetic, sines, noise, a loop that is left early.
PROGRAMS = {
    "gradient": """
def color(x, y, t):
    return rgb(mix((0.1, 0.2, 0.3), (0.9, 0.5, 0.2), (x + y) / (width + height)))
""",
    "plasma": """
def color(x, y, t):
    v = sin(x * 0.02 + t) + sin(y * 0.03 - t) + sin(length(x - 640, y - 360) * 0.04)
    return rgb(0.5 + 0.5 * sin(v), 0.5 + 0.5 * sin(v + 2), 0.5 + 0.5 * sin(v + 4))
""",
    "noise": """
def color(x, y, t):
    v = fbm(x * 0.01 + t, y * 0.01, 4, 7)
    return rgb(0.5 + 0.4 * v, 0.5 + 0.3 * v, 0.6)
""",
    "fractal": """
def color(x, y, t):
    cx = (x - 900) / 500
    cy = (y - 540) / 500
    a = 0.0
    b = 0.0
    n = 0.0
    for i in range(40):
        a, b = a * a - b * b + cx, 2 * a * b + cy
        if a * a + b * b > 4:
            break
        n += 1
    return rgb(n / 40, n / 60, 0.3)
""",
}


@dataclass(frozen=True, slots=True)
class HotPath:
    """`prepare` returns what one run calls. A run works through `amount` of `unit`; `whole`: it is a whole job, which
    takes seconds."""

    name: str
    amount: float
    unit: str
    prepare: Callable[[], Callable[[], Any]]
    whole: bool = False


def hot_paths() -> list[HotPath]:
    """All of them, the core's first; single-threaded but for the whole jobs."""
    mega = 1e-6 * _FULL_HD[0] * _FULL_HD[1]
    frame = 1e-6 * _HD[0] * _HD[1]
    paths = [
        HotPath("range coder: encode", _NUMBERS / 1e6, "M numbers", _encode_numbers),
        HotPath("range coder: decode", _NUMBERS / 1e6, "M numbers", _decode_numbers),
        HotPath("CRC-32C", 16, "MiB", lambda: functools.partial(_native.crc32c, bytes(1 << 24))),
        HotPath("hash of a picture", mega, "Mpixel", lambda: functools.partial(_native.picture_hash, scene(_FULL_HD))),
        HotPath("4:2:0 to RGB", mega, "Mpixel", lambda: functools.partial(scene(_FULL_HD).rgb, _COLOUR, 1)),
        HotPath("container: write 1800 segments", 1800, "segments", lambda: functools.partial(_long_file)),
        HotPath("container: open 1800 segments", 1800, "segments", _open_file),
    ]
    for name in PROGRAMS:
        paths.append(HotPath(f"shader: {name}", mega, "Mpixel", functools.partial(_draw, name)))
    paths += [
        HotPath("screen: encode", _FRAMES * frame, "Mpixel", lambda: _encode_screen),
        HotPath("screen: decode", _FRAMES * frame, "Mpixel", _decode_screen),
    ]
    for name in ("mse", "ssim", "ms_ssim"):
        paths.append(HotPath(f"metric: {name}", frame, "Mpixel", functools.partial(_metric, name)))
    paths += [
        HotPath("metric: xpsnr", frame, "Mpixel", _xpsnr),
        HotPath("metric: ssimulacra2", frame, "Mpixel", _ssimulacra2),
        HotPath("encode the demo clip's second, quality 80", 30, "frames", _encode_job("80"), whole=True),
        HotPath("encode the demo clip's second, lossless", 30, "frames", _encode_job("lossless"), whole=True),
        HotPath("decode it in order", 30, "frames", _decode_job, whole=True),
        HotPath("decode a frame at random", 1, "frames", _random_access, whole=True),
    ]
    return paths


def scene(size: tuple[int, int], noise: float = 0.01, format_name: str = "yuv420p", seed: int = 1) -> _native.Picture:
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


def _numbers() -> list[int]:
    """Mostly small, as what a segment stores."""
    return [int(n) for n in np.random.default_rng(1).geometric(0.2, _NUMBERS)]


def _encode_numbers() -> Callable[[], Any]:
    return functools.partial(_native.encode_numbers, _numbers())


def _decode_numbers() -> Callable[[], Any]:
    return functools.partial(_native.decode_numbers, _native.encode_numbers(_numbers()), _NUMBERS)


def _draw(name: str) -> Callable[[], Any]:
    width, height = _FULL_HD
    program = compile_source(PROGRAMS[name])
    return functools.partial(program.draw, format="rgb24", width=width, height=height, t=1.0, threads=1)


@functools.cache
def _clip() -> tuple[VideoInfo, list[VideoFrame]]:
    """The demo clip's third second, where something happens."""
    with (
        as_file(files("aicodec_native") / "data" / "demo.mkv") as path,
        Source(path, start=2.0, duration=1.0) as source,
    ):
        return source.info, list(source.frames())


def _encode_screen() -> bytes:
    _, frames = _clip()
    first = frames[0].picture
    encoder = _native.ScreenEncoder(first.format, first.width, first.height)
    for frame in frames[:_FRAMES]:
        encoder.add(frame.picture)
    return encoder.finish()


def _decode_screen() -> Callable[[], Any]:
    info, _ = _clip()
    header = header_of(info, 0, 33)
    payload = _native.build_segment(
        header=header,
        first_frame=0,
        times=list(range(0, 33 * (_FRAMES + 1), 33)),
        digest=None,
        layers=[(_native.LAYER_SCREEN, _native.build_screen_layer(pictures=[], coded=_encode_screen()))],
    )

    def draw() -> None:
        segment = _native.Segment(payload, header)
        for number in range(_FRAMES):
            segment.draw(number, no_video, 1)

    return draw


def _pair() -> tuple[_native.Picture, _native.Picture]:
    return scene(_HD), scene(_HD, 0.02, seed=2)


def _metric(name: str) -> Callable[[], Any]:
    return functools.partial(getattr(_native, name), *_pair(), 1)


def _xpsnr() -> Callable[[], Any]:
    return functools.partial(_native.Xpsnr("yuv420p", *_HD, 30.0).add, *_pair(), 1)


def _ssimulacra2() -> Callable[[], Any]:
    reference, distorted = _pair()
    return lambda: _native.Ssimulacra2(reference, _COLOUR, 1).compare(distorted, 1)


def _long_file() -> bytes:
    """An hour in segments of two seconds whose packets hold noise: nothing here decodes them."""
    info, _ = _clip()
    header = header_of(info, 0, 33)
    layer = _native.build_video_layer(
        format="yuv420p10", colour=_COLOUR, rgb_canvas=True, packets=[(b"\x32" * 400, i % 2 == 1) for i in range(60)]
    )
    writer = _native.Writer()
    parts = [writer.begin(header), writer.tags([])]
    for number in range(1800):
        first = 60 * number
        payload = _native.build_segment(
            header=header,
            first_frame=first,
            times=[33 * frame for frame in range(first, first + 61)],
            digest=number,
            layers=[(_native.LAYER_VIDEO, layer)],
        )
        parts.append(writer.segment(payload, 60))
    return b"".join([*parts, writer.finish()])


def _open_file() -> Callable[[], Any]:
    data = _long_file()
    return lambda: len(_native.FileReader.from_bytes(data).entries)


def _encoded(quality: str) -> bytes:
    from aicodec_native.encoder import encode

    goal = quality if quality == "lossless" else float(quality)
    with (
        as_file(files("aicodec_native") / "data" / "demo.mkv") as path,
        tempfile.TemporaryDirectory(prefix="aicodec-bench-") as folder,
    ):
        out = Path(folder) / "out.aic"
        encode(path, out, quality=goal, start=2.0, duration=1.0)
        return out.read_bytes()


def _encode_job(quality: str) -> Callable[[], Callable[[], Any]]:
    return lambda: functools.partial(_encoded, quality)


def _decode_job() -> Callable[[], Any]:
    from aicodec_native.reader import Reader

    data = _encoded("80")

    def decode() -> int:
        with Reader(data) as reader:
            return sum(1 for _ in reader)

    return decode


def _random_access() -> Callable[[], Any]:
    from aicodec_native.reader import Reader

    data, turn = _encoded("80"), iter(np.random.default_rng(1).integers(0, 30, 1 << 16).tolist())

    def access() -> Any:
        with Reader(data) as reader:
            return reader[next(turn)]

    return access
