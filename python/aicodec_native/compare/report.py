"""A comparison as one HTML file that needs nothing else: plots, allocation, and frames to look at side by side."""

from __future__ import annotations

import base64
import html
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from aicodec_native import _native
from aicodec_native.compare.coding import pictures_of
from aicodec_native.compare.comparison import Comparison, layers_of
from aicodec_native.compare.point import METRICS
from aicodec_native.errors import OutputError
from aicodec_native.media import VideoInfo
from aicodec_native.stills import png_of, spread
from aicodec_native.web import SCRIPTS, STYLES, asset, json_for_script

# Each frame costs a PNG for the source and every codec.
FRAMES = 3


def write_report(comparison: Comparison, quality: float, path: Path) -> None:
    """Writes it; `quality` is the one of the comparison's whose files are shown frame by frame. Raises OutputError."""
    data = comparison.as_json()
    data["titles"] = METRICS
    data["shown"] = _shown(comparison, quality)
    template = files(__package__).joinpath("report.html").read_text(encoding="utf-8")
    parts = {
        "TITLE": html.escape(data["clip"]["name"]),
        "STYLE": "\n".join(asset(name) for name in STYLES),
        "SCRIPTS": "\n".join([*(asset(name) for name in SCRIPTS), _own_script()]),
        "DATA": json_for_script(data),
    }
    for name, text in parts.items():
        template = template.replace(f"<!--{name}-->", text, 1)
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(template, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _own_script() -> str:
    return files(__package__).joinpath("report.js").read_text(encoding="utf-8")


def _shown(comparison: Comparison, quality: float) -> dict[str, Any]:
    """The files at one quality: scores of every frame, where the bytes of `.aic` went, and as pictures some frames from
    all over the clip, the worst of `.aic` among them."""
    clip = comparison.clip
    there = [one for one in comparison.contestants if quality in one.files]
    coded = [one.files[quality] for one in there]
    scores = coded[0].point.per_frame
    worst = min(range(len(scores)), key=scores.__getitem__)
    numbers = sorted({*spread(len(scores), FRAMES - 1), worst})
    columns = [("source", [_url(clip.frames[number].picture, clip.info) for number in numbers])]
    for one, file in zip(there, coded, strict=True):
        info = replace(clip.info, colour=one.colour)
        columns.append((f"{one.curve.name}, {file.point.setting}", _frames(file.path, numbers, info)))
    return {
        "quality": quality,
        "score": round(comparison.levels[quality], 2),
        "frames": [
            {
                "label": f"{number}{' (worst of .aic)' if number == worst and min(scores) < max(scores) else ''}",
                "pictures": [{"name": name, "url": urls[at]} for name, urls in columns],
            }
            for at, number in enumerate(numbers)
        ],
        "per_frame": [
            {"name": one.curve.name, "scores": file.point.per_frame} for one, file in zip(there, coded, strict=True)
        ],
        "layers": layers_of(coded[0].path),
    }


def _frames(path: Path, numbers: list[int], info: VideoInfo) -> list[str]:
    return [_url(picture, info) for number, picture in enumerate(pictures_of(path)) if number in numbers]


def _url(picture: _native.Picture, info: VideoInfo) -> str:
    return "data:image/png;base64," + base64.b64encode(png_of(picture, info)).decode()
