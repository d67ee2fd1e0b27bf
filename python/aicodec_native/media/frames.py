"""Between FFmpeg's frames and pictures. FFmpeg knows over 200 pixel formats, the canvas six: samples are
copied where they fit, and FFmpeg converts only where something must change (docstring of canvas_format)."""

from __future__ import annotations

import re
from typing import Any

import av
import numpy as np
import numpy.typing as npt

from aicodec_native._native import Colour, Picture

PLANAR = re.compile(r"(yuv|yuvj|yuva|gbr|gbra)(4\d\d)?p(\d+)?(le|be)?")
# Chroma samples in pairs; 16-bit ones hold their 10 bits or more at the top.
_PAIRED = re.compile(r"nv(12|21|24|42)|p([04])1([026])(le|be)")
_GRAY = re.compile(r"(gray|ya)(8|9|10|12|14|16)?(le|be)?")
# Packed 8-bit formats that swscale takes apart into gbrp without touching a sample.
_PACKED = {"rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr", "pal8"}
_ALPHA_AT = {"rgba": 3, "bgra": 3, "argb": 0, "abgr": 0}
# What FFmpeg calls the canvas formats, and which plane of a picture each of its planes is.
PIX_FMT = {
    "rgb24": "gbrp",
    "rgb30": "gbrp10le",
    "yuv420p": "yuv420p",
    "yuv420p10": "yuv420p10le",
    "yuv444p": "yuv444p",
    "yuv444p10": "yuv444p10le",
}
_GBR = (1, 2, 0)
_YUV = (0, 1, 2)

Samples = npt.NDArray[Any]


def canvas_format(frame: av.VideoFrame) -> str:
    """The canvas format that keeps most of ``frame``.

    RGB, palettes and the RGB matrix become rgb24 (exact) or, above 8 bits, rgb30; 4:2:0 and gray become
    yuv420p, every other subsampling yuv444p; YCbCr above 8 bits takes the 10-bit sibling. Alpha is dropped.
    """
    fmt = frame.format
    bits = max(component.bits for component in fmt.components if not component.is_alpha)
    if fmt.is_rgb or fmt.has_palette or fmt.name.startswith("xyz") or _is_gbr_in_yuv(frame):
        return "rgb30" if bits > 8 or (fmt.name.startswith("bayer_") and "16" in fmt.name) else "rgb24"
    gray = len([component for component in fmt.components if not component.is_alpha]) == 1
    halved = fmt.chroma_width(16) == 8 and fmt.chroma_height(16) == 8
    return ("yuv420p" if gray or halved else "yuv444p") + ("10" if bits > 8 else "")


def _is_gbr_in_yuv(frame: av.VideoFrame) -> bool:
    return frame.colorspace == 0 and frame.format.name.startswith("yuv444p")


def frame_colour(frame: av.VideoFrame, chroma_centred: bool) -> Colour:
    """The colour tags of ``frame``. Where the range is not said, yuvj formats and gray are full range (as
    everywhere in FFmpeg) and the rest limited; RGB is always matrix 0, full range."""
    name = frame.format.name
    rgb = canvas_format(frame).startswith("rgb")
    full = frame.color_range == 2 or (frame.color_range == 0 and name.startswith(("yuvj", "gray", "ya", "mono")))
    return Colour(
        primaries=frame.color_primaries,
        transfer=frame.color_trc,
        matrix=0 if rgb else (frame.colorspace or 2),
        full_range=rgb or full,
        chroma_centred=chroma_centred and canvas_format(frame).startswith("yuv420p"),
    )


def alpha_matters(frame: av.VideoFrame) -> bool:
    """Whether a sample of ``frame`` is not opaque (looked at for the common alpha formats only)."""
    name, (width, height) = frame.format.name, (frame.width, frame.height)
    if name in _ALPHA_AT:
        rows = rows_of(frame.planes[0], width * 4, height, np.dtype(np.uint8))
        return bool(rows[:, _ALPHA_AT[name] :: 4].min() < 255)
    if name == "ya8":
        return bool(rows_of(frame.planes[0], width * 2, height, np.dtype(np.uint8))[:, 1::2].min() < 255)
    match = PLANAR.fullmatch(name)
    if match and match[1] in ("yuva", "gbra"):
        bits = int(match[3] or 8)
        return bool(rows_of(frame.planes[3], width, height, _dtype(match)).min() < (1 << bits) - 1)
    return False


def picture_of(frame: av.VideoFrame, canvas: str) -> Picture:
    """``frame`` as a picture of format ``canvas`` (what canvas_format() said of the first frame)."""
    picture = Picture(canvas, frame.width, frame.height)
    name = frame.format.name
    gray, planar = _GRAY.fullmatch(name), PLANAR.fullmatch(name)
    if canvas_format(frame) != canvas:
        _copy_planes(frame.reformat(format=PIX_FMT[canvas]), picture)
    elif gray or name in ("monob", "monow", "grayf32le", "grayf32be"):
        _copy_gray(frame if gray else frame.reformat(format="gray16le" if "f32" in name else "gray"), picture)
    elif planar and planar[2] in (None, "420", "444"):
        _copy_planes(frame, picture)
    elif paired := _PAIRED.fullmatch(name):
        _copy_paired(frame, picture, paired)
    elif canvas == "rgb24":
        _copy_rgb24(frame, picture)
    elif canvas == "rgb30":
        _copy_planes(frame.reformat(format="gbrp16le"), picture)
    else:
        # Chroma is scaled to the canvas, luma stays what it was.
        _copy_planes(frame.reformat(format=PIX_FMT[canvas]), picture)
        if planar:
            _copy_plane(frame, 0, picture, 0, planar)
    return picture


def _copy_rgb24(frame: av.VideoFrame, picture: Picture) -> None:
    if frame.format.name in _PACKED:
        _copy_planes(frame.reformat(format="gbrp"), picture)
        return
    packed = frame.reformat(format="rgb24")
    rows = rows_of(packed.planes[0], frame.width * 3, frame.height, np.dtype(np.uint8))
    for index in range(3):
        picture.set_plane(index, np.ascontiguousarray(rows[:, index::3]), frame.width)


def _copy_planes(frame: av.VideoFrame, picture: Picture) -> None:
    match = PLANAR.fullmatch(frame.format.name)
    assert match is not None, frame.format.name
    order = _GBR if picture.format.startswith("rgb") else _YUV
    for source, target in enumerate(order):
        _copy_plane(frame, source, picture, target, match)


def _copy_plane(frame: av.VideoFrame, source: int, picture: Picture, target: int, match: re.Match[str]) -> None:
    plane, bits = frame.planes[source], int(match[3] or 8)
    if bits == picture.bit_depth and match[4] != "be" and plane.line_size > 0:
        picture.set_plane(target, plane, plane.line_size)
        return
    rows = rows_of(plane, plane.width, plane.height, _dtype(match))
    full = match[1].startswith("gbr") or frame.color_range == 2
    set_samples(picture, target, _to_depth(rows, bits, picture.bit_depth, full))


def _copy_paired(frame: av.VideoFrame, picture: Picture, match: re.Match[str]) -> None:
    # swscale dithers some of these; here no sample changes.
    bits = int("1" + match[3]) if match[3] else 8
    dtype = np.dtype(np.uint8) if bits == 8 else np.dtype(">u2" if match[4] == "be" else "<u2")
    luma, pairs = frame.planes
    chroma = rows_of(pairs, pairs.width * 2, pairs.height, dtype)
    swapped = match[1] in ("21", "42")
    planes = [rows_of(luma, luma.width, luma.height, dtype), chroma[:, swapped::2], chroma[:, not swapped :: 2]]
    for index, samples in enumerate(planes):
        lowered = samples >> (16 - bits) if bits > 8 else samples
        set_samples(picture, index, _to_depth(lowered, bits, picture.bit_depth, frame.color_range == 2))


def _copy_gray(frame: av.VideoFrame, picture: Picture) -> None:
    match = _GRAY.fullmatch(frame.format.name)
    assert match is not None, frame.format.name
    step = 2 if match[1] == "ya" else 1
    bits = int(match[2] or 8)
    dtype = np.dtype(np.uint8) if bits == 8 else np.dtype(">u2" if match[3] == "be" else "<u2")
    rows = rows_of(frame.planes[0], frame.width * step, frame.height, dtype)[:, ::step]
    set_samples(picture, 0, _to_depth(rows, bits, picture.bit_depth, frame.color_range != 1))
    for index in (1, 2):
        picture.plane(index)[...] = 1 << (picture.bit_depth - 1)


def _dtype(match: re.Match[str]) -> np.dtype[Any]:
    return np.dtype(np.uint8) if match[3] is None else np.dtype(">u2" if match[4] == "be" else "<u2")


def rows_of(plane: av.video.plane.VideoPlane, width: int, height: int, dtype: np.dtype[Any]) -> Samples:
    """The samples of a plane, top row first: FFmpeg stores some pictures bottom up, with a negative line
    size."""
    stride = abs(plane.line_size)
    rows = np.frombuffer(memoryview(plane), np.uint8)[: stride * height].reshape(height, stride)
    if plane.line_size < 0:
        rows = rows[::-1]
    samples: Samples = np.ascontiguousarray(rows[:, : width * dtype.itemsize]).view(dtype)
    return samples


def set_samples(picture: Picture, index: int, samples: Samples) -> None:
    dense = np.ascontiguousarray(samples, np.uint8 if picture.bit_depth == 8 else np.uint16)
    picture.set_plane(index, dense, dense.strides[0])


def _to_depth(samples: Samples, bits: int, depth: int, full: bool) -> Samples:
    """Rounds to ``depth`` bits: the whole scale for RGB and full range, powers of two for limited range."""
    if bits == depth:
        return samples
    if full:
        top, wanted = (1 << bits) - 1, (1 << depth) - 1
        scaled: Samples = (samples.astype(np.uint32) * wanted + top // 2) // top
        return scaled
    if bits < depth:
        return samples.astype(np.uint16) << (depth - bits)
    half = 1 << (bits - depth - 1)
    reduced: Samples = np.minimum((samples.astype(np.uint32) + half) >> (bits - depth), (1 << depth) - 1)
    return reduced


def frame_of(picture: Picture) -> av.VideoFrame:
    """``picture`` as an FFmpeg frame of format PIX_FMT[picture.format]; the samples are copied."""
    frame = av.VideoFrame(picture.width, picture.height, PIX_FMT[picture.format])
    order = _GBR if picture.format.startswith("rgb") else _YUV
    for plane, index in zip(frame.planes, order, strict=True):
        samples = picture.plane(index)
        rows = np.frombuffer(memoryview(plane), samples.dtype).reshape(plane.height, -1)
        rows[:, : samples.shape[1]] = samples
    return frame
