"""Cellular automata on the square grid whose rule counts living neighbours: Life and its kin, with colours that age.

A cell is a square of equal pixels. The first frame is a still below; every other one follows from the frame before.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aicodec_native.recognise.ageing import ageing_text
from aicodec_native.recognise.clip import Clip
from aicodec_native.recognise.proposal import Proposal, psnr

Cells = npt.NDArray[np.int64]

_MAX_COLOURS = 300
_MAX_CELL = 64
# The part of the picture that is looked at, in pixels and in cells, and frames enough to see the board change twice
# where it does not change with every one.
_PART, _CROP = 640, 200
_BEGINNING = 12
# Frames that tell how large cells are.
_SIZED = 4
# How many changes of the board the rule is taken from, and how many frames show how dead cells age.
_CHANGES, _AGES = 3, 40
# What share of cells must follow the rule, and what share of all births and deaths it must foretell: a picture over the
# board, such as a counter, may break it.
_LAWFUL, _FORETOLD = 0.995, 0.95
_NEIGHBOURS = {
    "moore": [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)],
    "neumann": [(0, -1), (-1, 0), (1, 0), (0, 1)],
}
_EDGES = ("wrap", "dead", "repeat")


@dataclass(frozen=True)
class Rule:
    """`masks[colour]`: bit n tells whether a cell of that colour lives next if n neighbours live."""

    living: int
    neighbours: str
    masks: dict[int, int]
    lawful: float


def propose(clip: Clip) -> Iterator[Proposal]:
    if len(clip) < 3 or not clip.moves or len(np.unique(_packed(clip.key_thumbs))) > _MAX_COLOURS:
        return
    size = _cell_size(list(_parts(clip, _SIZED)))
    pairs = _pairs(_parts(clip, _BEGINNING), size, _CHANGES)
    if size > _MAX_CELL or not pairs:
        return
    colours, counts = np.unique(np.concatenate([before.ravel() for before, _ in pairs]), return_counts=True)
    if not 2 <= len(colours) <= _MAX_COLOURS:
        return
    often = colours[np.argsort(-counts)][:4]
    boards = [_Boards.of(before, after) for before, after in pairs]
    rules = [rule for living in often for name in _NEIGHBOURS if (rule := _rule(boards, int(living), name))]
    if not rules:
        return
    # With living and dead exchanged there is a rule as lawful: the one with fewer ways to live is meant.
    rule = max(rules, key=lambda r: (round(r.lawful, 3), -sum(mask.bit_count() for mask in r.masks.values())))
    steps = _steps(clip)
    longer = _pairs(_parts(clip, _AGES), size, _AGES)
    written = []
    for edge in _EDGES:
        text = _text(clip, rule, longer, (size, edge), steps is not None)
        if text is None:
            return
        track = {} if steps is None else {"a": steps}
        written.append(Proposal("cellular rule", text, track, stills=[0] * len(clip)))
    yield max(written, key=lambda proposal: psnr(proposal, clip, clip.keys))


def _packed(colours: npt.NDArray[np.generic]) -> Cells:
    """Each colour as one number."""
    wide = colours.astype(np.int64)
    packed: Cells = wide[..., 0] << 20 | wide[..., 1] << 10 | wide[..., 2]
    return packed


def channels(colour: int) -> tuple[int, int, int]:
    return colour >> 20, colour >> 10 & 1023, colour & 1023


def _parts(clip: Clip, most: int) -> Iterator[Cells]:
    """The looked at part of the first frames, so many at most."""
    return (_packed(clip.rgb(index)[:_PART, :_PART]) for index in range(min(len(clip), most)))


def _cell_size(frames: list[Cells]) -> int:
    """The common divisor of all places where colours change along a row or a column."""
    size = 0
    for frame in frames:
        for axis in (0, 1):
            changes = np.diff(frame, axis=axis).any(axis=1 - axis)
            for place in np.unique(np.flatnonzero(changes) + 1):
                size = int(np.gcd(size, place))
    return size or 1


def _pairs(frames: Iterator[Cells], size: int, most: int) -> list[tuple[Cells, Cells]]:
    """The boards before and after a change, so many at most, each cut to a part that is quick to look at."""
    boards = (frame[size // 2 :: size, size // 2 :: size] for frame in frames)
    cut = slice(0, _CROP + 2)
    pairs = (
        (before[cut, cut], after[cut, cut]) for before, after in itertools.pairwise(boards) if (before != after).any()
    )
    return list(itertools.islice(pairs, most))


def _count(alive: Cells, neighbours: str) -> Cells:
    """Living neighbours of the inner cells."""
    height, width = alive.shape
    total = np.zeros((height - 2, width - 2), np.int64)
    for dx, dy in _NEIGHBOURS[neighbours]:
        total += alive[1 + dy : height - 1 + dy, 1 + dx : width - 1 + dx]
    return total


@dataclass(frozen=True)
class _Boards:
    """Before and after a change. `places`: of the inner cells' colours among `colours`."""

    before: Cells
    after: Cells
    colours: Cells
    places: Cells

    @classmethod
    def of(cls, before: Cells, after: Cells) -> _Boards:
        colours, places = np.unique(before[1:-1, 1:-1], return_inverse=True)
        return cls(before, after, colours, places.reshape(-1))

    def table(self, living: int, neighbours: str) -> npt.NDArray[np.int64]:
        """Of each colour's cells, for each number of living neighbours, how many do not live next and how many do."""
        count = _count((self.before == living).astype(np.int64), neighbours).ravel()
        lives = (self.after[1:-1, 1:-1] == living).ravel()
        return np.bincount(self.places * 18 + count * 2 + lives, minlength=18 * len(self.colours)).reshape(-1, 9, 2)


def _rule(boards: list[_Boards], living: int, neighbours: str) -> Rule | None:
    """The rule under which cells of the colour `living` are the living ones, if there is one."""
    seen: dict[int, npt.NDArray[np.int64]] = {}
    for pair in boards:
        if min(pair.before.shape) < 8:
            return None
        for colour, table in zip(pair.colours.tolist(), pair.table(living, neighbours), strict=True):
            seen[colour] = seen[colour] + table if colour in seen else table
    total = sum(int(table.sum()) for table in seen.values())
    lawful = sum(int(table.max(axis=1).sum()) for table in seen.values()) / total
    masks = {colour: sum(1 << n for n in range(9) if table[n, 1] > table[n, 0]) for colour, table in seen.items()}
    # A rule in which nothing is born, or that does not look at the neighbours, explains stills and scrolls as well.
    full = (1 << len(_NEIGHBOURS[neighbours]) + 1) - 1
    looks = any(0 < mask < full for mask in masks.values())
    if lawful < _LAWFUL or not looks or not any(mask for colour, mask in masks.items() if colour != living):
        return None
    changes = foretold = 0
    for colour, table in seen.items():
        changed = table[:, 0 if colour == living else 1]
        said = np.array([(masks[colour] >> n & 1) != (colour == living) for n in range(9)])
        changes, foretold = changes + int(changed.sum()), foretold + int(changed[said].sum())
    if foretold < _FORETOLD * changes or not changes:
        return None
    return Rule(living, neighbours, _completed(masks, seen, living), lawful)


def _completed(masks: dict[int, int], seen: dict[int, npt.NDArray[np.int64]], living: int) -> dict[int, int]:
    """Counts that a colour never had do as the other dead colours do: ageing then needs no masks of its own."""
    common = 0
    for n in range(9):
        votes = sum(np.sign(int(table[n, 1]) - int(table[n, 0])) for colour, table in seen.items() if colour != living)
        common |= (1 << n) if votes > 0 else 0
    known = {c: sum(1 << n for n in range(9) if table[n].any()) for c, table in seen.items()}
    return {c: m | (common & ~known[c] if c != living else 0) for c, m in masks.items()}


def _with_ages(rule: Rule, pairs: list[tuple[Cells, Cells]]) -> Rule:
    """With the dead colours that show later only, to which the others' mask applies."""
    dead = [mask for colour, mask in rule.masks.items() if colour != rule.living]
    later = np.unique(np.concatenate([before.ravel() for before, _ in pairs]))
    if len(set(dead)) > 1:
        return rule
    return replace(rule, masks={int(colour): dead[0] for colour in later} | rule.masks)


def _steps(clip: Clip) -> npt.NDArray[np.int64] | None:
    """1 for frames in which the board changes; None if that is every one."""
    last = clip.thumb(0)
    steps = np.zeros(len(clip), np.int64)
    for index in range(1, len(clip)):
        thumb = clip.thumb(index)
        steps[index] = bool((thumb != last).any()) or bool((clip.rgb(index) != clip.rgb(index - 1)).any())
        last = thumb
    return None if steps[1:].all() else steps


def _text(
    clip: Clip, rule: Rule, pairs: list[tuple[Cells, Cells]], grid: tuple[int, str], has_steps: bool
) -> str | None:
    """The program for cells of grid[0] pixels and edges of the kind grid[1]; None if dead cells age in no order."""
    size, edge = grid
    rule = _with_ages(rule, pairs)
    dead = [colour for colour in rule.masks if colour != rule.living]
    channel = next((c for c in range(3) if all(channels(d)[c] != channels(rule.living)[c] for d in dead)), None)
    if channel is None:
        return None
    follow = ageing_text(rule.living, rule.masks, pairs, channel)
    if follow is None:
        return None
    wrap = ", wrap=True" if edge == "wrap" else ""
    lives = f"prev_int(dx, dy{wrap})[{channel}] == {channels(rule.living)[channel]}"
    offsets = [(dx * size, dy * size) for dx, dy in _NEIGHBOURS[rule.neighbours]]
    calls = [_neighbour(dx, dy, edge) for dx, dy in offsets]
    lines = [
        "def alive(dx, dy):",
        f"    return int({lives})",
        "",
        "",
        "def color(x, y, t):",
        "    c = prev_int(0, 0)",
        f"    n = {' + '.join(calls)}",
        *follow,
    ]
    if has_steps:
        lines.append("    k = c if param(0) == 0 else k")
    lines += ["    k = below_int(0, 0) if local_frame == 0 else k", "    return rgb_int(k)", ""]
    return "\n".join(lines)


def _neighbour(dx: int, dy: int, edge: str) -> str:
    """1 if the neighbour lives; `dead` edges have no neighbours outside."""
    call = f"alive({dx}, {dy})"
    inside = {(True, False): f"x + {dx} >= 0", (False, True): f"x + {dx} < width"}.get((dx < 0, dx > 0))
    inside_too = {(True, False): f"y + {dy} >= 0", (False, True): f"y + {dy} < height"}.get((dy < 0, dy > 0))
    tests = [test for test in (inside, inside_too) if test]
    return f"({call} if {' and '.join(tests)} else 0)" if edge == "dead" else call
