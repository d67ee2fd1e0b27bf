"""Stacks around a program that a recogniser found: the program alone, over the still that it reads, and under a screen
layer that corrects what it misses.

Recognisers see the source. What they propose is coded, drawn by the decoder that users have, and scored like any other
candidate.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aicodec_native import _native
from aicodec_native.candidate import Candidate, Layers, Told, least_bytes
from aicodec_native.frame_store import FrameReader
from aicodec_native.recognise import Clip, Proposal, drawn, exact_inputs, recognise, relief
from aicodec_native.screen_candidates import ScreenSearch
from aicodec_native.stack import no_video
from aicodec_native.video_candidates import VideoSearch
from aicodec_native.workbench import Workbench

# How many programs are tried, the nearest first.
_PROGRAMS = {"fast": 1, "medium": 2, "slow": 4}
# A program that is right in fewer pixels than this leaves a screen layer as much to do as it has alone, nor is it worth
# one that does not draw so much of what a screen layer would have to code: moving gradients draw 0.9, a flat ground
# between letters and sprites that is taken for a gradient 0.3.
_WORTH_CORRECTING, _LEAST_RELIEF = 0.2, 0.5
# Of the progress bar.
_RECOGNISING, _ALONE = 0.1, 0.3


class ProgramSearch:
    """Of one segment, whose first frame has the number `first_frame` in the file."""

    def __init__(self, bench: Workbench, told: Told, first_frame: int) -> None:
        self._bench = bench
        self._told = told
        header = bench.header
        self._clip = Clip(
            bench.frames,
            fps=float(bench.rate),
            colour=header.colour,
            first_frame=first_frame,
            threads=bench.threads,
        )
        self.tried: list[Candidate] = []
        self.screens: list[ScreenSearch] = []
        self.encode_seconds = 0.0

    def run(self) -> Candidate | None:
        """The best one; None where nothing is recognised."""
        header = self._bench.header
        if header.format.startswith("yuv") and not _native.matrix_supported(header.colour.matrix):
            return None
        found = recognise(self._clip, quick=self._bench.preset != "slow")
        usable = [each for each in found if each.proposal.stills or not each.proposal.program.reads_below]
        for each in usable[: _PROGRAMS[self._bench.preset]]:
            self._told(_RECOGNISING, f"trying a {each.proposal.name}")
            alone_does = any(candidate.reached for candidate in self.tried)
            if not (each.proposal.stills and self._clip.is_rough):
                self._try(each.proposal, not alone_does and each.near >= _WORTH_CORRECTING)
            elif not alone_does:
                self._over_video(each.proposal)
        return min(self.tried, key=Candidate.rank, default=None)

    def _try(self, proposal: Proposal, may_correct: bool) -> None:
        started = time.perf_counter()
        ground = _Ground.of(proposal, self._bench, self._clip)
        score, scores, digest = self._bench.judged(ground.layers, no_video)
        alone = Candidate(ground.stack, ground.name, ground.layers, score, scores, digest=digest)
        alone.reached = score >= self._bench.goal.target
        alone.seconds = time.perf_counter() - started
        self.tried.append(alone)
        if alone.reached or not may_correct or relief(proposal, self._clip, self._bench.threads) < _LEAST_RELIEF:
            return
        corrected = ScreenSearch(self._bench, self._correcting, ground, limit=least_bytes(self.tried))
        corrected.run()
        self.screens.append(corrected)
        self.tried += [corrected.tried[tolerance] for tolerance in sorted(corrected.tried)]

    def _correcting(self, share: float, note: str) -> None:
        self._told(_ALONE + (1 - _ALONE) * share, note)

    def _over_video(self, proposal: Proposal) -> None:
        """A photograph that is moved or fades is coded by AV1, once."""
        if proposal.program.reads_prev:
            return
        started = time.perf_counter()
        bench, clip = self._bench, self._clip

        def compose(number: int, picture: _native.Picture) -> _native.Picture:
            below = picture.convert(clip.rgb_format, bench.header.colour, bench.threads)
            return _on_canvas(drawn(proposal, clip, number, below=below, threads=bench.threads), bench)

        stills = _Stills(bench.frames, proposal.stills)
        limit = least_bytes(self.tried)
        video = VideoSearch(bench, self._correcting, frames=stills, compose=compose, limit=limit)
        best = video.run()
        self.encode_seconds += video.encode_seconds
        if best is None:
            return
        layers = [*best.layers, (_native.LAYER_SHADER, proposal.layer)]
        planes = bench.decoded(layers)
        score, scores, digest = bench.judged(layers, lambda _layer, _frame: next(planes))
        self.tried.append(
            Candidate(
                "video+shader",
                f"{best.setting}, {proposal.name}",
                layers,
                score,
                scores,
                digest=digest,
                reached=score >= bench.goal.target,
                seconds=time.perf_counter() - started,
                details=dict(best.details),
            )
        )


@dataclass(frozen=True, slots=True)
class _Ground:
    """A program, over a screen layer with the stills that it reads, as what a screen layer corrects."""

    proposal: Proposal
    bench: Workbench
    clip: Clip
    stack: str
    name: str
    layers: Layers

    @classmethod
    def of(cls, proposal: Proposal, bench: Workbench, clip: Clip) -> _Ground:
        stack, layers = "shader", [(_native.LAYER_SHADER, proposal.layer)]
        if proposal.stills:
            encoder = _native.ScreenEncoder(*bench.frames.shape, preset=bench.preset, threads=bench.threads)
            for still in _Stills(bench.frames, proposal.stills):
                encoder.add(still)
            payload = _native.build_screen_layer(pictures=[], coded=encoder.finish())
            stack, layers = "screen+shader", [(_native.LAYER_SCREEN, payload), *layers]
        return cls(proposal, bench, clip, stack, proposal.name, layers)

    @property
    def moves(self) -> bool:
        return self.proposal.program.reads_prev

    def picture(self, number: int) -> _native.Picture:
        """As the decoder draws it if every other layer is exact."""
        inputs = exact_inputs(self.proposal, self.clip, number)
        return _on_canvas(drawn(self.proposal, self.clip, number, threads=self.bench.threads, **inputs), self.bench)


class _Stills:
    """For every frame the frame of the clip that stands still under it."""

    def __init__(self, frames: FrameReader, stills: Sequence[int]) -> None:
        self.shape = frames.shape
        self._frames = frames
        self._stills = stills

    def __len__(self) -> int:
        return len(self._stills)

    def __iter__(self) -> Iterator[_native.Picture]:
        return (self._frames[int(still)] for still in self._stills)


def _on_canvas(picture: _native.Picture, bench: Workbench) -> _native.Picture:
    form = bench.frames.shape[0]
    return picture if picture.format == form else picture.convert(form, bench.header.colour, bench.threads)
