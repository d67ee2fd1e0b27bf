"""The lossless coders that ours is measured against: how each codes a clip, and its own decoder's frames.

Each may keep ten seconds between seek points, as ours does, which is more than any clip of the corpus lasts. Where a
codec goes into more than one container the smaller file counts, as ffmpeg writes it. One thread each: what they lose
by working in parallel is not counted against them.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import raw_frames
from corpus import Clip

SEEK_SECONDS = 10
_ZSTD_LEVEL, _ZSTD_WINDOW = 19, 27


@dataclass(frozen=True, slots=True)
class Coded:
    """A clip as a peer codes it: bytes of the whole file (or files), and what the peer's decoder makes of them."""

    size: int
    digests: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Peer:
    """A coder: its results are known by `settings`, and `code` writes into a folder that is the peer's own."""

    name: str
    title: str
    settings: str
    code: Callable[[Clip, Path], Coded]
    version: Callable[[], str]


def peers() -> list[Peer]:
    """For pictures that a computer drew, RGB; the quick ones first."""
    return [
        _by_ffmpeg("x264rgb", "x264rgb", "-c:v libx264rgb -qp 0 -preset veryslow", ("mkv", "mp4")),
        Peer("zstd", "zstd", f"-{_ZSTD_LEVEL} --long={_ZSTD_WINDOW}, raw RGB", _zstd, _zstd_version),
        _by_ffmpeg(
            "x265",
            "x265 gbrp",
            "-c:v libx265 -pix_fmt gbrp -preset slow -x265-params lossless=1:pools=none:frame-threads=1:no-wpp=1",
            ("mkv", "mp4"),
        ),
        Peer("jxl", "JPEG XL", "lossless, effort 7, each distinct frame once", _jxl, _jxl_version),
        Peer("webp", "WebP", "lossless, quality 100, method 6", _webp, _webp_version),
        _by_ffmpeg(
            "aom",
            "libaom",
            "-c:v libaom-av1 -pix_fmt gbrp -cpu-used 4 -crf 0 -aom-params lossless=1:tune-content=screen",
            ("mkv", "mp4"),
        ),
    ]


def natural_peers() -> list[Peer]:
    """For camera video as it is stored, yuv420p."""
    return [_by_ffmpeg("ffv1", "FFV1", "-c:v ffv1 -level 3 -coder 1 -context 1", ("mkv",))]


def prototype(binary: Path | None) -> Peer:
    """The program that showed what is possible before the project began: a floor for ours, no peer.

    It is not part of the repository; without it only what is stored of it is shown.
    """

    def code(clip: Clip, temp: Path) -> Coded:
        if binary is None:
            raise RuntimeError("say with --prototype where the prototype's program is")
        path = temp / "coded.scl"
        command = [str(binary), "e", str(clip.width), str(clip.height), "-", str(path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
            assert program.stdin is not None
            for frame in raw_frames.read(clip.path, clip):
                program.stdin.write(frame)
        if program.returncode:
            raise RuntimeError(f"the prototype failed with {program.returncode}")
        decoded = raw_frames.output_frames([str(binary), "d", str(path), "-"], clip)
        return Coded(path.stat().st_size, map(raw_frames.digest, decoded))

    return Peer("prototype", "prototype", "e", code, lambda: "scl")


def measure(peer: Peer, clip: Clip, temp: Path) -> dict[str, Any]:
    """Codes the clip and compares every frame; `exact` is what makes `bytes` count."""
    coded = peer.code(clip, temp)
    exact = tuple(coded.digests) == raw_frames.digests(clip)
    return {"settings": peer.settings, "bytes": coded.size, "exact": exact, "version": peer.version()}


def _by_ffmpeg(name: str, title: str, settings: str, containers: tuple[str, ...]) -> Peer:
    def code(clip: Clip, temp: Path) -> Coded:
        first, *others = (temp / f"coded.{container}" for container in containers)
        seek_points = ["-g", str(SEEK_SECONDS * clip.rate)]
        video = ["-map", "0:v:0", "-fps_mode", "passthrough", *settings.split(), "-threads", "1", *seek_points]
        _ffmpeg("-i", str(clip.path), *video, str(first))
        for other in others:
            _ffmpeg("-i", str(first), "-c", "copy", str(other))
        smallest = min((first, *others), key=lambda path: path.stat().st_size)
        return Coded(smallest.stat().st_size, map(raw_frames.digest, raw_frames.read(smallest, clip)))

    return Peer(name, title, settings, code, raw_frames.ffmpeg_version)


def _ffmpeg(*arguments: str) -> None:
    done = subprocess.run([raw_frames.ffmpeg(), "-v", "error", "-y", *arguments], stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"ffmpeg failed: {done.stderr.strip()[-500:]}")


def _zstd(clip: Clip, temp: Path) -> Coded:
    import zstandard

    settings = zstandard.ZstdCompressionParameters.from_level(
        _ZSTD_LEVEL, window_log=_ZSTD_WINDOW, enable_ldm=True, source_size=clip.frame_bytes * clip.frames
    )
    path = temp / "coded.zst"
    size = clip.frame_bytes * clip.frames
    with (
        path.open("wb") as file,
        zstandard.ZstdCompressor(compression_params=settings).stream_writer(file, size) as out,
    ):
        for frame in raw_frames.read(clip.path, clip):
            out.write(frame)
    return Coded(path.stat().st_size, _zstd_digests(path, clip))


def _zstd_digests(path: Path, clip: Clip) -> Iterator[bytes]:
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << _ZSTD_WINDOW)
    with path.open("rb") as file, decompressor.stream_reader(file) as plain:
        while frame := _exactly(plain.read, clip.frame_bytes):
            yield raw_frames.digest(frame)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes of a stream that may give fewer at a time."""
    parts: list[bytes] = []
    while size and (part := read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _jxl(clip: Clip, _: Path) -> Coded:
    """A file for every picture that has not been there before; a sequence of pictures has no other memory."""
    import imagecodecs
    import numpy as np

    size, seen, decoded = 0, dict[bytes, bytes](), list[bytes]()
    for frame in raw_frames.read(clip.path, clip):
        known = raw_frames.digest(frame)
        if known not in seen:
            picture = np.frombuffer(frame, np.uint8).reshape(clip.height, clip.width, 3)
            coded = imagecodecs.jpegxl_encode(picture, lossless=True, effort=7, usecontainer=False, numthreads=1)
            size += len(coded)
            seen[known] = raw_frames.digest(imagecodecs.jpegxl_decode(coded).tobytes())
        decoded.append(seen[known])
    return Coded(size, iter(decoded))


def _webp(clip: Clip, temp: Path) -> Coded:
    from PIL import Image

    path = temp / "coded.webp"
    frames = [Image.frombytes("RGB", (clip.width, clip.height), frame) for frame in raw_frames.read(clip.path, clip)]
    times = [_milliseconds(index, clip) for index in range(clip.frames + 1)]
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=[end - start for start, end in itertools.pairwise(times)],
        lossless=True,
        quality=100,
        method=6,
        kmin=SEEK_SECONDS * clip.rate - 1,
        kmax=SEEK_SECONDS * clip.rate,
    )
    return Coded(path.stat().st_size, _webp_digests(path, clip))


def _webp_digests(path: Path, clip: Clip) -> Iterator[bytes]:
    """The encoder makes one longer frame of repeats: what is on show when each source frame begins."""
    from PIL import Image

    index = 0
    with Image.open(path) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            found = raw_frames.digest(film.convert("RGB").tobytes())
            end = film.info["timestamp"] + film.info["duration"]
            while index < clip.frames and _milliseconds(index, clip) < end:
                yield found
                index += 1


def _milliseconds(index: int, clip: Clip) -> int:
    return round(index * 1000 / clip.rate)


def _zstd_version() -> str:
    import zstandard

    return "libzstd " + ".".join(map(str, zstandard.ZSTD_VERSION))


def _jxl_version() -> str:
    import imagecodecs

    return str(imagecodecs.jpegxl_version())


def _webp_version() -> str:
    from PIL import features

    return f"libwebp {features.version('webp')}"
