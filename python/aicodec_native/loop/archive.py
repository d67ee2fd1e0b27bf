"""Programs that come near a segment's pictures: bred offline, judged by a few frames drawn here, kept on islands.

What it finds is only worth proposing; whether it is any good the real decoder says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

import numpy as np

from aicodec_native import _native
from aicodec_native.errors import AicodecError, ProgramError
from aicodec_native.fitting import fit
from aicodec_native.loop.mutation import cross, mutate, shape, simplifications
from aicodec_native.loop.proposals import Context
from aicodec_native.quality import psnr_of
from aicodec_native.shader_source import compile_source

# Programs on an island: all of one shape.
_ISLAND = 4
# A program is as good as a shorter one that is this much nearer, in decibels for each byte.
_DECIBELS_PER_BYTE = 0.02
_MOST_DECIBELS = 99.0
# Of a fit: evaluations of the program, the seconds after which it ends in any case, and the decibels that make a
# program worth one.
_FIT_EVALUATIONS, _FIT_SECONDS, _FIT_FROM = 400, 8.0, 20.0
# What a frame's drawing may cost here, in the work of operations on all pixels.
_MAX_WORK = 1 << 34


@dataclass(frozen=True, slots=True)
class Member:
    """`psnr` in dB over the frames looked at; `looks` is a hash of what it draws there."""

    text: str
    psnr: float
    bytes: int
    looks: int

    @property
    def merit(self) -> float:
        return self.psnr - _DECIBELS_PER_BYTE * self.bytes


class Archive:
    """Of one segment. Programs that read other pictures, or a track, are not for it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        header = context.header
        self._format = "rgb30" if "10" in header.format or header.format == "rgb30" else "rgb24"
        self._places = context.key_frames
        self._sources = [self._as_rgb(context.frames[place]) for place in self._places]
        self._islands: dict[str, list[Member]] = {}
        self._seen: dict[int, Member] = {}  # by looks: the shortest
        self._texts: set[str] = set()
        self._fitted: set[str] = set()

    @property
    def members(self) -> list[Member]:
        """The best first."""
        return sorted((m for island in self._islands.values() for m in island), key=lambda m: (-m.merit, m.text))

    def add(self, texts: Iterable[str]) -> None:
        """Measures programs and keeps what is new and good for its island."""
        for text in texts:
            if text in self._texts:
                continue
            self._texts.add(text)
            member = self._measured(text)
            if member is None:
                continue
            same = self._seen.get(member.looks)
            if same is not None and same.bytes <= member.bytes:
                continue
            self._seen[member.looks] = member
            for other in self._islands.values():
                other[:] = [m for m in other if m.looks != member.looks]
            island = self._islands.setdefault(shape(text), [])
            island.append(member)
            island.sort(key=lambda m: (-m.merit, m.text))
            del island[_ISLAND:]

    def breed(self, count: int, random: Random) -> None:
        """`count` children of the members, each measured before the next is made."""
        for _ in range(count):
            members = self.members
            if not members:
                return
            # The better half more often than the others.
            parent = members[min(int(random.expovariate(0.4)), len(members) - 1)]
            other = random.choice(members)
            child = cross(parent.text, other.text, random) if random.random() < 0.15 else mutate(parent.text, random)
            if child is not None:
                self.add([child])

    def simplify(self, member: Member) -> None:
        """Adds what is left of a program when single operations are taken away."""
        self.add(simplifications(member.text))

    def refit(self, member: Member) -> None:
        """Adds a program with its constants fitted to all frames. Not in later segments: a fit begins at t = 0."""
        context = self._context
        if context.first_frame or member.text in self._fitted or not _FIT_FROM <= member.psnr < _MOST_DECIBELS:
            return
        self._fitted.add(member.text)
        asked = count()
        # By evaluations, so that it hardly depends on the machine.
        with suppress(AicodecError):
            found = fit(
                member.text,
                _RgbFrames(context, self._as_rgb),
                fps=context.fps,
                seconds=_FIT_SECONDS,
                seed=context.seed,
                cancel=lambda: next(asked) >= _FIT_EVALUATIONS,
            )
            self._fitted.add(found.text)
            self.add([found.text])

    def _measured(self, text: str) -> Member | None:
        try:
            program = compile_source(text)
        except ProgramError:
            return None
        header = self._context.header
        if program.reads_below or program.reads_prev or program.parameters:
            return None
        if program.work * header.width * header.height > _MAX_WORK:
            return None
        hashes, errors = [], []
        for place, source in zip(self._places, self._sources, strict=True):
            try:
                drawn = self._drawn(program, place)
            except AicodecError:
                return None
            hashes.append(_native.picture_hash(drawn))
            errors.append(float(np.mean(_native.mse(source, drawn))))
        reached = min(psnr_of(float(np.mean(errors)), self._sources[0].bit_depth), _MOST_DECIBELS)
        return Member(text, reached, len(program.write()), hash(tuple(hashes)))

    def _drawn(self, program: _native.ShaderProgram, place: int) -> _native.Picture:
        context = self._context
        return program.draw(
            format=self._format,
            width=context.header.width,
            height=context.header.height,
            t=(context.first_frame + place) / context.fps,
            frame=context.first_frame + place,
            step=place,
        )

    def _as_rgb(self, picture: _native.Picture) -> _native.Picture:
        if picture.format == self._format:
            return picture
        return picture.convert(self._format, self._context.header.colour)


class _RgbFrames(Sequence[_native.Picture]):
    """The segment's frames in RGB, converted when they are asked for."""

    def __init__(self, context: Context, as_rgb: Callable[[_native.Picture], _native.Picture]) -> None:
        self._frames = context.frames
        self._as_rgb = as_rgb

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: Any) -> Any:
        return self._as_rgb(self._frames[index])
