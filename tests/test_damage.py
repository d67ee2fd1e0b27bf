"""Files that are cut off, damaged, foreign or made to mislead: an error that says so, or what is left of them."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import aicodec_native as aic
from aic_files import (
    AUDIO,
    agreed,
    assemble,
    chunk,
    everything,
    head_of,
    header,
    index,
    packet,
    varint,
    video_segment,
)
from aicodec_native import CorruptError, FormatError, NotAicError, TruncatedError, UnsupportedError, _native
from reference import container


def multi_segment() -> bytes:
    """Three segments of two frames, a track, metadata and packets between."""
    h = header()
    writer = _native.Writer()
    out = writer.begin(h) + writer.track(AUDIO) + writer.tags([("title", "t")])
    for first in (0, 2, 4):
        out += writer.packets(0, [packet(first * 1024), packet(first * 1024 + 1024)])
        out += writer.segment(video_segment(h, 2, first=first), 2)
    return out + writer.finish()


# Damage.


def test_every_truncation_gives_the_complete_segments():
    whole = multi_segment()
    full = everything(whole)
    ends = [(entry.offset + entry.size, entry.kind) for entry in _native.FileReader.from_bytes(whole).entries]
    header_end = len(head_of(header()))
    for length in range(len(whole)):
        data = whole[:length]
        if length < header_end:
            with pytest.raises(FormatError):
                _native.FileReader.from_bytes(data)
            with pytest.raises(FormatError):
                aic.open(data)
            continue
        found = everything(data)
        assert found["recovered"]
        complete = [kind for end, kind in ends if end <= length]
        assert found["segments"] == full["segments"][: complete.count("segment")]
        assert found["packets"] == full["packets"][: 2 * complete.count("packets")]
        if not found["segments"]:
            with pytest.raises(TruncatedError):
                aic.open(data)
        elif length % 37 == 0:
            assert len(list(aic.open(data))) == 2 * len(found["segments"])


def test_truncations_look_alike_to_both_decoders():
    whole = multi_segment()
    for length in range(len(head_of(header())), len(whole), 5):
        agreed(whole[:length])


def noticed(data: bytes, intact: dict) -> bool:
    """Whether reading a damaged file raises FormatError, finds it recovered, or finds what the intact one holds."""
    try:
        found = everything(data)
    except FormatError:
        return True
    return found["recovered"] or found == intact


def test_every_flipped_bit_is_noticed():
    whole = multi_segment()
    intact = everything(whole)
    for place in range(len(whole)):
        for bit in range(8):
            data = bytearray(whole)
            data[place] ^= 1 << bit
            assert noticed(bytes(data), intact), (place, bit)


def test_flips_behind_right_checksums_never_crash():
    whole = multi_segment()
    rng = np.random.default_rng(3)
    chunks = container.scan(whole, len(head_of(header())))
    for _ in range(400):
        number = rng.integers(len(chunks))
        damaged = bytearray(chunks[number][1])
        damaged[rng.integers(min(len(damaged), 40))] ^= 1 << rng.integers(8)
        out, entries = head_of(header()), []
        for n, (letter, data) in enumerate(chunks):
            piece = chunk(letter, bytes(damaged) if n == number else data)
            entries.append((*container.describe(letter, data), len(piece)))
            out += piece
        with contextlib.suppress(FormatError), aic.open(out + index(entries), threads=1) as reader:
            list(reader.packets())
            list(reader.iter_native())


# Malformed files.


def with_index(entries: list[tuple[int, int, int]]) -> bytes:
    h = header()
    body = b"".join(chunk("S", video_segment(h, 2, first=first)) for first in (0, 2))
    return head_of(h) + body + index(entries)


def sizes() -> list[int]:
    return [len(chunk("S", video_segment(header(), 2, first=first))) for first in (0, 2)]


def test_an_index_that_lies_is_refused():
    first, second = sizes()
    assert not everything(with_index([(1, 2, first), (1, 2, second)]))["recovered"]
    # The chunks are not what it says.
    for entries in (
        [(2, 0, first), (1, 2, second)],
        [(0, 0, first), (1, 2, second)],
        [(1, 2, first + 1), (1, 2, second - 1)],
        [(1, 2, first - 1), (1, 2, second + 1)],
        [(1, 4, first + second)],
    ):
        with pytest.raises(CorruptError):
            everything(with_index(entries))
    # Its numbers of frames are wrong.
    with pytest.raises(CorruptError), aic.open(with_index([(1, 3, first), (1, 1, second)])) as reader:
        list(reader)


def test_an_index_that_cannot_be_one_is_rebuilt():
    first, second = sizes()
    for entries in (
        [(1, 2, first)],
        [(1, 2, first), (1, 2, second + 1)],
        [(3, 2, first), (1, 2, second)],
        [(0, 2, first), (1, 2, second)],
        [(1, 2, first), (1, 2**31, second)],
    ):
        found = agreed(with_index(entries))
        assert found["recovered"]
        assert len(found["segments"]) == 2


def test_unknown_chunks():
    segment = video_segment(header())
    plain = everything(assemble(head_of(header()), [("S", segment)]))
    assert agreed(assemble(head_of(header()), [("a", b""), ("S", segment), ("m", b"any")])) == plain
    for place in (0, 1):
        chunks = [("S", segment)]
        chunks.insert(place, ("K", b""))
        with pytest.raises(UnsupportedError):
            everything(assemble(head_of(header()), chunks))


@pytest.mark.parametrize("kind", ["H", "T", "M"])
def test_chunks_out_of_order_are_refused(kind):
    payload = {"H": head_of(header())[7:-4], "T": b"\0\0\1\1\0\0", "M": b"\0"}[kind]
    with pytest.raises(CorruptError):
        everything(assemble(head_of(header()), [("S", video_segment(header())), (kind, payload)]))


def test_packets_of_a_track_that_is_missing_are_refused():
    data = assemble(head_of(header()), [("P", bytes([0, 1, 0, 0, 2, 1]) + b"p")])
    with pytest.raises(CorruptError):
        everything(data)
    with pytest.raises(CorruptError):
        list(aic.open(data).packets())


def test_foreign_and_empty_files(tmp_path):
    for data in (b"", b"RIFF", b"\x8aAIX\1", b"\0" * 100, b"\x89PNG\r\n\x1a\n"):
        path = tmp_path / "file"
        path.write_bytes(data)
        for source in (data, path):
            with pytest.raises(NotAicError):
                aic.open(source)
    for length in range(1, 5):
        with pytest.raises(TruncatedError):
            aic.open(b"\x8aAIC\1"[:length])
    with pytest.raises(aic.InputError):
        aic.open(tmp_path)
    with pytest.raises(aic.InputError):
        aic.open(tmp_path / "missing")


@pytest.mark.parametrize("version", [0, 2, 255])
def test_other_versions_are_refused(version):
    data = bytearray(multi_segment())
    data[4] = version
    with pytest.raises(UnsupportedError, match="newer version"):
        aic.open(bytes(data))


@pytest.mark.parametrize("promise", [kind + varint(2**size - 1) for kind in (b"T", b"S", b"H") for size in (30, 40)])
def test_a_length_beyond_the_file_allocates_nothing(promise):
    assert everything(head_of(header()) + promise + bytes(50))["recovered"]
    with pytest.raises(TruncatedError):
        _native.FileReader.from_bytes(b"\x8aAIC\1" + promise)


def test_counts_beyond_the_data_are_refused():
    for kind, payload in (
        ("M", varint(4096)),
        ("M", varint(4097)),
        ("M", b"\1" + varint(2**20 + 1)),
        ("T", b"\0" + varint(2**40)),
    ):
        with pytest.raises(CorruptError):
            everything(assemble(head_of(header()), [(kind, payload)]))
    for payload in (b"\0" + varint(2**20) + b"\0", b"\0" + varint(2**20 + 1) + b"\0", b"\0\1\0\0\0" + varint(2**50)):
        with pytest.raises(CorruptError):
            everything(assemble(head_of(header()), [("T", b"\0\0\1\1\0\0"), ("P", payload)]))
