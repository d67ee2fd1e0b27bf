"""What was tried for each segment, as a file keeps it for `info --layers`: a line of text (docs/bitstream.md, 3.6).

Of each kind of stack the best that was coded is kept, so that it takes tens of bytes. Who asks `encode` to explain sees
all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

KEY = "tried"
# Of the file's bytes, unless it is asked for.
LARGEST_SHARE = 1 / 1000

_LETTERS = {"video": "v", "shader": "h", "screen": "s"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_ITEM = re.compile(r"([vhs]+)(\d{1,15}(?:\+\d{1,15})*)?(?:@(-?\d{1,9}(?:\.\d{1,9})?))?(!|\?|~\d{1,9})?")


@dataclass(frozen=True, slots=True)
class Tried:
    """One kind of stack: bytes by layer and score as far as they are known, and its `fate`: "kept", "larger", "missed"
    (the goal), "too slow" (to decode, at `decode_rate` frames a second at 1920x1080), or "not coded" (it would have
    taken those bytes or more)."""

    stack: str
    layer_bytes: list[int]
    score: float | None
    fate: str
    decode_rate: int | None = None

    def __str__(self) -> str:
        """As the file keeps it."""
        letters = "".join(_LETTERS[kind] for kind in self.stack.split("+"))
        score = "" if self.score is None else f"@{self.score:.1f}".removesuffix(".0")
        marks = {"missed": "!", "not coded": "?", "too slow": f"~{self.decode_rate}"}
        return letters + "+".join(map(str, self.layer_bytes)) + score + marks.get(self.fate, "")


def winner_of(report: dict[str, Any]) -> dict[str, Any] | None:
    """Of what was tried for a segment, lossless ones apart; two of a recogniser's programs may have one name, and then
    the smaller one won."""
    named = [
        tried
        for tried in report.get("tried", [])
        if (tried["stack"], tried["setting"]) == (report["stack"], report["setting"])
    ]
    return min(named, key=_rank, default=None)


def tried_line(report: dict[str, Any]) -> str:
    """Of one segment; empty where nothing was chosen among."""
    winner = winner_of(report)
    if winner is None:
        return ""
    best: dict[str, dict[str, Any]] = {winner["stack"]: winner}
    for tried in sorted(report["tried"], key=_rank):
        best.setdefault(tried["stack"], tried)
    items = [_described(tried, "kept" if tried is winner else None) for tried in best.values()]
    if report.get("video_expected") and "video" not in best:
        items.append(Tried("video", [report["video_expected"]], None, "not coded"))
    if report.get("screen_too_slow") and "screen" not in best:
        items.append(Tried("screen", [], None, "too slow", round(report["screen_too_slow"])))
    return " ".join(map(str, items))


def read_tried(text: str, segments: int) -> list[list[Tried]]:
    """By segment; nothing for all where the text is no such note: it is for people, and harms nobody."""
    lines = [line.split() for line in text.split("\n")]
    matched = [[_ITEM.fullmatch(item) for item in line] for line in lines]
    if len(lines) != segments or not all(match for line in matched for match in line):
        return [[] for _ in range(segments)]
    return [[_parsed(match, number == 0) for number, match in enumerate(line) if match] for line in matched]


def _rank(tried: dict[str, Any]) -> tuple[bool, bool, float]:
    """Candidate.rank() of a report."""
    return (not tried["reached"], tried.get("is_slow", False), tried["bytes"] if tried["reached"] else -tried["score"])


def _described(tried: dict[str, Any], fate: str | None) -> Tried:
    slow = tried.get("is_slow", False)
    if fate is None:
        fate = "missed" if not tried["reached"] else "too slow" if slow else "larger"
    rate = round(tried["decode_rate"]) if fate == "too slow" else None
    return Tried(tried["stack"], tried["layer_bytes"], tried["score"], fate, rate)


def _parsed(match: re.Match[str], is_first: bool) -> Tried:
    letters, sizes, score, mark = match.groups()
    fates = {"!": "missed", "?": "not coded", "~": "too slow"}
    return Tried(
        "+".join(_KINDS[letter] for letter in letters),
        [int(size) for size in sizes.split("+")] if sizes else [],
        None if score is None else float(score),
        "kept" if is_first else fates[mark[0]] if mark else "larger",
        int(mark[1:]) if mark and mark[0] == "~" else None,
    )


def tried_notes(reports: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Of all segments; none where there was nothing to choose among."""
    lines = [tried_line(report) for report in reports]
    return [(KEY, "\n".join(lines))] if any(lines) else []
