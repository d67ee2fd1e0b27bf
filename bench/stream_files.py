"""The same AV1 packets as a `.aic` file and as an MP4, key frames at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from aicodec_native import _native
from aicodec_native.headers import header_of
from aicodec_native.media import VideoFrame, VideoInfo
from aicodec_native.scheduling import usual_priority
from aicodec_native.video.encoder import CodedVideo, encode_pictures
from aicodec_native.video.frame import RGB_COLOUR
from aicodec_native.video.settings import SVT_PRESETS, VideoSettings

RATE = Fraction(30)


class CodedStream:
    """Frames coded in segments of `per_segment` frames at 30 a second, 8 or 10 bits a sample.

    A canvas of the packets' depth has both decoders give out the samples that dav1d makes; packets of 10 bits on a
    canvas of 8 are what encode() makes of an 8-bit source.
    """

    def __init__(
        self,
        info: VideoInfo,
        frames: Sequence[VideoFrame],
        bit_depth: int,
        canvas_depth: int,
        per_segment: int,
        crf: float = 27.0,
    ) -> None:
        self.bit_depth, self.canvas_depth = bit_depth, canvas_depth
        self.per_segment, self.frames = per_segment, len(frames)
        self.info = replace(info, format="yuv420p10" if canvas_depth == 10 else "yuv420p")
        settings = VideoSettings(crf, SVT_PRESETS["medium"], bit_depth)
        self._segments: list[CodedVideo] = [
            encode_pictures([f.picture for f in frames[at : at + per_segment]], info.colour, RATE, settings)
            for at in range(0, len(frames), per_segment)
        ]

    @property
    def packets(self) -> list[tuple[bytes, bool]]:
        """Each packet with whether it is a key frame, in the order shown."""
        return [(data, n == 0) for video in self._segments for n, (data, _) in enumerate(video.packets)]

    def write_aic(self, path: Path) -> None:
        header = header_of(self.info, 0, 1)
        writer = _native.Writer()
        data, first = writer.begin(header) + writer.tags([]), 0
        for video in self._segments:
            count = len(video.packets)
            layer = _native.build_video_layer(
                format=video.format, colour=RGB_COLOUR, rgb_canvas=False, packets=video.packets
            )
            payload = _native.build_segment(
                header=header,
                first_frame=first,
                times=list(range(first, first + count + 1)),
                digest=None,
                layers=[(_native.LAYER_VIDEO, layer)],
            )
            data += writer.segment(payload, count)
            first += count
        path.write_bytes(data + writer.finish())

    def write_mp4(self, path: Path) -> None:
        info = self.info
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            stream: Any = container.add_stream("libsvtav1", rate=RATE, options={"preset": "10"})
            stream.width, stream.height = info.width, info.height
            stream.pix_fmt = "yuv420p10le" if self.bit_depth == 10 else "yuv420p"
            stream.time_base = stream.codec_context.time_base = 1 / RATE
            colour, context = info.colour, stream.codec_context
            context.color_primaries, context.color_trc = colour.primaries, colour.transfer
            context.colorspace, context.color_range = colour.matrix, 2 if colour.full_range else 1
            with usual_priority():
                container.start_encoding()  # makes the header from the encoder's, which codes nothing here
            for number, (data, is_key) in enumerate(self.packets):
                packet = av.Packet(data)
                packet.stream, packet.time_base = stream, 1 / RATE
                packet.pts = packet.dts = number
                packet.duration, packet.is_keyframe = 1, is_key
                container.mux(packet)
