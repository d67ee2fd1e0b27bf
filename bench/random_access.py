"""Row d: single frames at random places, ours against PyAV's seek and decode over the same packets."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy as np

import aicodec_native
import corpus
import plain_decode
import timing
from stream_files import CodedStream

FRAMES = 240
PER_SEGMENT = 60  # two seconds
DEPTHS = ((8, 8), (10, 8))
ACCESSES = 24
SEED = 20250101
_VARIANTS = tuple(product(("SLICE", "AUTO"), (False, True)))


def measure(temp: Path, repetitions: int) -> list[dict[str, Any]]:
    info, frames = corpus.looped(corpus.JOINED, FRAMES)
    places = random.Random(SEED).sample(range(FRAMES), ACCESSES)
    rows = []
    for packet_bits, canvas_bits in DEPTHS:
        stream = CodedStream(info, frames, packet_bits, canvas_bits, PER_SEGMENT)
        stream.write_aic(temp / "stream.aic")
        stream.write_mp4(temp / "stream.mp4")
        _check(stream, temp, places)
        row = {"clip": "+".join(corpus.JOINED), "size": f"{info.width}x{info.height}"}
        rows.append(row | _stream(stream, temp, places, repetitions))
    return rows


def _stream(stream: CodedStream, temp: Path, places: Sequence[int], repetitions: int) -> dict[str, Any]:
    def ours(kind: str) -> None:
        with aicodec_native.open(temp / "stream.aic") as reader:
            for place in places:
                _ = reader[place] if kind == "rgb24" else reader.native(place)

    def theirs(kind: str, thread_type: str, low_delay: bool) -> None:
        convert = plain_decode.CONVERSIONS[kind]
        options = {"thread_type": thread_type, "low_delay": low_delay}
        video = plain_decode.RandomAccess(temp / "stream.mp4", stream.per_segment, convert, **options)
        for place in places:
            _ = video[place]
        video.close()

    row: dict[str, Any] = {"packet_bits": stream.bit_depth, "canvas_bits": stream.canvas_depth}
    row |= {"accesses": len(places), "per_segment": stream.per_segment, "kinds": {}}
    variants = list(_VARIANTS)
    for kind in ("native", "rgb24"):
        contestants: dict[str, Any] = {"ours": lambda kind=kind: ours(kind)}
        for thread_type, low_delay in variants:
            name = f"pyav {thread_type}{' low_delay' if low_delay else ''}"
            contestants[name] = lambda k=kind, t=thread_type, low=low_delay: theirs(k, t, low)
        runs = timing.alternate(contestants, repetitions)
        best = timing.fastest(runs, "pyav ")
        # The conversion to RGB does not change which way of decoding is the fastest.
        variants = [(best.split()[1], best.endswith("low_delay"))]
        row["kinds"][kind] = {
            "milliseconds": {name: 1000 * s / len(places) for name, s in timing.medians(runs).items()},
            "best_pyav": best,
            "speed_ratio": timing.ratio(runs, best, "ours"),
            "processor_ratio": timing.processor_ratio(runs, "ours", best),
        }
    return row


def _check(stream: CodedStream, temp: Path, places: Sequence[int]) -> None:
    """Both sides give the frames of a sequential decode."""
    with aicodec_native.open(temp / "stream.aic") as reader:
        native = {n: planes for n, planes in enumerate(reader.iter_native()) if n in places}
        rgb = {n: frame for n, frame in enumerate(reader) if n in places}
        for place in places:
            assert np.array_equal(reader[place], rgb[place]), f"frame {place} differs"
            assert all(map(np.array_equal, reader.native(place), native[place])), f"frame {place} differs"
    for thread_type, low_delay in _VARIANTS:
        options = {"thread_type": thread_type, "low_delay": low_delay}
        video = plain_decode.RandomAccess(temp / "stream.mp4", stream.per_segment, _luma, **options)
        expected = dict(enumerate(plain_decode.iterate(temp / "stream.mp4", "AUTO", _luma)))
        assert all(np.array_equal(video[place], expected[place]) for place in places), options
        video.close()


def _luma(frame: av.VideoFrame) -> np.ndarray:
    plane = frame.planes[0]
    dtype = np.uint16 if "10" in frame.format.name else np.uint8
    return np.frombuffer(memoryview(plane), dtype).reshape(plane.height, -1)[:, : plane.width].copy()
