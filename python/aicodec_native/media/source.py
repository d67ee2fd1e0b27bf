"""Videos come in here: files, standard input, numbered images, numpy arrays, all as one stream of events."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import IO, Self

import av
import av.container
import av.stream

from aicodec_native._native import Colour, Picture, matrix_supported
from aicodec_native.errors import InputError, OptionError
from aicodec_native.media.clock import Clock, Window
from aicodec_native.media.exact import exact_canvas, exact_picture, repeats_chroma
from aicodec_native.media.frames import PIX_FMT, alpha_matters, canvas_format, frame_colour, picture_of
from aicodec_native.media.locate import Located
from aicodec_native.media.probe import Probe, probe
from aicodec_native.media.tracks import initial_padding, packet_of, track_of, useful_metadata
from aicodec_native.media.types import Event, Track, TrackPacket, VideoFrame, VideoInfo

# FFmpeg takes any text for ANSI art and makes a video of it.
_TEXT_ART = {"tty", "bin", "xbin", "adf", "idf"}
# Containers with an index and true timestamps, where a seek lands before the asked time.
_SEEKABLE = {"matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"}
# A video packet this far behind the end of the asked range ends the reading, even if a track is silent till
# then.
_PATIENCE = 5


class BaseSource:
    """What every source offers.

    ``info`` and ``tracks`` describe the content; ``frame_count_hint`` is about how many frames will come
    (None: unknown); ``byte_size`` the size of the input in bytes (None: unknown); ``warnings`` grows while
    events() runs and holds one line for each thing that was lost or repaired. Closes at the end of a ``with``
    block.
    """

    info: VideoInfo
    tracks: tuple[Track, ...] = ()
    frame_count_hint: int | None = None
    byte_size: int | None = None

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def events(self) -> Iterator[Event]:
        """Yields frames (pts strictly increasing) and track packets in about the order of the file, once."""
        raise NotImplementedError

    def frames(self) -> Iterator[VideoFrame]:
        """The frames of events() alone."""
        return (event for event in self.events() if isinstance(event, VideoFrame))

    def close(self) -> None:
        """Frees the input; events() must not be used after."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Source(BaseSource):
    """A video that FFmpeg reads: a path, "-" (standard input), a binary file object, or numbered images
    ("frames/%04d.png" or "frames/*.png", at ``fps`` frames a second, 25 if not said).

    ``start`` and ``duration`` (seconds from the start of the file) keep the frames and packets that begin in
    that range; ``start`` then becomes time 0. Otherwise timestamps stay as they are, also a first one above
    0. Missing or unordered timestamps are repaired so that they increase. A file that breaks off midway gives
    the frames up to there and a line in ``warnings``. ``exact`` asks for pictures from which every sample can be
    read back (alpha aside): InputError for a pixel format that no canvas holds so.

    Raises InputError, with one line of text, for an input that is missing, is no video or holds no frames,
    and from events() where the picture size changes.
    """

    def __init__(
        self,
        input: str | os.PathLike[str] | IO[bytes],
        *,
        start: float | None = None,
        duration: float | None = None,
        fps: float | Fraction | None = None,
        exact: bool = False,
    ) -> None:
        super().__init__()
        self._exact = exact
        where = Located(input, fps)
        if fps is not None and not where.options:
            raise OptionError(f"fps is for numbered images: {where.name} has times of its own")
        self.name, self.byte_size = where.name, where.byte_size
        self._container = self._open(where)
        try:
            self._stream = self._choose_stream()
            self._prepare(start, duration)
        except BaseException:
            self.close()
            raise

    def _open(self, where: Located) -> av.container.InputContainer:
        try:
            container = av.open(
                where.target,
                "r",
                format="image2" if where.options else None,
                options=where.options,
                metadata_errors="replace",
            )
        except OSError as error:
            # PyAV derives its own errors from Python's where there is one, such as a missing file.
            raise InputError(f"{self.name}: {_reason(error)}") from None
        except (av.FFmpegError, ValueError) as error:
            raise InputError(f"{self.name}: not a video that FFmpeg can read ({_reason(error)})") from None
        if container.format.name in _TEXT_ART:
            container.close()
            raise InputError(f"{self.name}: not a video that FFmpeg can read (it is a text file)")
        return container

    def _choose_stream(self) -> av.VideoStream:
        kept: list[Track] = []
        self._track_of_stream: dict[int, int] = {}
        videos = [stream for stream in self._container.streams.video if not _is_picture(stream)]
        if not videos:
            raise InputError(f"{self.name}: has no video stream")
        chosen = next((video for video in videos if video.disposition & 1), videos[0])
        if chosen.codec_context is None:
            raise InputError(f"{self.name}: its video coding is unknown to FFmpeg")
        if len(videos) > 1:
            self.warnings.append(f"only one of {len(videos)} video streams is used")
        for stream in self._container.streams:
            track = track_of(stream)
            if track is not None:
                self._track_of_stream[stream.index] = len(kept)
                kept.append(track)
            elif stream.type in ("audio", "subtitle", "attachment", "data"):
                self.warnings.append(f"stream {stream.index} ({stream.type}) is left out")
        self.tracks = tuple(kept)
        return chosen

    def _prepare(self, start: float | None, duration: float | None) -> None:
        """Decodes up to the first frame, which alone knows the true pixel format, colour and rotation."""
        stream, container = self._stream, self._container
        stream.thread_type = "AUTO"
        time_base = stream.time_base or Fraction(1, 90000)
        rate = stream.guessed_rate or stream.average_rate or None
        self._window = Window(start, duration, Fraction(container.start_time or 0, 1_000_000))
        self._clock = Clock(time_base, rate)
        self._seek()
        self._count, self._broken, self._ended = 0, 0, False
        self._early: list[TrackPacket] = []
        self._raw = self._read(time_base)
        self._opaque = True
        first = self._first_frame()
        self._held: av.VideoFrame | None = first
        self._describe(first, time_base, rate)
        self.tracks = tuple(self._with_padding(index, track) for index, track in enumerate(self.tracks))
        self.frame_count_hint = self._guess_count(rate)

    def _first_frame(self) -> av.VideoFrame:
        for event in self._raw:
            if isinstance(event, av.VideoFrame):
                return event
            self._early.append(event)
        raise InputError(f"{self.name}: {self._why_no_frames()}")

    def _why_no_frames(self) -> str:
        if self._broken:
            return "no frame of it can be decoded"
        return "has no video frames" + (" in that range" if self._window.is_set else "")

    def _seek(self) -> None:
        start = self._window.start
        if start is None or self._container.format.name not in _SEEKABLE:
            return
        # Without an index everything from the start is decoded instead.
        with contextlib.suppress(av.FFmpegError):
            self._container.seek(int(start * 1_000_000))

    def _read(self, time_base: Fraction) -> Iterator[av.VideoFrame | TrackPacket]:
        """Decoded frames and packets of the tracks, inside the window only."""
        window = self._window
        for packet in self._packets():
            # packet.stream_index is 0 for the empty packets that end each stream.
            index = packet.stream.index
            if index == self._stream.index:
                if window.is_past(packet.dts, time_base, _PATIENCE) or (self._ended and not self.tracks):
                    return
                for frame in self._decode(packet):
                    pts = self._clock.set(frame)
                    self._ended = self._ended or window.is_past(pts, time_base)
                    if window.holds(pts, time_base):
                        yield frame
            elif index in self._track_of_stream and packet.size > 0:
                unit = packet.time_base
                if window.holds(packet.pts, unit):
                    yield packet_of(packet, self._track_of_stream[index], window.shift(unit))

    def _packets(self) -> Iterator[av.Packet[av.stream.Stream]]:
        try:
            yield from self._container.demux()
        except (av.FFmpegError, OSError) as error:
            self._broken += 1
            self.warnings.append(f"the file breaks off: {_reason(error)}")
            # What the decoder still holds back comes out of it with an empty packet.
            last: av.Packet[av.stream.Stream] = av.Packet()
            last.stream = self._stream
            yield last

    def _decode(self, packet: av.Packet[av.stream.Stream]) -> list[av.VideoFrame]:
        if self._ended or (packet.size == 0 and packet.dts is not None):
            # AVI marks a repeated frame with an empty packet; to the decoder it would mean the end.
            return []
        try:
            return self._stream.decode(packet)
        except av.FFmpegError as error:
            if not self._broken:
                self.warnings.append(f"damaged video data is skipped: {_reason(error)}")
            self._broken += 1
            return []

    def _describe(self, first: av.VideoFrame, time_base: Fraction, rate: Fraction | None) -> None:
        canvas = self._exact_canvas(first) if self._exact else canvas_format(first)
        seen = probe(first)
        colour = frame_colour(first, seen.chroma_centred)
        if not canvas.startswith("rgb") and not matrix_supported(colour.matrix):
            self.warnings.append(f"colour matrix {colour.matrix} is not known: taken for an unspecified one")
            colour = Colour(
                primaries=colour.primaries,
                transfer=colour.transfer,
                full_range=colour.full_range,
                chroma_centred=colour.chroma_centred,
            )
        metadata = useful_metadata(dict(self._container.metadata))
        own = useful_metadata(dict(self._stream.metadata))
        for key in ("language", "title"):
            if key in own:
                metadata.setdefault(key, own[key])
        self.info = VideoInfo(
            width=first.width,
            height=first.height,
            format=canvas,
            colour=colour,
            sar=self._shape_of(seen),
            rotation=round(-first.rotation / 90) * 90 % 360,
            time_base=time_base,
            frame_rate=rate,
            metadata=metadata,
        )

    def _exact_canvas(self, first: av.VideoFrame) -> str:
        canvas, name = exact_canvas(first), first.format.name
        if canvas is None:
            nearest = PIX_FMT[canvas_format(first)]
            raise InputError(
                f"{self.name}: no canvas holds every sample of {name}: convert it first, such as with "
                f"ffmpeg -pix_fmt {nearest}, or ask for a quality below lossless"
            )
        if repeats_chroma(first):
            self.warnings.append(f"{name} is stored as {canvas}, each chroma sample repeated")
        return canvas

    def _picture(self, frame: av.VideoFrame) -> Picture:
        if not self._exact:
            return picture_of(frame, self.info.format)
        if exact_canvas(frame) != self.info.format:
            raise InputError(
                f"{self.name}: the pixel format changes to {frame.format.name} at frame {self._count}, "
                f"which {self.info.format} does not hold exactly"
            )
        return exact_picture(frame, self.info.format)

    def _shape_of(self, seen: Probe) -> Fraction:
        # The container's word goes first; it is None or 1 where only the pictures say it.
        said = self._stream.sample_aspect_ratio
        return seen.sar if said is None or said in (0, 1) else said

    def _with_padding(self, index: int, track: Track) -> Track:
        first = next((packet for packet in self._early if packet.track == index), None)
        if first is None or self._window.start is not None:
            return track
        return replace(track, initial_padding=initial_padding(track, first))

    def _guess_count(self, rate: Fraction | None) -> int | None:
        if self._stream.frames and not self._window.is_set:
            return self._stream.frames
        length = self._container.duration
        whole = None if length is None else Fraction(length, 1_000_000)
        seconds = self._window.clip(whole)
        return None if rate is None or seconds is None else max(1, round(seconds * rate))

    def events(self) -> Iterator[Event]:
        yield from self._early
        self._early.clear()
        held, self._held = self._held, None
        for event in self._raw:
            if isinstance(event, TrackPacket):
                yield event
                continue
            if held is not None:
                yield self._finished(held, event.pts)
            held = event
        if held is not None:
            yield self._finished(held, None)
            self._check_complete(held)
        if self._clock.repaired:
            self.warnings.append(f"{self._clock.repaired} frames had missing or unordered timestamps")

    def _check_complete(self, last: av.VideoFrame) -> None:
        """Warns of an MP4 whose index promises more than came; other files do not say how much to expect.
        Frames alone may be missing by right, hidden by an edit list: the time must be missing too."""
        stream, unit = self._stream, self.info.time_base
        promised, length = stream.frames, stream.duration
        if self._window.is_set or not promised or not length or self._count >= promised:
            return
        if ((stream.start_time or 0) + length - (last.pts or 0)) * unit > Fraction(1, 4):
            self.warnings.append(f"the file breaks off: {self._count} of {promised} frames are there")

    def _finished(self, frame: av.VideoFrame, following: int | None) -> VideoFrame:
        """``frame`` as an event: it lasts until ``following``, the last one as long as the file says."""
        info, number = self.info, self._count
        if (frame.width, frame.height) != (info.width, info.height):
            raise InputError(
                f"{self.name}: the picture size changes from {info.width}x{info.height} to "
                f"{frame.width}x{frame.height} at frame {number}"
            )
        if self._opaque and alpha_matters(frame):
            self._opaque = False
            self.warnings.append("transparency is dropped")
        picture = self._picture(frame)
        self._count += 1
        pts = frame.pts or 0
        length = self._clock.length(frame) if following is None else following - pts
        return VideoFrame(pts - self._window.shift(info.time_base), length, picture)

    def close(self) -> None:
        self._held = None
        self._container.close()


def _is_picture(stream: av.VideoStream) -> bool:
    """Whether ``stream`` is cover art or a thumbnail, not a video."""
    wanted = av.stream.Disposition.attached_pic | av.stream.Disposition.timed_thumbnails
    return bool(stream.disposition & wanted)


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "no such file" if isinstance(error, FileNotFoundError) else text[:1].lower() + text[1:]
