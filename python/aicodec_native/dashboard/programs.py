"""Programs as HTML: highlighted, and as a difference to another. Their text comes from models: all of it is escaped."""

from __future__ import annotations

import difflib
import io
import keyword
import tokenize
from collections.abc import Iterator

from markupsafe import Markup, escape

_KINDS = {tokenize.NUMBER: "n", tokenize.COMMENT: "c"}


def highlighted(text: str) -> Markup:
    """With spans for keywords, numbers, comments and calls; plain where it is no Python."""
    try:
        return Markup("").join(_spans(text))
    except (tokenize.TokenError, SyntaxError):
        return escape(text)


def difference(before: str, after: str) -> Markup:
    """Line by line, three lines around each change; empty where there is none."""
    lines = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3))[2:]
    kinds = {"+": "add", "-": "del"}
    return Markup("").join(
        Markup('<span class="{}">{}</span>').format(kinds.get(line[:1], "same"), line or " ") for line in lines
    )


def _spans(text: str) -> Iterator[Markup]:
    lines = list(io.StringIO(text))  # as tokenize counts them: splitlines() ends lines at more characters
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    row, column = 1, 0
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        kind = _kind(token, following)
        if kind is None:
            continue
        yield escape(_between(lines, (row, column), token.start))
        yield Markup('<span class="{}">{}</span>').format(kind, token.string)
        row, column = token.end
    yield escape(_between(lines, (row, column), (len(lines) + 1, 0)))


def _kind(token: tokenize.TokenInfo, following: tokenize.TokenInfo) -> str | None:
    if token.type == tokenize.NAME:
        return "k" if keyword.iskeyword(token.string) else "b" if following.string == "(" else None
    return _KINDS.get(token.type)


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """The text from one place (row from 1, column from 0) to another."""
    if start[0] > len(lines):
        return ""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return lines[start[0] - 1][start[1] :] + "".join(lines[start[0] : end[0] - 1]) + last
