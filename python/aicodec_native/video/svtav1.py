"""SVT-AV1, through PyAV."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from typing import Any

import av

from aicodec_native.scheduling import usual_priority
from aicodec_native.video.frame import EncoderFrame
from aicodec_native.video.packet import CodedPacket, coded_packet
from aicodec_native.video.settings import DRAWN_PARAMETERS, VideoSettings

# It would describe every run on standard error; 1 leaves it its errors. It reads this once.
os.environ.setdefault("SVT_LOG", "1")


def encode(
    first: EncoderFrame, others: Iterable[EncoderFrame], frame_rate: Fraction, settings: VideoSettings
) -> Iterator[CodedPacket]:
    """Packets of the first frame and the others, as they get ready. Raises av.error.FFmpegError where it fails."""
    context = _opened(first, frame_rate, settings)
    for number, one in enumerate(chain([first], others)):
        one.frame.pts = number
        # encode() would hold back every packet until the last of its call, which for a short video is the very last.
        yield from map(_packet, context.encode_lazy(one.frame))
    yield from map(_packet, context.encode_lazy(None))


def _packet(packet: Any) -> CodedPacket:
    return coded_packet(bytes(packet), disposable=packet.is_disposable)


def _opened(first: EncoderFrame, frame_rate: Fraction, settings: VideoSettings) -> Any:
    context: Any = av.CodecContext.create("libsvtav1", "w")
    context.width, context.height = first.frame.width, first.frame.height
    context.pix_fmt = first.frame.format.name
    context.framerate = frame_rate
    context.time_base = 1 / frame_rate
    context.gop_size = 1 << 20
    context.color_range = 2 if first.full_range else 1
    threads = settings.threads or os.cpu_count() or 1
    parameters = settings.parameters
    if settings.drawn:
        parameters += "".join(f":{name}={value}" for name, value in DRAWN_PARAMETERS.items())
    elif not settings.temporal_filter:
        parameters += ":enable-tf=0"
    context.options = {
        "preset": str(settings.preset),
        "crf": str(int(settings.crf)),
        # Quarter steps of CRF exist only among SVT-AV1's own parameters.
        "svtav1-params": f"crf={settings.crf:g}:lp={min(threads, 6)}:{parameters}",
    }
    with usual_priority():
        context.open()
    return context
