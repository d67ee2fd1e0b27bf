"""Puts into words and pictures what a proposer knows: the request to a model."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodec_native.loop.png import png
from aicodec_native.loop.proposals import Attempt, Context
from aicodec_native.lossless_encoder import GREATEST_ERROR

# Longest side of a picture, in pixels: larger ones are scaled down by whole numbers.
_LONGEST_SIDE = 1568
_BEST, _NEWEST, _FAILED = 4, 6, 6
# Programs longer than this are cut in the list of experiments.
_PROGRAM_CHARS = 3000
_ERROR_CHARS = 400
_AMPLIFIED = 8
# For estimates, on the safe side.
_CHARS_PER_TOKEN = 2.8
_PIXELS_PER_TOKEN = 600

Block = dict[str, Any]
Pictures = npt.NDArray[np.uint8]


def system_blocks() -> list[Block]:
    """The same for every request, so that the model's provider keeps it in its cache."""
    prompt = files(__package__).joinpath("prompts", "system.md").read_text(encoding="utf-8")
    language = files("aicodec_native").joinpath("data", "shader.md").read_text(encoding="utf-8")
    return [
        {"type": "text", "text": prompt},
        {"type": "text", "text": language, "cache_control": {"type": "ephemeral"}},
    ]


def round_blocks(context: Context, notes: Sequence[str]) -> list[Block]:
    """What is new in this round: numbers, experiments, pictures."""
    blocks: list[Block] = [{"type": "text", "text": _round_text(context, notes)}]
    colour = context.header.colour
    decoded = context.draw_best(context.key_frames)
    for number in context.key_frames:
        source = _eight_bits(context.frames[number].rgb(colour))
        best = _eight_bits(decoded[number].rgb(colour))
        difference = np.clip(128 + _AMPLIFIED * (best.astype(np.int16) - source), 0, 255).astype(np.uint8)
        blocks += [
            {"type": "text", "text": f"Frame {number} of the segment:"},
            _image(source),
            {"type": "text", "text": f"Difference in frame {number}:"},
            _image(difference),
        ]
    return blocks


def estimated_tokens(*parts: Any) -> int:
    """About how many tokens blocks, tools or messages are: rather too many than too few."""
    tokens = 0.0
    waiting = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict) and part.get("type") == "image":
            data = base64.b64decode(part["source"]["data"])
            width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
            tokens += width * height / _PIXELS_PER_TOKEN
        elif isinstance(part, dict):
            waiting += [*part, *part.values()]
        elif isinstance(part, (list, tuple)):
            waiting += part
        else:
            tokens += len(str(part)) / _CHARS_PER_TOKEN
    return int(tokens)


def _round_text(context: Context, notes: Sequence[str]) -> str:
    best, allowance = context.best, context.allowance
    exact = context.metric == GREATEST_ERROR
    goal = (
        f"no sample is off by more than {context.bar:g}" if exact else f"{context.metric} of at least {context.bar:.2f}"
    )
    layers = {name[6:]: int(value) for name, value in best.measurements.items() if name.startswith("bytes.")}
    left = [
        f"{allowance.rounds} rounds" if allowance.rounds is not None else "",
        f"{allowance.seconds:.0f} seconds" if allowance.seconds is not None else "",
        f"{allowance.usd:.2f} USD" if allowance.usd is not None else "",
    ]
    template = files(__package__).joinpath("prompts", "round.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        segment=context.segment,
        round=context.round,
        frames=len(context.frames),
        width=context.header.width,
        height=context.header.height,
        format=context.header.format,
        fps=f"{context.fps:g}",
        first_frame=context.first_frame,
        start=f"{context.start:g}",
        seconds=f"{context.seconds:g}",
        goal=goal,
        best=best.id,
        best_bytes=f"{best.bytes:.0f}",
        best_layers=", ".join(f"{name} {size}" for name, size in layers.items()),
        best_strategy=json.dumps(dict(best.strategy)),
        best_program=f"\nIts program:\n\n{best.program}" if best.program else "",
        diagnostics=json.dumps(dict(context.diagnostics)),
        scores=_scores(best, context.metric),
        left=", ".join(part for part in left if part) or "no limit",
        count=len(context.attempts),
        experiments="\n".join(_told(attempt) for attempt in _chosen(context)),
        notes="\nNoted in earlier rounds:\n" + "".join(f"- {note}\n" for note in notes) if notes else "",
    )


def _scores(best: Attempt, metric: str) -> str:
    """The worst frames of the best candidate."""
    if not best.scores:
        return ""
    worst = min(best.scores) if metric != GREATEST_ERROR else max(best.scores)
    return f"Its worst frame has {metric} {worst:.2f}, all together {best.measurements['score']:.2f}.\n"


def _chosen(context: Context) -> list[Attempt]:
    """In the order in which they were made."""
    measured = [attempt for attempt in context.attempts if "bytes" in attempt.measurements]
    good = sorted((a for a in measured if a.error_class in (None, "larger")), key=lambda a: a.bytes)[:_BEST]
    failed = [a for a in context.attempts if a.error_class not in (None, "larger")][-_FAILED:]
    chosen = {attempt.id: attempt for attempt in [*good, *context.attempts[-_NEWEST:], *failed]}
    return [chosen[number] for number in sorted(chosen)]


def _told(attempt: Attempt) -> str:
    line = f"{attempt.id}. {attempt.hypothesis} {json.dumps(dict(attempt.strategy))}: "
    if attempt.status == "kept":
        line += "kept"
    else:
        line += f"{attempt.error_class}: {(attempt.error or '')[:_ERROR_CHARS]}"
    measured = attempt.measurements
    if "bytes" in measured:
        line += f" ({measured['bytes']:.0f} bytes, score {measured['score']:.2f})"
    if attempt.program:
        line += f"\n\n{attempt.program[:_PROGRAM_CHARS]}"
    return line


def _image(picture: Pictures) -> Block:
    factor = -(-max(picture.shape[:2]) // _LONGEST_SIDE)
    if factor > 1:
        height, width = (side // factor * factor for side in picture.shape[:2])
        parts = picture[:height, :width].reshape(height // factor, factor, width // factor, factor, 3)
        picture = parts.mean(axis=(1, 3)).round().astype(np.uint8)
    data = base64.b64encode(png(picture)).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}}


def _eight_bits(rgb: npt.NDArray[Any]) -> Pictures:
    return rgb if rgb.dtype == np.uint8 else (rgb >> 2).astype(np.uint8)
