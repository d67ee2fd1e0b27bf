"""Streams with screen layers that every decoder must refuse."""

from __future__ import annotations

from accepted_screen import encoded, page, parsed, screen_layer, screen_segment
from dice import layer_head, settings_of, throw
from refused import stream

from aic_files import assemble, block, head_of, header, varint
from reference import screen
from reference.segment import read_segment

SMALL = {"format": "rgb24", "width": 8, "height": 8}


def with_coded(coded: bytes, frames: int = 1, **fields: object) -> bytes:
    """A file with a screen layer that nothing vouches for."""
    stream_header = header(**{**SMALL, **fields})
    part = screen_segment(stream_header, [screen_layer(coded)], frames, digest=False)
    assert read_segment(part, parsed(stream_header)).frames == frames
    return assemble(head_of(stream_header), [("S", part)])


def with_settings(**settings: object) -> bytes:
    return with_coded(layer_head(settings_of(**settings)) + b"\xff")


def sound(frames: int = 1) -> bytes:
    """Coded frames that nothing is wrong with."""
    stream_header = header(**SMALL)
    return encoded(stream_header, [page(stream_header, seed) for seed in range(frames)])


@stream("kTooLarge")
def screen_near_too_large() -> bytes:
    """8-bit samples off by up to 128."""
    return with_settings(near=128)


@stream("kBadValue")
def screen_small_colour_tables() -> bytes:
    """Colour tables of 2^7 slots."""
    return with_settings(colour_bits=7)


@stream("kBadValue")
def screen_large_colour_tables() -> bytes:
    """Colour tables of 2^23 slots."""
    return with_settings(colour_bits=23)


@stream("kBadValue")
def screen_small_residual_tables() -> bytes:
    """Residual tables of 2^3 lines."""
    return with_settings(residual_bits=3)


@stream("kBadValue")
def screen_large_residual_tables() -> bytes:
    """Residual tables of 2^17 lines."""
    return with_settings(residual_bits=17)


@stream("kTooLarge")
def screen_colour_tables_of_a_large_picture() -> bytes:
    """Colour tables of 2^11 slots for 64 pixels."""
    return with_settings(colour_bits=11)


@stream("kTooLarge")
def screen_residual_tables_of_a_large_picture() -> bytes:
    """Residual tables of 2^7 lines for 64 pixels."""
    return with_settings(residual_bits=7)


@stream("kBadValue")
def screen_saved_too_many() -> bytes:
    """25 saved frames."""
    return with_settings(saved=25)


@stream("kBadValue")
def screen_no_slices() -> bytes:
    """No slices."""
    return with_settings(slices=0)


@stream("kBadValue")
def screen_slices_of_no_rows() -> bytes:
    """Two slices of a picture that has rows for one."""
    return with_coded(layer_head(settings_of(rows=(1,))) + block(b"\xff") + b"\xff", height=8)


@stream("kBadValue")
def screen_slices_of_no_chroma() -> bytes:
    """Two slices of a 4:2:0 picture with 16 rows, which is one slice's."""
    return with_coded(layer_head(settings_of(rows=(1,))) + block(b"\xff") + b"\xff", format="yuv420p", height=16)


@stream("kBadValue")
def screen_slice_of_no_units() -> bytes:
    """Two slices, the first of no rows."""
    return with_coded(layer_head(settings_of(rows=(0,))) + block(b"\xff") + b"\xff", height=16)


@stream("kBadValue")
def screen_slice_over_all() -> bytes:
    """Two slices, the first of all rows."""
    return with_coded(layer_head(settings_of(rows=(2,))) + block(b"\xff") + b"\xff", height=16)


@stream("kBadValue")
def screen_move_before_a_frame() -> bytes:
    """A border that moves when slices begin."""
    return with_coded(layer_head(settings_of(rows=(1,), moves=((0, (1,)),))) + block(b"\xff") + b"\xff", height=16)


@stream("kBadValue")
def screen_move_over_all() -> bytes:
    """A border that moves to the bottom."""
    return with_coded(layer_head(settings_of(rows=(1,), moves=((1, (2,)),))) + block(b"\xff") + b"\xff", height=16)


@stream("kTooLarge")
def screen_move_too_late() -> bytes:
    """A border that moves 2^20 + 1 frames after slices have begun."""
    late = ((2**20 + 1, (1,)),)
    return with_coded(layer_head(settings_of(rows=(1,), moves=late)) + block(b"\xff") + b"\xff", height=16)


@stream("kTooLarge")
def screen_too_many_moves() -> bytes:
    """Borders that move 2^20 + 1 times."""
    coded = layer_head(settings_of(rows=(1,)))[:-1]  # without the number of moves
    return with_coded(coded + varint(2**20 + 1) + block(b"\xff") + b"\xff", height=16)


@stream("kTruncated")
def screen_moves_end_early() -> bytes:
    """Two moves are promised, one is there."""
    coded = layer_head(settings_of(rows=(1,)))[:-1]
    return with_coded(coded + varint(2) + varint(1) + varint(1), height=16)


@stream("kBadValue")
def screen_too_many_slices() -> bytes:
    """17 slices."""
    return with_coded(layer_head(settings_of(rows=(1,) * 16)) + block(b"\xff") * 16 + b"\xff", height=8 * 17)


@stream("kUnsupportedFeature")
def screen_unknown_models() -> bytes:
    """Flags that this version does not know."""
    return with_settings(rich=32)


@stream("kBadValue")
def screen_ground_out_of_range() -> bytes:
    """A ground whose red is 256 of 8 bits."""
    return with_settings(ground=(256 << 10,))


@stream("kTooLarge")
def screen_ground_too_large() -> bytes:
    """A ground of 31 bits."""
    return with_settings(ground=(1 << 30,))


@stream("kTooLarge")
def screen_too_much_memory() -> bytes:
    """Settings that are allowed one by one and together would take a decoder more than 3 GiB."""
    coded = layer_head(settings_of(colour_bits=22, residual_bits=16, saved=24, rows=(1,) * 7))
    return with_coded(coded + block(b"\xff") * 7 + b"\xff", width=4096, height=4096)


@stream("kTruncated")
def screen_settings_end_early() -> bytes:
    """A layer that ends within its settings."""
    return with_coded(layer_head(settings_of())[:-1])


@stream("kTruncated")
def screen_slice_ends_early() -> bytes:
    """A slice that promises more bytes than there are."""
    return with_coded(layer_head(settings_of(rows=(1,))) + varint(9) + b"\xff", height=16)


@stream("kTruncated")
def screen_frame_ends_early() -> bytes:
    """Half of a frame."""
    coded = sound()
    return with_coded(coded[: len(coded) // 2])


@stream("kTruncated")
def screen_frames_missing() -> bytes:
    """Two frames are promised, a busy one is coded."""
    return with_coded(sound(), frames=200)


@stream("kTrailingData")
def screen_trailing() -> bytes:
    """Bytes behind the last frame."""
    return with_coded(sound() + b"\xaa\x55\xaa\x55\xaa\x55")


@stream("kTrailingData")
def screen_frame_too_many() -> bytes:
    """Two frames are coded, one is promised."""
    return with_coded(sound(2))


@stream("kTrailingData")
def screen_trailing_in_a_slice() -> bytes:
    """Bytes behind the last frame of the first of two slices."""
    coded = layer_head(settings_of(rows=(1,))) + block(bytes(9))
    return with_coded(coded, height=16)


@stream("kBadValue")
def screen_vector_outside() -> bytes:
    """A block from one column right of the previous frame."""
    return with_coded(astray(8))


@stream("kBadValue")
def screen_second_vector_outside() -> bytes:
    """In the third frame a photo block whose second place is one row above the frame before the previous one."""
    settings = settings_of()
    layer = screen.Layer(parsed(header(**SMALL)), settings, (), False)
    photos = (0.0, 0.0, 0.0, 1.0)
    streams, _ = throw(layer, 3, 2, None, astray_second=screen.Vector(0, -1), chances=photos)
    return with_coded(layer_head(settings) + streams[0], frames=3)


@stream("kBadValue")
def screen_reference_missing() -> bytes:
    """In the first frame a block from a recent frame, of which there is none."""
    return with_coded(astray(0, reference=1))


@stream("kTruncated")
def screen_dictionary_picture_ends_early() -> bytes:
    """A dictionary picture whose coded frame ends early, and a segment that lists it."""
    stream_header = header(**SMALL)
    part = screen_segment(stream_header, [screen_layer(sound(), [0])], 1, digest=False)
    return assemble(head_of(stream_header), [("D", sound()[:-9]), ("S", part)])


def astray(dx: int, reference: int = 0) -> bytes:
    """A frame of one block whose vector names what is not there."""
    settings = settings_of()
    layer = screen.Layer(parsed(header(**SMALL)), settings, (), False)
    streams, _ = throw(layer, 1, 0, None, astray=screen.Vector(dx, 0, reference))
    return layer_head(settings) + streams[0]
