"""Streams that every decoder must refuse: each says why, and which member of cpp/base/error_table.inl it leads to."""

from __future__ import annotations

from collections.abc import Callable

from aic_files import assemble, block, chunk, coded, head_of, header, index, layer, segment_of, varint, video_segment
from aicodec_native import _native
from reference.bits import Fields

STREAMS: dict[str, Callable[[], bytes]] = {}
ERRORS: dict[str, str] = {}
SIGNATURE = b"\x8aAIC\x01"
TRACK = b"\0" + block(b"aac") + varint(1) + varint(48000) + block(b"") + varint(0)


def stream(error: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def add(build: Callable[[], bytes]) -> Callable[[], bytes]:
        STREAMS[build.__name__], ERRORS[build.__name__] = build, error
        return build

    return add


def with_header(payload: bytes) -> bytes:
    return assemble(SIGNATURE + chunk("H", payload), [])


def header_bytes(width: bytes = varint(64), height: bytes = varint(64), layout: int = 1, flags: int = 0) -> bytes:
    return bytes([layout, flags]) + width + height + bytes([1, 25, 1, 1])


def with_segment(payload: bytes) -> bytes:
    return assemble(head_of(header()), [("S", payload)])


def video() -> bytes:
    return layer(header(), coded())


@stream("kTruncated")
def cut_in_the_header() -> bytes:
    """The file ends within the header."""
    return head_of(header())[:-3]


@stream("kTruncated")
def segment_ends_early() -> bytes:
    """A whole S chunk whose layers do not end."""
    return with_segment(varint(0) + varint(3) + b"\0" + b"\0" + block(video()))


@stream("kTruncated")
def packet_table_ends_early() -> bytes:
    """Three packets are promised, the table's bytes suffice for fewer."""
    return with_segment(varint(0) + varint(200) + b"\0" + b"\x80\1" + block(b"\x31") + b"x" * 5000)


@stream("kTruncated")
def header_field_missing() -> bytes:
    """A whole header chunk without its frame duration."""
    return with_header(header_bytes()[:-2])


@stream("kNotAic")
def another_file() -> bytes:
    """The first bytes of a PNG file."""
    return b"\x89PNG\r\n\x1a\n" + bytes(40)


@stream("kUnsupportedVersion")
def version_2() -> bytes:
    """The signature of a version to come."""
    return SIGNATURE[:4] + b"\2" + head_of(header())[5:]


@stream("kUnsupportedFeature")
def unknown_chunk() -> bytes:
    """An upper-case chunk that version 1 does not know."""
    return assemble(head_of(header()), [("Q", b"?"), ("S", video_segment(header()))])


@stream("kUnsupportedFeature")
def unknown_chunk_after_a_segment() -> bytes:
    """The same behind the first segment."""
    return assemble(head_of(header()), [("S", video_segment(header())), ("Q", b"?")])


@stream("kUnsupportedFeature")
def unknown_flag() -> bytes:
    """A flag bit of the header that has no meaning yet."""
    return with_header(header_bytes(flags=0x20))


@stream("kUnsupportedFeature")
def unknown_layout() -> bytes:
    """Layout 3."""
    return with_header(header_bytes(layout=3))


@stream("kUnsupportedFeature")
def unknown_layer() -> bytes:
    """A layer of kind 5."""
    return with_segment(varint(0) + varint(3) + b"\0" + b"\x85" + video())


@stream("kUnsupportedFeature")
def unknown_matrix() -> bytes:
    """A video layer under an RGB canvas with a matrix that no formula is stated for."""
    rgb = header(format="rgb24")
    whole = layer(rgb, coded())
    payload = varint(0) + varint(3) + b"\0" + b"\x80" + whole[:1] + b"\x0e" + whole[2:]
    return assemble(head_of(rgb), [("S", payload)])


@stream("kBadChecksum")
def header_checksum() -> bytes:
    """One bit of the header is wrong."""
    data = bytearray(with_header(header_bytes()))
    data[9] ^= 1
    return bytes(data)


@stream("kBadChecksum")
def segment_checksum() -> bytes:
    """One bit of a segment is wrong, the index is intact."""
    data = bytearray(with_segment(video_segment(header())))
    data[-40] ^= 16
    return bytes(data)


@stream("kBadValue")
def no_width() -> bytes:
    """A canvas of width 0."""
    return with_header(header_bytes(width=b"\0"))


@stream("kBadValue")
def long_varint() -> bytes:
    """A varint in two bytes that fits one."""
    return with_header(header_bytes(width=b"\xc0\0"))


@stream("kBadValue")
def text_is_not_utf8() -> bytes:
    """A tag whose value is not UTF-8."""
    return assemble(head_of(header()), [("M", varint(1) + block(b"k") + block(b"\xed\xa0\x80"))])


@stream("kBadValue")
def track_after_media() -> bytes:
    """A track behind the first segment."""
    return assemble(head_of(header()), [("S", video_segment(header())), ("T", TRACK)])


@stream("kBadValue")
def packets_of_no_track() -> bytes:
    """Packets of track 1 where there is one track."""
    return assemble(head_of(header()), [("T", TRACK), ("P", bytes([1, 1, 0, 0, 2, 1]) + b"p")])


@stream("kBadValue")
def key_flag_2() -> bytes:
    """A packet that is neither a key frame nor none."""
    return assemble(head_of(header()), [("T", TRACK), ("P", bytes([0, 1, 8, 0, 2, 2, 1]) + b"p")])


@stream("kBadValue")
def duration_zero() -> bytes:
    """Irregular times with a frame that lasts no time."""
    times = _times_table([0, 67, 167, 267], frame_duration=(100, 1))  # 33 too short, which is all of a frame here
    return with_segment(varint(0) + varint(3) + b"\1" + block(times) + b"\x80" + video())


@stream("kBadValue")
def empty_packet() -> bytes:
    """A video layer with a packet of no bytes."""
    return with_segment(varint(0) + varint(1) + b"\0" + b"\x80\1" + block(b"\xff"))


@stream("kBadValue")
def segments_overlap() -> bytes:
    """The second segment begins before the first ends."""
    parts = [video_segment(header()), video_segment(header(), first=2)]
    return assemble(head_of(header()), [("S", part) for part in parts])


@stream("kBadValue")
def index_lies() -> bytes:
    """An index that says "packets" of a segment."""
    data = chunk("S", video_segment(header()))
    return head_of(header()) + data + index([(2, 0, len(data))])


@stream("kTooLarge")
def too_wide() -> bytes:
    """A canvas of 65537 columns."""
    return with_header(header_bytes(width=varint(65537)))


@stream("kTooLarge")
def too_many_pixels() -> bytes:
    """A canvas of 2^32 pixels, each side allowed."""
    return with_header(header_bytes(width=varint(65536), height=varint(65536)))


@stream("kTooLarge")
def nine_layers() -> bytes:
    """A stack of nine layers."""
    return with_segment(varint(0) + varint(3) + b"\0" + (b"\0" + block(video())) * 8 + b"\x80" + video())


@stream("kTooLarge")
def too_many_tags() -> bytes:
    """Metadata that promises 2^60 tags."""
    return assemble(head_of(header()), [("M", varint(1 << 60))])


@stream("kTrailingData")
def header_too_long() -> bytes:
    """A byte behind the last field of the header."""
    return with_header(header_bytes() + b"\0")


@stream("kTrailingData")
def packets_left_over() -> bytes:
    """A byte behind the last video packet."""
    return with_segment(segment_of(header(), [video()]) + b"\0")


@stream("kTrailingData")
def times_too_long() -> bytes:
    """A table of times with bytes that it does not need."""
    times = _times_table([5, 50, 83, 116]) + b"\1\1\1\1\1\1"
    return with_segment(varint(0) + varint(3) + b"\1" + block(times) + b"\x80" + video())


@stream("kWrongPicture")
def frames_of_another_size() -> bytes:
    """AV1 frames of 128x64 on a canvas of 64x64."""
    return with_segment(segment_of(header(), [layer(header(), coded(128, 64))]))


@stream("kWrongPicture")
def frames_of_another_depth() -> bytes:
    """8-bit AV1 frames where the layer says 10 bits."""
    return with_segment(segment_of(header(), [bytes([video()[0] | 4]) + video()[1:]]))


@stream("kNoFrame")
def packet_without_a_frame() -> bytes:
    """The second packet holds a padding OBU and nothing else."""
    packets = [coded().packets[0], (b"\x7a\x01\x80", False), coded().packets[2]]
    payload = _native.build_video_layer(format="yuv420p", colour=header().colour, rgb_canvas=False, packets=packets)
    return with_segment(segment_of(header(), [payload]))


@stream("kNoFrame")
def packet_of_two_frames() -> bytes:
    """The first packet shows two frames, the third none."""
    first, second, third = (data for data, _ in coded().packets)
    packets = [(first + second, False), (third, False), (b"\x7a\x01\x80", False)]
    payload = _native.build_video_layer(format="yuv420p", colour=header().colour, rgb_canvas=False, packets=packets)
    return with_segment(segment_of(header(), [payload]))


def _times_table(times: list[int], **fields: object) -> bytes:
    """The table of section 4.1 as our writer makes it under a header with these fields."""
    stream_header = header(**fields)
    payload = Fields(segment_of(stream_header, [video()], times=times))
    payload.take(3)
    return payload.block()


# The dictionary. What follows the list does not matter: it is refused before.


def screen(*numbers: int, count: int | None = None) -> bytes:
    """A segment of one screen layer that lists these dictionary pictures."""
    listed = varint(len(numbers) if count is None else count) + b"".join(map(varint, numbers))
    return varint(0) + varint(1) + b"\0" + b"\x83" + listed + b"coded"


@stream("kBadValue")
def dictionary_picture_missing() -> bytes:
    """A list with the number of a picture that the file does not have."""
    return assemble(head_of(header()), [("D", b"?"), ("S", screen(1))])


@stream("kBadValue")
def dictionary_picture_too_late() -> bytes:
    """A list with a picture that stands behind the segment."""
    return assemble(head_of(header()), [("D", b"?"), ("S", screen(0, 1)), ("D", b"?")])


@stream("kBadValue")
def dictionary_picture_twice() -> bytes:
    """A list with one picture twice."""
    return assemble(head_of(header()), [("D", b"?"), ("D", b"?"), ("S", screen(1, 0, 1))])


@stream("kTooLarge")
def dictionary_list_too_long() -> bytes:
    """A list of 17 pictures."""
    return assemble(head_of(header()), [("D", b"?")] * 17 + [("S", screen(*range(17)))])


@stream("kTooLarge")
def dictionary_list_too_large() -> bytes:
    """A list of three pictures which together have more than 2^27 pixels."""
    large = header(width=8192, height=8192)
    return assemble(head_of(large), [("D", b"?")] * 3 + [("S", screen(0, 1, 2))])


@stream("kTruncated")
def dictionary_list_ends_early() -> bytes:
    """A layer that ends within its list."""
    payload = varint(0) + varint(1) + b"\0" + b"\x83" + varint(2) + varint(0)
    return assemble(head_of(header()), [("D", b"?"), ("D", b"?"), ("S", payload)])


@stream("kBadValue")
def track_after_a_dictionary_picture() -> bytes:
    """A track behind a dictionary picture."""
    return assemble(head_of(header()), [("D", b"?"), ("T", TRACK)])


@stream("kBadValue")
def index_hides_a_dictionary_picture() -> bytes:
    """An index that says "any other chunk" of a dictionary picture."""
    data = chunk("D", b"?")
    return head_of(header()) + data + index([(0, 0, len(data))])


@stream("kBadValue")
def index_lies_about_a_dictionary_picture() -> bytes:
    """An index that says "dictionary picture" of a segment, and a segment that lists it."""
    parts = [chunk("S", video_segment(header())), chunk("S", screen(0))]
    return head_of(header()) + b"".join(parts) + index([(3, 0, len(parts[0])), (1, 1, len(parts[1]))])


@stream("kBadChecksum")
def dictionary_checksum() -> bytes:
    """One bit of a dictionary picture is wrong, the index is intact, and a segment lists it."""
    data = bytearray(assemble(head_of(header()), [("D", b"?" * 50), ("S", screen(0))]))
    data[data.index(b"??") + 9] ^= 1
    return bytes(data)
