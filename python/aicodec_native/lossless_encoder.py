"""Codes one segment without loss, or with a bounded error: the job that a worker process does.

That is a screen layer alone, or over a program that a recogniser found, whichever takes fewer bytes. What was coded is
drawn by the decoder that users have and compared with the source before it counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aicodec_native import _native
from aicodec_native.candidate import Told
from aicodec_native.change_store import ChangeReader, Table
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.recognise import Clip, recognise, relief
from aicodec_native.shader_stacks import Layers, ScreenSettings, stack_of
from aicodec_native.stack import no_video

# What a Goal calls its metric if every sample must be within `target` of the source, exactly so with target 0.
GREATEST_ERROR = "max_error"
MAX_ERROR = 64

# The share of the work that coding is; the rest is the check.
_CODING_SHARE = 0.85
# How many of a recogniser's programs are tried.
_PROGRAMS = {"fast": 1, "medium": 2, "slow": 4}
# A program that draws less than this of what a screen layer would have to code alone (relief()) leaves it all there is
# to do: a moving gradient draws 1, a flat ground between sprites that is taken for a gradient 0.15. What follows from
# frames before may be of use in other ways.
_LEAST_RELIEF = 0.25
_REPORT_EVERY = 4


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

    def run(self, report: Told = lambda share, note: None) -> LosslessSegment:
        """Deterministic: the same job gives the same bytes. Raises EncodeError where the result is not as asked."""
        started = time.perf_counter()
        pictures = _dictionary(self)
        with ChangeReader(self.frames_path, self.shape, self.table) as frames:
            layers = _coded(self, frames, list(pictures.values()), report)
            encode_seconds = time.perf_counter() - started
            errors, digest = _checked(self, frames, _serialised(self, layers, None), pictures, report)
        return LosslessSegment(
            payload=_serialised(self, layers, digest if self.digest else None),
            frames=len(errors),
            scores=errors,
            score=max(errors),
            reached=True,
            dictionary=self.pictures,
            encode_seconds=encode_seconds,
            seconds=time.perf_counter() - started,
        )


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


def _dictionary(job: LosslessJob) -> dict[int, _native.Picture]:
    if not job.pictures:
        return {}
    stored = FrameReader(job.dictionary_path, job.shape, job.dictionary_size)
    try:
        return {number: stored[number] for number in job.pictures}
    finally:
        stored.close()


def _coded(job: LosslessJob, frames: ChangeReader, dictionary: list[_native.Picture], report: Told) -> Layers:
    """The stack of fewest bytes."""
    settings = ScreenSettings(job.shape, job.preset, job.near, job.pictures, dictionary)
    clip = Clip(
        frames,
        fps=float(frame_rate_of(job.header)),
        colour=job.header.colour,
        first_frame=job.first_frame,
        threads=job.threads,
    )
    is_rgb = job.shape[0] == clip.rgb_format
    found = recognise(clip) if is_rgb or _native.matrix_supported(job.header.colour.matrix) else []
    tries = [
        each.proposal
        for each in found[: _PROGRAMS[job.preset]]
        if each.proposal.program.reads_prev or relief(each.proposal, clip, job.threads) >= _LEAST_RELIEF
    ]

    def reporter(turn: int, note: str) -> Callable[[int], None]:
        def told(number: int) -> None:
            if number % _REPORT_EVERY == 0:
                share = (turn + number / len(frames)) / (len(tries) + 1)
                report(_CODING_SHARE * share, note)

        return told

    # What is given up as soon as it takes more than the best so far costs least if the best comes first.
    best: Layers | None = None
    for turn, proposal in enumerate([*tries, None]):
        limit = None if best is None else _bytes(best)
        if proposal is None:
            stack = _screen_alone(frames, settings, reporter(turn, "coding"), limit)
        else:
            told = reporter(turn, f"trying a {proposal.name}")
            stack = stack_of(proposal, clip, job.header.colour, settings, job.threads, told, limit)
        if stack is not None and (limit is None or _bytes(stack) < limit):
            best = stack
    assert best is not None
    return best


def _bytes(layers: Layers) -> int:
    return sum(len(payload) for _, payload in layers)


def _screen_alone(
    frames: ChangeReader, settings: ScreenSettings, told: Callable[[int], None], limit: int | None
) -> Layers | None:
    """None where they take more than `limit` bytes."""
    encoder = settings.encoder(near=settings.near, has_below=False)
    for number, picture in enumerate(frames):
        told(number)
        encoder.add(picture)
        if limit is not None and encoder.size > limit:
            return None
    return [settings.layer(encoder.finish())]


def _serialised(job: LosslessJob, layers: Layers, digest: int | None) -> bytes:
    return _native.build_segment(
        header=job.header, first_frame=job.first_frame, times=job.times, digest=digest, layers=layers
    )


def _checked(
    job: LosslessJob, frames: ChangeReader, payload: bytes, pictures: dict[int, _native.Picture], report: Told
) -> tuple[list[float], int]:
    """Draws the segment: each frame's greatest error, and the digest."""
    usable = max(pictures, default=-1) + 1
    segment = _native.Segment(payload, job.header, _native.Dictionary(pictures), usable)
    digest = _native.SegmentDigest()
    errors: list[float] = []
    for number, source in enumerate(frames):
        if number % _REPORT_EVERY == 0:
            report(_CODING_SHARE + (1 - _CODING_SHARE) * number / len(frames), "checking")
        drawn = segment.draw(number, no_video, job.threads)
        error = _native.greatest_error(source, drawn)
        if error > job.near:
            frame = job.first_frame + number
            raise EncodeError(f"frame {frame} decodes with samples that are off by {error}, not by {job.near} at most")
        errors.append(float(error))
        if job.digest:
            digest.add(_native.picture_hash(drawn))
    return errors, digest.value
