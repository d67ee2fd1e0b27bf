"""Streams with shader layers that every decoder must refuse."""

from __future__ import annotations

from typing import Any

from accepted_shaders import SHADER, shaded
from refused import stream

from aic_files import block
from aicodec_native import _native, tracks
from raw_programs import RangeEncoder, program

X, Y, T, FRAME = (("input", n) for n in (0, 1, 2, 5))
LAST = ("value", 0)
TRUE = ("B", 1)
WHITE = ("rgb", None, [X, Y, T])
COUNTED = ("loop", 3, [X])


def payload(code: bytes, track: bytes | None = None, flags: int | None = None) -> bytes:
    flag = int(track is not None) if flags is None else flags
    return bytes([flag]) + (b"" if track is None else block(track)) + code


def refused(*code: tuple[Any, ...], **fields: Any) -> bytes:
    return shaded((SHADER, payload(program(*code))), **fields)


def with_track(track: bytes) -> bytes:
    return shaded((SHADER, payload(program(("rgb", None, [("input", 7), X, Y])), track)))


def table(rows: int, columns: int) -> RangeEncoder:
    """The head of a table, and a first column "a" of floats."""
    out = RangeEncoder()
    out.unsigned(rows, "counts")
    out.unsigned(columns, "counts")
    out.bit(0, "flags")
    return out


def column(out: RangeEncoder, letter: int = 0) -> RangeEncoder:
    out.unsigned(1, "lengths")
    out.bit(1, "small")
    out.even(letter, 5)
    out.bit(1, "flags")
    return out


@stream("kUnsupportedFeature")
def shader_flag() -> bytes:
    """A flag of the shader layer that has no meaning yet."""
    return shaded((SHADER, payload(program(WHITE), flags=2)))


@stream("kUnsupportedFeature")
def shader_matrix() -> bytes:
    """A YCbCr canvas with a matrix that no formula is stated for."""
    return refused(WHITE, format="yuv420p", colour=_native.Colour(matrix=14))


@stream("kTruncated")
def shader_empty() -> bytes:
    """A layer without its flags."""
    return shaded((SHADER, b""))


@stream("kTruncated")
def shader_program_ends_early() -> bytes:
    """A program of many instructions, cut in the middle."""
    code = program(*[("sin", None, [X]), ("mul", None, [LAST, T])] * 20, WHITE)
    return shaded((SHADER, payload(code[: len(code) // 2])))


@stream("kTruncated")
def shader_track_ends_early() -> bytes:
    """A track whose block is shorter than its rows."""
    packed = tracks.pack({"a": [0.123, 4.567, -8.9]})
    return with_track(packed[: len(packed) // 2])


@stream("kTrailingData")
def shader_bytes_left() -> bytes:
    """Bytes behind the output that the range coder did not need."""
    return shaded((SHADER, payload(program(WHITE) + b"\1\2\3\4\5")))


@stream("kBadValue")
def shader_bottom_reads_below() -> bytes:
    """The bottom layer reads what is below."""
    return refused(("below", 0, [X, Y]), ("rgb", None, [LAST, LAST, LAST]))


@stream("kBadValue")
def shader_parameter_missing() -> bytes:
    """Parameter 1 with a track of one column."""
    code = program(("rgb", None, [("input", 8), X, Y]))
    return shaded((SHADER, payload(code, tracks.pack({"a": [1, 2, 3]}))))


@stream("kBadValue")
def shader_track_of_other_length() -> bytes:
    """A track of two rows in a segment of three frames."""
    return with_track(tracks.pack({"a": [1, 2]}))


@stream("kBadValue")
def shader_track_without_columns() -> bytes:
    """A track of three rows and no column."""
    return shaded((SHADER, payload(program(WHITE), table(3, 0).finish())))


@stream("kBadValue")
def shader_track_letter() -> bytes:
    """A column's name with small letter 27."""
    out = column(table(3, 1), 27)
    out.even(0, 64)
    return with_track(out.finish())


@stream("kBadValue")
def shader_track_name() -> bytes:
    """A column's name with a byte that no UTF-8 has."""
    out = table(3, 1)
    out.unsigned(1, "lengths")
    out.bit(0, "small")
    out.even(0xFF, 8)
    out.even(0, 64)
    return with_track(out.finish())


@stream("kBadValue")
def shader_track_decimal() -> bytes:
    """A formula with 10^23."""
    out = column(table(3, 1))
    out.even(2, 2)
    out.signed(1, "mantissas")
    out.signed(23, "exponents")
    out.even(0, 64)
    return with_track(out.finish())


@stream("kTooLarge")
def shader_track_divisor() -> bytes:
    """A quotient by more than 2^53."""
    out = column(table(3, 1))
    out.even(1, 2)
    out.unsigned(2**53, "divisors")
    out.even(0, 64)
    return with_track(out.finish())


@stream("kTooLarge")
def shader_track_period() -> bytes:
    """A period of 4097 rows."""
    out = column(table(3, 1))
    out.even(0, 2)
    out.even(1)
    out.unsigned(4096, "periods")
    out.even(0, 64)
    return with_track(out.finish())


@stream("kTooLarge")
def shader_track_cells() -> bytes:
    """A table of 2^20 rows and five columns, in a few bytes."""
    return with_track(table(2**20, 5).finish())


@stream("kBadValue")
def shader_operation() -> bytes:
    """An operation behind the last of the table."""
    return refused((65, None, []), WHITE)


@stream("kBadValue")
def shader_type() -> bytes:
    """The frame's number, an integer, as an operand of sin."""
    return refused(("sin", None, [FRAME]), WHITE)


@stream("kBadValue")
def shader_value_of_nothing() -> bytes:
    """The newest value where there is none yet."""
    return refused(("sin", None, [LAST]), WHITE)


@stream("kBadValue")
def shader_value_of_a_loop() -> bytes:
    """A value from inside a loop, after it."""
    turn = [COUNTED, ("sin", None, [LAST]), ("end", None, [LAST])]
    return refused(*turn, ("cos", None, [("value", 1)]), WHITE)


@stream("kBadValue")
def shader_input() -> bytes:
    """Parameter 64, one more than there may be."""
    return refused(("rgb", None, [("input", 71), X, Y]))


@stream("kBadValue")
def shader_older_constant() -> bytes:
    """A constant of before where there is none yet."""
    return refused(("rgb", None, [("older", 0), X, Y]))


@stream("kBadValue")
def shader_break_outside() -> bytes:
    """A way out of no loop."""
    return refused(("break_if", None, []), WHITE)


@stream("kBadValue")
def shader_end_outside() -> bytes:
    """The end of no loop."""
    return refused(("end", None, []), WHITE)


@stream("kBadValue")
def shader_output_inside() -> bytes:
    """An output inside a loop."""
    return refused(COUNTED, WHITE)


@stream("kBadValue")
def shader_carried_type() -> bytes:
    """A loop that begins with a float and goes on with an integer."""
    return refused(COUNTED, ("to_int", None, [LAST]), ("end", None, [LAST]), WHITE)


@stream("kBadValue")
def shader_break_type() -> bytes:
    """A loop of a float that is left with a truth value."""
    return refused(COUNTED, ("break_if", None, [TRUE, ("older", 0)]), ("end", None, [LAST]), WHITE)


@stream("kBadValue")
def shader_break_condition() -> bytes:
    """A loop that is left where a number holds."""
    return refused(COUNTED, ("break_if", None, [LAST, X]), ("end", None, [LAST]), WHITE)


@stream("kBadValue")
def shader_channel() -> bytes:
    """The fourth channel of the frame before."""
    return refused(("prev", 3, [X, Y]), WHITE)


@stream("kBadValue")
def shader_octaves() -> bytes:
    """Noise of nine octaves."""
    return refused(("fbm", 9, [X, Y, FRAME]), WHITE)


@stream("kBadValue")
def shader_constant_twice() -> bytes:
    """A new constant that is an old one."""
    return refused(("rgb", None, [("F", 5, 1, -1), ("F", 5, 1, -1), X]))


@stream("kBadValue")
def shader_decimal_by_ten() -> bytes:
    """The constant 10, not written as 1 * 10^1."""
    return refused(("rgb", None, [("F", 10, 1, 0), X, Y]))


@stream("kBadValue")
def shader_decimal_exponent() -> bytes:
    """A constant with 10^23."""
    return refused(("rgb", None, [("F", 1, 1, 23), X, Y]))


@stream("kBadValue")
def shader_even_mantissa() -> bytes:
    """A binary constant whose mantissa is even."""
    return refused(("rgb", None, [("F", 6, 0, 0), X, Y]))


@stream("kBadValue")
def shader_long_mantissa() -> bytes:
    """A binary constant of 25 bits."""
    return refused(("rgb", None, [("F", 2**24 + 1, 0, 0), X, Y]))


@stream("kBadValue")
def shader_tiny_constant() -> bytes:
    """A binary constant below the least subnormal number."""
    return refused(("rgb", None, [("F", 1, 0, -150), X, Y]))


@stream("kBadValue")
def shader_huge_constant() -> bytes:
    """A binary constant of 2^128 and more."""
    return refused(("rgb", None, [("F", 3, 0, 127), X, Y]))


@stream("kBadValue")
def shader_wide_integer() -> bytes:
    """An integer constant of 2^31."""
    return refused(("rgb_int", None, [("I", 2**31), FRAME, FRAME]))


@stream("kTooLarge")
def shader_instructions() -> bytes:
    """4097 instructions."""
    return refused(*[("neg", None, [X])] * 4096, WHITE)


@stream("kTooLarge")
def shader_constants() -> bytes:
    """1025 constants."""
    return refused(*[("to_float", None, [("I", n)]) for n in range(1025)], WHITE)


@stream("kTooLarge")
def shader_depth() -> bytes:
    """Loops five deep."""
    ends: list[Any] = [("end", None, [LAST])] * 5
    return refused(*[("loop", 1, [X])] * 5, *ends, WHITE)


@stream("kTooLarge")
def shader_trips() -> bytes:
    """A loop of 65537 turns."""
    return refused(("loop", 2**16 + 1, [X]), ("end", None, [LAST]), WHITE)


@stream("kTooLarge")
def shader_nested_trips() -> bytes:
    """Two loops of 513 and 256 turns, one in the other."""
    loops = [("loop", 513, [X]), ("loop", 256, [X])]
    return refused(*loops, ("end", None, [LAST]), ("end", None, [LAST]), WHITE)


@stream("kTooLarge")
def shader_carried() -> bytes:
    """A loop that carries 33 values."""
    return refused(("loop", 2, [X] * 33), ("end", None, [LAST] * 33), WHITE)


@stream("kTooLarge")
def shader_offset() -> bytes:
    """A sample 65 columns away."""
    return refused(("prev_int", (0, 0, 65, 0), []), ("rgb_int", None, [LAST] * 3))


@stream("kTooLarge")
def shader_work() -> bytes:
    """A loop whose work is a little over 2^17 a pixel."""
    body: list[Any] = [("noise", None, [X, Y, FRAME])] * 100
    return refused(("loop", 17, [X]), *body, ("end", None, [LAST]), WHITE)


@stream("kTooLarge")
def shader_frame_work() -> bytes:
    """Half of the work that a pixel may cost, on a canvas of 2^22 pixels."""
    body: list[Any] = [("noise", None, [X, Y, FRAME])] * 100
    return refused(("loop", 8, [X]), *body, ("end", None, [LAST]), WHITE, width=2048, height=2048)
