"""Sections 2 and 3 of docs/bitstream.md: chunks, index, recovery, header, tracks and packets."""

from dataclasses import dataclass, field

from .bits import Fields, RefusedError, UnsupportedError, crc32c, refuse_unless

RGB, YUV420, YUV444 = range(3)


@dataclass
class Header:
    layout: int
    depth: int
    width: int
    height: int
    time_base: tuple
    frame_duration: tuple
    primaries: int = 2
    transfer: int = 2
    matrix: int = 2
    full_range: bool = False
    centred: bool = False
    aspect: tuple = (1, 1)
    rotation: int = 0
    origin: int = 0

    def nominal(self, frame):
        num, den = self.frame_duration
        return self.origin + (2 * frame * num + den) // (2 * den)


@dataclass
class Track:
    kind: int
    codec: str
    time_base: tuple
    extradata: bytes
    tags: list


@dataclass
class Packet:
    track: int
    pts: int
    duration: int
    dts: int
    key: bool
    side_data: list
    data: bytes = b""


@dataclass
class File:
    header: Header
    tracks: list = field(default_factory=list)
    metadata: list = field(default_factory=list)
    segments: list = field(default_factory=list)  # of the S chunks: payload, payloads of the D chunks before it
    dictionary: list = field(default_factory=list)  # payloads of the D chunks
    packets: list = field(default_factory=list)
    quality: bytes = None  # payload of the first q chunk
    notes: bytes = None  # payload of the first n chunk
    recovered: bool = False


def read_format(value):
    if value & 3 == 3:
        raise UnsupportedError("layout 3")
    return value & 3, 10 if value & 4 else 8


def read_header(payload):
    f = Fields(payload)
    layout, depth = read_format(f.flags(7))
    flags = f.flags(0x1F)
    width, height = f.varint(1, 65536), f.varint(1, 65536)
    refuse_unless(width * height <= 2**27, "too many pixels")
    h = Header(layout, depth, width, height, f.rational(), f.rational(), rotation=flags >> 2 & 3)
    refuse_unless(h.frame_duration[0] >= h.frame_duration[1], "a frame below one tick")
    if flags & 1:
        h.primaries, h.transfer, h.matrix = f.u8(), f.u8(), f.u8()
        more = f.flags(3)
        h.full_range, h.centred = bool(more & 1), bool(more & 2)
    if flags & 2:
        h.aspect = f.rational()
    if flags & 16:
        h.origin = f.svarint()
        refuse_unless(abs(h.origin) <= 2**60, "origin out of range")
    f.done()
    return h


def read_track(payload):
    f = Fields(payload)
    if payload[:1] > b"\1":
        raise UnsupportedError("track kind")
    track = Track(f.u8(), f.text(), f.rational(), f.block(), f.tags())
    f.done()
    return track


def read_quality(payload, segments):
    """The metric and (frames, mean, 5th percentile) of the file and, of several, each segment."""
    f = Fields(payload)
    metric, rows = f.u8(), []
    if metric > 4:
        raise UnsupportedError("metric")
    while f.at < len(f.data) or not rows:
        frames, mean, below = f.varint(1, 2**30), f.svarint(), f.svarint()
        refuse_unless(max(abs(mean), abs(below)) <= 2**40, "score out of range")
        rows.append((frames, mean, mean + below))
    refuse_unless(len(rows) == (1 if segments < 2 else segments + 1), "rows of another number of segments")
    steps = 100 if metric < 3 else 10000
    return metric, [(frames, mean / steps, low / steps) for frames, mean, low in rows]


def read_notes(payload):
    f = Fields(payload)
    notes = f.tags()
    f.done()
    return notes


def read_packets(payload, tracks):
    f = Fields(payload)
    track, count, columns = f.varint(0, tracks - 1), f.varint(0, 2**20), f.flags(31)
    rows, end, duration = [], 0, 0
    for k in range(count):
        pts = end + (f.svarint() if columns & 1 or k == 0 else 0)
        duration += f.svarint() if columns & 2 or k == 0 else 0
        dts = pts + (f.svarint() if columns & 4 else 0)
        refuse_unless(max(abs(pts), abs(dts)) <= 2**60 and 0 <= duration <= 2**60, "packet time out of range")
        key = f.u8() if columns & 8 else 1
        refuse_unless(key <= 1, "key flag")
        size = f.varint()
        side = [(f.text(), f.block()) for _ in range(f.varint(0, 4096) if columns & 16 else 0)]
        rows.append((Packet(track, pts, duration, dts, bool(key), side), size))
        end = pts + duration
    for packet, size in rows:
        packet.data = f.take(size)
    f.done()
    return [packet for packet, _ in rows]


def read_chunk(data, at):
    """(type, payload, offset after the chunk); refuses a malformed or damaged one."""
    f = Fields(data)
    f.at = at
    kind = f.take(1)
    refuse_unless(kind.isascii() and kind.isalpha(), "chunk type is not a letter")
    payload = f.take(f.varint(0, 2**40 - 1))
    refuse_unless(f.u32() == crc32c(f.data[at : f.at - 4]), "checksum")
    return kind.decode(), payload, f.at


def describe(kind, payload):
    """(kind, detail) of a chunk as the index has them."""
    f = Fields(payload)
    if kind == "S":
        first, frames = f.varint(0, 2**30), f.varint(1, 2**20)
        refuse_unless(first + frames <= 2**30, "too many frames")
        return 1, frames
    return (2, f.varint(0, 63)) if kind == "P" else (3, 0) if kind == "D" else (0, 0)


def scan(data, start):
    """The whole chunks from `start` on, as (type, payload)."""
    chunks, at = [], start
    while at < len(data):
        try:
            kind, payload, after = read_chunk(data, at)
            describe(kind, payload)
        except RefusedError:
            break
        if kind == "I":
            break
        chunks.append((kind, payload))
        at = after
    return chunks


def read_index(data, start):
    """(offset, size, kind, detail) of the chunks between `start` and the index; refuses what is no intact index."""
    refuse_unless(len(data) >= start + 8, "no index")
    begin = len(data) - int.from_bytes(data[-8:-4], "little")
    refuse_unless(start <= begin, "no index")
    kind, payload, end = read_chunk(data, begin)
    refuse_unless(kind == "I" and end == len(data) and len(payload) >= 4, "no index")
    f, entries, at = Fields(payload[:-4]), [], start
    while f.at < len(f.data):
        detail, kind = divmod(f.varint(), 4)
        refuse_unless(kind in (1, 2) or not detail, "index entry")
        size = f.varint(0, begin - at)
        entries.append((at, size, kind, detail))
        at += size
    refuse_unless(at == begin, "the index does not fill its space")
    refuse_unless(sum(detail for _, _, kind, detail in entries if kind == 1) <= 2**30, "too many frames")
    return entries


def indexed(data, entries):
    """The chunks that the index lists, each found to be what it says."""
    for at, size, kind, detail in entries:
        letter, payload, end = read_chunk(data, at)
        refuse_unless(end - at == size and describe(letter, payload) == (kind, detail), "the index lies")
        yield letter, payload


def open_file(data):
    refuse_unless(data[:4] == b"\x8aAIC" and len(data) > 4, "not an .aic file")
    if data[4] != 1:
        raise UnsupportedError("version")
    kind, payload, start = read_chunk(data, 5)
    refuse_unless(kind == "H", "the first chunk is not the header")
    file = File(read_header(payload))
    try:
        entries = read_index(data, start)
    except RefusedError:
        file.recovered = True
    chunks = scan(data, start) if file.recovered else indexed(data, entries)
    media = False
    for kind, payload in chunks:
        media = media or kind in "SPD"
        refuse_unless(kind not in "HI" and not (media and kind in "TM"), "a chunk out of order")
        if kind == "S":
            file.segments.append((payload, tuple(file.dictionary)))
        elif kind == "D":
            file.dictionary.append(payload)
        elif kind == "P":
            file.packets += read_packets(payload, len(file.tracks))
        elif kind == "T":
            file.tracks.append(read_track(payload))
            refuse_unless(len(file.tracks) <= 64, "too many tracks")
        elif kind == "M":
            f = Fields(payload)
            file.metadata += f.tags()
            f.done()
            refuse_unless(len(file.metadata) <= 4096, "too many tags")
        elif kind == "q" and file.quality is None:
            file.quality = payload
        elif kind == "n" and file.notes is None:
            file.notes = payload
        elif kind.isupper():
            raise UnsupportedError("a chunk that this version does not know")
    return file
