"""The native metrics against FFmpeg's filters and against independent implementations in Python."""

from __future__ import annotations

import importlib
import math
import os
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aicodec_native import _native
from aicodec_native.errors import FormatError, InputError, OptionError
from aicodec_native.quality import measure, psnr_of

av = pytest.importorskip("av")
ndimage = pytest.importorskip("scipy.ndimage")

CORPUS = Path(os.environ.get("AICODEC_CORPUS", Path(__file__).parents[2] / "shared" / "corpus"))
COLOUR = _native.Colour()
PYAV_FORMATS = {
    "rgb24": "gbrp",
    "rgb30": "gbrp10le",
    "yuv420p": "yuv420p",
    "yuv420p10": "yuv420p10le",
    "yuv444p": "yuv444p",
    "yuv444p10": "yuv444p10le",
}
# libjxl's blur (tools/gauss_blur.cc, sigma 1.5) as the filter that its recursion computes.
TAPS = [0.00941436781, 0.0360111147, 0.109335373, 0.212928592, 0.264621105]
TAPS += TAPS[-2::-1]


def scene(width: int, height: int, t: int = 0) -> np.ndarray:
    """A synthetic frame in 0..1, (height, width, 3): gradients, shapes with edges, and a noisy patch."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    rng = np.random.default_rng(7 + t)
    rgb = np.stack([x / width, y / height, 0.5 + 0.5 * np.sin((x + 3 * t) / 9)], axis=2)
    disc = (x - width / 3 - 2 * t) ** 2 + (y - height / 2) ** 2 < (min(width, height) / 5) ** 2
    rgb[disc] = (0.9, 0.2, 0.1)
    patch = (slice(height // 2, None), slice(width // 2, None))
    rgb[patch] = np.clip(rgb[patch] + rng.normal(0, 0.1, rgb[patch].shape), 0, 1)
    return rgb


def worse(rgb: np.ndarray, t: int = 0) -> np.ndarray:
    """`rgb` with a blurred left half and noise all over."""
    out = rgb.copy()
    half = out.shape[1] // 2
    out[:, :half] = ndimage.gaussian_filter(out[:, :half], (1.2, 1.2, 0))
    return np.clip(out + np.random.default_rng(99 + t).normal(0, 0.02, out.shape), 0, 1)


def picture(name: str, values: np.ndarray) -> _native.Picture:
    """A Picture whose planes are the channels of `values`; no colour conversion, chroma is subsampled."""
    out = _native.Picture(name, values.shape[1], values.shape[0])
    peak = (1 << out.bit_depth) - 1
    for i in range(3):
        plane = out.plane(i)
        step = 2 if plane.shape != values.shape[:2] or (i and "420" in name) else 1
        plane[...] = np.round(values[::step, ::step, i] * peak)
    return out


def frame_of(source: _native.Picture, pts: int, rate: int) -> av.VideoFrame:
    frame = av.VideoFrame(source.width, source.height, PYAV_FORMATS[source.format])
    order = (1, 2, 0) if source.format.startswith("rgb") else (0, 1, 2)
    for plane, index in zip(frame.planes, order, strict=True):
        samples = source.plane(index)
        rows = np.zeros((samples.shape[0], plane.line_size // samples.itemsize), samples.dtype)
        rows[:, : samples.shape[1]] = samples
        plane.update(rows)
    frame.pts, frame.time_base = pts, Fraction(1, rate)
    return frame


def ffmpeg_stats(name: str, pairs: list, stats: Path, rate: int = 25) -> list[dict[str, float]]:
    """The per-frame lines that FFmpeg's filter `name` writes, as numbers by label."""
    first = pairs[0][0]
    graph = av.filter.Graph()
    size, pixels = f"{first.width}x{first.height}", PYAV_FORMATS[first.format]
    description = f"video_size={size}:pix_fmt={pixels}:time_base=1/{rate}:frame_rate={rate}"
    sources = [graph.add("buffer", description) for _ in range(2)]
    compare = graph.add(name, f"stats_file={stats}")
    for i, source in enumerate(sources):
        source.link_to(compare, 0, i)
    sink = graph.add("buffersink")
    compare.link_to(sink)
    graph.configure()
    for pts, pair in enumerate(pairs):
        for source, image in zip(sources, pair, strict=True):
            source.push(frame_of(image, pts, rate))
    for source in sources:
        source.push(None)
    while True:
        try:
            sink.pull()
        except (EOFError, av.error.BlockingIOError):
            break
    # The filter closes its file when the graph goes.
    del graph, compare, sink, sources, source
    text = stats.read_text().replace("XPSNR ", "").replace("inf", "inf ")
    lines = [line.replace(":", ": ").split() for line in text.splitlines() if line.startswith("n:")]
    return [{k[:-1]: float(v) for k, v in pairwise(line) if k.endswith(":")} for line in lines]


def clip(name: str, width: int, height: int, frames: int = 3) -> list:
    scenes = [scene(width, height, t) for t in range(frames)]
    return [(picture(name, s), picture(name, worse(s, t))) for t, s in enumerate(scenes)]


def corpus_frames(name: str, count: int = 2) -> list[np.ndarray]:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"no corpus clip {path}: set AICODEC_CORPUS")
    with av.open(str(path)) as container:
        frames = container.decode(video=0)
        return [next(frames).to_ndarray(format="rgb24") for _ in range(count)]


LABELS = {"rgb": ("r", "g", "b"), "yuv": ("y", "u", "v")}
SHAPES = [("yuv420p", 352, 288), ("yuv420p", 333, 221), ("rgb24", 320, 180), ("yuv420p10", 320, 240)]
SHAPES += [("yuv444p10", 161, 99), ("rgb30", 128, 72), ("yuv444p", 900, 500)]
# FFmpeg's xpsnr misreads 10-bit pictures whose rows are padded: it takes the width for a stride.
XPSNR_SHAPES = [shape for shape in SHAPES if shape != ("yuv444p10", 161, 99)] + [("yuv444p10", 192, 99)]
# Over 2048x1152, where XPSNR measures activity at half size.
LARGE = [("yuv420p", 2304, 1200), ("yuv420p10", 2304, 1200)]


@pytest.mark.parametrize(("name", "width", "height"), SHAPES)
def test_psnr_is_ffmpegs(name: str, width: int, height: int, tmp_path: Path) -> None:
    pairs = clip(name, width, height)
    for (a, b), stats in zip(pairs, ffmpeg_stats("psnr", pairs, tmp_path / "s"), strict=True):
        mse = _native.mse(a, b)
        for label, value in zip(LABELS[name[:3]], mse, strict=True):
            assert value == pytest.approx(stats[f"mse_{label}"], abs=0.0051)
            assert psnr_of(value, a.bit_depth) == pytest.approx(stats[f"psnr_{label}"], abs=0.0051)


@pytest.mark.parametrize(("name", "width", "height"), SHAPES)
def test_ssim_is_ffmpegs(name: str, width: int, height: int, tmp_path: Path) -> None:
    pairs = clip(name, width, height)
    for (a, b), stats in zip(pairs, ffmpeg_stats("ssim", pairs, tmp_path / "s"), strict=True):
        planes = _native.ssim(a, b)
        expected = [stats[label.upper()] for label in LABELS[name[:3]]]
        assert planes == pytest.approx(expected, abs=3e-6)
        assert _native.ssim_all(planes, a) == pytest.approx(stats["All"], abs=3e-6)


@pytest.mark.parametrize("rate", [25, 60])
@pytest.mark.parametrize(("name", "width", "height"), [*XPSNR_SHAPES, *LARGE])
def test_xpsnr_is_ffmpegs(name: str, width: int, height: int, rate: int, tmp_path: Path) -> None:
    pairs = clip(name, width, height, 4)
    xpsnr = _native.Xpsnr(name, width, height, rate)
    # The filter's file names planes by their order, G B R, without turning that into R G B.
    labels = ("b", "r", "g") if name.startswith("rgb") else LABELS["yuv"]
    for (a, b), stats in zip(pairs, ffmpeg_stats("xpsnr", pairs, tmp_path / "s", rate), strict=True):
        assert xpsnr.add(a, b) == pytest.approx([stats[label] for label in labels], abs=2e-4)
    last = (tmp_path / "s").read_text().splitlines()[-1].replace(":", " ").split()
    expected = [float(last[last.index(label) + 1]) for label in labels]
    assert xpsnr.average() == pytest.approx(expected, abs=2e-4)
    assert xpsnr.frames == 4


@pytest.mark.parametrize("clip_name", ["natural_ducks.mkv", "screen_terminal_720p30.mkv"])
def test_filters_agree_on_real_frames(clip_name: str, tmp_path: Path) -> None:
    frames = [_native.Picture.from_rgb(f) for f in corpus_frames(clip_name, 3)]
    pairs = [(f.convert("yuv420p", COLOUR), f.convert("yuv420p", COLOUR)) for f in frames]
    rng = np.random.default_rng(1)
    for _, b in pairs:
        plane = b.plane(0)
        plane[...] = np.clip(plane.astype(int) + rng.integers(-4, 5, plane.shape), 0, 255)
    quality = measure(pairs, colour=COLOUR, frame_rate=25, metrics=("psnr", "ssim", "xpsnr"))
    psnr = ffmpeg_stats("psnr", pairs, tmp_path / "p")
    ssim = ffmpeg_stats("ssim", pairs, tmp_path / "s")
    xpsnr = ffmpeg_stats("xpsnr", pairs, tmp_path / "x")
    assert quality.per_frame["mse"][:, 0] == pytest.approx([s["mse_y"] for s in psnr], abs=0.0051)
    assert quality.per_frame["ssim_all"] == pytest.approx([s["All"] for s in ssim], abs=3e-6)
    assert quality.per_frame["xpsnr"][:, 0] == pytest.approx([s["y"] for s in xpsnr], abs=2e-4)
    assert math.isinf(quality.xpsnr[1])


def test_rgb_mse_of_yuv_is_that_of_the_converted_pictures() -> None:
    a, b = clip("yuv420p", 64, 48, 1)[0]
    difference = a.rgb(COLOUR).astype(float) - b.rgb(COLOUR)
    assert _native.mse_rgb(a, b, COLOUR) == pytest.approx((difference**2).mean())


def ms_ssim_by_scipy(a: np.ndarray, b: np.ndarray) -> float:
    def blur(image: np.ndarray) -> np.ndarray:
        taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
        taps /= taps.sum()
        image = ndimage.correlate1d(ndimage.correlate1d(image, taps, axis=0), taps, axis=1)
        return image[5:-5, 5:-5]

    product = 1.0
    for scale, exponent in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        if scale:
            a, b = (np.pad(v, [(0, s % 2) for s in v.shape], "edge") for v in (a, b))
            a, b = (v.reshape(v.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3)) for v in (a, b))
        mu_a, mu_b = blur(a), blur(b)
        variances = blur(a * a) - mu_a**2 + blur(b * b) - mu_b**2
        term = (2 * (blur(a * b) - mu_a * mu_b) + 9e-4) / (variances + 9e-4)
        if scale == 4:
            term = term * (2 * mu_a * mu_b + 1e-4) / (mu_a**2 + mu_b**2 + 1e-4)
        product *= term.mean() ** exponent
    return product


@pytest.mark.parametrize(("name", "width", "height"), [("yuv420p", 352, 288), ("yuv444p10", 333, 221)])
def test_ms_ssim_follows_its_definition(name: str, width: int, height: int) -> None:
    a, b = clip(name, width, height, 1)[0]
    peak = (1 << a.bit_depth) - 1
    expected = ms_ssim_by_scipy(a.plane(0) / peak, b.plane(0) / peak)
    assert _native.ms_ssim(a, b) == pytest.approx(expected, abs=1e-5)


def package_score(a: np.ndarray, b: np.ndarray, tmp_path: Path, *, zero_border: bool) -> float:
    """The score of the package ssimulacra2, with libjxl's blur if `zero_border`.

    The package blurs with the picture mirrored at its left and right border, libjxl with zeros around it, and
    so do we; that alone moves scores by up to 4 points where the borders differ.
    """
    pytest.importorskip("ssimulacra2")
    package = importlib.import_module("ssimulacra2.ssimulacra2")
    image = pytest.importorskip("PIL.Image")

    def blur(values: np.ndarray) -> np.ndarray:
        columns = ndimage.correlate1d(values, TAPS, axis=0, mode="constant")
        return ndimage.correlate1d(columns, TAPS, axis=1, mode="constant")

    paths = [str(tmp_path / "a.bmp"), str(tmp_path / "b.bmp")]
    for path, frame in zip(paths, (a, b), strict=True):
        image.fromarray(frame).save(path)
    with pytest.MonkeyPatch.context() as patch:
        if zero_border:
            patch.setattr(package, "blur_image", blur)
        return float(package.compute_ssimulacra2(*paths))


def own_score(a: np.ndarray, b: np.ndarray) -> float:
    return _native.Ssimulacra2(_native.Picture.from_rgb(a), COLOUR).compare(_native.Picture.from_rgb(b))


def in_bytes(values: np.ndarray) -> np.ndarray:
    return np.round(values * 255).astype(np.uint8)


@pytest.mark.parametrize(("width", "height"), [(384, 256), (517, 333), (640, 360)])
def test_ssimulacra2_is_the_packages_but_for_borders(width: int, height: int, tmp_path: Path) -> None:
    rgb = scene(width, height)
    for level in (1.0, 0.05):
        a, b = in_bytes(rgb), in_bytes(rgb + level * (worse(rgb) - rgb))
        assert own_score(a, b) == pytest.approx(package_score(a, b, tmp_path, zero_border=True), abs=0.05)


def test_ssimulacra2_is_the_packages_where_borders_are_equal(tmp_path: Path) -> None:
    rgb = scene(900, 700)
    inner = rgb.copy()
    inner[200:-200, 300:-300] = worse(rgb)[200:-200, 300:-300]
    a, b = in_bytes(rgb), in_bytes(inner)
    assert own_score(a, b) == pytest.approx(package_score(a, b, tmp_path, zero_border=False), abs=0.3)


@pytest.mark.parametrize(
    "name", ["natural_ducks.mkv", "screen_terminal_720p30.mkv", "mpl_wave3d_720p30.mkv", "natural_walk.mkv"]
)
def test_ssimulacra2_on_real_frames(name: str, tmp_path: Path) -> None:
    a = corpus_frames(name, 1)[0]
    b = in_bytes(worse(a / 255))
    assert own_score(a, b) == pytest.approx(package_score(a, b, tmp_path, zero_border=True), abs=0.05)


def test_ssimulacra2_of_10_bit_pictures_is_near_that_of_8_bit_ones() -> None:
    rgb = scene(320, 200)
    a, b = picture("rgb30", rgb), picture("rgb30", worse(rgb))
    score = own_score(in_bytes(rgb), in_bytes(worse(rgb)))
    assert _native.Ssimulacra2(a, COLOUR).compare(b) == pytest.approx(score, abs=0.5)


def test_ssimulacra2_reference_can_be_replaced() -> None:
    (a, b), (c, _) = clip("rgb24", 120, 90, 2)
    prepared = _native.Ssimulacra2(c, COLOUR)
    prepared.replace(a)
    assert prepared.compare(b) == _native.Ssimulacra2(a, COLOUR).compare(b)


@pytest.mark.parametrize("name", ["yuv420p", "yuv420p10"])
def test_ssimulacra2_reads_yuv_through_rgb(name: str) -> None:
    a, b = clip(name, 100, 70, 1)[0]
    rgb = [_native.Picture.from_rgb(p.rgb(COLOUR)) for p in (a, b)]
    expected = _native.Ssimulacra2(rgb[0], COLOUR).compare(rgb[1])
    assert _native.Ssimulacra2(a, COLOUR).compare(b) == expected


@pytest.mark.parametrize("name", sorted(PYAV_FORMATS))
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 2), (7, 9), (8, 8), (13, 40), (176, 160)])
def test_any_size_and_identical_pictures(name: str, width: int, height: int) -> None:
    a, b = clip(name, width, height, 1)[0]
    same = measure([(a, a)], colour=COLOUR, frame_rate=30)
    assert same.psnr_rgb == math.inf
    assert same.ssim == (1, 1, 1)
    assert same.ms_ssim == pytest.approx(1, abs=1e-6)
    assert same.xpsnr == (math.inf,) * 3
    assert same.ssimulacra2 == 100
    other = measure([(a, b)], colour=COLOUR, frame_rate=30)
    assert -1000 < other.ssimulacra2 <= 100
    assert 0 <= other.ms_ssim <= 1


def everything(threads: int) -> list[float]:
    values: list[float] = []
    for name, width, height in (("yuv420p10", 333, 221), ("rgb24", 500, 300)):
        quality = measure(clip(name, width, height, 2), colour=COLOUR, frame_rate=50, threads=threads)
        values += [float(v) for rows in quality.per_frame.values() for v in rows.ravel()]
    return values


@pytest.mark.parametrize("threads", [2, 3, 0])
def test_threads_do_not_change_results(threads: int) -> None:
    assert everything(threads) == everything(1)


@pytest.mark.parametrize("isa", ["base", "avx2", "avx512"])
def test_instruction_sets_agree(isa: str) -> None:
    code = "import test_metrics as t; print(*t.everything(1))"
    environment = {**os.environ, "AICODEC_ISA": isa}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    command = [sys.executable, "-c", code]
    output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert [float(v) for v in output.split()] == pytest.approx(everything(1), abs=5e-3)


def test_pooling() -> None:
    pairs = clip("rgb24", 64, 48, 3)
    quality = measure(iter(pairs), colour=COLOUR, frame_rate=30, metrics=["psnr", "ssimulacra2"])
    mse = np.array([_native.mse_rgb(a, b, COLOUR) for a, b in pairs])
    assert quality.frames == 3
    assert quality.psnr_rgb == pytest.approx(10 * math.log10(255**2 / mse.mean()))
    assert quality.psnr_worst == pytest.approx(10 * math.log10(255**2 / mse.max()))
    assert quality.ssimulacra2_p5 <= quality.ssimulacra2
    assert quality.ssim is None
    assert "ms_ssim" not in quality.per_frame


def test_errors() -> None:
    a, b = clip("rgb24", 64, 48, 1)[0]
    other = picture("rgb24", scene(64, 50))
    for compare in (
        lambda: _native.mse(a, other),
        lambda: _native.mse_rgb(a, other, COLOUR),
        lambda: _native.ssim(a, other),
        lambda: _native.ms_ssim(a, other),
        lambda: _native.Xpsnr("rgb24", 64, 48, 30).add(a, other),
        lambda: _native.Xpsnr("rgb24", 64, 48, 30).add(other, other),
        lambda: _native.Ssimulacra2(a, COLOUR).compare(other),
        lambda: _native.Ssimulacra2(a, COLOUR).replace(other),
    ):
        with pytest.raises(FormatError):
            compare()
    with pytest.raises(OptionError):
        measure([(a, b)], colour=COLOUR, frame_rate=30, metrics=["vmaf"])
    with pytest.raises(InputError):
        measure([], colour=COLOUR, frame_rate=30)


def test_arrays_are_measured_as_the_pictures_they_hold():
    rng = np.random.default_rng(5)
    one = rng.integers(0, 256, (3, 40, 60, 3), dtype=np.uint8)
    other = np.clip(one.astype(int) + rng.integers(-3, 4, one.shape), 0, 255).astype(np.uint8)
    quality = measure(zip(one, other, strict=True), metrics=["psnr", "ssimulacra2"])
    mse = np.mean((one.astype(float) - other) ** 2)
    assert quality.psnr_rgb == pytest.approx(10 * np.log10(255**2 / mse))
    assert quality.ssimulacra2 < 100
