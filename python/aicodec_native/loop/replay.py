"""Proposals from a file: for tests, demonstrations, and what another model has written down."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from aicodec_native.errors import InputError
from aicodec_native.loop.proposal_lines import read_lines
from aicodec_native.loop.proposals import Context, Proposal, Reply

_PER_ROUND = 4


class Replay:
    """Each segment gets the file's proposals in order, a few a round. Raises InputError for what is no such file."""

    name = "replay"
    model: str | None = None
    one_at_a_time = False

    def __init__(self, path: str) -> None:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{path}: is no text") from None
        except OSError as error:
            raise InputError(f"{path}: {(error.strerror or str(error)).lower()}") from None
        self._lines = read_lines(text.splitlines(), path)

    def propose(self, context: Context) -> Reply:
        done = Counter(
            _mark(Proposal(attempt.strategy, attempt.program))
            for attempt in context.attempts
            if attempt.proposer == self.name and attempt.counts
        )
        waiting = []
        for line in self._lines:
            if line.segment in (None, context.segment):
                mark = _mark(line.proposal)
                if not done[mark]:
                    waiting.append(line.proposal)
                done[mark] -= done[mark] > 0
        return Reply(waiting[:_PER_ROUND])


def _mark(proposal: Proposal) -> str:
    return json.dumps([dict(proposal.strategy), proposal.program], sort_keys=True)
