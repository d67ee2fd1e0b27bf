"""Streams with screen layers that every decoder must read. Those by dice (dice.py) hold what no encoder emits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dice
import numpy as np
from accepted import stream

from aic_files import assemble, coded, decode_av1, head_of, header, layer, nominal
from aicodec_native import _native
from reference import container, segment

Picture = _native.Picture


def parsed(stream_header: _native.StreamHeader) -> container.Header:
    return container.open_file(assemble(head_of(stream_header), [])).header


def screen_segment(
    stream_header: _native.StreamHeader,
    layers: Sequence[tuple[int, bytes]],
    frames: int,
    *,
    dictionary: Sequence[bytes] = (),
    digest: bool = True,
) -> bytes:
    """A segment of any layers, its digest from the reference decoder."""

    def built(value: int | None) -> bytes:
        times = nominal(stream_header, 0, frames)
        return _native.build_segment(
            header=stream_header, first_frame=0, times=times, digest=value, layers=list(layers)
        )

    if not digest:
        return built(None)
    head = parsed(stream_header)
    pictures = segment.decode_frames(head, segment.read_segment(built(None), head, tuple(dictionary)), decode_av1)
    return built(segment.digest_of([segment.frame_hash(planes, head.depth) for planes in pictures]))


def screen_layer(coded_frames: bytes, pictures: Sequence[int] = ()) -> tuple[int, bytes]:
    return _native.LAYER_SCREEN, _native.build_screen_layer(pictures=list(pictures), coded=coded_frames)


def file_of(
    stream_header: _native.StreamHeader,
    layers: Sequence[tuple[int, bytes]],
    frames: int,
    dictionary: Sequence[bytes] = (),
) -> bytes:
    part = screen_segment(stream_header, layers, frames, dictionary=dictionary)
    return assemble(head_of(stream_header), [*(("D", data) for data in dictionary), ("S", part)])


def page(stream_header: _native.StreamHeader, seed: int, shift: int = 0) -> Picture:
    """Lines of glyphs over a flat ground, a smooth band with noise, and a patch of few colours."""
    picture = Picture(stream_header.format, stream_header.width, stream_header.height)
    peak = (1 << picture.bit_depth) - 1
    glyphs = np.random.default_rng(seed).random((8, 64, 8)) < 0.4
    for index in range(3):
        plane = picture.plane(index)
        noise = np.random.default_rng(seed + 50 + index)
        y, x = np.mgrid[0 : plane.shape[0], 0 : plane.shape[1]]
        x = x + shift
        ink = glyphs[y // 8 % 8, x % 64, y % 8] & (y % 8 < 6)
        plane[...] = np.where(ink, peak // (9 - index), peak - index * 3)
        band = y // 6 % 4 == 2
        plane[band] = ((x * (3 + index) + y * 2) % peak + noise.integers(0, 3, plane.shape))[band] % (peak + 1)
        plane[-3:] = (x // 3 * 40 * (index + 1) + seed)[-3:] % peak
    return picture


def encoded(
    stream_header: _native.StreamHeader,
    pictures: Sequence[Picture],
    below: Sequence[Picture] | None = None,
    **settings: Any,
) -> bytes:
    encoder = _native.ScreenEncoder(
        stream_header.format, stream_header.width, stream_header.height, has_below=below is not None, **settings
    )
    for number, picture in enumerate(pictures):
        encoder.add(picture, below[number] if below else None)
    return encoder.finish()


def pages(stream_header: _native.StreamHeader, order: str = "abcabb", **settings: Any) -> bytes:
    """A file of pages by name, coded as our encoder does; an upper-case one is moved aside."""
    pictures = [page(stream_header, ord(name.lower()), 5 * name.isupper()) for name in order]
    return file_of(stream_header, [screen_layer(encoded(stream_header, pictures, **settings))], len(order))


def by_dice(stream_header: _native.StreamHeader, frames: int, **settings: Any) -> bytes:
    coded_frames = dice.thrown(parsed(stream_header), dice.settings_of(**settings), frames)
    return file_of(stream_header, [screen_layer(coded_frames)], frames)


@stream
def screen_rgb() -> bytes:
    """A screen layer alone, 8-bit RGB: pages that come back, move and stand still."""
    return pages(header(format="rgb24", width=30, height=26), "abAcbaa")


@stream
def screen_ten_bit_rgb() -> bytes:
    """10-bit RGB."""
    return pages(header(format="rgb30", width=26, height=17), "abA")


@stream
def screen_ten_bit_444() -> bytes:
    """10-bit 4:4:4."""
    return pages(header(format="yuv444p10", width=26, height=17), "abA")


@stream
def screen_odd_size() -> bytes:
    """8-bit 4:2:0 with odd sides: two sheets, luma at chroma's edge from the border."""
    return pages(header(width=37, height=19), "abAa")


@stream
def screen_one_pixel() -> bytes:
    """4:2:0 of one pixel."""
    return pages(header(width=1, height=1), "abba")


@stream
def screen_near() -> bytes:
    """Near-lossless: samples off by up to 3."""
    return pages(header(format="rgb24", width=26, height=20), "abAa", near=3)


@stream
def screen_rich() -> bytes:
    """The preset that mixes more contexts."""
    return pages(header(format="rgb24", width=26, height=18), "abAa", preset="slow")


@stream
def screen_nothing_changes() -> bytes:
    """A black picture, which no frame changes: no bytes but those of the settings."""
    stream_header = header(format="rgb24")
    empty = Picture("rgb24", 64, 64)
    for index in range(3):
        empty.plane(index)[...] = 0
    return file_of(stream_header, [screen_layer(encoded(stream_header, [empty] * 40))], 40)


@stream
def screen_ground() -> bytes:
    """10-bit 4:2:0: a frame of nothing but grey ground, then strokes in one corner, as our encoder codes them."""
    stream_header = header(format="yuv420p10", width=140, height=75)
    pictures = []
    for number in range(3):
        picture = Picture(stream_header.format, 140, 75)
        for index in range(3):
            plane = picture.plane(index)
            plane[...] = 700 - 90 * index
            plane[3 : 3 + 2 * number, 5:20] = page(stream_header, 1).plane(index)[3 : 3 + 2 * number, 5:20]
        pictures.append(picture)
    return file_of(stream_header, [screen_layer(encoded(stream_header, pictures))], 3)


@stream
def screen_dictionary() -> bytes:
    """Two dictionary pictures, listed in another order than they stand, next to one that is not listed."""
    stream_header = header(format="yuv444p", width=24, height=20)
    shown = [page(stream_header, seed) for seed in (1, 2)]
    payloads = [encoded(stream_header, [picture]) for picture in shown]
    frames = [shown[1], page(stream_header, 1, 5), shown[0]]
    layers = [screen_layer(encoded(stream_header, frames, dictionary=shown[::-1]), [2, 0])]
    return file_of(stream_header, layers, 3, [payloads[0], b"?", payloads[1]])


@stream
def screen_over_video() -> bytes:
    """A screen layer that corrects a video layer to the source."""
    stream_header = header(format="rgb24", width=40, height=32)
    video = _native.LAYER_VIDEO, layer(stream_header, coded())
    head = parsed(stream_header)
    alone = segment.read_segment(screen_segment(stream_header, [video], 3, digest=False), head)
    planes = segment.decode_frames(head, alone, decode_av1)
    below = [picture_of(stream_header, frame) for frame in planes]
    source = [picture_of(stream_header, frame) for frame in planes]
    for picture in source:
        picture.plane(0)[4:20, 8:32] = 200
        picture.plane(2)[6, 10:30] = 20
    return file_of(stream_header, [video, screen_layer(encoded(stream_header, source, below))], 3)


def picture_of(stream_header: _native.StreamHeader, planes: Sequence[np.ndarray]) -> Picture:
    picture = Picture(stream_header.format, stream_header.width, stream_header.height)
    for index in range(3):
        picture.plane(index)[...] = planes[index]
    return picture


@stream
def screen_dice_rgb() -> bytes:
    """By dice: 8-bit RGB, all modes and block sizes, vectors into every reference."""
    return by_dice(header(format="rgb24", width=52, height=20), 9)


@stream
def screen_dice_rgb_near() -> bytes:
    """By dice: 10-bit RGB in two slices from the start, samples in steps of 15, one saved frame, all voters."""
    return by_dice(header(format="rgb30", width=9, height=80), 7, rows=(8,), near=7, saved=1, all_voters=True)


@stream
def screen_dice_photo() -> bytes:
    """By dice: photo blocks alone, residuals of every size."""
    stream_header = header(format="yuv444p", width=48, height=40)
    how = {"chances": (0.0, 0.1, 0.0, 1.0), "luck": 0.004}
    coded_frames = dice.thrown(parsed(stream_header), dice.settings_of(saved=0), 3, **how)
    return file_of(stream_header, [screen_layer(coded_frames)], 3)


@stream
def screen_dice_photo_moves() -> bytes:
    """By dice: 8-bit RGB, photo blocks between pixels and of two frames, also at the sides."""
    stream_header = header(format="rgb24", width=27, height=22)
    how = {"chances": (0.1, 0.8, 0.1, 0.9), "luck": 0.01}
    coded_frames = dice.thrown(parsed(stream_header), dice.settings_of(saved=1), 6, **how)
    return file_of(stream_header, [screen_layer(coded_frames)], 6)


@stream
def screen_moving_photo() -> bytes:
    """10-bit 4:2:0: what moves by fractions of a pixel, as our encoder codes it."""
    stream_header = header(format="yuv420p10", width=50, height=34)
    noise = np.random.default_rng(3).random((9, 9))
    pictures = []
    for number in range(5):
        picture = Picture(stream_header.format, 50, 34)
        for index in range(3):
            plane = picture.plane(index)
            y, x = (
                side * 8 / 60 + number * step for side, step in zip(np.indices(plane.shape), (0.03, 0.05), strict=True)
            )
            (i, u), (j, v) = (np.divmod(side, 1) for side in (y, x))
            corners = [noise[(i.astype(int) + a) % 9, (j.astype(int) + b) % 9] for a, b in np.ndindex(2, 2)]
            upper, lower = (corners[k] * (1 - v) + corners[k + 1] * v for k in (0, 2))
            plane[...] = 1000 * (upper * (1 - u) + lower * u) + np.random.default_rng(number).integers(
                0, 3, plane.shape
            )
        pictures.append(picture)
    return file_of(stream_header, [screen_layer(encoded(stream_header, pictures))], 5)


@stream
def screen_dice_420() -> bytes:
    """By dice: 8-bit 4:2:0 of odd size, cut into two slices of unequal height before the fourth frame."""
    return by_dice(header(width=21, height=139), 7, rows=(8,), cut=3)


@stream
def screen_dice_cut() -> bytes:
    """By dice: three slices from the second frame on, the middle one two units high."""
    return by_dice(header(format="rgb24", width=7, height=78), 4, rows=(3, 2), cut=1)


@stream
def screen_dice_moves() -> bytes:
    """By dice: three slices with borders that move twice, also past where others were, to one unit's height."""
    moves = ((1, (5, 1)), (2, (1, 4)))
    return by_dice(header(format="rgb24", width=12, height=61), 6, rows=(2, 4), cut=1, moves=moves)


@stream
def screen_dice_420_moves() -> bytes:
    """By dice: 8-bit 4:2:0 of odd size in two slices from the start, the border moving before each frame."""
    moves = ((1, (2,)), (1, (1,)), (1, (3,)))
    return by_dice(header(width=13, height=53), 4, rows=(1,), moves=moves)


@stream
def screen_never_moved() -> bytes:
    """By dice: a border that would move after the last frame."""
    return by_dice(header(format="rgb24", width=7, height=24), 2, rows=(1,), moves=((2, (2,)),))


@stream
def screen_never_cut() -> bytes:
    """By dice: slices that would begin after the last frame."""
    return by_dice(header(format="rgb24", width=7, height=24), 2, rows=(1,), cut=9)


@stream
def screen_dice_ground() -> bytes:
    """By dice: 8-bit RGB on a ground of magenta, with which the first pixels are compared."""
    return by_dice(header(format="rgb24", width=30, height=26), 4, ground=(255 << 20 | 255 << 10,), on_ground=True)


@stream
def screen_dice_420_ground() -> bytes:
    """By dice: 8-bit 4:2:0 on a ground of purple, whose first pixels are compared with zeros."""
    return by_dice(header(width=35, height=21), 5, ground=(90, 160 << 10 | 150))


@stream
def screen_dice_420_rich() -> bytes:
    """By dice: 10-bit 4:2:0, all contexts and voters, the first component always leading."""
    models = {"rich": True, "first_leads": True, "all_voters": True}
    return by_dice(header(format="yuv420p10", width=35, height=21), 8, **models)


@stream
def screen_dice_444_rich() -> bytes:
    """By dice: 8-bit 4:4:4, more contexts, no saved frames, the smallest tables, samples in steps of 255."""
    return by_dice(
        header(format="yuv444p", width=35, height=21),
        7,
        rich=True,
        saved=0,
        near=127,
        colour_bits=8,
        residual_bits=4,
    )


@stream
def screen_dice_stack() -> bytes:
    """By dice: video, a screen layer with a dictionary picture over it, and another screen layer on top."""
    stream_header = header(format="rgb24", width=20, height=24)
    head = parsed(stream_header)
    dictionary = [dice.thrown(head, dice.settings_of(saved=0), 1)]
    layers = [(_native.LAYER_VIDEO, layer(stream_header, coded(64, 64, 6)))]
    for pictures in ([0], []):
        part = segment.read_segment(
            screen_segment(stream_header, layers, 6, dictionary=dictionary), head, (*dictionary,)
        )
        below = segment.decode_frames(head, part, decode_av1)
        shown = [segment.screen.decode(head, dictionary[number], 1)[0] for number in pictures]
        coded_frames = dice.thrown(head, dice.settings_of(), 6, dictionary=shown, below=below)
        layers.append(screen_layer(coded_frames, pictures))
    return file_of(stream_header, layers, 6, dictionary)
