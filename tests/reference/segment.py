"""Sections 4 and 5 of docs/bitstream.md: segments, times, digests, the stack, screen lists, the video layer."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from . import colour, screen, shader
from .bits import BitModel, Fields, NumberModel, RangeDecoder, UnsupportedError, refuse_unless
from .container import RGB, YUV444, read_format

G = 0x9E3779B97F4A7C15


@dataclass
class Segment:
    first: int
    frames: int
    times: list  # (start, duration) of each frame
    digest: int | None
    layers: list  # (kind, payload), from the bottom up
    dictionary: tuple = ()  # payloads of the dictionary pictures that stand before it


@dataclass
class ScreenLayer:
    pictures: list  # numbers of dictionary pictures
    coded: bytes


@dataclass
class VideoLayer:
    layout: int
    depth: int
    colour: tuple  # matrix, full range, centred
    packets: list  # (bytes, droppable)


def read_times(block, nominal):
    """The frames' times; `nominal` holds the nominal times of the segment's frames and of the one after."""
    decoder = RangeDecoder(block)
    a, b, c = NumberModel(), NumberModel(), NumberModel()
    start, last, times = nominal[0] + decoder.signed(a), 0, []
    for before, after in pairwise(nominal):
        last = decoder.signed(c if last else b)
        duration = after - before + last
        refuse_unless(duration >= 1, "a duration below one tick")
        times.append((start, duration))
        start += duration
    refuse_unless(times[0][0] >= -(2**60) and start <= 2**60, "a time out of range")
    decoder.done()
    return times


def read_segments(payloads, header):
    """All segments of a file, in order."""
    segments, frame, end = [], 0, None
    for payload, dictionary in payloads:
        segment = read_segment(payload, header, dictionary)
        refuse_unless(segment.first >= frame and (end is None or segment.times[0][0] >= end), "segments overlap")
        frame, end = segment.first + segment.frames, sum(segment.times[-1])
        segments.append(segment)
    return segments


def read_segment(payload, header, dictionary=()):
    f = Fields(payload)
    first, frames = f.varint(0, 2**30), f.varint(1, 2**20)
    refuse_unless(first + frames <= 2**30, "too many frames")
    flags = f.flags(3)
    nominal = [header.nominal(first + k) for k in range(frames + 1)]
    times = read_times(f.block(), nominal) if flags & 1 else [(a, b - a) for a, b in pairwise(nominal)]
    digest = f.u64() if flags & 2 else None
    layers, top = [], False
    while not top:
        refuse_unless(len(layers) < 8, "more than 8 layers")
        kind = f.u8()
        top = kind >= 0x80
        if kind & 0x7F > 3:
            raise UnsupportedError("layer kind")
        layers.append((kind & 0x7F, f.rest() if top else f.block()))
    return Segment(first, frames, times, digest, layers, dictionary)


def read_layer(kind, payload, header, segment):
    if kind == 3:
        return read_screen_layer(payload, header, len(segment.dictionary))
    if kind == 1:
        return shader.read_shader_layer(payload, header, segment.frames)
    if kind:
        raise UnsupportedError("layer kind")
    return read_video_layer(payload, header, segment.frames)


def read_screen_layer(payload, header, usable):
    f = Fields(payload)
    count = f.varint(0, 16)
    refuse_unless(count * header.width * header.height <= 2**27, "too much dictionary")
    pictures = [f.varint() for _ in range(count)]
    refuse_unless(len(set(pictures)) == count, "a picture listed twice")
    refuse_unless(all(number < usable for number in pictures), "a picture that the file does not have before")
    return ScreenLayer(pictures, f.rest())


def read_video_layer(payload, header, frames):
    f = Fields(payload)
    layout, depth = read_format(f.flags(7))
    if layout == RGB:
        raise UnsupportedError("an RGB video layer")
    colour_of = (header.matrix, header.full_range, header.centred)
    if header.layout == RGB:
        matrix, flags = f.u8(), f.flags(3)
        if matrix not in (2, *colour.K):
            raise UnsupportedError("matrix")
        colour_of = (matrix, bool(flags & 1), bool(flags & 2))
    decoder = RangeDecoder(f.block())
    sizes, drops = [NumberModel() for _ in range(3)], [BitModel() for _ in range(6)]
    size, droppable, rows = 0, 0, []
    for _ in range(frames):
        size = decoder.unsigned(sizes[size_class(size)])
        refuse_unless(size > 0, "an empty packet")
        droppable = decoder.bit(drops[size_class(size) + 3 * droppable])
        rows.append((size, bool(droppable)))
    decoder.done()
    layer = VideoLayer(layout, depth, colour_of, [(f.take(size), droppable) for size, droppable in rows])
    f.done()
    return layer


def size_class(size):
    return 0 if size < 16 else 1 if size < 1024 else 2


def decode_frames(header, segment, decode_av1):
    """The segment's frames; decode_av1(packets) gives one (layout, depth, planes) for each packet."""
    layers = [painter(number, header, segment, decode_av1) for number in range(len(segment.layers))]
    frames, previous = [], None
    for k in range(segment.frames):
        canvas = None
        for paint in layers:
            canvas = paint(k, canvas, previous)
        frames.append(canvas)
        previous = canvas
    return frames


def painter(number, header, segment, decode_av1):
    """One layer as a function of the frame's number, the canvas below and the finished canvas of the frame before."""
    kind, payload = segment.layers[number]
    layer = read_layer(kind, payload, header, segment)
    if kind == 3:
        return screen_painter(layer, header, segment, number > 0)
    if kind == 1:
        refuse_unless(number or "below" not in layer.program.reads, "nothing is below the bottom layer")
        return shader_painter(layer, header, segment)
    frames = [draw(header, layer, picture) for picture in decode_av1([data for data, _ in layer.packets])]
    refuse_unless(len(frames) == segment.frames, "one frame for each packet")
    return lambda k, canvas, previous: frames[k]


def screen_painter(layer, header, segment, has_below):
    """Section 8."""
    pictures = [screen.decode(header, segment.dictionary[number], 1)[0] for number in layer.pictures]
    drawn = screen.frames_of(header, layer.coded, segment.frames, pictures, has_below)
    return lambda k, canvas, previous: drawn(canvas)


def shader_painter(layer, header, segment):
    """Section 9: programs see RGB."""
    described = header.matrix, header.full_range, header.centred
    if header.layout != RGB and header.matrix not in (2, *colour.K):
        raise UnsupportedError("matrix")

    def rgb(canvas):
        if canvas is None or header.layout == RGB:
            return canvas
        return colour.convert(canvas, (header.layout, header.depth), (RGB, header.depth), *described)

    def paint(k, canvas, previous):
        drawn = shader.draw(layer, header, segment.first, k, rgb(canvas), rgb(previous))
        if header.layout == RGB:
            return drawn
        return colour.from_rgb(drawn, header.depth, (header.layout, header.depth), *described)

    return paint


def draw(header, layer, picture):
    layout, depth, planes = picture
    refuse_unless((layout, depth) == (layer.layout, layer.depth), "the coded frames have another format")
    size = max(header.height, 64), max(header.width, 64)
    refuse_unless(planes[0].shape == size, "the coded frames have another size")
    luma = header.height, header.width
    chroma = luma if layout == YUV444 else ((header.height + 1) // 2, (header.width + 1) // 2)
    sides = (luma, chroma, chroma)
    cut = [plane[:rows, :columns].astype(np.int64) for plane, (rows, columns) in zip(planes, sides, strict=True)]
    return colour.convert(cut, (layout, depth), (header.layout, header.depth), *layer.colour)


def mix(v):
    """On Python numbers and on arrays of uint64 alike."""
    if isinstance(v, int):
        v &= 2**64 - 1
        v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9 & (2**64 - 1)
        v = (v ^ (v >> 27)) * 0x94D049BB133111EB & (2**64 - 1)
        return v ^ (v >> 31)
    v = (v ^ (v >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    v = (v ^ (v >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return v ^ (v >> np.uint64(31))


def frame_hash(planes, depth):
    data = b"".join(plane.astype("u1" if depth == 8 else "<u2").tobytes() for plane in planes)
    words = np.frombuffer(data + bytes(-len(data) % 8), "<u8")
    keys = np.arange(1, len(words) + 1, dtype=np.uint64) * np.uint64(G)
    return mix(int(mix(words ^ keys).sum(dtype=np.uint64)) + len(data))


def digest_of(hashes):
    return sum(mix(h ^ ((k + 1) * G & (2**64 - 1))) for k, h in enumerate(hashes)) % 2**64
