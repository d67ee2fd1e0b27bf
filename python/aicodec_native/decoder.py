"""From `.aic` files back to what other programs read, and the check that a file draws what its encoder saw."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from aicodec_native import _native
from aicodec_native.errors import AicodecError, OutputError
from aicodec_native.media import Sink, TrackPacket, VideoFrame
from aicodec_native.reader import Reader
from aicodec_native.stack import draw_in_order

# Called with the number of frames done.
FrameProgress = Callable[[int], None]


@dataclass(slots=True)
class DecodeResult:
    """Frames written, and one line for everything that the output could not hold."""

    frames: int
    warnings: list[str] = field(default_factory=list)


def decode(
    path: str | os.PathLike[str] | bytes,
    output: str | os.PathLike[str] | IO[bytes],
    *,
    codec: str | None = None,
    crf: float | None = None,
    options: dict[str, str] | None = None,
    container: str | None = None,
    overwrite: bool = False,
    progress: FrameProgress | None = None,
) -> DecodeResult:
    """Decode an `.aic` file into another one.

    `output` is a path whose ending chooses the container (mp4, mov, mkv, webm, y4m, gif, a pattern such as
    "out/%05d.png" or a folder "out/"), or "-" or a binary file for y4m. mkv (FFV1), y4m and png hold the decoded
    samples exactly; mp4 (H.264), webm (VP9) and gif are coded again, at high quality. `codec`, `crf` and `options`
    (FFmpeg's names) choose otherwise. Audio and subtitle packets are passed on untouched.

    Raises FormatError for a damaged file, OutputError where the output cannot be written or cannot hold a track.
    """
    to_file = isinstance(output, (str, os.PathLike)) and os.fspath(output) != "-"
    if to_file and not overwrite and Path(cast("str", output)).is_file():
        raise OutputError(f"{output}: exists already; use --overwrite to replace it")
    with Reader(path) as reader:
        sink = Sink(output, reader.info, reader.tracks, codec=codec, crf=crf, options=options, container=container)
        done = 0
        with sink:
            for event in events(reader):
                sink.write(event)
                if isinstance(event, VideoFrame):
                    done += 1
                    if progress:
                        progress(done)
        return DecodeResult(frames=done, warnings=list(sink.warnings))


def events(reader: Reader) -> Iterator[VideoFrame | TrackPacket]:
    """All frames and packets of a file as it lies, as a source gives them."""
    ticks = reader.ticks
    pictures = reader._pictures(0, len(reader))
    shown = 0
    for entry in reader._entries:
        if entry.kind == "packets":
            yield from reader._packets_of(entry)
        elif entry.kind == "segment":
            for _ in range(entry.detail):
                yield VideoFrame(int(ticks[shown]), int(ticks[shown + 1] - ticks[shown]), next(pictures))
                shown += 1


@dataclass(slots=True)
class VerifyReport:
    """What `verify` found: `problems` holds one line for each thing that is wrong.

    `undigested` counts segments that decode but carry no digest to compare with.
    """

    frames: int
    segments: int
    undigested: int
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(path: str | os.PathLike[str] | bytes, *, progress: FrameProgress | None = None) -> VerifyReport:
    """Decode every frame of a file and compare each segment's digest with the one its encoder stored.

    Damage inside the file is reported, not raised; a file that cannot be opened at all raises FormatError or
    InputError.
    """
    with Reader(path) as reader:
        report = VerifyReport(len(reader), len(reader._starts) - 1, 0)
        if reader.recovered:
            report.problems.append("the end of the file is missing or damaged; its index was rebuilt")
        for entry in reader._entries:
            if entry.kind == "packets":
                with _noting_failure(report, f"{reader.name}: "):
                    list(reader._packets_of(entry))
        with _noting_failure(report, f"{reader.name}: "):
            _ = reader.ticks  # segments must follow each other in time
        for number, entry in enumerate(entry for entry in reader._entries if entry.kind == "dictionary"):
            with _noting_failure(report, f"{reader.name}: ", f"dictionary picture {number}: "):
                reader._file.payload(entry)
        done = 0
        for number in range(report.segments):

            def told(frame: int, before: int = done) -> None:
                if progress:
                    progress(before + frame)

            with _noting_failure(report, f"{reader.name}: segment {number}: ", f"segment {number}: "):
                _check(reader, number, report, told)
            done = reader._starts[number + 1]
        return report


@contextlib.contextmanager
def _noting_failure(report: VerifyReport, known: str, where: str = "") -> Iterator[None]:
    """Reports what goes wrong with the words `where` before it, in place of those in `known` if they are there."""
    try:
        yield
    except AicodecError as error:
        problem = where + str(error).removeprefix(known)
        if problem not in report.problems:
            report.problems.append(problem)


def _check(reader: Reader, number: int, report: VerifyReport, told: FrameProgress) -> None:
    segment = reader._load(number)
    digest = _native.SegmentDigest()
    pictures = draw_in_order(lambda _: segment, range(1), reader._file.header, reader._threads)
    for index, picture in enumerate(pictures):
        digest.add(_native.picture_hash(picture))
        told(index + 1)
    if segment.digest is None:
        report.undigested += 1
    elif segment.digest != digest.value:
        report.problems.append(f"segment {number}: the decoded frames are not the ones that were encoded")
