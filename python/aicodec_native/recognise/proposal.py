"""A recogniser's answer: a program, its track, and what it is drawn over; and how near it comes to the clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from aicodec_native import _native, tracks
from aicodec_native.recognise.clip import Clip
from aicodec_native.shader_source import compile_source

Column = npt.NDArray[np.int64] | npt.NDArray[np.float64]

_NEAR = 2
_ROW_STEP, _RELIEF_STEP = 4, 8


@dataclass(frozen=True)
class Proposal:
    """A program that may have drawn a clip.

    `text` is the program's, `track` holds param(0), param(1), ... with a number for each frame, in order. `stills`
    names for every frame the frame of the clip that a layer underneath shows (`below`); empty if the program draws
    alone.
    """

    name: str
    text: str
    track: Mapping[str, Column] = field(default_factory=dict)
    stills: Sequence[int] = ()

    @cached_property
    def program(self) -> _native.ShaderProgram:
        """Raises ProgramError where the program is over a limit of the format."""
        return compile_source(self.text)

    @cached_property
    def packed_track(self) -> bytes:
        return tracks.pack(self.track) if self.track else b""

    @property
    def layer(self) -> bytes:
        """The shader layer's payload."""
        return _native.build_shader_layer(program=self.program.write(), track=self.packed_track)

    @property
    def bytes(self) -> int:
        """Of the program and its track; not of what is below."""
        return len(self.program.write()) + len(self.packed_track)


def drawn(
    proposal: Proposal,
    clip: Clip,
    index: int,
    *,
    below: _native.Picture | None = None,
    prev: _native.Picture | None = None,
    threads: int = 1,
) -> _native.Picture:
    """Frame `index` as the decoder draws it, in RGB; `below` and `prev` are RGB pictures of the clip's bit depth."""
    columns = [np.asarray(column, np.float64) for column in proposal.track.values()]
    return proposal.program.draw(
        format=clip.rgb_format,
        width=clip.width,
        height=clip.height,
        t=float(np.float32(clip.times[index])),
        frame=clip.first_frame + index,
        step=index,
        parameters=[float(column[index]) for column in columns],
        below=below,
        prev=prev,
        threads=threads,
    )


def exact_inputs(proposal: Proposal, clip: Clip, index: int) -> dict[str, _native.Picture]:
    """What the program reads if every layer but itself is exact: the still below and the frame before."""
    inputs = {}
    if proposal.program.reads_below and proposal.stills:
        inputs["below"] = clip.rgb_picture(proposal.stills[index])
    if proposal.program.reads_prev and index > 0:
        inputs["prev"] = clip.rgb_picture(index - 1)
    return inputs


def near_levels(depth: int) -> int:
    """What smooth areas may be off by and nobody sees it, in sample values."""
    return _NEAR << (depth - 8)


def mean_square(proposal: Proposal, clip: Clip, frames: Sequence[int], threads: int = 1) -> float:
    """The mean squared error over some frames, in squared sample values, the frames before them being exact."""
    pictures = _pictures(proposal, clip, frames, threads)
    return sum(_square_error(clip, index, picture, threads) for index, picture in pictures) / len(frames)


def psnr(proposal: Proposal, clip: Clip, frames: Sequence[int], threads: int = 1) -> float:
    """In decibels over some frames, infinite where they are exact."""
    return _decibels(clip, mean_square(proposal, clip, frames, threads))


def psnr_and_near(proposal: Proposal, clip: Clip, frames: Sequence[int], threads: int = 1) -> tuple[float, float]:
    """psnr(), and the share of pixels of which no sample is off by more than near_levels()."""
    error, shares = 0.0, []
    for index, picture in _pictures(proposal, clip, frames, threads):
        error += _square_error(clip, index, picture, threads)
        rows = slice(index % _ROW_STEP, None, _ROW_STEP)
        found, wanted = picture.rgb(_native.Colour())[rows].astype(np.int16), clip.rgb(index)[rows].astype(np.int16)
        shares.append(np.mean(np.abs(found - wanted).max(axis=-1) <= near_levels(clip.depth)))
    return _decibels(clip, error / len(frames)), float(np.mean(shares))


def relief(proposal: Proposal, clip: Clip, threads: int = 1) -> float:
    """What share of the pixels that a screen layer would have to code alone is drawn by the program: of those unlike
    the frame before and unlike the pixel to the left or above. A flat ground under letters has few of them."""
    work = done = 0.0
    for index in clip.keys:
        rows = np.arange(1 + index % _RELIEF_STEP, clip.height, _RELIEF_STEP)
        here = clip.rgb(index).astype(np.int16)
        source = here[rows, 1:]
        to_code = ((source != here[rows, :-1]) | (source != here[rows - 1, 1:])).any(axis=-1)
        weight = 1.0
        if index > 0:
            to_code &= (source != clip.rgb(index - 1)[rows, 1:]).any(axis=-1)
            weight = (len(clip) - 1) / (len(clip.keys) - 1)
        picture = drawn(proposal, clip, index, threads=threads, **exact_inputs(proposal, clip, index))
        found = picture.rgb(_native.Colour())[rows, 1:].astype(np.int16)
        near = np.abs(found - source).max(axis=-1) <= near_levels(clip.depth)
        work += weight * np.count_nonzero(to_code)
        done += weight * np.count_nonzero(to_code & near)
    return done / work if work else 0.0


def _pictures(
    proposal: Proposal, clip: Clip, frames: Sequence[int], threads: int
) -> Iterator[tuple[int, _native.Picture]]:
    """What the program draws where everything else is exact."""
    for index in frames:
        yield index, drawn(proposal, clip, index, threads=threads, **exact_inputs(proposal, clip, index))


def _square_error(clip: Clip, index: int, picture: _native.Picture, threads: int) -> float:
    return float(np.mean(_native.mse(clip.rgb_picture(index), picture, threads)))


def _decibels(clip: Clip, error: float) -> float:
    return float(10 * np.log10(clip.top**2 / error)) if error else float("inf")
