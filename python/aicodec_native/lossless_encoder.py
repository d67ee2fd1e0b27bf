"""Codes one segment without loss, or with a bounded error: a screen layer alone. The job that a worker process does.

What was coded is drawn by the decoder that users have and compared with the source before it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader, Table
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameReader

# What a Goal calls its metric if every sample must be within `target` of the source, exactly so with target 0.
GREATEST_ERROR = "max_error"
MAX_ERROR = 64

# The share of the work that coding is; the rest is the check.
_CODING_SHARE = 0.85
_REPORT_EVERY = 4

Report = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class LosslessJob:
    """All that a worker needs; picklable. `frames_path`, `shape` and `table` are ChangeReader's arguments.

    `pictures` lists the dictionary pictures that the segment may copy from, as numbers of the frames behind
    `dictionary_path`, which holds `dictionary_size` of them.
    """

    header: _native.StreamHeader
    first_frame: int
    times: list[int]
    frames_path: str
    shape: tuple[str, int, int]
    table: Table
    near: int
    preset: str
    threads: int
    digest: bool
    pictures: list[int] = field(default_factory=list)
    dictionary_path: str = ""
    dictionary_size: int = 0


@dataclass(slots=True)
class LosslessSegment:
    """A segment ready for the container. `scores` holds each frame's greatest error, `score` that of them all;
    `dictionary` the numbers of the dictionary pictures that it needs.
    """

    payload: bytes
    frames: int
    scores: list[float]
    score: float
    reached: bool
    dictionary: list[int]
    encode_seconds: float = 0.0
    seconds: float = 0.0


def encode_lossless(job: LosslessJob, report: Report = lambda share, note: None) -> LosslessSegment:
    """Deterministic: the same job gives the same bytes. Raises EncodeError where the result is not what was asked."""
    started = time.perf_counter()
    pictures = _dictionary(job)
    with ChangeReader(job.frames_path, job.shape, job.table) as frames:
        coded = _coded(job, frames, list(pictures.values()), report)
        encode_seconds = time.perf_counter() - started
        layer = _native.build_screen_layer(pictures=job.pictures, coded=coded)
        errors, digest = _checked(job, frames, _serialised(job, layer, None), pictures, report)
    return LosslessSegment(
        payload=_serialised(job, layer, digest if job.digest else None),
        frames=len(errors),
        scores=errors,
        score=max(errors),
        reached=True,
        dictionary=job.pictures,
        encode_seconds=encode_seconds,
        seconds=time.perf_counter() - started,
    )


def _dictionary(job: LosslessJob) -> dict[int, _native.Picture]:
    if not job.pictures:
        return {}
    stored = FrameReader(job.dictionary_path, job.shape, job.dictionary_size)
    try:
        return {number: stored[number] for number in job.pictures}
    finally:
        stored.close()


def _coded(job: LosslessJob, frames: ChangeReader, dictionary: list[_native.Picture], report: Report) -> bytes:
    encoder = _native.ScreenEncoder(*job.shape, preset=job.preset, near=job.near, dictionary=dictionary)
    for number, picture in enumerate(frames):
        if number % _REPORT_EVERY == 0:
            report(_CODING_SHARE * number / len(frames), "coding")
        encoder.add(picture)
    return encoder.finish()


def _serialised(job: LosslessJob, layer: bytes, digest: int | None) -> bytes:
    return _native.build_segment(
        header=job.header,
        first_frame=job.first_frame,
        times=job.times,
        digest=digest,
        layers=[(_native.LAYER_SCREEN, layer)],
    )


def _checked(
    job: LosslessJob, frames: ChangeReader, payload: bytes, pictures: dict[int, _native.Picture], report: Report
) -> tuple[list[float], int]:
    """Draws the segment: each frame's greatest error, and the digest."""
    usable = max(pictures, default=-1) + 1
    segment = _native.Segment(payload, job.header, _native.Dictionary(pictures), usable)
    digest = _native.SegmentDigest()
    errors: list[float] = []
    for number, source in enumerate(frames):
        if number % _REPORT_EVERY == 0:
            report(_CODING_SHARE + (1 - _CODING_SHARE) * number / len(frames), "checking")
        drawn = segment.draw(number, _no_video, job.threads)
        error = _native.greatest_error(source, drawn)
        if error > job.near:
            frame = job.first_frame + number
            raise EncodeError(f"frame {frame} decodes with samples that are off by {error}, not by {job.near} at most")
        errors.append(float(error))
        if job.digest:
            digest.add(_native.picture_hash(drawn))
    return errors, digest.value


def _no_video(layer: int, frame: int) -> list[tuple[bytes, int]]:
    raise EncodeError("a stack without video layers asked for a video frame")
