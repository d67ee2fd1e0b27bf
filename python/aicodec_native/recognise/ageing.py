"""What colour the cells of an automaton take next: the living ones' own, or one of the dead ones, which may age."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Cells = npt.NDArray[np.int64]
Pairs = list[tuple[Cells, Cells]]

_FEW = 4


def ageing_text(living: int, masks: dict[int, int], pairs: Pairs, channel: int) -> list[str] | None:
    """Lines that compute the colour `k` (three integers) from the colour `c` now and the number `n` of living
    neighbours; None if the dead colours follow no order. `channel` tells living cells from others.
    """
    following = _following(living, pairs)
    dead = [colour for colour in masks if colour != living]
    if not dead or any(colour not in following for colour in masks):
        return None
    lines: list[str] = []
    is_living = f"c[{channel}] == {_channel(living, channel)}"
    if len(masks) <= _FEW:
        mask, colour = str(masks[dead[-1]]), _tuple(following[dead[-1]])
        for other in [*dead[:-1], living]:
            test = is_living if other == living else _test(other, masks)
            if str(masks[other]) != mask:
                mask = f"({masks[other]} if {test} else {mask})"
            if _tuple(following[other]) != colour:
                colour = f"({_tuple(following[other])} if {test} else {colour})"
    else:
        if len({masks[colour] for colour in dead}) > 1:
            return None
        chain = _chain(following[living], following)
        formula = _formula(chain, is_living) if chain and set(chain) >= set(dead) else None
        if formula is None:
            return None
        mask = f"({masks[living]} if {is_living} else {masks[dead[0]]})"
        lines, colour = formula
    return [*lines, f"    k = {_tuple(living)} if {mask} >> n & 1 == 1 else {colour}"]


def _channel(colour: int, channel: int) -> int:
    return colour >> (20 - 10 * channel) & 1023


def _tuple(colour: int) -> str:
    return f"({', '.join(str(_channel(colour, c)) for c in range(3))})"


def _test(colour: int, colours: dict[int, int]) -> str:
    """A condition that holds of `c` for this colour alone."""
    for c in range(3):
        if sum(_channel(other, c) == _channel(colour, c) for other in colours) == 1:
            return f"c[{c}] == {_channel(colour, c)}"
    return " and ".join(f"c[{c}] == {_channel(colour, c)}" for c in range(3))


def _following(living: int, pairs: Pairs) -> dict[int, int]:
    """For each colour the dead colour that comes next most often, if the cell does not live then."""
    following = {}
    now = np.concatenate([before.ravel() for before, _ in pairs])
    then = np.concatenate([after.ravel() for _, after in pairs])
    now, then = now[then != living], then[then != living]
    for colour in np.unique(now):
        values, counts = np.unique(then[now == colour], return_counts=True)
        following[int(colour)] = int(values[np.argmax(counts)])
    return following


def _chain(first: int, following: dict[int, int]) -> list[int]:
    """The dead colours in the order in which a cell has them; the last one stays."""
    chain = [first]
    while (after := following.get(chain[-1], chain[-1])) != chain[-1]:
        if after in chain:
            return []
        chain.append(after)
    return chain


def _formula(chain: list[int], is_living: str) -> tuple[list[str], str] | None:
    """Colours that go a straight way from the first to the last: by age, which one channel tells."""
    values = np.array([[_channel(colour, c) for c in range(3)] for colour in chain], np.float64)
    lead = int(np.argmax(np.ptp(values, axis=0)))
    last = len(chain) - 1
    ways: list[tuple[float, float]] = []
    for c in range(3):
        line = _rounded_line(values[:, c])
        if line is None:
            return None
        ways.append(line)
    offset, step = ways[lead]
    # The age is told by the leading channel as long as each age has a value of its own.
    if abs(step) < 1 or last < 2:
        return None
    age = f"floor((float(c[{lead}]) - {offset - 0.5!r}) / {step!r} + 0.5) + 1.0"
    code = [f"    age = 0.0 if {is_living} else min({age}, {float(last)!r})"]
    parts = []
    for c, (start, slope) in enumerate(ways):
        end = int(values[-1, c])
        parts.append(f"{end} if age == {float(last)!r} else int({start!r} + age * {slope!r})" if slope else str(end))
    return code, f"({', '.join(parts)})"


def _rounded_line(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """(start, slope) with floor(start + slope k) = values[k] for all k but the last, which may come early."""
    k = np.arange(len(values) - 1, dtype=np.float64)
    inner = values[:-1]
    if np.ptp(values) == 0:
        return float(values[0]), 0.0
    # slope k + start lies in [value, value + 1): the slopes that leave room for a start.
    best: tuple[float, float] | None = None
    rough = (inner[-1] - inner[0]) / max(k[-1], 1)
    for digits in range(0, 6):
        for slope in np.unique(np.round(rough + np.linspace(-1, 1, 41) / max(k[-1], 1), digits)):
            low, high = (inner - slope * k).max(), (inner + 1 - slope * k).min()
            if low < high:
                best = (float(np.round((low + high) / 2, 4)), float(slope))
                if low <= best[0] < high:
                    return best
    return None
