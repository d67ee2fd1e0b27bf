"""Scores candidates of a segment against its source frames, for the search that picks one."""

from __future__ import annotations

import math

import numpy as np

from aicodec_native import _native
from aicodec_native.candidate import Compose
from aicodec_native.change_store import ChangeReader
from aicodec_native.frame_store import FrameReader
from aicodec_native.quality import psnr_of
from aicodec_native.video.frame import RGB_COLOUR

# What a score without any error counts as, in decibels.
_MOST_DECIBELS = 100.0

# SSIMULACRA2 of a picture that is the source.
PERFECT = 100.0

# SSIMULACRA2 and MS-SSIM cost about as much as coding a frame does: they look at this many frames, evenly spread; at
# all of up to twice as many, since a short segment's sample may miss what changes.
_SAMPLES = {"fast": 6, "medium": 8, "slow": 16}
# What wins is looked at on so many times as many, or on all of up to a third more.
_WIDER, _ALL_OF = 3, 4
# Prepared reference frames may take this many bytes (about 100 for a pixel).
_CACHE_BYTES = 1 << 29
_CACHE_BYTES_PER_PIXEL = 100


class Scorer:
    """Call begin(), add() with each drawn picture of `frames`, then result(); again for the next candidate.

    `chosen`: the frames that count, in place of those that the metric and the preset would choose.
    """

    def __init__(
        self,
        metric: str,
        frames: FrameReader | ChangeReader,
        colour: _native.Colour,
        frame_rate: float,
        preset: str,
        threads: int,
        chosen: list[int] | None = None,
    ) -> None:
        self._preset = preset
        self._metric = metric
        self._sources = frames
        self._colour = colour
        self._frame_rate = frame_rate
        self._threads = threads
        costly = metric in ("ssimulacra2", "ms_ssim")
        is_long = costly and len(frames) > 2 * _SAMPLES[preset]
        usual = sample_frames(len(frames), _SAMPLES[preset]) if is_long else list(range(len(frames)))
        self.frames = usual if chosen is None else chosen  # those that count, rising
        _, width, height = frames.shape
        self._room = _CACHE_BYTES // (_CACHE_BYTES_PER_PIXEL * width * height)  # in prepared frames
        self._prepared: dict[int, _native.Ssimulacra2] = {}
        self._known: dict[tuple[int, int], float] = {}  # scores by frame and picture
        self._lacking: dict[tuple[str, int, Compose | None], float] = {}  # by format and number of frames
        self._source_hashes: dict[int, int] = {}
        self.begin()

    def begin(self) -> None:
        self._scores: list[float] = []
        self._errors: list[float] = []
        self._xpsnr: _native.Xpsnr | None = None

    def widened(self) -> Scorer | None:
        """One that looks at more frames, all of a short segment, and knows what is known here; None where all count."""
        count, samples = len(self._sources), _SAMPLES[self._preset]
        if len(self.frames) == count:
            return None
        chosen = sample_frames(count, count if count <= _ALL_OF * samples else _WIDER * samples)
        wider = Scorer(self._metric, self._sources, self._colour, self._frame_rate, self._preset, self._threads, chosen)
        wider._prepared, wider._known, wider._source_hashes = self._prepared, self._known, self._source_hashes
        return wider

    def prepare(self) -> None:
        """Do now what the first candidate's add() would do with the source frames alone."""
        if self._metric == "ssimulacra2":
            for index in self.frames[: self._room]:
                self._reference(index)

    def add(self, index: int, picture: _native.Picture, hashed: int | None = None) -> None:
        """`hashed`: the picture's hash, where it is known."""
        if self._metric == "ssimulacra2":
            known = _native.picture_hash(picture) if hashed is None else hashed
            self._scores.append(self._ssimulacra2(index, picture, known))
            return
        reference = self._sources[index]
        if self._metric == "psnr":
            self._errors.append(_native.mse_rgb(reference, picture, self._colour, self._threads))
            self._scores.append(psnr_of(self._errors[-1], reference.bit_depth))
        elif self._metric == "ssim":
            self._scores.append(_native.ssim_all(_native.ssim(reference, picture, self._threads), picture))
        elif self._metric == "ms_ssim":
            self._scores.append(_native.ms_ssim(reference, picture, self._threads))
        elif self._metric == "xpsnr":
            if self._xpsnr is None:
                shape = (picture.format, picture.width, picture.height)
                self._xpsnr = _native.Xpsnr(*shape, self._frame_rate)
            self._scores.append(weighted_xpsnr(self._xpsnr.add(reference, picture, self._threads), picture.format))

    def lacking(self, format_name: str, count: int, compose: Compose | None = None) -> float:
        """What as many of the frames as `count` lack of a SSIMULACRA2 of 100, in the mean, once they have been in
        another format, as encoders are given it: no coding of that can be better. Found once. `compose`, given a
        frame's number and such a picture, gives the one that counts."""
        asked = format_name, count, compose
        if asked in self._lacking:
            return self._lacking[asked]
        chosen = [self.frames[place] for place in sample_frames(len(self.frames), count)]
        total = 0.0
        for index in chosen:
            source = self._sources[index]
            there = source.convert(format_name, RGB_COLOUR, self._threads)
            back = there.convert(source.format, RGB_COLOUR, self._threads)
            if compose is not None:
                back = compose(index, back)
            total += PERFECT - self._ssimulacra2(index, back, _native.picture_hash(back))
        self._lacking[asked] = total / len(chosen)
        return self._lacking[asked]

    def result(self) -> tuple[float, list[float]]:
        """The segment's score and those of the measured frames; infinite decibels count as 100.

        PSNR is that of the mean RGB error, XPSNR as FFmpeg's filter pools it with planes weighted by their samples,
        the others are means over frames.
        """
        frame_scores = [min(score, _MOST_DECIBELS) for score in self._scores]
        if self._metric == "psnr":
            score = psnr_of(float(np.mean(self._errors)), self._sources[0].bit_depth)
        elif self._xpsnr is not None:
            score = weighted_xpsnr(self._xpsnr.average(), self._sources[0].format)
        else:
            score = float(np.mean(frame_scores))
        return min(score, _MOST_DECIBELS), frame_scores

    def _ssimulacra2(self, index: int, picture: _native.Picture, hashed: int) -> float:
        """Of pictures that were here before, and of the source itself, without looking again."""
        if index not in self._source_hashes:
            self._source_hashes[index] = _native.picture_hash(self._sources[index])
        if (index, hashed) not in self._known:
            is_source = hashed == self._source_hashes[index]
            score = PERFECT if is_source else self._reference(index).compare(picture, self._threads)
            self._known[index, hashed] = score
        return self._known[index, hashed]

    def _reference(self, index: int) -> _native.Ssimulacra2:
        if index in self._prepared:
            return self._prepared[index]
        prepared = _native.Ssimulacra2(self._sources[index], self._colour, self._threads)
        if len(self._prepared) < self._room:
            self._prepared[index] = prepared
        return prepared


def sample_frames(count: int, samples: int) -> list[int]:
    """Up to `samples` rising frame numbers of 0..count-1, about one from each of as many equal spans.

    AV1's pyramid codes every second frame worst, every second of the others better, and so on: frame i lies on the
    level that says how often 2 divides i, from 3 on about alike. The levels come as often as they are: sample k, from
    1 on, has the level of k.
    """
    if count <= samples:
        return list(range(count))
    deepest = min(3, samples.bit_length() - 1)
    free = set(range(count))
    for k in range(1, samples + 1):
        centre = (k - 0.5) * count / samples - 0.5
        level = _level(k, deepest)
        alike = [number for number in free if _level(number, deepest) == level] or free
        free.remove(min(alike, key=lambda number: (abs(number - centre), number)))
    return sorted(set(range(count)) - free)


def _level(number: int, deepest: int) -> int:
    return min((number & -number).bit_length() - 1, deepest) if number else deepest


def weighted_xpsnr(planes: tuple[float, float, float], format_name: str) -> float:
    """One XPSNR in dB from those of the planes: of their mean error, each plane with the weight of its samples."""
    weights = (4, 1, 1) if format_name.startswith("yuv420p") else (1, 1, 1)
    error = sum(w * 10 ** (-value / 10) for w, value in zip(weights, planes, strict=True)) / sum(weights)
    return -10 * math.log10(error) if error > 0 else math.inf
