"""Scores candidates of a segment against its source frames, for the search that picks one."""

from __future__ import annotations

import math

import numpy as np

from aicodec_native import _native
from aicodec_native.frame_store import FrameReader

METRICS = ("ssimulacra2", "psnr", "xpsnr", "ssim", "ms_ssim")

# SSIMULACRA2 and MS-SSIM cost about as much as coding a frame does: they look at this many frames, evenly spread.
# Odd strides meet every level of AV1's pyramid of frames.
_SAMPLES = {"fast": 6, "medium": 8, "slow": 16}
# Prepared reference frames may take this many bytes (about 100 for a pixel).
_CACHE_BYTES = 1 << 29
_CACHE_BYTES_PER_PIXEL = 100


class Scorer:
    """Call begin(), add() with every drawn frame in order, then result(); again for the next candidate."""

    def __init__(
        self, metric: str, frames: FrameReader, colour: _native.Colour, preset: str, threads: int
    ) -> None:
        self._metric = metric
        self._frames = frames
        self._colour = colour
        self._threads = threads
        self._sampled = set(sample_frames(len(frames), _SAMPLES[preset])) if metric in ("ssimulacra2", "ms_ssim") else None
        self._prepared: dict[int, _native.Ssimulacra2] = {}
        self.begin()

    def begin(self) -> None:
        self._scores: list[float] = []
        self._errors: list[float] = []
        self._xpsnr: _native.Xpsnr | None = None

    def add(self, index: int, picture: _native.Picture) -> None:
        if self._sampled is not None and index not in self._sampled:
            return
        if self._metric == "ssimulacra2":
            self._scores.append(self._reference(index).compare(picture))
            return
        reference = self._frames[index]
        if self._metric == "ms_ssim":
            self._scores.append(_native.ms_ssim(reference, picture, self._threads))
        elif self._metric == "ssim":
            self._scores.append(_native.ssim_all(reference, picture, self._threads))
        elif self._metric == "psnr":
            error = _native.mse_all(reference, picture, self._threads)
            self._errors.append(error)
            self._scores.append(_decibels(error, reference.bit_depth))

    def result(self) -> tuple[float, list[float]]:
        """The segment's score and those of the measured frames. PSNR is that of the mean error."""
        if self._metric == "psnr":
            return _decibels(float(np.mean(self._errors)), self._frames[0].bit_depth), self._scores
        return float(np.mean(self._scores)), self._scores

    def _reference(self, index: int) -> _native.Ssimulacra2:
        if index in self._prepared:
            return self._prepared[index]
        picture = self._frames[index]
        prepared = _native.Ssimulacra2(picture, self._colour, self._threads)
        if (len(self._prepared) + 1) * picture.width * picture.height * _CACHE_BYTES_PER_PIXEL <= _CACHE_BYTES:
            self._prepared[index] = prepared
        return prepared


def sample_frames(count: int, samples: int) -> list[int]:
    """Up to `samples` frame numbers of 0..count-1, evenly spread, with an odd stride where the count allows."""
    if count <= samples:
        return list(range(count))
    stride = count / samples
    return sorted({min(count - 1, int((i + 0.5) * stride) | 1) for i in range(samples)})


def _decibels(mse: float, bit_depth: int) -> float:
    """PSNR in dB, at most 100."""
    peak = (1 << bit_depth) - 1
    return min(100.0, 10 * math.log10(peak * peak / mse)) if mse > 0 else 100.0
