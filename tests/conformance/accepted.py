"""Streams that every decoder must read; the docstring says what each shows."""

from __future__ import annotations

from collections.abc import Callable

from aic_files import (
    AUDIO,
    SUBTITLE,
    assemble,
    block,
    coded,
    head_of,
    header,
    layer,
    packet,
    segment_of,
    varint,
    video_segment,
)
from aicodec_native import _native

STREAMS: dict[str, Callable[[], bytes]] = {}


def stream(build: Callable[[], bytes]) -> Callable[[], bytes]:
    STREAMS[build.__name__] = build
    return build


def one_segment(stream_header: _native.StreamHeader, **more: object) -> bytes:
    return assemble(head_of(stream_header), [("S", video_segment(stream_header, **more))])


@stream
def plain() -> bytes:
    """8-bit 4:2:0, regular times, digest."""
    return one_segment(header())


@stream
def no_digest() -> bytes:
    """A segment without a digest."""
    return one_segment(header(), digest=None)


@stream
def no_frames() -> bytes:
    """A header and an index, nothing between."""
    return assemble(head_of(header()), [])


@stream
def ten_bit() -> bytes:
    """10-bit 4:2:0 canvas and coded frames."""
    return one_segment(header(format="yuv420p10"), depth=10)


@stream
def narrowed() -> bytes:
    """10-bit coded frames on an 8-bit canvas."""
    return one_segment(header(), depth=10)


@stream
def widened() -> bytes:
    """8-bit 4:2:0 coded frames on a 10-bit 4:4:4 canvas, chroma centred."""
    return one_segment(header(format="yuv444p10", colour=_native.Colour(chroma_centred=True)))


@stream
def odd_size() -> bytes:
    """4:2:0 with odd sides."""
    return one_segment(header(width=67, height=65))


@stream
def one_pixel() -> bytes:
    """A canvas of one pixel, cut out of coded frames of 64x64."""
    return one_segment(header(width=1, height=1))


@stream
def cut_to_rgb() -> bytes:
    """A 5x3 RGB canvas: chroma at the edges after cutting."""
    return one_segment(header(format="rgb24", width=5, height=3))


@stream
def rgb() -> bytes:
    """An RGB canvas, matrix 6, limited range, chroma on the left."""
    return one_segment(header(format="rgb24"))


@stream
def rgb_full_range() -> bytes:
    """A 10-bit RGB canvas from 10-bit frames, matrix 9, full range, chroma centred."""
    stream_header = header(format="rgb30")
    colour = _native.Colour(matrix=9, full_range=True, chroma_centred=True)
    return assemble(
        head_of(stream_header),
        [("S", segment_of(stream_header, [layer(stream_header, coded(depth=10), colour)], digest=True))],
    )


@stream
def rgb_unspecified() -> bytes:
    """An 8-bit RGB canvas from 10-bit frames, matrix unspecified."""
    stream_header = header(format="rgb24")
    payload = segment_of(stream_header, [layer(stream_header, coded(depth=10), _native.Colour())], digest=True)
    return assemble(head_of(stream_header), [("S", payload)])


@stream
def every_header_field() -> bytes:
    """Colour, sample aspect, rotation, origin and rational rates all present."""
    colour = _native.Colour(primaries=9, transfer=16, matrix=9, full_range=True, chroma_centred=True)
    return one_segment(
        header(
            colour=colour,
            sample_aspect=(40, 33),
            quarter_turns=3,
            time_base=(1, 90000),
            frame_duration=(15015, 4),
            origin=-123456789,
        )
    )


@stream
def irregular_times() -> bytes:
    """Times that no rate explains, below zero at first."""
    return one_segment(header(), times=[-7, 3, 1000000, 1000001])


@stream
def gap_between_segments() -> bytes:
    """Two segments; the second begins later than the first ends, in frame numbers and in time."""
    stream_header = header()
    parts = [video_segment(stream_header), video_segment(stream_header, first=10)]
    return assemble(head_of(stream_header), [("S", part) for part in parts])


@stream
def droppable_packets() -> bytes:
    """A longer group with hidden and droppable frames."""
    return one_segment(header(), frames=12)


@stream
def two_layers() -> bytes:
    """Two video layers; the upper one covers the lower."""
    stream_header = header()
    layers = [layer(stream_header, coded(depth=10)), layer(stream_header, coded(start=5))]
    return assemble(head_of(stream_header), [("S", segment_of(stream_header, layers, digest=True))])


@stream
def tracks() -> bytes:
    """Audio and subtitle packets: every column, side data, times before zero, decoding order, an empty packet."""
    writer = _native.Writer()
    stream_header = header()
    sound = [packet(-1024), packet(0), packet(1024, 500, b"", side_data=[("skip_samples", b"\0" * 10), ("x", b"")])]
    text = [packet(5, 0, b"a"), packet(9, 70, "é".encode(), dts=4, is_keyframe=False), packet(2, 70, b"", dts=7)]
    data = writer.begin(stream_header) + writer.track(AUDIO) + writer.track(SUBTITLE)
    data += writer.packets(0, sound) + writer.packets(1, text)
    data += writer.segment(video_segment(stream_header), 3) + writer.packets(0, [packet(9999)])
    return data + writer.finish()


@stream
def by_hand() -> bytes:
    """What our writer never emits: metadata before and between tracks, several M chunks, unknown lower-case chunks in
    all places, an empty P chunk, a P chunk with columns that it does not need."""
    stream_header = header()
    track = b"\1" + block(b"ass") + varint(1) + varint(100) + block(b"head") + varint(0)
    needless = varint(0) + varint(1) + b"\x0f" + bytes([4, 6, 0, 1, 2]) + b"ab"
    chunks = [
        ("x", b"anything"),
        ("M", varint(1) + block(b"title") + block("Ü".encode())),
        ("T", track),
        ("M", varint(0)),
        ("M", varint(2) + block(b"a") + block(b"") + block(b"a") + block(b"again")),
        ("P", varint(0) + varint(0) + b"\0"),
        ("s", b""),
        ("S", video_segment(stream_header)),
        ("h", b"\xff" * 9),
        ("P", needless),
        ("z", b""),
    ]
    return assemble(head_of(stream_header), chunks)


@stream
def measured_quality() -> bytes:
    """Two segments and what was measured of them; a second such chunk, which does not count."""
    writer = _native.Writer()
    stream_header = header()
    data = writer.begin(stream_header)
    for first in (0, 3):
        data += writer.segment(video_segment(stream_header, first=first), 3)
    rows = [(6, 71.28, 63.5), (3, 80.0, 79.99), (3, 62.56, -12.01)]
    data += writer.quality(0, rows) + writer.quality(4, [(1, 0.0, 0.0)])
    return data + writer.finish()


@stream
def notes() -> bytes:
    """Notes before the segment; a second such chunk, which does not count, and is malformed."""
    stream_header = header()
    tried = varint(1) + block(b"tried") + block(b"v4@8.5 s9! h?")
    chunks = [("n", tried), ("S", video_segment(stream_header)), ("n", b"\xff")]
    return assemble(head_of(stream_header), chunks)


@stream
def needless_times() -> bytes:
    """A table of times that are the nominal ones."""
    stream_header = header()
    whole = video_segment(stream_header)
    times = b"\xff"  # four zeros: the coder gives zeros the upper end of its range
    payload = whole[:2] + bytes([whole[2] | 1]) + block(times) + whole[3:]
    return assemble(head_of(stream_header), [("S", payload)])


@stream
def no_index() -> bytes:
    """Writing stopped before the index: two segments are recovered."""
    stream_header = header()
    parts = [video_segment(stream_header), video_segment(stream_header, first=3)]
    whole = assemble(head_of(stream_header), [("S", part) for part in parts])
    return whole[: len(whole) - 14]


@stream
def cut_in_a_segment() -> bytes:
    """Writing stopped in the second segment: the first is recovered."""
    stream_header = header()
    parts = [video_segment(stream_header), video_segment(stream_header, first=3)]
    return assemble(head_of(stream_header), [("S", part) for part in parts])[:-60]


@stream
def junk_at_the_end() -> bytes:
    """Bytes after the index: the scan stops at the index and everything is there."""
    return plain() + b"junk that something appended"


@stream
def unknown_matrix_unused() -> bytes:
    """A YCbCr canvas whose matrix no decoder need know: drawing does not use it."""
    return one_segment(header(colour=_native.Colour(matrix=14)))


@stream
def dictionary_unused() -> bytes:
    """Dictionary pictures that no segment lists, in all places: no decoder looks into them."""
    parts = [video_segment(header()), video_segment(header(), first=3)]
    return assemble(head_of(header()), [("D", b""), ("S", parts[0]), ("D", b"?"), ("S", parts[1]), ("D", b"\xff" * 9)])


@stream
def cut_in_a_dictionary_picture() -> bytes:
    """Writing stopped in the second dictionary picture: the segment and the picture before it are recovered."""
    chunks = [("D", b"?"), ("S", video_segment(header())), ("D", b"?" * 100)]
    return assemble(head_of(header()), chunks)[:-60]
