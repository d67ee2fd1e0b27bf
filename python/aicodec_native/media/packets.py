"""What of a file is video: the bytes that its container adds are not the codec's."""

from __future__ import annotations

import os

import av

from aicodec_native.errors import InputError


def video_bytes(path: str | os.PathLike[str]) -> int:
    """The sum of the packets of the first video stream. Raises InputError where there is none."""
    name = os.fspath(path)
    try:
        with av.open(name) as container:
            if not container.streams.video:
                raise InputError(f"{name}: there is no video in it")
            return sum(packet.size for packet in container.demux(container.streams.video[0]))
    except (av.FFmpegError, OSError) as error:
        raise InputError(f"{name}: {error}") from None
