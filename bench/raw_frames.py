"""Frames as raw bytes, read by FFmpeg, and their hashes: what a lossless coder must give back."""

from __future__ import annotations

import functools
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from corpus import Clip


@functools.cache
def ffmpeg() -> str:
    """The program: imageio-ffmpeg's, which has all the peers in it, or else the system's."""
    try:
        import imageio_ffmpeg
    except ImportError:
        found = shutil.which("ffmpeg")
        if found is None:
            sys.exit("no ffmpeg: install the package's extra 'bench'")
        return found
    return str(imageio_ffmpeg.get_ffmpeg_exe())


@functools.cache
def ffmpeg_version() -> str:
    said = subprocess.run([ffmpeg(), "-version"], capture_output=True, text=True, check=True).stdout
    return "FFmpeg " + said.split()[2]


def read(path: Path, clip: Clip) -> Iterator[bytes]:
    """Every frame of a video file of the clip's size, in the clip's format: `rgb24` interleaved, or planes in a row."""
    decode = [ffmpeg(), "-v", "error", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough"]
    yield from output_frames([*decode, "-f", "rawvideo", "-pix_fmt", clip.format, "-"], clip)


def output_frames(command: Sequence[str], clip: Clip) -> Iterator[bytes]:
    """What a program writes to its standard output, frame by frame; RuntimeError if it fails."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.stdout is not None
        while frame := program.stdout.read(clip.frame_bytes):
            yield frame
    if program.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed with {program.returncode}")


def digest(frame: bytes) -> bytes:
    return hashlib.blake2b(frame, digest_size=16).digest()


@functools.lru_cache(maxsize=2)
def digests(clip: Clip) -> tuple[bytes, ...]:
    """The hash of each of the clip's own frames."""
    found = tuple(digest(frame) for frame in read(clip.path, clip))
    if len(found) != clip.frames:
        raise RuntimeError(f"{clip.path}: {len(found)} frames, {clip.frames} in the manifest")
    return found
