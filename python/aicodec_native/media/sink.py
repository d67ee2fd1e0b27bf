"""Videos go out here: the file name says which kind of file, one writer for each kind does the work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol, Self

from aicodec_native.errors import OptionError, OutputError
from aicodec_native.media.gif import GifWriter
from aicodec_native.media.mux import MuxWriter
from aicodec_native.media.plan import plan_for
from aicodec_native.media.stills import PngWriter
from aicodec_native.media.types import Event, Track, TrackPacket, VideoFrame, VideoInfo
from aicodec_native.media.y4m import Y4mWriter

_CONTAINERS = {
    ".gif": "gif",
    ".m4v": "mp4",
    ".mkv": "mkv",
    ".mov": "mov",
    ".mp4": "mp4",
    ".png": "png",
    ".webm": "webm",
    ".y4m": "y4m",
}
CONTAINERS = tuple(sorted(set(_CONTAINERS.values())))


class _Writer(Protocol):
    def write(self, frame: VideoFrame) -> None: ...
    def finish(self) -> None: ...
    def abort(self) -> None: ...


class Sink:
    """Writes a video to ``target``: .mkv (FFV1, every sample kept), .mp4, .mov, .m4v (H.264), .webm
    (VP9), .gif, .y4m, numbered images ("frames/%05d.png", or "frames/" for that), or "-" and binary file
    objects (y4m).

    ``tracks`` are those that the packets of write() belong to; they are copied, not encoded. ``codec`` is the
    name of another encoder of FFmpeg's, ``crf`` its quality (0 with libx264: lossless), ``options`` go to it
    as they are ("pix_fmt" chooses the pixel format), ``container`` overrules the file name's ending.
    ``warnings`` has a line for everything that the kind of file cannot keep.

    The file has a temporary name until close(); after an exception in the ``with`` block, or abort(), nothing
    is left of it. Raises OutputError where something cannot be written, OptionError for options that make no
    sense.
    """

    def __init__(
        self,
        target: str | os.PathLike[str] | IO[bytes],
        info: VideoInfo,
        tracks: Sequence[Track] = (),
        *,
        codec: str | None = None,
        crf: float | None = None,
        options: dict[str, str] | None = None,
        container: str | None = None,
    ) -> None:
        self.warnings: list[str] = []
        self.info, self.tracks = info, tuple(tracks)
        self.container = _container_of(target, container)
        self._frames = 0
        self._open = True
        self._muxer: MuxWriter | None = None
        self._writer: _Writer
        if self.container in ("y4m", "png", "gif"):
            if codec is not None or crf is not None or options:
                raise OptionError(f"{self.container} has no codec, crf or options to choose")
            self._writer = self._plain_writer(target)
            if self.tracks:
                self.warnings.append(f"{self.container} cannot hold audio or subtitles: they are left out")
        else:
            plan = plan_for(self.container, info, codec, crf, options, self.warnings)
            assert isinstance(target, str | os.PathLike)
            self._muxer = MuxWriter(os.fspath(target), self.container, info, self.tracks, plan)
            self._writer = self._muxer

    def _plain_writer(self, target: str | os.PathLike[str] | IO[bytes]) -> _Writer:
        if not isinstance(target, str | os.PathLike):
            return Y4mWriter(target, self.info, self.warnings)
        name = os.fspath(target)
        if self.container == "y4m":
            return Y4mWriter(name, self.info, self.warnings)
        if self.container == "gif":
            return GifWriter(name, self.info, self.warnings)
        return PngWriter(name, self.info)

    def write(self, event: Event) -> None:
        """Takes the next frame (pts increasing, size and format as in ``info``) or packet."""
        try:
            if isinstance(event, TrackPacket):
                if self._muxer is not None:
                    self._muxer.write_packet(event)
                return
            self._frames += 1
            self._writer.write(event)
        except BaseException:
            self.abort()
            raise

    def close(self) -> None:
        """Finishes the file and gives it its name; OutputError if it got no frames."""
        if not self._open:
            return
        try:
            if not self._frames:
                raise OutputError("there are no frames to write")
            self._writer.finish()
        except BaseException:
            self.abort()
            raise
        self._open = False

    def abort(self) -> None:
        """Gives up and removes what was written."""
        if self._open:
            self._open = False
            self._writer.abort()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def _container_of(target: str | os.PathLike[str] | IO[bytes], asked: str | None) -> str:
    if asked is not None and asked not in CONTAINERS:
        raise OptionError(f'container "{asked}" is not one of {", ".join(CONTAINERS)}')
    if not isinstance(target, str | os.PathLike) or os.fspath(target) == "-":
        if asked not in (None, "y4m"):
            raise OptionError(f"{asked} cannot be written to a pipe, only y4m can")
        return "y4m"
    name = os.fspath(target)
    if name.endswith(("/", os.sep)):
        return "png"
    found = asked or _CONTAINERS.get(Path(name).suffix.lower())
    if found is None:
        raise OutputError(f"{name}: unknown kind of file (known: {', '.join(sorted(_CONTAINERS))})")
    return found
