"""The bit level: fields, numbers, the range coder and the checksum, against the document's own words."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aic_files import assemble, block, chunk, head_of, header, varint
from aicodec_native import CorruptError, FormatError, TruncatedError, _native
from reference import bits

unsigned = st.one_of(st.integers(0, 40), st.integers(0, 2**62 - 1))
signed = st.one_of(st.integers(-40, 40), st.integers(-(2**61) + 1, 2**61 - 1))
fields = st.integers(0, 64).flatmap(lambda width: st.tuples(st.integers(0, 2**width - 1), st.just(width)))


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_crc_of_known_vectors(data, crc):
    assert _native.crc32c(data) == crc == bits.crc32c(data)


@given(st.binary(max_size=300), st.integers(0, 300))
def test_crc_continues(data, cut):
    assert _native.crc32c(data[cut:], _native.crc32c(data[:cut])) == _native.crc32c(data) == bits.crc32c(data)


@given(st.lists(fields, max_size=40))
def test_fields_come_back(pairs):
    data = _native.encode_fields(pairs)
    assert len(data) == (sum(width for _, width in pairs) + 7) // 8
    assert _native.decode_fields(data, [width for _, width in pairs]) == [value for value, _ in pairs]


def test_fields_stand_highest_bit_first():
    assert _native.encode_fields([(1, 1), (0b01, 2), (0b11111, 5), (0x1234, 16)]) == b"\xbf\x12\x34"


def test_fields_cut_off_or_left_over():
    with pytest.raises(TruncatedError):
        _native.decode_fields(b"\xff", [4, 5])
    with pytest.raises(CorruptError, match="left over"):
        _native.decode_fields(b"\xff\x00", [8])
    with pytest.raises(CorruptError, match="left over"):
        _native.decode_fields(b"\x01", [7])


@given(st.lists(unsigned, max_size=60))
def test_numbers_come_back(numbers):
    data = _native.encode_numbers(numbers)
    assert _native.decode_numbers(data, len(numbers)) == numbers
    decoder, model = bits.RangeDecoder(data), bits.NumberModel()
    assert [decoder.unsigned(model) for _ in numbers] == numbers
    decoder.done()


@given(st.lists(signed, max_size=60))
def test_signed_numbers_come_back(numbers):
    data = _native.encode_signed(numbers)
    assert _native.decode_signed(data, len(numbers)) == numbers
    decoder, model = bits.RangeDecoder(data), bits.NumberModel()
    assert [decoder.signed(model) for _ in numbers] == numbers
    decoder.done()


@given(st.binary(max_size=60), st.integers(1, 300))
def test_both_decoders_read_noise_alike(noise, count):
    def by_reference():
        decoder, model = bits.RangeDecoder(noise), bits.NumberModel()
        numbers = [decoder.unsigned(model) for _ in range(count)]
        decoder.done()
        return numbers

    try:
        expected = by_reference()
    except bits.RefusedError:
        with pytest.raises(CorruptError):
            _native.decode_numbers(noise, count)
    else:
        assert _native.decode_numbers(noise, count) == expected


def test_numbers_at_the_ends_of_their_range():
    for number in (0, 1, 2**62 - 1):
        assert _native.decode_numbers(_native.encode_numbers([number]), 1) == [number]
    for number in (2**61 - 1, -(2**61) + 1):
        assert _native.decode_signed(_native.encode_signed([number]), 1) == [number]
    for encode, number in ((_native.encode_numbers, 2**62), (_native.encode_signed, -(2**61))):
        with pytest.raises(ValueError, match="range"):
            encode([number])


@pytest.mark.parametrize("count", [1, 5, 200])
def test_no_truncation_gives_the_same_numbers(count):
    rng = random.Random(count)
    numbers = [rng.getrandbits(rng.randrange(1, 50)) for _ in range(count)]
    data = _native.encode_numbers(numbers)
    for length in range(len(data)):
        with contextlib.suppress(CorruptError):  # or, as zeros follow the end, it decodes to other numbers
            assert _native.decode_numbers(data[:length], count) != numbers


def test_bytes_that_no_number_needs_are_refused():
    data = _native.encode_numbers([3, 1, 4])
    with pytest.raises(CorruptError, match="left over"):
        _native.decode_numbers(data + b"\0\0\0\0\0", 3)


def test_zeros_cost_almost_nothing():
    assert len(_native.encode_numbers([0] * 10000)) < 30


@given(st.integers(0, 2**64 - 1))
def test_varints_are_shortest(value):
    assert bits.Fields(varint(value)).varint() == value


# A tags payload begins with a count: whatever its varint looks like, only the shortest form passes.
@pytest.mark.parametrize("count", [b"\x80\x00", b"\x81\x00", b"\xff" * 9 + b"\x02", b"\xff" * 10, b"\x80" * 20])
def test_varints_of_other_forms_are_refused(count):
    with pytest.raises(FormatError):
        _native.FileReader.from_bytes(head_of(header()) + chunk("M", count + b"\1a\1b"))
    with pytest.raises(bits.RefusedError):
        bits.Fields(count).varint()


VALID = ["", "a", "é", "€", "\U0001f600", "\U0010ffff", "\ud7ff", "\ue000", "nul \0 inside"]
INVALID = [
    b"\x80",
    b"\xc3",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xe0\x9f\xbf",
    b"\xed\xa0\x80",
    b"\xe2\x82",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xff",
    b"a\xe2\x28\xa1",
]


def tags_in_a_file(value: bytes) -> list[tuple[str, str]]:
    return _native.FileReader.from_bytes(assemble(head_of(header()), [("M", b"\1" + block(b"k") + block(value))])).tags


@pytest.mark.parametrize("text", VALID)
def test_texts_are_utf8(text):
    assert tags_in_a_file(text.encode()) == [("k", text)]


@pytest.mark.parametrize("data", INVALID)
def test_texts_that_are_no_utf8_are_refused(data):
    with pytest.raises(CorruptError):
        tags_in_a_file(data)


@given(st.binary(max_size=12))
def test_texts_are_judged_as_python_does(data):
    try:
        expected = data.decode()
    except UnicodeDecodeError:
        with pytest.raises(CorruptError):
            tags_in_a_file(data)
    else:
        assert tags_in_a_file(data) == [("k", expected)]
