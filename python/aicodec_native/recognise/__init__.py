"""Finds programs from pixels, without a model: one family of pictures a file, each with `propose(clip)`.

A family says within milliseconds, from a clip's samples, that it does not apply; else it estimates, fits and yields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from aicodec_native.blas import one_thread
from aicodec_native.errors import ProgramError
from aicodec_native.recognise import (
    bilinear,
    camera,
    cellular,
    fades,
    fractal,
    gradient,
    grain,
    noise,
    periodic,
    restore,
    solid,
    tiles,
    waves,
)
from aicodec_native.recognise.clip import Arrays, Clip
from aicodec_native.recognise.proposal import Proposal, drawn, exact_inputs, near_levels, psnr, psnr_and_near, relief

__all__ = [
    "FAMILIES",
    "Arrays",
    "Clip",
    "Proposal",
    "Recognised",
    "drawn",
    "exact_inputs",
    "grain",
    "near_levels",
    "psnr",
    "recognise",
    "relief",
    "restore",
]

# A frame's work must stay under this (section 9 of docs/bitstream.md).
_MAX_FRAME_WORK = 1 << 37
_MIN_PSNR = 28.0
# Or so many pixels are right, whatever lies over the others.
_MIN_NEAR = 0.4
# Pixels: smaller pictures cost little anyway.
_MIN_SIDE = 16
# What comes as near as this needs no look at other families; or none at those that take longer.
_GOOD_PSNR, _GOOD_NEAR = 55.0, 0.5
# Programs that are right in about as many pixels are told apart by PSNR.
_NEAR_STEP = 0.1

# The quick ones first.
FAMILIES: dict[str, Callable[[Clip], Iterator[Proposal]]] = {
    "solid": solid.propose,
    "bilinear": bilinear.propose,
    "gradient": gradient.propose,
    "periodic": periodic.propose,
    "tiles": tiles.propose,
    "cellular": cellular.propose,
    "fades": fades.propose,
    "waves": waves.propose,
    "noise": noise.propose,
    "fractal": fractal.propose,
    "camera": camera.propose,
}
# Those that take longer.
_SLOW = ("waves", "noise", "fractal", "camera")
# Those that may explain a photograph.
_OF_PHOTOGRAPHS = ("fades", "camera")


@dataclass(frozen=True)
class Recognised:
    """A proposal, its PSNR in decibels over the clip's key frames, and the share of their pixels that are right within
    2 levels; everything but its own program being exact. One that draws from the frame before alone is not held to the
    first frame.
    """

    proposal: Proposal
    psnr: float
    near: float


@one_thread()
def recognise(clip: Clip, *, quick: bool = False) -> list[Recognised]:
    """What may have drawn the clip, the nearest first. Empty for most clips, which takes a fraction of a second.

    `quick`: where the first frame looks like a camera's, only the families that move or fade photographs are asked.
    """
    found: list[Recognised] = []
    if min(clip.width, clip.height) < _MIN_SIDE:
        return found
    photograph = quick and clip.is_rough
    for name, propose in FAMILIES.items():
        if photograph and name not in _OF_PHOTOGRAPHS:
            continue
        if any(each.psnr >= _GOOD_PSNR or (each.near >= _GOOD_NEAR and name in _SLOW) for each in found):
            break
        for proposal in _proposals(propose, clip):
            try:
                work = proposal.program.work * clip.width * clip.height
            except ProgramError:
                continue
            # A program that moves the frame before has nothing to move at first.
            frames = clip.keys[1:] if proposal.program.reads_prev and not proposal.stills else clip.keys
            if work > _MAX_FRAME_WORK:
                continue
            reached, near = psnr_and_near(proposal, clip, frames)
            if reached >= _MIN_PSNR or near >= _MIN_NEAR:
                found.append(Recognised(proposal, reached, near))
    return sorted(found, key=lambda each: (-round(each.near / _NEAR_STEP), -each.psnr, each.proposal.bytes))


def _proposals(propose: Callable[[Clip], Iterator[Proposal]], clip: Clip) -> list[Proposal]:
    """A family's, none where its equations have no solution: then it does not apply, whatever the pixels are."""
    with np.errstate(all="ignore"):
        try:
            return list(propose(clip))
        except np.linalg.LinAlgError:
            return []
