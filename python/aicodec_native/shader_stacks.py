"""Lossless stacks with a shader layer: a recogniser's program, a screen layer under it for what it reads, and one over
it that corrects what it does not reach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aicodec_native import _native
from aicodec_native.recognise import Clip, Proposal, drawn, exact_inputs

Layers = list[tuple[int, bytes]]


@dataclass(frozen=True)
class ScreenSettings:
    """What every screen layer of a segment is coded with."""

    shape: tuple[str, int, int]
    preset: str
    near: int
    pictures: list[int]
    dictionary: list[_native.Picture]

    def encoder(self, *, near: int, has_below: bool) -> _native.ScreenEncoder:
        return _native.ScreenEncoder(
            *self.shape, preset=self.preset, near=near, has_below=has_below, dictionary=self.dictionary
        )

    def layer(self, coded: bytes) -> tuple[int, bytes]:
        return _native.LAYER_SCREEN, _native.build_screen_layer(pictures=self.pictures, coded=coded)


def stack_of(
    proposal: Proposal,
    clip: Clip,
    colour: _native.Colour,
    settings: ScreenSettings,
    threads: int,
    report: Callable[[int], None],
    limit: int | None,
) -> Layers | None:
    """The layers that draw the clip within `settings.near`, from the bottom; None if the program cannot be used so, or
    they take more than `limit` bytes where there is one.

    `report` is told each frame's number.
    """
    program = proposal.program
    if program.reads_below and not proposal.stills:
        return None
    # Where samples may be off, the frame before is not known until it is coded.
    if program.reads_prev and settings.near:
        return None
    below = settings.encoder(near=0, has_below=False) if program.reads_below else None
    above = settings.encoder(near=settings.near, has_below=True)
    fits = True
    for index in range(len(clip)):
        report(index)
        picture = drawn(proposal, clip, index, threads=threads, **exact_inputs(proposal, clip, index))
        if settings.shape[0] != picture.format:
            picture = picture.convert(settings.shape[0], colour, threads)
        source = clip.picture(index)
        fits = fits and _native.greatest_error(source, picture) <= settings.near
        above.add(source, picture)
        if below:
            below.add(clip.picture(proposal.stills[index]))
        if limit is not None and not fits and above.size > limit:
            return None
    layers = [(_native.LAYER_SHADER, proposal.layer)]
    if below:
        layers.insert(0, settings.layer(below.finish()))
    return layers if fits else [*layers, settings.layer(above.finish())]
