"""Frames for lossless coding: onto a canvas from which every sample of theirs can be read back, or not at all."""

from __future__ import annotations

import re

import av
import numpy as np

from aicodec_native._native import Picture
from aicodec_native.media.frames import PLANAR, Samples, canvas_format, picture_of, rows_of, set_samples

# Two components a plane whose chroma picture_of() would scale. Those of more than 8 bits lie at the top of 16.
_PAIRED_422 = re.compile(r"nv(16)|nv(20)(le|be)|p21(0)(le|be)")
# Where the first luma, Cb and Cr byte of a packed 4:2:2 format lie.
_PACKED_422 = {"yuyv422": (0, 1, 3), "yvyu422": (0, 3, 1), "uyvy422": (1, 0, 2)}
# RGB in one word that FFmpeg widens so that no two colours become one.
_NARROW = re.compile(r"(rgb|bgr)(8|4_byte|444(le|be)|555(le|be)|565(le|be))|x2(rgb|bgr)10(le|be)")
_RGB8 = re.compile(r"pal8|(rgb|bgr)24|0rgb|0bgr|rgb0|bgr0|argb|abgr|rgba|bgra|gbra?p")
_PAIRED = re.compile(r"nv(12|21|24|42)|p[04]10(le|be)")
_GRAY = re.compile(r"mono[bw]|gray8?|ya8|gray10(le|be)")


def exact_canvas(frame: av.VideoFrame) -> str | None:
    """The canvas format that holds every sample of `frame` (but for alpha), None if there is none."""
    name = frame.format.name
    planar = PLANAR.fullmatch(name)
    if planar:
        known = int(planar[3] or 8) in (8, 10)
    else:
        patterns = (_RGB8, _NARROW, _PAIRED, _PAIRED_422, _GRAY)
        known = name in _PACKED_422 or any(pattern.fullmatch(name) for pattern in patterns)
    return canvas_format(frame) if known else None


def repeats_chroma(frame: av.VideoFrame) -> bool:
    """Whether exact_picture() gives every chroma sample more than once."""
    planar, name = PLANAR.fullmatch(frame.format.name), frame.format.name
    odd = planar is not None and planar[2] not in (None, "420", "444")
    return odd or name in _PACKED_422 or _PAIRED_422.fullmatch(name) is not None


def exact_picture(frame: av.VideoFrame, canvas: str) -> Picture:
    """`frame` on its exact_canvas(). Chroma that is halved in one direction only, or quartered, is repeated."""
    if not repeats_chroma(frame):
        return picture_of(frame, canvas)
    picture = Picture(canvas, frame.width, frame.height)
    planes = _samples(frame)
    across, down = 16 // frame.format.chroma_width(16), 16 // frame.format.chroma_height(16)
    for index, samples in enumerate(planes):
        if index:
            samples = samples.repeat(down, axis=0).repeat(across, axis=1)[: frame.height, : frame.width]
        set_samples(picture, index, samples)
    return picture


def _samples(frame: av.VideoFrame) -> list[Samples]:
    """Luma, Cb and Cr as they lie in a frame of these formats."""
    name, (width, height) = frame.format.name, (frame.width, frame.height)
    if name in _PACKED_422:
        places = _PACKED_422[name]
        rows = rows_of(frame.planes[0], -(-width // 2) * 4, height, np.dtype(np.uint8))
        return [rows[:, places[0] :: 2][:, :width], rows[:, places[1] :: 4], rows[:, places[2] :: 4]]
    if paired := _PAIRED_422.fullmatch(name):
        dtype = np.dtype(np.uint8) if paired[1] else np.dtype(">u2" if name.endswith("be") else "<u2")
        luma, pairs = frame.planes
        chroma = rows_of(pairs, pairs.width * 2, pairs.height, dtype)
        planes = [rows_of(luma, width, height, dtype), chroma[:, 0::2], chroma[:, 1::2]]
        return [samples >> 6 for samples in planes] if paired[4] else planes
    match = PLANAR.fullmatch(name)
    assert match is not None, name
    dtype = np.dtype(np.uint8) if match[3] is None else np.dtype(">u2" if match[4] == "be" else "<u2")
    return [rows_of(plane, plane.width, plane.height, dtype) for plane in frame.planes[:3]]
