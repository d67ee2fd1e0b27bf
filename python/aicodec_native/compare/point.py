"""What one file of a codec measured: a point of its rate-distortion curve."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from aicodec_native.quality import Quality
from aicodec_native.scorer import weighted_xpsnr

# The scores that a comparison may ask for, and how each is named to people.
METRICS = {
    "ssimulacra2": "SSIMULACRA2",
    "xpsnr": "XPSNR (dB)",
    "psnr": "PSNR (dB)",
    "ssim": "SSIM",
    "ms_ssim": "MS-SSIM",
    "vmaf": "VMAF",
}


@dataclass(slots=True)
class Point:
    """`bytes` of the whole file, `stream_bytes` without its container (of `.aic` the same); `scores` by the names of
    METRICS, and "ssimulacra2_p5".

    PSNR is that of the RGB error, XPSNR that of all planes; both are infinite without error. `per_frame` is
    SSIMULACRA2. Times are seconds by the clock and of the processors. `quantiser` is None for `.aic`, which is asked
    for a quality; `reached` is whether it got there.
    """

    setting: str
    bytes: int
    stream_bytes: int
    scores: dict[str, float]
    encode_seconds: float
    decode_seconds: float
    encode_processor_seconds: float
    decode_processor_seconds: float
    quantiser: float | None = None
    reached: bool = True
    per_frame: list[float] = field(default_factory=list)

    def as_json(self, *, frames: bool = True) -> dict[str, Any]:
        """With null for infinite decibels; `frames`: with the list of every frame's score."""
        content = asdict(self)
        content["scores"] = {name: value if math.isfinite(value) else None for name, value in self.scores.items()}
        if not frames:
            del content["per_frame"]
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Point:
        """What as_json() gave."""
        scores = {name: math.inf if value is None else value for name, value in content["scores"].items()}
        return cls(**{**content, "scores": scores})


def scores_of(quality: Quality, pixel_format: str) -> dict[str, float]:
    """The scores that were measured; `pixel_format` says how XPSNR's planes weigh."""
    xpsnr = None if quality.xpsnr is None else weighted_xpsnr(quality.xpsnr, pixel_format)
    found = {
        "ssimulacra2": quality.ssimulacra2,
        "ssimulacra2_p5": quality.ssimulacra2_p5,
        "psnr": quality.psnr_rgb,
        "xpsnr": xpsnr,
        "ssim": quality.ssim_all,
        "ms_ssim": quality.ms_ssim,
    }
    return {name: value for name, value in found.items() if value is not None}
