"""How the `video` layer is coded: which encoder, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# The encoders' own presets behind ours: see docs/decisions/0003-video-layer-settings.md.
SVT_PRESETS = {"fast": 8, "medium": 4, "slow": 1}
AOM_PRESETS = {"medium": 6, "slow": 4}

# Variance boost and tune 2 (SSIM) save 4-9% of the bytes at equal SSIMULACRA2, and as much at equal XPSNR; a weaker
# temporal filter 4-5% more; bits that weigh less in decisions (5/8) 1-2% more, on drawings 5-20%; quantiser matrices
# up to 20% at high scores; a deblocking filter that looks closer 0.3%, at preset 8 2%. One key frame: a segment is a
# closed group, cut elsewhere.
SVT_PARAMETERS = (
    "enable-variance-boost=1:tune=2:scd=0:tf-strength=1:enable-qm=1:enable-dlf=2"
    ":lambda-scale-factors=[80,80,80,80,80,80,80]"
)

# What the temporal filter takes from the frames that others are predicted from, finer quantisers would code: it costs
# more than it saves below such a CRF, or, where more than a share of the pictures stands still but for noise, another.
_FILTERED_FROM, _STILL_FILTERED_FROM = 20.0, 9.0
_STILL = 0.62

# Below this novelty (cpp/analyze/novelty.h) nothing but drawings is there. These are coded with SVT-AV1's tools for
# screens, 25-40% fewer bytes, and no temporal filter, which has no noise to take there.
DRAWN_NOVELTY = 0.12
DRAWN_PARAMETERS = {"scm": 1, "enable-tf": 0}


def filters_noise(crf: float, still: float) -> bool:
    """Whether camera footage is to be filtered. `still`: the share of it that stands still but for noise."""
    return crf >= (_STILL_FILTERED_FROM if still > _STILL else _FILTERED_FROM)


Encoder = Literal["svtav1", "libaom"]


def quantisers_per_crf(encoder: Encoder) -> int:
    return 1 if encoder == "libaom" else 4


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """How a segment is coded. `crf` goes from 1 to 63, with SVT-AV1 in quarter steps, with libaom in whole ones;
    `preset` is the encoder's (libaom's cpu-used). `drawn`: with its tools for screens. `parameters` are SVT-AV1's,
    name=value, with colons between them. `chroma`: "420", or with libaom "444".
    `realtime`: as libaom codes calls, in a fifth of the time. `temporal_filter`: SVT-AV1's.
    """

    crf: float
    preset: int
    bit_depth: int = 10
    threads: int = 0
    drawn: bool = False
    parameters: str = SVT_PARAMETERS
    encoder: Encoder = "svtav1"
    chroma: Literal["420", "444"] = "420"
    realtime: bool = False
    temporal_filter: bool = True

    def __str__(self) -> str:
        """For people."""
        encoder = "" if self.encoder == "svtav1" else f"{self.encoder} "
        chroma = "" if self.chroma == "420" else ", 4:4:4"
        return f"{encoder}CRF {self.crf:g}, {self.bit_depth} bit{chroma}"

    @property
    def format(self) -> str:
        """Of the coded frames."""
        return f"yuv{self.chroma}p10" if self.bit_depth == 10 else f"yuv{self.chroma}p"
