"""Runs a codec on a clip: into a file as a user's would be, back from it, and measured by the same code for all."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aicodec_native import _native, quality
from aicodec_native.compare import program
from aicodec_native.compare.clip import Clip
from aicodec_native.compare.pairs import open_video
from aicodec_native.compare.peers import SEEK_SECONDS, Peer
from aicodec_native.compare.point import METRICS, Point, scores_of
from aicodec_native.encoder import encode
from aicodec_native.errors import OptionError, OutputError
from aicodec_native.ffmpeg_program import ffmpeg_version
from aicodec_native.media import Sink, VideoFrame, VideoInfo, video_bytes
from aicodec_native.video.encoder import PYAV_VERSION

# What RGB pictures become for codecs that want YCbCr: BT.709, limited range, as players expect.
_YUV_COLOUR = _native.Colour(primaries=1, transfer=1, matrix=1)
EncodeProgress = Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class Measures:
    """Which of point.METRICS (SSIMULACRA2 always), on every `every`-th frame. XPSNR and VMAF look at motion: they
    need all frames."""

    metrics: Sequence[str] = ("ssimulacra2", "psnr")
    every: int = 1

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.metrics) - set(METRICS)):
            raise OptionError(f"unknown metric {unknown[0]!r}; known are {', '.join(METRICS)}")
        if self.every > 1 and {"xpsnr", "vmaf"} & set(self.metrics):
            raise OptionError("xpsnr and vmaf need every frame: leave them out or measure all")


@dataclass(slots=True)
class Seconds:
    """By the clock, and of this machine's processors for this process and the programs that it ran."""

    wall: float = 0.0
    processor: float = 0.0


class PeerRun:
    """One peer on one clip. Its files go into `folder` and stay there; `info` describes what they hold."""

    def __init__(self, peer: Peer, clip: Clip, folder: Path, measures: Measures) -> None:
        self.peer = peer
        self._clip = clip
        self._folder = folder
        self._measures = measures
        self.info = _coded_info(clip.info, peer.pixel_format)

    def at(self, quantiser: float) -> Point:
        """Code, decode and measure. Raises OutputError, OptionError."""
        path = self.path(quantiser)
        # Converted before the clock starts: every peer gets the same good conversion, and none is charged for it.
        frames = list(_converted(self._clip.frames, self._clip.info, self.info))
        with _timed() as encoding:
            if self.peer.by_program:
                self._by_program(frames, quantiser, path)
            else:
                self._by_pyav(frames, quantiser, path)
        del frames
        point = measured(path, self._clip, self._measures, self.info.colour)
        point.stream_bytes = video_bytes(path)
        point.setting, point.quantiser = self.peer.setting(quantiser), quantiser
        point.encode_seconds, point.encode_processor_seconds = encoding.wall, encoding.processor
        return point

    def path(self, quantiser: float) -> Path:
        """The file at a quantiser, there after at()."""
        return self._folder / f"{self.peer.title.replace(' ', '_').replace(':', '')}-{quantiser:g}.mp4"

    def _by_pyav(self, frames: list[VideoFrame], quantiser: float, path: Path) -> None:
        options = self.peer.options_at(quantiser) | {"pix_fmt": self.peer.pixel_format, "g": str(self._key_interval)}
        crf = options.pop("crf", None)
        with Sink(
            path, self.info, codec=self.peer.codec, crf=None if crf is None else float(crf), options=options
        ) as sink:
            for frame in frames:
                sink.write(frame)

    def _by_program(self, frames: list[VideoFrame], quantiser: float, path: Path) -> None:
        arguments = ["-c:v", self.peer.codec, "-g", str(self._key_interval)]
        for key, value in self.peer.options_at(quantiser).items():
            arguments += [f"-{key}", value]
        program.encode(frames, self.info, [*arguments, "-movflags", "+faststart"], path)

    @property
    def _key_interval(self) -> int:
        return math.ceil(SEEK_SECONDS * self._clip.frame_rate)


def version_of(peer: Peer) -> str:
    """The libraries that code for a peer."""
    return ffmpeg_version() if peer.by_program else PYAV_VERSION


def code_ours(
    clip: Clip, quality: float, preset: str, path: Path, measures: Measures, progress: EncodeProgress
) -> Point:
    """`.aic` at a quality, from the clip's own file as `encode` has it. `progress` gets frames coded, and a note."""
    with _timed() as encoding:
        result = encode(
            clip.path,
            path,
            quality=quality,
            preset=preset,
            start=clip.start,
            duration=clip.duration,
            overwrite=True,
            progress=lambda state: progress(state.frames_coded, state.note),
        )
    point = measured(path, clip, measures, clip.info.colour)
    point.setting, point.reached = f"quality {quality:g}", result.reached
    point.encode_seconds, point.encode_processor_seconds = encoding.wall, encoding.processor
    return point


def measured(path: Path, clip: Clip, measures: Measures, colour: _native.Colour) -> Point:
    """A file against the clip it was made of; the caller fills in setting and encode times.

    `colour` describes the file's pictures, whatever its own tags say. OutputError where its frames are not as many.
    """
    with _timed() as decoding:
        count = sum(1 for _ in pictures_of(path))
    if count != len(clip.frames):
        raise OutputError(f"{path.name}: {count} frames came back of {len(clip.frames)}")
    target = clip.info.format
    pairs = (
        (frame.picture, picture if picture.format == target else picture.convert(target, colour))
        for index, (frame, picture) in enumerate(zip(clip.frames, pictures_of(path), strict=True))
        if index % measures.every == 0
    )
    native = [name for name in quality.METRICS if name in measures.metrics or name == "ssimulacra2"]
    found = quality.measure(pairs, colour=clip.info.colour, frame_rate=clip.frame_rate, metrics=native)
    scores = scores_of(found, target)
    if "vmaf" in measures.metrics:
        scores["vmaf"] = _vmaf(path, clip, colour)
    return Point(
        setting="",
        bytes=path.stat().st_size,
        stream_bytes=path.stat().st_size,
        scores=scores,
        encode_seconds=0.0,
        decode_seconds=decoding.wall,
        encode_processor_seconds=0.0,
        decode_processor_seconds=decoding.processor,
        per_frame=[round(float(score), 3) for score in found.per_frame["ssimulacra2"]],
    )


def pictures_of(path: Path) -> Iterator[_native.Picture]:
    """The pictures of an `.aic` file or of anything that FFmpeg opens, in order."""
    video = open_video(str(path))
    try:
        for frame in video.frames():
            yield frame.picture
    finally:
        video.close()


def _coded_info(info: VideoInfo, pixel_format: str) -> VideoInfo:
    if info.format == pixel_format:
        return info
    colour = _YUV_COLOUR if info.format.startswith("rgb") else info.colour
    return replace(info, format=pixel_format, colour=colour)


def _converted(frames: list[VideoFrame], source: VideoInfo, target: VideoInfo) -> Iterator[VideoFrame]:
    for frame in frames:
        if source.format == target.format:
            yield frame
        else:
            yield VideoFrame(frame.pts, frame.duration, frame.picture.convert(target.format, target.colour))


def _vmaf(path: Path, clip: Clip, colour: _native.Colour) -> float:
    """VMAF looks at luma of 8 bits: both clips become 4:2:0, by the same conversion."""
    info = _coded_info(clip.info, "yuv420p")

    def decoded() -> Iterator[VideoFrame]:
        for frame, picture in zip(clip.frames, pictures_of(path), strict=True):
            if picture.format != info.format:
                picture = picture.convert(info.format, info.colour if picture.format.startswith("rgb") else colour)
            yield VideoFrame(frame.pts, frame.duration, picture)

    reference = _converted(clip.frames, clip.info, info)
    return program.vmaf(reference, decoded(), info, path.parent, os.cpu_count() or 1)


@contextmanager
def _timed() -> Iterator[Seconds]:
    """Fills the Seconds it gives at the end of the block."""
    spent = Seconds()
    wall, processor = time.perf_counter(), _processor_seconds()
    yield spent
    spent.wall, spent.processor = time.perf_counter() - wall, _processor_seconds() - processor


def _processor_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
