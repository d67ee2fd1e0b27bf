"""How close decoded frames are to their source: PSNR, SSIM, MS-SSIM, XPSNR and SSIMULACRA2 of a clip.

The metrics themselves are native (cpp/metrics); here they are pooled over frames.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.errors import InputError, OptionError

METRICS = ("psnr", "ssim", "ms_ssim", "xpsnr", "ssimulacra2")
# By the number that a file has for each (docs/bitstream.md, 3.5).
STORED_METRICS = ("ssimulacra2", "psnr", "xpsnr", "ssim", "ms_ssim")

Planes = tuple[float, float, float]
Frame = _native.Picture | NDArray[Any]


@dataclass(frozen=True)
class Quality:
    """What `measure` found. A metric that was not asked for is None.

    Planes are R, G, B or Y, Cb, Cr. `per_frame` holds float64 arrays of shape (frames,) or (frames, 3) under
    the names "mse", "ssim" and "xpsnr" (by plane), "mse_rgb", "ssim_all", "ms_ssim" and "ssimulacra2".
    """

    frames: int
    psnr: Planes | None = None
    """dB, of each plane's mean squared error over all frames; infinite for a plane without error."""
    psnr_rgb: float | None = None
    """dB, of the mean squared error of all R, G and B samples of all frames."""
    psnr_worst: float | None = None
    """dB, of the frame with the largest error of its R, G and B samples."""
    ssim: Planes | None = None
    """0..1 (1: identical), the mean over frames, as FFmpeg's ssim filter (Wang et al., 2004)."""
    ssim_all: float | None = None
    """0..1, the planes' mean weighted by their number of samples: that filter's "All"."""
    ms_ssim: float | None = None
    """0..1, luma, the mean over frames (Wang, Simoncelli and Bovik, 2003)."""
    xpsnr: Planes | None = None
    """dB, as FFmpeg's xpsnr filter pools it (Helmrich et al., 2020)."""
    ssimulacra2: float | None = None
    """Points up to 100, the mean over frames (SSIMULACRA 2 v2.1, Sneyers 2023).

    libjxl's program gives up to 2 points less near 90 on drawn pictures, for rounding errors in its blur."""
    ssimulacra2_p5: float | None = None
    """Points, the 5th percentile over frames."""
    per_frame: dict[str, NDArray[np.float64]] = field(default_factory=dict)


def psnr_of(mse: float, bit_depth: int) -> float:
    """PSNR in dB of a mean squared error in squared code values of `bit_depth` bits; infinite for 0."""
    peak = float((1 << bit_depth) - 1)
    return float(10 * np.log10(peak * peak / mse)) if mse > 0 else float("inf")


def measure(
    pairs: Iterable[tuple[Frame, Frame]],
    *,
    colour: _native.Colour | None = None,
    frame_rate: float = 25,
    metrics: Collection[str] = METRICS,
    threads: int = 0,
) -> Quality:
    """Compares a clip with its source, frame by frame.

    `pairs` yields (reference, distorted) in display order, all of one shape: RGB arrays (height, width, 3) of uint8 or
    of uint16 in 0..1023, or the core's own pictures, for which `colour` says how YCbCr becomes RGB. `frame_rate` is
    in frames per second and matters to XPSNR. `metrics` names what to compute, out of METRICS; `threads` is 0 for one
    per core. The result does not depend on the number of threads.

    Raises OptionError for an unknown metric or a negative number of threads or frame rate, InputError where
    there is no frame, and FormatError where two pictures have different shapes.
    """
    unknown = sorted(set(metrics) - set(METRICS))
    if unknown:
        raise OptionError(f"unknown metric {unknown[0]!r}; known are {', '.join(METRICS)}")
    if threads < 0:
        raise OptionError("the number of threads is 0 (one per core) or more")
    if not 0 <= frame_rate < 1e9:
        raise OptionError("the frame rate is 0 or more")
    rows: dict[str, list[Planes | float]] = {}
    xpsnr: _native.Xpsnr | None = None
    prepared: _native.Ssimulacra2 | None = None
    frames, depth = 0, 8
    colour = colour or _native.Colour()
    for reference, distorted in ((_picture(one), _picture(other)) for one, other in pairs):
        if "xpsnr" in metrics:
            if xpsnr is None:
                xpsnr = _native.Xpsnr(reference.format, reference.width, reference.height, frame_rate)
            rows.setdefault("xpsnr", []).append(xpsnr.add(reference, distorted, threads))
        if "ssimulacra2" in metrics:
            if prepared is None:
                prepared = _native.Ssimulacra2(reference, colour, threads)
            else:
                prepared.replace(reference, threads)
            rows.setdefault("ssimulacra2", []).append(prepared.compare(distorted, threads))
        for name, value in _frame(reference, distorted, colour, metrics, threads):
            rows.setdefault(name, []).append(value)
        frames += 1
        depth = reference.bit_depth
    if frames == 0:
        raise InputError("there are no frames to compare")
    per_frame = {name: np.asarray(values, dtype=np.float64) for name, values in rows.items()}
    return _pooled(frames, depth, per_frame, None if xpsnr is None else xpsnr.average())


def _picture(frame: Frame) -> _native.Picture:
    return frame if isinstance(frame, _native.Picture) else _native.Picture.from_rgb(frame)


def _frame(
    reference: _native.Picture,
    distorted: _native.Picture,
    colour: _native.Colour,
    metrics: Collection[str],
    threads: int,
) -> Iterable[tuple[str, Planes | float]]:
    if "psnr" in metrics:
        yield "mse", _native.mse(reference, distorted, threads)
        yield "mse_rgb", _native.mse_rgb(reference, distorted, colour, threads)
    if "ssim" in metrics:
        planes = _native.ssim(reference, distorted, threads)
        yield "ssim", planes
        yield "ssim_all", _native.ssim_all(planes, reference)
    if "ms_ssim" in metrics:
        yield "ms_ssim", _native.ms_ssim(reference, distorted, threads)


def _pooled(frames: int, depth: int, per_frame: dict[str, NDArray[np.float64]], xpsnr: Planes | None) -> Quality:
    def mean(name: str) -> float | None:
        return float(per_frame[name].mean()) if name in per_frame else None

    mse, rgb, ssim = per_frame.get("mse"), per_frame.get("mse_rgb"), per_frame.get("ssim")
    scores = per_frame.get("ssimulacra2")
    return Quality(
        frames=frames,
        psnr=None if mse is None else _planes(psnr_of(float(m), depth) for m in mse.mean(axis=0)),
        psnr_rgb=None if rgb is None else psnr_of(float(rgb.mean()), depth),
        psnr_worst=None if rgb is None else psnr_of(float(rgb.max()), depth),
        ssim=None if ssim is None else _planes(float(s) for s in ssim.mean(axis=0)),
        ssim_all=mean("ssim_all"),
        ms_ssim=mean("ms_ssim"),
        xpsnr=xpsnr,
        ssimulacra2=mean("ssimulacra2"),
        ssimulacra2_p5=None if scores is None else float(np.percentile(scores, 5)),
        per_frame=per_frame,
    )


def _planes(values: Iterable[float]) -> Planes:
    first, second, third = values
    return first, second, third
