"""Our own points of an earlier run of bench/rate_distortion.py, from the lines of `.aic` in its CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from aicodec_native.compare.curve import Curve
from aicodec_native.compare.point import Point

_SCORES = ("ssimulacra2", "ssimulacra2_p5", "xpsnr", "psnr")


@dataclass(frozen=True, slots=True)
class StoredPreset:
    """Curves of one preset by clip, and the commit that they are of."""

    preset: str
    commit: str
    curves: dict[str, Curve]


def read_preset(path: Path, preset: str) -> StoredPreset | None:
    """None where there is no such file."""
    if not path.is_file():
        return None
    name, commit = f".aic {preset}", ""
    curves: dict[str, Curve] = {}
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            if line["codec"] == name:
                commit = line["commit"]
                curves.setdefault(line["clip"], Curve(name)).points.append(_point(line))
    return StoredPreset(preset, commit, curves)


def _point(line: dict[str, str]) -> Point:
    """Without times by the clock, which nobody asks of an earlier run."""
    return Point(
        setting=line["setting"],
        bytes=int(line["bytes"]),
        stream_bytes=int(line["stream_bytes"]),
        scores={name: float(line[name]) for name in _SCORES},
        encode_seconds=0.0,
        decode_seconds=0.0,
        encode_processor_seconds=float(line["encode_processor_seconds"]),
        decode_processor_seconds=float(line["decode_processor_seconds"]),
        reached=line["reached"] == "1",
    )
