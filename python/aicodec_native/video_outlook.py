"""What drawn video may come to, before any is searched for: a rough guess from libaom's realtime mode.

It codes a second in the time of a probe's tenth, and its bytes are 1 to 3 times those of a search's result at the same
score (a fractal apart, where they are a third). So a screen layer of far fewer bytes has won, and one of far more has
lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from aicodec_native.candidate import Told
from aicodec_native.video.decoder import VideoDecoder, canvas_picture
from aicodec_native.video.encoder import encode_stream
from aicodec_native.video.frame import encoder_frame
from aicodec_native.video.settings import VideoSettings
from aicodec_native.workbench import Workbench

# So many frames tell.
_FRAMES = 64
# What a search's result has of these bytes, at least and at most: 0.3 to 1.5 on drawn clips at goals of 80 and 90.
_LEAST, _MOST = 0.5, 1.5
# A point more costs so large a part of the bytes, where the score is some way from the goal.
_BYTES_PER_POINT = 0.035
_LONGEST_WAY = 35.0
_SPEED = 6
# By a straight line, what comes near the goal.
_CRF_AT_80, _CRF_PER_POINT, _CRFS = 52.0, -1.4, (20.0, 60.0)
# Over what the rough layer lacks of a score of 100, in parts of what the goal may lack: from where searches for such
# photographs ended on five clips at 80 and 90 (13 to 43), within 5 but for a shaded plot.
_MIXED_COARSER, _MIXED_CRFS_PER_E, _MIXED_CRFS = 10.0, 25.0, (8.0, 54.0)


@dataclass(frozen=True, slots=True)
class VideoOutlook:
    """On a segment of `frames`, of which the first `coded` were; bytes of the key frame and of all others, at about the
    goal's score. `mixed_crf`: a quantiser to begin with where video is to code the photographs among drawings alone."""

    frames: int
    coded: int
    key: float
    others: float
    mixed_crf: float | None = None

    @property
    def most(self) -> int:
        """Bytes that a search's result will hardly exceed."""
        return int(_MOST * (self.key + self.others * self._growth()))

    def least(self, other_bytes: Sequence[int]) -> int:
        """Bytes that a search's result will hardly go below. `other_bytes`: those of another coder up to each frame: a
        segment that calms down takes it fewer later on."""
        grown = other_bytes[-1] / max(1, other_bytes[self.coded - 1])
        coded = self.key + self.others
        return int(_LEAST * min(self.key + self.others * self._growth(), coded * grown))

    def _growth(self) -> float:
        return (self.frames - 1) / max(1, self.coded - 1)


def look_out(bench: Workbench, told: Told) -> VideoOutlook:
    """Codes the first frames roughly. For SSIMULACRA2, where there is libaom."""
    told(0.0, "a rough video layer")
    form, width, height = bench.frames.shape
    settings = VideoSettings(
        min(max(_CRF_AT_80 + _CRF_PER_POINT * (bench.goal.target - 80), _CRFS[0]), _CRFS[1]),
        _SPEED,
        bit_depth=8,
        threads=bench.threads,
        drawn=True,
        encoder="libaom",
        chroma="420" if form.startswith("yuv420") else "444",
        realtime=True,
    )
    count = min(len(bench.frames), _FRAMES)
    colour = bench.header.colour
    frames = (encoder_frame(picture, colour, settings) for picture in islice(bench.frames, count))
    packets = [packet.data for packet in encode_stream(frames, bench.rate, settings)]
    counts = {number for number in bench.scorer.frames if number < count} or {0}
    decoder = VideoDecoder(settings.format, width, height, threads=max(1, bench.threads // 2))
    bench.scorer.begin()
    for number, planes in enumerate(decoder.stream(iter(packets))):
        if number in counts:
            bench.scorer.add(number, canvas_picture(planes, settings.format, colour, bench.frames.shape))
    score = bench.scorer.result()[0]
    missing = bench.goal.target - score
    factor = math.exp(_BYTES_PER_POINT * min(missing, _LONGEST_WAY))
    return VideoOutlook(
        len(bench.frames),
        count,
        factor * len(packets[0]),
        factor * sum(map(len, packets[1:])),
        _mixed_crf(settings.crf, score, bench.goal.target),
    )


def _mixed_crf(crf: float, score: float, target: float) -> float:
    lacking = max(100.0 - score, 1.0) / max(100.0 - target, 1.0)
    return min(max(crf + _MIXED_COARSER - _MIXED_CRFS_PER_E * math.log(lacking), _MIXED_CRFS[0]), _MIXED_CRFS[1])
