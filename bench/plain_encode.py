"""SVT-AV1 alone: what a good user's own PyAV loop does with the settings of the video layer."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av

from aicodec_native.scheduling import usual_priority
from aicodec_native.video.settings import SVT_PARAMETERS, filters_noise

PIXEL_FORMAT = "yuv420p10le"


class Settings(NamedTuple):
    """`parameters`: SVT-AV1's own."""

    crf: float
    parameters: str


@dataclass(frozen=True, slots=True)
class Job:
    """Frames first..first+count-1, coded with each CRF; `still`: as CodedSegment has it."""

    first: int
    count: int
    crfs: tuple[float, ...]
    still: float

    @property
    def settings(self) -> list[Settings]:
        """As the video layer has them, for each CRF."""
        return [
            Settings(crf, SVT_PARAMETERS + ("" if filters_noise(crf, self.still) else ":enable-tf=0"))
            for crf in self.crfs
        ]


def jobs_of(segments: Sequence[dict[str, Any]]) -> list[Job]:
    """What an encode did, from EncodeResult.segments."""
    return [Job(s["first_frame"], s["frames"], tuple(crf for crf, _, _ in s["probes"]), s["still"]) for s in segments]


def encode(
    frames: Iterable[av.VideoFrame], settings: Settings, preset: int, threads: int, rate: Fraction
) -> list[bytes]:
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
            parameters = f"crf={settings.crf:g}:lp={min(threads, 6)}:{settings.parameters}"
            context.options = {"preset": str(preset), "crf": str(int(settings.crf)), "svtav1-params": parameters}
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
    return [encode(itertools.islice(frames, job.count), job.settings[0], preset, threads, rate) for job in jobs]


def run_probes(path: Path, jobs: Sequence[Job], preset: int, rate: Fraction) -> None:
    """Every CRF of every segment one after another on all cores, the source decoded once."""
    frames = decoded(path)
    for job in jobs:
        held = list(itertools.islice(frames, job.count))
        for settings in job.settings:
            encode(held, settings, preset, os.cpu_count() or 1, rate)


def run_parallel(path: Path, jobs: Sequence[Job], preset: int, rate: Fraction, workers: int) -> None:
    """Segments side by side on `workers` threads (PyAV and SVT-AV1 work without the GIL), the cores shared out."""
    threads = max(1, (os.cpu_count() or 1) // workers)

    def work(held: list[av.VideoFrame], all_settings: list[Settings]) -> None:
        for settings in all_settings:
            encode(held, settings, preset, threads, rate)

    frames = decoded(path)
    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(work, list(itertools.islice(frames, job.count)), job.settings) for job in jobs]
        for future in waiting:
            future.result()
