"""SVT-AV1 alone: what a good user's own PyAV loop does with the settings of the video layer."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from aicodec_native.scheduling import usual_priority
from aicodec_native.video.settings import SVT_PARAMETERS

PIXEL_FORMAT = "yuv420p10le"


@dataclass(frozen=True, slots=True)
class Job:
    """Frames first..first+count-1, coded with each CRF."""

    first: int
    count: int
    crfs: tuple[float, ...]


def jobs_of(segments: Sequence[dict[str, Any]]) -> list[Job]:
    """What an encode did, from EncodeResult.segments."""
    return [Job(s["first_frame"], s["frames"], tuple(crf for crf, _, _ in s["probes"])) for s in segments]


def encode(frames: Iterable[av.VideoFrame], crf: float, preset: int, threads: int, rate: Fraction) -> list[bytes]:
    """Packets as SVT-AV1 emits them, temporal delimiters included."""
    context: Any = None
    packets: list[Any] = []
    for number, frame in enumerate(frames):
        if context is None:
            context = av.CodecContext.create("libsvtav1", "w")
            context.width, context.height, context.pix_fmt = frame.width, frame.height, PIXEL_FORMAT
            context.framerate, context.time_base = rate, 1 / rate
            context.gop_size = 1 << 20
            context.color_range = 2 if frame.color_range == 2 else 1
            parameters = f"crf={crf:g}:lp={min(threads, 6)}:{SVT_PARAMETERS}"
            context.options = {"preset": str(preset), "crf": str(int(crf)), "svtav1-params": parameters}
            with usual_priority():  # as ours: else its threads are real-time where they may be
                context.open()
        frame.pts, frame.time_base, frame.pict_type = number, 1 / rate, 0
        packets += context.encode(frame)
    packets += context.encode(None)
    return [bytes(packet) for packet in packets]


def decoded(path: Path) -> Iterator[av.VideoFrame]:
    """The clip's frames in the encoder's pixel format."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield frame if frame.format.name == PIXEL_FORMAT else frame.reformat(format=PIXEL_FORMAT)


def run_streaming(path: Path, jobs: Sequence[Job], preset: int, rate: Fraction) -> list[list[bytes]]:
    """One CRF a segment: frames go from the decoder straight into the encoder."""
    frames = decoded(path)
    threads = os.cpu_count() or 1
    return [encode(itertools.islice(frames, job.count), job.crfs[0], preset, threads, rate) for job in jobs]


def run_probes(path: Path, jobs: Sequence[Job], preset: int, rate: Fraction) -> None:
    """Every CRF of every segment one after another on all cores, the source decoded once."""
    frames = decoded(path)
    for job in jobs:
        held = list(itertools.islice(frames, job.count))
        for crf in job.crfs:
            encode(held, crf, preset, os.cpu_count() or 1, rate)


def run_parallel(path: Path, jobs: Sequence[Job], preset: int, rate: Fraction, workers: int) -> None:
    """Segments side by side on `workers` threads (PyAV and SVT-AV1 work without the GIL), the cores shared out."""
    threads = max(1, (os.cpu_count() or 1) // workers)

    def work(held: list[av.VideoFrame], crfs: tuple[float, ...]) -> None:
        for crf in crfs:
            encode(held, crf, preset, threads, rate)

    frames = decoded(path)
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, list(itertools.islice(frames, job.count)), job.crfs) for job in jobs]
        for future in waiting:
            future.result()
