"""libaom, which codes 4:4:4, by the ffmpeg program: frames go to its standard input, packets come from its output.

PyAV's wheels do not have it. On drawings it needs a third to two thirds fewer bytes than SVT-AV1, which knows 4:2:0
alone, for two to four times the time (docs/decisions/0003-video-layer-settings.md).
"""

from __future__ import annotations

import functools
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from queue import SimpleQueue
from typing import IO

from aicodec_native.errors import EncodeError, OptionError
from aicodec_native.ffmpeg_program import ffmpeg, ffmpeg_version
from aicodec_native.video.frame import EncoderFrame
from aicodec_native.video.packet import CodedPacket, coded_packet
from aicodec_native.video.settings import VideoSettings

# Neither filtering in time nor quantisers that follow the prediction tree pay where there is no noise: 7-10% of the
# bytes. Without strength it would still look for what to filter: 5 to 13% of the time.
_DRAWN = "tune-content=screen:deltaq-mode=0:arnr-strength=0:enable-keyframe-filtering=0"

_IVF_HEADER, _IVF_FRAME_HEADER = 32, 12


@functools.cache
def version() -> str | None:
    """The program's; None where there is none, or one without libaom."""
    try:
        said = subprocess.run([ffmpeg(), "-v", "error", "-encoders"], capture_output=True, text=True, check=True).stdout
        return ffmpeg_version() if "libaom-av1" in said else None
    except (OptionError, OSError, subprocess.CalledProcessError):
        return None


def encode(
    first: EncoderFrame, others: Iterable[EncoderFrame], frame_rate: Fraction, settings: VideoSettings
) -> Iterator[CodedPacket]:
    """Packets of the first frame and the others, as they get ready. Raises EncodeError where the program fails."""
    with tempfile.TemporaryFile() as said:
        # A session of its own: who presses Ctrl-C wants this process to end it.
        program = subprocess.Popen(
            _command(first, frame_rate, settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )
        assert program.stdin is not None
        assert program.stdout is not None
        packets: SimpleQueue[bytes | None] = SimpleQueue()
        reader = threading.Thread(target=_read, args=(program.stdout, packets), daemon=True)
        reader.start()
        try:
            try:
                for frame in chain([first], others):
                    program.stdin.write(frame.samples())
                    while not packets.empty() and (data := packets.get()) is not None:
                        yield coded_packet(data, disposable=False)
                program.stdin.close()
            except BrokenPipeError:
                pass  # it tells why below
            while (data := packets.get()) is not None:
                yield coded_packet(data, disposable=False)
            if program.wait():
                said.seek(0)
                raise EncodeError(f"libaom failed: {' '.join(said.read().decode(errors='replace').split())[-300:]}")
        finally:
            program.kill()
            program.wait()
            reader.join()
            program.stdout.close()


def _command(first: EncoderFrame, frame_rate: Fraction, settings: VideoSettings) -> list[str]:
    colour_range = ["-color_range", "pc" if first.full_range else "tv"]
    source = {
        "f": "rawvideo",
        "pix_fmt": first.frame.format.name,
        "s": f"{first.frame.width}x{first.frame.height}",
        "framerate": str(frame_rate),
    }
    coding = {
        "c:v": "libaom-av1",
        "crf": f"{settings.crf:g}",
        "cpu-used": str(settings.preset),
        "row-mt": "1",
        # One thread gives other packets than two or more, which all give the same.
        "threads": str(max(2, settings.threads or os.cpu_count() or 1)),
        "g": str(1 << 20),
        "f": "ivf",
    }
    if settings.drawn:
        coding |= {"arnr-max-frames": "0", "aom-params": _DRAWN}
    if settings.realtime:
        coding |= {"usage": "realtime", "lag-in-frames": "0"}
    options = [[f"-{name}", value] for name, value in source.items()], [[f"-{n}", value] for n, value in coding.items()]
    before, after = ([part for pair in pairs for part in pair] for pairs in options)
    return [ffmpeg(), "-v", "error", *before, *colour_range, "-i", "pipe:0", *after, *colour_range, "pipe:1"]


def _read(pipe: IO[bytes], packets: SimpleQueue[bytes | None]) -> None:
    """The packets of an IVF stream, then None: a 32-byte header, and before each packet its size and its time."""
    pipe.read(_IVF_HEADER)
    while len(head := pipe.read(_IVF_FRAME_HEADER)) == _IVF_FRAME_HEADER:
        packets.put(pipe.read(int.from_bytes(head[:4], "little")))
    packets.put(None)
