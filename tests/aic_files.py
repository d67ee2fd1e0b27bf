"""Builds small `.aic` files for the tests: with the native writer, and chunk by chunk where it would refuse."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import av
import numpy as np

from aicodec_native import _native
from aicodec_native.video import encoder as video_encoder
from aicodec_native.video.settings import VideoSettings
from reference import bits, container, segment

COLOUR = _native.Colour()
YUV = _native.Colour(matrix=6)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def block(data: bytes) -> bytes:
    return varint(len(data)) + data


def chunk(kind: str, payload: bytes) -> bytes:
    body = kind.encode() + block(payload)
    return body + _native.crc32c(body).to_bytes(4, "little")


def index(entries: list[tuple[int, int, int]]) -> bytes:
    """The index chunk for (kind, detail, size) entries."""
    body = b"".join(varint(detail * 4 + kind) + varint(size) for kind, detail, size in entries)
    size = len(varint(len(body) + 4)) + len(body) + 9
    return chunk("I", body + size.to_bytes(4, "little"))


def assemble(head: bytes, chunks: list[tuple[str, bytes]]) -> bytes:
    """A whole file of chunks that may be anything; `head` is the signature and the header chunk."""
    out, entries = head, []
    for kind, payload in chunks:
        data = chunk(kind, payload)
        kind_number, detail = container.describe(kind, payload)
        entries.append((kind_number, detail, len(data)))
        out += data
    return out + index(entries)


def header(**fields: Any) -> _native.StreamHeader:
    values: dict[str, Any] = {
        "format": "yuv420p",
        "width": 64,
        "height": 64,
        "colour": COLOUR,
        "sample_aspect": (1, 1),
        "quarter_turns": 0,
        "time_base": (1, 1000),
        "frame_duration": (100, 3),
        "origin": 0,
    }
    return _native.StreamHeader(**{**values, **fields})


def head_of(stream_header: _native.StreamHeader) -> bytes:
    return _native.Writer().begin(stream_header)


def nominal(stream_header: _native.StreamHeader, first: int, frames: int) -> list[int]:
    num, den = stream_header.frame_duration
    return [stream_header.origin + (2 * i * num + den) // (2 * den) for i in range(first, first + frames + 1)]


def scene(width: int, height: int, t: int) -> np.ndarray:
    """A small moving picture, (height, width, 3) uint8."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 3 + t * 9, y * 3 + t * 5, (x ^ y) + t], axis=2) % 256
    rgb[(x - 20 - 4 * t) ** 2 + (y - 30) ** 2 < 150] = (230, 40, 20)
    return rgb.astype(np.uint8)


@lru_cache
def coded(width: int = 64, height: int = 64, frames: int = 3, depth: int = 8, start: int = 0) -> Any:
    """AV1 packets of `frames` frames of the scene."""
    pictures = [_native.Picture.from_rgb(scene(width, height, start + t)) for t in range(frames)]
    settings = VideoSettings(crf=50, preset=8, bit_depth=depth, threads=1)
    return video_encoder.encode_pictures(pictures, COLOUR, Fraction(30), settings)


def layer(stream_header: _native.StreamHeader, video: Any, colour: _native.Colour = YUV) -> bytes:
    rgb = stream_header.format.startswith("rgb")
    return _native.build_video_layer(format=video.format, colour=colour, rgb_canvas=rgb, packets=video.packets)


def segment_of(
    stream_header: _native.StreamHeader,
    layers: list[bytes],
    *,
    first: int = 0,
    times: list[int] | None = None,
    frames: int = 3,
    digest: int | bool | None = None,
) -> bytes:
    """A segment of video layers; digest True stores the one that the reference decoder computes."""

    def built(value: int | None) -> bytes:
        return _native.build_segment(
            header=stream_header,
            first_frame=first,
            times=times or nominal(stream_header, first, frames),
            digest=value,
            layers=[(_native.LAYER_VIDEO, data) for data in layers],
        )

    if digest is not True:
        return built(digest or None)
    parsed = container.open_file(assemble(head_of(stream_header), [])).header
    pictures = segment.decode_frames(parsed, segment.read_segment(built(None), parsed), decode_av1)
    return built(segment.digest_of([segment.frame_hash(planes, parsed.depth) for planes in pictures]))


def video_segment(stream_header: _native.StreamHeader, frames: int = 3, *, depth: int = 8, **more: Any) -> bytes:
    start = more.get("first", 0)
    video = coded(max(64, stream_header.width), max(64, stream_header.height), frames, depth, start)
    more.setdefault("digest", True)
    return segment_of(stream_header, [layer(stream_header, video)], frames=frames, **more)


AUDIO = _native.Track(
    kind="audio",
    codec="aac",
    time_base=(1, 48000),
    extradata=b"\x11\x90",
    tags=[("sample_rate", "48000"), ("layout", "stereo"), ("meta:title", "näive")],
)
SUBTITLE = _native.Track(kind="subtitle", codec="subrip", time_base=(1, 1000), extradata=b"", tags=[])


def packet(pts: int, duration: int = 1024, data: bytes = b"sound", **more: Any) -> _native.Packet:
    values = {"dts": pts, "is_keyframe": True, "side_data": [], **more}
    return _native.Packet(pts=pts, duration=duration, data=data, **values)


def decode_av1(packets: list[bytes]) -> list[tuple[int, int, list[np.ndarray]]]:
    """(layout, depth, planes) of the frame in each packet: dav1d, through PyAV alone."""
    context: Any = av.CodecContext.create("libdav1d", "r")
    context.thread_count = 1
    frames = []
    for number, data in enumerate(packets):
        unit = av.Packet(data)
        unit.pts = number
        frames += context.decode(unit)
    frames += context.decode(None)
    if [frame.pts for frame in frames] != list(range(len(packets))):
        raise bits.RefusedError("not one frame in each packet")
    return [_planes(frame) for frame in frames]


def _planes(frame: Any) -> tuple[int, int, list[np.ndarray]]:
    ten = "10" in frame.format.name
    planes = []
    for plane in frame.planes:
        rows = np.frombuffer(plane, "<u2" if ten else "u1").reshape(plane.height, -1)
        planes.append(rows[:, : plane.width])
    layout = container.YUV444 if "444" in frame.format.name else container.YUV420
    return layout, 10 if ten else 8, planes


def everything(data: bytes) -> dict[str, Any]:
    """All that the native reader finds in a file, apart from the pictures."""
    file = _native.FileReader.from_bytes(data)
    head = file.header
    dictionary, usable, segments = _native.Dictionary.of_file(file), 0, []
    for entry in file.entries:
        usable += entry.kind == "dictionary"
        if entry.kind == "segment":
            segments.append(_native.Segment(file.payload(entry), head, dictionary, usable))
    groups = [file.packets(entry) for entry in file.entries if entry.kind == "packets"]
    for part in segments:
        for number, (kind, _) in enumerate(part.layers):
            if kind == "video":
                part.video_packets(number)
    return {
        "header": {name: getattr(head, name) for name in _HEADER} | {n: getattr(head.colour, n) for n in _COLOUR},
        "tags": file.tags,
        "tracks": [(t.kind, t.codec, t.time_base, t.extradata, t.tags) for t in file.tracks],
        "packets": [
            (track, p.pts, p.duration, p.dts, p.is_keyframe, p.side_data, p.data)
            for track, packets in groups
            for p in packets
        ],
        "segments": [(s.first_frame, s.times, s.digest, len(s.layers), s.dictionary) for s in segments],
        "quality": file.quality(),
        "notes": file.notes(),
        "recovered": file.recovered,
    }


_HEADER = ("format", "width", "height", "sample_aspect", "quarter_turns", "time_base", "frame_duration", "origin")
_COLOUR = ("primaries", "transfer", "matrix", "full_range", "chroma_centred")
_FORMATS = {0: ("rgb24", "rgb30"), 1: ("yuv420p", "yuv420p10"), 2: ("yuv444p", "yuv444p10")}


def everything_by_reference(data: bytes) -> dict[str, Any]:
    """As `everything`, by the reference decoder."""
    file = container.open_file(data)
    h = file.header
    segments = segment.read_segments(file.segments, h)
    for part in segments:
        for kind, payload in part.layers:
            segment.read_layer(kind, payload, h, part)
    return {
        "header": {
            "format": _FORMATS[h.layout][h.depth > 8],
            "width": h.width,
            "height": h.height,
            "sample_aspect": h.aspect,
            "quarter_turns": h.rotation,
            "time_base": h.time_base,
            "frame_duration": h.frame_duration,
            "origin": h.origin,
            "primaries": h.primaries,
            "transfer": h.transfer,
            "matrix": h.matrix,
            "full_range": h.full_range,
            "chroma_centred": h.centred,
        },
        "tags": file.metadata,
        "tracks": [(("audio", "subtitle")[t.kind], t.codec, t.time_base, t.extradata, t.tags) for t in file.tracks],
        "packets": [(p.track, p.pts, p.duration, p.dts, p.key, p.side_data, p.data) for p in file.packets],
        "segments": [
            (s.first, [start for start, _ in s.times] + [sum(s.times[-1])], s.digest, len(s.layers), _listed(s, h))
            for s in segments
        ],
        "quality": None if file.quality is None else container.read_quality(file.quality, len(segments)),
        "notes": [] if file.notes is None else container.read_notes(file.notes),
        "recovered": file.recovered,
    }


def _listed(part: segment.Segment, head: container.Header) -> list[int]:
    layers = [segment.read_layer(kind, payload, head, part) for kind, payload in part.layers]
    return [number for layer in layers for number in getattr(layer, "pictures", [])]


def agreed(data: bytes) -> dict[str, Any]:
    """What both decoders find in a file, which must be the same."""
    found = everything(data)
    assert found == everything_by_reference(data)
    return found
