"""Authors files from programs alone, and shows the programs of a file."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from aicodec_native import _native, tracks
from aicodec_native.errors import OptionError, OutputError
from aicodec_native.headers import header_of
from aicodec_native.media.types import VideoInfo
from aicodec_native.reader import Reader
from aicodec_native.shader_source import compile_source
from aicodec_native.shader_text import program_text
from aicodec_native.stack import no_video

_MAX_FRAMES = 1 << 20


@dataclass(frozen=True)
class ShadeResult:
    """What `shade` has written. `program_bytes` and `track_bytes` are parts of `bytes`."""

    path: str
    frames: int
    bytes: int
    program_bytes: int
    track_bytes: int


def shade(
    source: str,
    output: str | os.PathLike[str],
    *,
    size: tuple[int, int],
    fps: float | Fraction = 30,
    duration: float = 10.0,
    format: str = "rgb24",
    track: Any = None,
    digest: bool = True,
    overwrite: bool = False,
) -> ShadeResult:
    """Write a file that one shader program draws.

    `source` is the program's text, `size` (width, height) in pixels, `duration` in seconds. `track` is a table for
    `tracks.pack` with a row for each frame: its columns are param(0), param(1), ... `digest` draws all frames once
    to store their hash.

    Raises ProgramError for the text, OptionError, OutputError; FormatError for a program that does not fit the file.
    """
    program = compile_source(source)
    rate = Fraction(fps).limit_denominator(1 << 16)
    if not 0 < rate <= 100_000 or not 0 < duration < math.inf:
        raise OptionError("fps and duration lie above 0")
    frames = max(1, round(duration * rate))
    if frames > _MAX_FRAMES:
        raise OptionError(f"{frames} frames are more than a segment holds ({_MAX_FRAMES})")
    info = VideoInfo(
        width=size[0],
        height=size[1],
        format=format,
        colour=_native.Colour(),
        sar=Fraction(1),
        rotation=0,
        time_base=1 / Fraction(rate.numerator),
        frame_rate=rate,
        metadata={},
    )
    header = header_of(info, 0, rate.denominator)
    packed_track = b"" if track is None else tracks.pack(track)
    layer = _native.build_shader_layer(program=program.write(), track=packed_track)
    payload = _segment(header, frames, layer, digest)
    writer = _native.Writer()
    data = writer.begin(header) + writer.segment(payload, frames) + writer.finish()
    _write(Path(output), data, overwrite)
    return ShadeResult(os.fspath(output), frames, len(data), len(program.write()), len(packed_track))


def _segment(header: _native.StreamHeader, frames: int, layer: bytes, digest: bool) -> bytes:
    num, den = header.frame_duration
    times = [(2 * i * num + den) // (2 * den) for i in range(frames + 1)]

    def built(value: int | None) -> bytes:
        return _native.build_segment(
            header=header, first_frame=0, times=times, digest=value, layers=[(_native.LAYER_SHADER, layer)]
        )

    segment = _native.Segment(built(None), header)
    if not digest:
        return built(None)
    hashes = _native.SegmentDigest()
    for frame in range(frames):
        hashes.add(_native.picture_hash(segment.draw(frame, no_video, 0)))
    return built(hashes.value)


def _write(path: Path, data: bytes, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: exists already; use --overwrite to replace it")
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: {error.strerror or error}") from None


@dataclass(frozen=True)
class ShownLayer:
    """A layer of a file: of a shader its text and its track's columns."""

    segment: int
    layer: int
    kind: str
    bytes: int
    text: str
    parameters: list[str]


def layers_of(reader: Reader) -> Iterator[ShownLayer]:
    """Every layer of an open file, the bottom of each segment first."""
    for number in range(len(reader._segments)):
        segment = reader._load(number)
        for layer, (kind, size) in enumerate(segment.layers):
            text, parameters = "", []
            if kind == "shader":
                program, track = _native.split_shader_layer(segment.layer_payload(layer))
                text = program_text(_native.ShaderProgram.read(program))
                if track:
                    parameters = [name for name, _, _ in _native.unpack_table(track)[2]]
            yield ShownLayer(number, layer, kind, size, text, parameters)
