"""Proposals as lines of JSON: what `replay` files hold and what other programs answer.

A line is an object with `strategy` (an object, see strategy.py), and, if it is wanted, `program`, `hypothesis`,
`parent` (the id of an experiment) and `segment` (its number: only for that segment).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aicodec_native.errors import InputError
from aicodec_native.loop.proposals import Proposal

_FIELDS = {"strategy", "program", "hypothesis", "parent", "segment"}


@dataclass(frozen=True, slots=True)
class Line:
    """A proposal, and the segment that it is for (None: any)."""

    proposal: Proposal
    segment: int | None


def read_lines(lines: Iterable[str], name: str) -> list[Line]:
    """Empty lines do not count. Raises InputError, with the line's number, for one that holds no proposal."""
    return [_line(text, f"{name}: line {number}") for number, text in enumerate(lines, 1) if text.strip()]


def _line(text: str, place: str) -> Line:
    try:
        values: Any = json.loads(text)
    except ValueError as error:
        raise InputError(f"{place}: is not JSON: {error}") from None
    if not isinstance(values, dict) or not isinstance(values.get("strategy"), dict):
        raise InputError(f"{place}: is no object with a strategy")
    if unknown := sorted(set(values) - _FIELDS):
        raise InputError(f"{place}: has no field {unknown[0]!r}: there are {', '.join(sorted(_FIELDS))}")
    program, hypothesis = values.get("program"), values.get("hypothesis", "")
    parent, segment = values.get("parent"), values.get("segment")
    if not isinstance(program, (str, type(None))) or not isinstance(hypothesis, str):
        raise InputError(f"{place}: program and hypothesis are text")
    if any(type(number) not in (int, type(None)) for number in (parent, segment)):
        raise InputError(f"{place}: parent and segment are whole numbers")
    return Line(Proposal(values["strategy"], program, hypothesis, parent), segment)
