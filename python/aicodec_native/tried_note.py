"""What was tried for each segment, as a file keeps it for `info --layers`: a line of text (docs/bitstream.md, 3.6).

Of each kind of stack the best that was coded is kept, so that it takes tens of bytes. Who asks `encode` to explain sees
all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aicodec_native.candidate import rank

KEY = "tried"
# Of the file's bytes, unless it is asked for.
LARGEST_SHARE = 1 / 1000
# Bytes of a text that readers take (docs/bitstream.md, 1).
LARGEST_TEXT = 1 << 20
# Bytes at most that notes take beside their text: a chunk's type, size and checksum, and its entry in the index.
OVERHEAD = 24

_LETTERS = {"video": "v", "shader": "h", "screen": "s"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_ITEM = re.compile(
    r"([vhs]{1,8})(\d{1,15}(?:\+\d{1,15}){0,7})?(?:@(-?\d{1,9}(?:\.\d{1,9})?))?(!|\?|~\d{1,9})?", re.ASCII
)
# Of a score, by metric: SSIM and MS-SSIM lie between 0 and 1.
_DECIMALS = {"ssim": 4, "ms_ssim": 4}
_MOST_DECIMALS = max(_DECIMALS.values())


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
        score = "" if self.score is None else f"@{self.score:.{_MOST_DECIMALS}f}".rstrip("0").removesuffix(".")
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


def tried_line(report: dict[str, Any], metric: str) -> str:
    """Of one segment, whose scores are of that metric; empty where nothing was chosen among."""
    winner = winner_of(report)
    if winner is None:
        return ""
    best: dict[str, dict[str, Any]] = {winner["stack"]: winner}
    for tried in sorted(report["tried"], key=_rank):
        best.setdefault(tried["stack"], tried)
    items = [_described(tried, metric, "kept" if tried is winner else None) for tried in best.values()]
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
    return rank(tried["reached"], tried.get("is_slow", False), tried["bytes"], tried["score"])


def _described(tried: dict[str, Any], metric: str, fate: str | None) -> Tried:
    slow = tried.get("is_slow", False)
    if fate is None:
        fate = "missed" if not tried["reached"] else "too slow" if slow else "larger"
    rate = round(tried["decode_rate"]) if fate == "too slow" else None
    score = round(tried["score"], _DECIMALS.get(metric, 1)) + 0.0  # no -0
    return Tried(tried["stack"], tried["layer_bytes"], score, fate, rate)


def _parsed(match: re.Match[str], is_first: bool) -> Tried:
    letters, sizes, score, mark = match.groups()
    fates = {"!": "missed", "?": "not coded", "~": "too slow"}
    fate = "kept" if is_first else fates[mark[0]] if mark else "larger"
    return Tried(
        "+".join(_KINDS[letter] for letter in letters),
        [int(size) for size in sizes.split("+")] if sizes else [],
        None if score is None else float(score),
        fate,
        int(mark[1:]) if fate == "too slow" else None,
    )


def tried_notes(reports: Sequence[dict[str, Any]], metric: str) -> list[tuple[str, str]]:
    """Of all segments; none where there was nothing to choose among, or where no reader would take a text so long."""
    lines = [tried_line(report, metric) for report in reports]
    text = "\n".join(lines)
    return [(KEY, text)] if any(lines) and len(text) <= LARGEST_TEXT else []
