"""Files that FFmpeg muxes: MP4, MOV, Matroska and WebM, with audio and subtitles beside the video."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import av.stream
from av.codec.context import Flags

from aicodec_native.errors import OptionError, OutputError
from aicodec_native.media.frames import frame_of
from aicodec_native.media.output import PartFile, writing
from aicodec_native.media.plan import Plan
from aicodec_native.media.tracks import add_track, av_packet
from aicodec_native.media.types import Track, TrackPacket, VideoFrame, VideoInfo
from aicodec_native.scheduling import usual_priority

_FORMAT = {"mp4": "mp4", "mov": "mov", "mkv": "matroska", "webm": "webm"}


class MuxWriter:
    """Encodes frames by ``plan`` into ``target`` and copies the packets of ``tracks`` beside them."""

    def __init__(self, target: str, container: str, info: VideoInfo, tracks: tuple[Track, ...], plan: Plan) -> None:
        self._name, self._info, self._tracks, self._plan = target, info, tracks, plan
        self._part = PartFile(Path(target))
        self._container_name = container
        try:
            with writing(target):
                self._output = av.open(
                    str(self._part.part.absolute()),
                    "w",
                    format=_FORMAT[container],
                    container_options=self._container_options(),
                )
                # Matroska would make a tag of a language that belongs to the stream.
                kept = {key: text for key, text in info.metadata.items() if key != "language"}
                self._output.metadata.update(kept)
                self._video = self._add_video()
                self._shape = self._shape_filter()
                self._streams = [self._add_track(track) for track in tracks]
                self._start()
        except BaseException:
            self.abort()
            raise

    def _container_options(self) -> dict[str, str]:
        if self._container_name not in ("mp4", "mov"):
            return {}
        # Edit lists, which hold a late start, count in movie ticks: as fine as the video's, or it is rounded.
        ticks = self._info.time_base.denominator
        while ticks < 10_000:
            ticks *= 2
        return {"movflags": "+faststart", "movie_timescale": str(ticks)}

    def _add_video(self) -> av.VideoStream:
        info, plan = self._info, self._plan
        try:
            stream = self._output.add_stream(plan.codec, info.frame_rate, plan.options)
        except ValueError:
            raise OutputError(f"{self._name}: {self._container_name} cannot hold {plan.codec} video") from None
        assert isinstance(stream, av.VideoStream)
        context = stream.codec_context
        context.width, context.height = info.width, info.height
        context.pix_fmt = plan.pix_fmt
        context.time_base = stream.time_base = info.time_base
        if info.frame_rate is None:
            context.framerate = Fraction(0)
        context.sample_aspect_ratio = info.sar
        context.color_primaries, context.color_trc = plan.colour.primaries, plan.colour.transfer
        context.colorspace, context.color_range = plan.colour.matrix, 2 if plan.colour.full_range else 1
        if plan.canvas.startswith("yuv420p"):
            context.options["chroma_sample_location"] = "center" if plan.colour.chroma_centred else "left"
        context.flags |= Flags.frame_duration
        context.thread_type = "AUTO"
        if info.rotation:
            stream.set_display_rotation(-info.rotation)
        if "language" in info.metadata:
            stream.metadata["language"] = info.metadata["language"]
        return stream

    def _shape_filter(self) -> av.filter.Graph | None:
        """What marks frames with the shape of their samples, if FFV1 is to carry it.

        H.264 and the others have it in their headers. PyAV cannot tell it to the Matroska muxer itself.
        """
        info, plan = self._info, self._plan
        if info.sar == 1 or plan.codec != "ffv1":
            return None
        graph = av.filter.Graph()
        fmt = av.VideoFormat(plan.pix_fmt, info.width, info.height)
        source = graph.add_buffer(width=info.width, height=info.height, format=fmt, time_base=info.time_base)
        shape = graph.add("setsar", f"{info.sar.numerator}/{info.sar.denominator}")
        graph.link_nodes(source, shape, graph.add("buffersink")).configure()
        return graph

    def _add_track(self, track: Track) -> av.stream.Stream:
        try:
            stream = add_track(self._output, track)
        except (ValueError, av.FFmpegError):
            raise OutputError(
                f"{self._name}: {self._container_name} cannot hold {track.codec} {track.kind}; "
                f"write {'.mp4' if track.codec == 'mov_text' else '.mkv'} instead"
            ) from None
        stream.metadata.update(track.metadata)
        stream.disposition = track.disposition  # type: ignore[assignment]
        return stream

    def _start(self) -> None:
        context = self._video.codec_context
        known = {option.name for option in context.supported_options.generic}
        known |= {option.name for option in context.supported_options.private}
        for option in self._plan.options:
            if option not in known:
                raise OptionError(f"{self._plan.codec} has no option {option}")
        try:
            with usual_priority():
                self._output.start_encoding()
        except (av.FFmpegError, ValueError) as error:
            codings = ", ".join([self._plan.codec, *(track.codec for track in self._tracks)])
            raise OutputError(
                f"{self._name}: {self._container_name} cannot be written with {codings} ({error})"
            ) from None

    def write(self, frame: VideoFrame) -> None:
        plan, picture = self._plan, frame.picture
        if picture.format != plan.canvas:
            # The matrix is that of whichever side is YCbCr.
            yuv = self._info.colour if plan.canvas.startswith("rgb") else plan.colour
            picture = picture.convert(plan.canvas, yuv)
        out = frame_of(picture)
        if out.format.name != plan.pix_fmt:
            out = out.reformat(format=plan.pix_fmt)
        out.pts, out.time_base, out.duration = frame.pts, self._info.time_base, frame.duration
        if self._shape is not None:
            self._shape.push(out)
            out = self._shape.vpull()
        out.color_primaries, out.color_trc = plan.colour.primaries, plan.colour.transfer
        out.colorspace, out.color_range = plan.colour.matrix, 2 if plan.colour.full_range else 1
        with writing(self._name):
            self._output.mux(self._video.encode(out))

    def write_packet(self, packet: TrackPacket) -> None:
        with writing(self._name):
            self._output.mux(av_packet(packet, self._tracks[packet.track], self._streams[packet.track]))

    def finish(self) -> None:
        with writing(self._name):
            self._output.mux(self._video.encode(None))
            self._output.close()
        self._part.keep()

    def abort(self) -> None:
        if hasattr(self, "_output"):
            # Closing writes the end of the file, which may fail again; the file goes anyway.
            with contextlib.suppress(av.FFmpegError, OSError, ValueError):
                self._output.close()
        self._part.discard()
