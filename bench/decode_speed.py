"""Row c: frames in order, ours against PyAV's loop over an MP4 with the same packets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aicodec_native
import corpus
import plain_decode
import timing
from stream_files import CodedStream

FRAMES = 240
PER_SEGMENT = 60  # two seconds
# (bits of the packets, bits of the canvas)
DEPTHS = ((8, 8), (10, 10), (10, 8))
CLIPS = (corpus.JOINED, ("road",))


def measure(temp: Path, repetitions: int) -> list[dict[str, Any]]:
    rows = []
    for names in CLIPS:
        info, frames = corpus.looped(names, FRAMES)
        for packet_bits, canvas_bits in DEPTHS:
            stream = CodedStream(info, frames, packet_bits, canvas_bits, PER_SEGMENT)
            stream.write_aic(temp / "stream.aic")
            stream.write_mp4(temp / "stream.mp4")
            rows.append(
                {"clip": "+".join(names), "size": f"{info.width}x{info.height}"} | _stream(stream, temp, repetitions)
            )
    return rows


def _stream(stream: CodedStream, temp: Path, repetitions: int) -> dict[str, Any]:
    mp4 = temp / "stream.mp4"
    decoder = plain_decode.decoder_name(mp4)
    assert decoder == "libdav1d", f"PyAV decodes with {decoder}"
    # What the canvas's RGB has to be compared with.
    rgb = "rgb48" if stream.canvas_depth == 10 else "rgb24"
    contestants = {"native": lambda: _iter_native(temp), "rgb": lambda: _iter_rgb(temp)}
    for conversion in dict.fromkeys(("decode", "native", "rgb24", rgb)):
        for kind in plain_decode.THREAD_TYPES:
            contestants[f"pyav {conversion} {kind}"] = lambda c=conversion, k=kind: _use_up(
                plain_decode.iterate(mp4, k, plain_decode.CONVERSIONS[c])
            )
    runs = timing.alternate(contestants, repetitions)

    def against(ours: str, conversion: str) -> dict[str, Any]:
        best = timing.fastest(runs, f"pyav {conversion} ")
        return {
            "ours": ours,
            "pyav": best,
            "speed_ratio": timing.ratio(runs, best, ours),
            "processor_ratio": timing.processor_ratio(runs, ours, best),
        }

    pairs = [("native", "decode"), ("native", "native"), ("rgb", "decode"), ("rgb", "rgb24"), ("rgb", rgb)]
    return {
        "packet_bits": stream.bit_depth,
        "canvas_bits": stream.canvas_depth,
        "frames": stream.frames,
        "frames_per_second": {name: stream.frames / s for name, s in timing.medians(runs).items()},
        "pairs": [against(*pair) for pair in dict.fromkeys(pairs)],
    }


def _iter_native(temp: Path) -> None:
    with aicodec_native.open(temp / "stream.aic") as reader:
        _use_up(reader.iter_native())


def _iter_rgb(temp: Path) -> None:
    with aicodec_native.open(temp / "stream.aic") as reader:
        _use_up(reader)


def _use_up(frames: Iterable[Any]) -> None:
    deque(frames, maxlen=0)
