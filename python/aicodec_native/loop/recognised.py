"""What the recognisers find in a segment (docs/recognisers.md), as proposals."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aicodec_native import _native
from aicodec_native.loop.proposals import Context, Proposal
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.recognise import Clip, recognise

# A program alone is worth an experiment from here on; one under an exact layer always.
_LEAST_DECIBELS = 30.0


def recognised(context: Context) -> Iterator[Proposal]:
    """The nearest first. They take a fraction of a second where there is nothing to find."""
    header = context.header
    if header.format.startswith("yuv") and not _native.matrix_supported(header.colour.matrix):
        return
    exact = context.metric == GREATEST_ERROR
    clip = Clip(context.frames, fps=context.fps, colour=header.colour, first_frame=context.first_frame)
    for found in recognise(clip):
        made = found.proposal
        if made.program.reads_below and not made.stills:
            continue
        if not exact and found.psnr < _LEAST_DECIBELS:
            continue
        stack = "screen+shader" if made.stills else "shader"
        strategy: dict[str, object] = {"stack": stack if not exact or math.isinf(found.psnr) else f"{stack}+screen"}
        if exact and context.target and strategy["stack"] != stack:
            strategy["near"] = int(context.target)
        if made.track:
            strategy["track"] = [[float(number) for number in column] for column in made.track.values()]
        if made.stills:
            strategy["stills"] = [int(still) for still in made.stills]
        yield Proposal(strategy, made.text, f"program: the recogniser {made.name}, {found.psnr:.1f} dB")
