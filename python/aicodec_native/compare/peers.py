"""Other codecs on the same pictures, at the same measured quality: what `demo` and the benchmarks compare with.

Every peer goes the way a user's file would: coded into a file, read back from it, measured by the same code.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aicodec_native import _native
from aicodec_native.crf_search import STEPS_PER_CRF, SearchPlan, search
from aicodec_native.media import Sink, Source, VideoFrame, VideoInfo
from aicodec_native.quality import Quality, measure

# What RGB pictures are converted to for codecs that want YCbCr: BT.709, limited range, as players expect.
_YUV_COLOUR = _native.Colour(primaries=1, transfer=1, matrix=1)


@dataclass(frozen=True, slots=True)
class Peer:
    """A codec of FFmpeg's with its options. `guess` is a usual CRF, `slope` the SSIMULACRA2 lost per CRF there."""

    name: str
    codec: str
    options: dict[str, str]
    guess: float
    slope: float
    pixel_format: str = "yuv420p"


def x265(preset: str = "medium", pixel_format: str = "yuv420p") -> Peer:
    name = f"x265 {preset}" + (" 4:4:4" if pixel_format == "yuv444p" else "")
    return Peer(name, "libx265", {"preset": preset, "x265-params": "log-level=none"}, 24, -2.0, pixel_format)


def svtav1(preset: int = 6) -> Peer:
    return Peer(f"SVT-AV1 {preset}", "libsvtav1", {"preset": str(preset)}, 24, -0.8, "yuv420p10")


def x264(preset: str = "medium") -> Peer:
    return Peer(f"x264 {preset}", "libx264", {"preset": preset}, 22, -2.0)


@dataclass(slots=True)
class Outcome:
    """A file and how it did. Times in seconds; `bytes` is the whole file's size."""

    name: str
    setting: str
    bytes: int
    quality: Quality
    encode_seconds: float
    decode_seconds: float
    reached: bool = True


def measure_file(
    video: Sequence[VideoFrame],
    info: VideoInfo,
    pictures: Sequence[_native.Picture],
    metrics: Sequence[str],
    every: int,
) -> Quality:
    """Compare decoded pictures with the frames they came from, every `every`-th of them."""
    pairs = [(video[i].picture, pictures[i]) for i in range(0, len(video), every)]
    return measure(pairs, colour=info.colour, frame_rate=float(info.frame_rate or 25), metrics=metrics)


class PeerRun:
    """One peer on one clip. Files go into `folder`."""

    def __init__(self, peer: Peer, video: Sequence[VideoFrame], info: VideoInfo, folder: Path, every: int) -> None:
        self._peer = peer
        self._video = video
        self._info = info
        self._folder = folder
        self._every = every
        # Only what the codec can hold, converted here once, so that every peer gets the same good conversion.
        self._coded_info = info
        self._input = video
        if info.format != peer.pixel_format:
            colour = _YUV_COLOUR if info.format.startswith("rgb") else info.colour
            self._coded_info = replace(info, format=peer.pixel_format, colour=colour)
            self._input = [VideoFrame(f.pts, f.duration, f.picture.convert(peer.pixel_format, colour)) for f in video]

    def at_quality(self, score: float) -> Outcome:
        """The smallest file whose SSIMULACRA2 reaches `score`."""
        peer = self._peer
        outcomes: dict[int, Outcome] = {}

        def probe(step: int) -> float:
            outcomes[step] = self.at_crf(step / STEPS_PER_CRF)
            return outcomes[step].quality.ssimulacra2 or -math.inf

        plan = SearchPlan(score, round(peer.guess * STEPS_PER_CRF), peer.slope / STEPS_PER_CRF, 0.2)
        found = search(plan, probe)
        outcome = outcomes[found.step]
        outcome.reached = found.reached
        return outcome

    def at_crf(self, crf: float, metrics: Sequence[str] = ("ssimulacra2", "psnr")) -> Outcome:
        path = self._folder / f"{self._peer.codec}-{crf:g}.mp4"
        options = {**self._peer.options, "pix_fmt": self._peer.pixel_format}
        if self._peer.codec == "libsvtav1":
            options["svtav1-params"] = f"crf={crf:g}"  # quarter steps exist only here
        started = time.perf_counter()
        sink = Sink(
            path,
            self._coded_info,
            codec=self._peer.codec,
            crf=math.floor(crf) if "svt" in self._peer.codec else crf,
            options=options,
        )
        with sink:
            for frame in self._input:
                sink.write(frame)
        encoded = time.perf_counter()
        with Source(path) as source:
            colour = self._coded_info.colour
            pictures = [frame.picture for frame in source.frames()]
            decoded = time.perf_counter()
            pictures = [p if p.format == self._info.format else p.convert(self._info.format, colour) for p in pictures]
        quality = measure_file(self._video, self._info, pictures, metrics, self._every)
        size = path.stat().st_size
        path.unlink()
        return Outcome(self._peer.name, f"CRF {crf:g}", size, quality, encoded - started, decoded - encoded)
