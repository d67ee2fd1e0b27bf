"""The proposer that needs no network: breeds programs offline, and turns the encoder's knobs one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random

import numpy as np

from aicodec_native.loop import knobs
from aicodec_native.loop.archive import Archive
from aicodec_native.loop.proposals import Context, Proposal, Reply
from aicodec_native.loop.recognised import recognised
from aicodec_native.lossless_encoder import GREATEST_ERROR

_PER_ROUND = 4
# Programs bred for a round; each is drawn on three frames.
_CHILDREN = 40
# A program further off than this, in dB, is not worth an experiment; nor one less than that above the last proposed.
_LEAST_DECIBELS = 22.0
_LEAST_GAIN = 1.0
_ARMS = ("video", "screen", "hybrid", "program")


class Search:
    """Each round takes proposals from its arms (video, screen, hybrid, program), the more often the more an arm has
    gained, by Thompson's rule. With the same seed and the same experiments it proposes the same."""

    name = "search"
    model: str | None = None
    one_at_a_time = False

    def __init__(self) -> None:
        self._archives: dict[tuple[int, int], Archive] = {}
        self._recognised: dict[tuple[int, int], list[Proposal]] = {}

    def propose(self, context: Context) -> Reply:
        random = Random(f"{context.seed} {context.segment} {context.round}")
        arms = {
            "video": knobs.video(context),
            "screen": knobs.screen(context),
            "hybrid": knobs.hybrid(context),
            "program": self._programs(context, random),
        }
        chosen: list[Proposal] = []
        for arm in self._order(context, random):
            for proposal in islice((p for p in arms[arm] if _is_new(p, context, chosen)), 1):
                chosen.append(proposal)
            if len(chosen) == _PER_ROUND:
                break
        return Reply(chosen)

    def _order(self, context: Context, random: Random) -> Iterator[str]:
        """Arms, each again and again: first all of them once, then by what they gained."""
        if context.round == 1:
            # First what `encode` itself did best with.
            yield from sorted(_ARMS, key=lambda arm: f"bytes.{arm}" not in context.attempts[0].measurements)
        scores = {arm: [1, 1] for arm in _ARMS}  # successes and failures, each one ahead
        for attempt in context.attempts:
            arm = attempt.hypothesis.split(":")[0]
            if arm in scores:
                scores[arm][attempt.status != "kept"] += 1
        for _ in range(4 * _PER_ROUND):
            yield max(_ARMS, key=lambda arm: random.betavariate(*scores[arm]))
        yield from _ARMS * _PER_ROUND

    def _programs(self, context: Context, random: Random) -> Iterator[Proposal]:
        key = (context.run, context.segment)
        archive = self._archives.get(key)
        if archive is None:
            archive = self._archives[key] = Archive(context)
            archive.add(_seeds(context))
            found = self._recognised[key] = list(recognised(context))
            archive.add(p.program for p in found if p.program and set(p.strategy) <= {"stack", "near"})
        yield from self._recognised[key]
        archive.add(attempt.program for attempt in context.attempts if attempt.program is not None)
        archive.breed(_CHILDREN, random)
        if archive.members:
            archive.refit(archive.members[0])
            archive.simplify(archive.members[0])
        proposed = {attempt.program for attempt in context.attempts}
        reached = max((m.psnr for m in archive.members if m.text in proposed), default=0.0)
        exact = context.metric == GREATEST_ERROR
        for member in archive.members:
            if member.text in proposed or member.psnr < max(_LEAST_DECIBELS, reached + _LEAST_GAIN):
                continue
            hypothesis = f"program: {member.psnr:.1f} dB on three frames with {member.bytes} bytes"
            stack = "shader+screen" if exact and member.psnr < 60 else "shader"
            strategy = {"stack": stack} | ({"near": int(context.target)} if exact and context.target else {})
            yield Proposal(strategy, member.text, hypothesis)


def _is_new(proposal: Proposal, context: Context, chosen: list[Proposal]) -> bool:
    if any(p.strategy == proposal.strategy and p.program == proposal.program for p in chosen):
        return False
    if proposal.program is None:
        return knobs.is_new(proposal, context.attempts)
    return all(a.program != proposal.program or dict(a.strategy) != proposal.strategy for a in context.attempts)


def _seeds(context: Context) -> list[str]:
    """Programs to begin with: a plain colour, and a plane through each channel of the middle frame."""
    middle = context.frames[len(context.frames) // 2].rgb(context.header.colour)
    peak = 255.0 if middle.dtype == np.uint8 else 1023.0
    step = max(1, min(middle.shape[:2]) // 48)
    sample = middle[::step, ::step].astype(np.float64) / peak
    rows, columns = np.mgrid[0 : sample.shape[0], 0 : sample.shape[1]]
    basis = np.stack([np.ones(rows.size), columns.ravel() / columns.shape[1], rows.ravel() / rows.shape[0]], axis=1)
    planes, *_ = np.linalg.lstsq(basis, sample.reshape(-1, 3), rcond=None)
    parts = [f"{a:.3f} + {b:.3f} * x / width + {c:.3f} * y / height" for a, b, c in planes.T]
    plain = ", ".join(f"{value:.3f}" for value in np.median(sample.reshape(-1, 3), axis=0))
    return [
        f"def color(x, y, t):\n    return rgb({plain})\n",
        f"def color(x, y, t):\n    return rgb({', '.join(parts)})\n",
    ]
