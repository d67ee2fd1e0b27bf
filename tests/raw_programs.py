"""Writes shader programs and tables as the range coder has them, whether they make sense or not."""

from __future__ import annotations

from typing import Any

from reference.bits import BitModel
from reference.program import OPERATIONS

CODES = {op.text: number for number, op in enumerate(OPERATIONS)}


class RangeEncoder:
    """The other side of section 6 of docs/bitstream.md: the range as (low, size) in whole numbers without end."""

    def __init__(self) -> None:
        self._low = 0
        self._range = 0xFFFFFFFF
        self._shifts = 0
        self._models: dict[tuple[Any, ...], Any] = {}

    def _split(self, bit: int, ones: int) -> None:
        if bit:
            self._range = ones
        else:
            self._low += ones
            self._range -= ones
        while self._range < 2**24:
            self._low, self._range, self._shifts = self._low << 8, self._range << 8, self._shifts + 1

    def bit(self, bit: int, *name: Any) -> None:
        model = self._models.setdefault(name, BitModel())
        self._split(bit, (self._range * model.p) >> 16)
        model.learn(bit)

    def even(self, value: int, bits: int = 1) -> None:
        for place in reversed(range(bits)):
            self._split(value >> place & 1, self._range >> 1)

    def unsigned(self, value: int, *name: Any) -> None:
        e = (value + 1).bit_length() - 1
        for place in range(min(e + 1, 62)):
            self.bit(int(place < e), *name, "more", place)
        if e:
            self.bit((value + 1) >> (e - 1) & 1, *name, "first", e)
            self.even(value + 1, e - 1)

    def signed(self, value: int, *name: Any) -> None:
        self.unsigned(2 * value if value >= 0 else -2 * value - 1, *name)

    def finish(self) -> bytes:
        last = self._low + self._range - 1
        zeros = next(n for n in range(32, -1, -1) if last >> n << n >= self._low)
        data = (last >> zeros << zeros).to_bytes(self._shifts + 4, "big")
        spare = len(data) - max(len(data.rstrip(b"\0")), len(data) - 4)
        return data[: len(data) - spare]


def program(*code: tuple[Any, ...]) -> bytes:
    """Bytes of instructions (operation or its number, numbers of its immediate, operands).

    Operands: ("value", distance), ("input", number), ("older", distance), or a new constant: ("F", mantissa, decimal,
    exponent of the lowest bit or of ten), ("I", number), ("B", truth).
    """
    out = RangeEncoder()
    for op, immediate, operands in code:
        out.unsigned(CODES.get(op, op), "op")
        kind = OPERATIONS[CODES[op]].immediate if op in CODES else "None"
        if kind == "Place":
            channel, wrap, dx, dy = immediate
            out.unsigned(channel, "channel")
            out.bit(wrap, "wrap")
            out.signed(dx, "offset")
            out.signed(dy, "offset")
        elif kind != "None":
            out.unsigned(immediate - (kind != "Channel"), kind)
        if op == "loop":
            out.unsigned(len(operands) - 1, "carried")
        for place, operand in enumerate(operands):
            open_type = op in ("loop", "end") or (op == "break_if" and place > 0)
            _operand(out, min(place, 3), operand, open_type)
    return out.finish()


def _operand(out: RangeEncoder, p: int, operand: tuple[Any, ...], open_type: bool) -> None:
    kind, *rest = operand
    out.bit(kind == "value", "value", p)
    if kind == "value":
        out.unsigned(rest[0], "distance", p)
        return
    out.bit(kind != "input", "constant", p)
    if kind == "input":
        out.unsigned(rest[0], "input")
        return
    out.bit(kind != "older", "new")
    if kind == "older":
        out.unsigned(rest[0], "older")
        return
    if open_type:
        out.bit(kind == "F", "float")
        if kind != "F":
            out.bit(kind == "I", "integer")
    if kind == "F":
        _float(out, *rest)
    elif kind == "I":
        out.signed(rest[0], "integer number")
    else:
        out.even(rest[0])


def _float(out: RangeEncoder, mantissa: int, decimal: int, exponent: int) -> None:
    width, node = abs(mantissa).bit_length(), 1
    for place in reversed(range(5)):
        bit = width >> place & 1
        out.bit(bit, "width", node)
        node = node * 2 + bit
    if not width:
        return
    out.even(abs(mantissa), width - 1)
    out.bit(int(mantissa < 0), "negative")
    out.bit(decimal, "decimal")
    out.signed(exponent if decimal else exponent + width - 1, "exponent")
