"""Which coding and pixel format an output gets, and with which settings."""

from __future__ import annotations

from dataclasses import dataclass, field

import av

from aicodec_native._native import Colour
from aicodec_native.errors import OptionError
from aicodec_native.media.frames import PIX_FMT
from aicodec_native.media.types import VideoInfo

# Container -> coding. Matroska keeps every sample, the others should play everywhere.
_DEFAULT_CODEC = {"mkv": "ffv1", "mp4": "libx264", "mov": "libx264", "webm": "libvpx-vp9"}
_DEFAULT_CRF = {"libx264": 14.0, "libvpx-vp9": 18.0}
_HAS_CRF = {"libx264", "libx264rgb", "libx265", "libvpx-vp9", "libvpx", "libsvtav1"}
_LOSSLESS = {"ffv1", "ffvhuff", "huffyuv", "utvideo", "rawvideo", "libx264rgb", "png", "apng", "qtrle"}
_OPTIONS = {
    "libvpx-vp9": {"row-mt": "1", "cpu-used": "3", "deadline": "good", "b": "0"},
    "libx265": {"x265-params": "log-level=none"},
}
# Canvas formats, from the nearest on, that a canvas can become.
_NEAREST = {
    "rgb24": ("rgb24", "yuv444p", "yuv420p"),
    "rgb30": ("rgb30", "yuv444p10", "yuv420p10", "rgb24", "yuv444p", "yuv420p"),
    "yuv420p": ("yuv420p", "yuv444p", "rgb24"),
    "yuv420p10": ("yuv420p10", "yuv444p10", "yuv420p", "yuv444p", "rgb30", "rgb24"),
    "yuv444p": ("yuv444p", "yuv420p", "rgb24"),
    "yuv444p10": ("yuv444p10", "yuv420p10", "yuv444p", "yuv420p", "rgb30", "rgb24"),
}
# Packed RGB for codings that know no gbrp.
_ALSO = {"rgb24": ("gbrp", "bgr0", "rgb24")}


@dataclass(frozen=True, slots=True)
class Plan:
    """A picture is converted to ``canvas`` under ``colour``, and by FFmpeg to ``pix_fmt`` without loss."""

    codec: str
    canvas: str
    pix_fmt: str
    colour: Colour
    options: dict[str, str] = field(default_factory=dict)


def plan_for(
    container: str,
    info: VideoInfo,
    codec: str | None,
    crf: float | None,
    options: dict[str, str] | None,
    warnings: list[str],
) -> Plan:
    """The settings for a file of type ``container``; OptionError for a coding that is not in this FFmpeg, or
    a crf that it does not have. What is lost goes to ``warnings``."""
    name = codec or _DEFAULT_CODEC[container]
    lossless = name in _LOSSLESS or (crf == 0 and name == "libx264")
    if lossless and name == "libx264" and info.format == "rgb24":
        name = "libx264rgb"
    given = dict(options or {})
    pix_fmt = given.pop("pix_fmt", None)
    canvas, pix_fmt = _formats(name, info, lossless, pix_fmt)
    merged = dict(_OPTIONS.get(name, {}))
    if crf is not None and name not in _HAS_CRF:
        raise OptionError(f"{name} has no crf")
    crf = crf if crf is not None else _DEFAULT_CRF.get(name)
    if crf is not None:
        merged["crf"] = f"{crf:g}"
    merged.update(given)
    _warn(info, canvas, name, container, warnings)
    return Plan(name, canvas, pix_fmt, _colour(info, canvas), merged)


def _formats(name: str, info: VideoInfo, lossless: bool, asked: str | None) -> tuple[str, str]:
    try:
        known = {fmt.name for fmt in av.Codec(name, "w").video_formats or ()}
    except (av.FFmpegError, ValueError):
        raise OptionError(f'there is no video encoder "{name}" in this FFmpeg') from None
    pairs = [(canvas, fmt) for canvas in _NEAREST[info.format] for fmt in _ALSO.get(canvas, (PIX_FMT[canvas],))]
    if asked is not None:
        found = next(((canvas, fmt) for canvas, fmt in pairs if asked in (canvas, fmt)), None)
        if found is None or (known and found[1] not in known):
            raise OptionError(f"{name} has no pixel format {asked}")
        return found
    if not lossless:
        # Only x264 insists on even sides for 4:2:0.
        odd = "264" in name and (info.width % 2 or info.height % 2)
        first = "yuv444p" if odd else "yuv420p"
        pairs = [(first, first), *pairs]
    return next((pair for pair in pairs if not known or pair[1] in known), pairs[-1])


def _colour(info: VideoInfo, canvas: str) -> Colour:
    """The tags of the output: those of the source, but RGB that becomes YCbCr needs a matrix (BT.709)."""
    own = info.colour
    to_rgb, from_rgb = canvas.startswith("rgb"), info.format.startswith("rgb")
    if to_rgb == from_rgb:
        return own
    return Colour(
        primaries=own.primaries,
        transfer=own.transfer,
        matrix=0 if to_rgb else 1,
        full_range=to_rgb,
        chroma_centred=False,
    )


def _warn(info: VideoInfo, canvas: str, name: str, container: str, warnings: list[str]) -> None:
    if info.format.endswith(("10", "30")) and not canvas.endswith(("10", "30")):
        warnings.append("10-bit pictures are stored with 8 bits")
    if canvas == "yuv444p" and "264" in name and not info.format.startswith("yuv444"):
        warnings.append("H.264 needs even sides for 4:2:0: stored as 4:4:4, which some players cannot show")
    if container == "webm" and info.sar != 1:
        warnings.append(f"webm is written without the shape of samples ({info.sar})")
