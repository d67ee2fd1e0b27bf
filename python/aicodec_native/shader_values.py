"""What the compiler of shader programs computes with: typed values, constants, and the code that it emits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from aicodec_native import _native

Kind = str  # "F" a 32-bit float, "I" a 32-bit integer, "B" a truth value
Operand = tuple[Any, ...]  # as _native.ShaderProgram.from_code takes it
Instruction = tuple[str, int, list[Operand]]

OPS = {text: (result, operands, immediate) for text, result, operands, _, immediate in _native.shader_ops()}
_HUGE = 2**128  # what no 32-bit float reaches
_LISTS = ("loop", "break_if", "end")


class KindError(Exception):
    """A value has a type that does not fit; `text` says why."""


@dataclass(frozen=True)
class Value:
    """A scalar that the program computes, or reads as an input."""

    kind: Kind
    operand: Operand


@dataclass(frozen=True)
class Literal:
    """A number that is known already. `exact` keeps a stored form that no shorter one may replace."""

    kind: Kind
    number: float | int | bool
    exact: Operand | None = None

    def __post_init__(self) -> None:
        # Whole numbers may pass through more than 32 bits on the way to a float, but never without end.
        if self.kind == "I" and abs(self.number) >= _HUGE:
            raise KindError("this constant is too large")


Scalar = Value | Literal


def constant_operand(literal: Literal) -> Operand:
    if literal.exact is not None:
        return literal.exact
    if literal.kind == "F":
        return float_constant(float(literal.number))
    number = int(literal.number)
    if not -(2**31) <= number < 2**31:
        raise KindError(f"the integer {number} has more than 32 bits")
    return ("constant", literal.kind, number, 0, True)


def float_constant(number: float) -> Operand:
    """The decimal that `repr` shows, where it is short enough to be stored so; else the nearest 32-bit float."""
    if not abs(number) <= float(np.finfo(np.float32).max):
        raise KindError(f"{number} is not a finite 32-bit float")
    digits, _, exponent = f"{abs(number)!r}".partition("e")
    whole, _, fraction = digits.partition(".")
    mantissa, power = int(whole + fraction), int(exponent or 0) - len(fraction)
    while mantissa and mantissa % 10 == 0:
        mantissa, power = mantissa // 10, power + 1
    if mantissa == 0:
        return ("constant", "F", 0, 0, True)
    if mantissa < 10**9 and -22 <= power <= 22:
        return ("constant", "F", -mantissa if number < 0 else mantissa, power, True)
    return _native.shader_constant(float(np.float32(number)))


class Code:
    """Instructions in order; equal ones are emitted once while the first is in scope, unless `verbatim`."""

    def __init__(self, verbatim: bool = False) -> None:
        self.verbatim = verbatim
        self.instructions: list[Instruction] = []
        self.kinds: list[Kind] = []  # of all values
        self._known: list[dict[Any, Value]] = [{}]

    def emit(self, text: str, operands: list[Operand], immediate: int = 0) -> Value:
        key = (text, immediate, tuple(operands))
        if not self.verbatim:
            for scope in self._known:
                if key in scope:
                    return scope[key]
        self.instructions.append((text, immediate, operands))
        value = self._define(OPS[text][0])
        self._known[-1][key] = value
        return value

    def finish(self, text: str, operands: list[Operand]) -> list[Instruction]:
        self.instructions.append((text, 0, operands))
        return self.instructions if self.verbatim else without_dead(self.instructions)

    def open_loop(self, trips: int, initial: list[Operand], kinds: list[Kind]) -> list[Value]:
        self.instructions.append(("loop", trips, initial))
        self._known.append({})
        return [self._define(kind) for kind in kinds]

    def leave_loop(self, condition: Operand, values: list[Operand]) -> None:
        self.instructions.append(("break_if", 0, [condition, *values]))

    def close_loop(self, values: list[Operand], kinds: list[Kind]) -> list[Value]:
        self.instructions.append(("end", 0, values))
        self._known.pop()
        return [self._define(kind) for kind in kinds]

    def mark(self) -> tuple[int, int, list[dict[Any, Value]]]:
        return len(self.instructions), len(self.kinds), [dict(scope) for scope in self._known]

    def rewind(self, mark: tuple[int, int, list[dict[Any, Value]]]) -> None:
        del self.instructions[mark[0] :]
        del self.kinds[mark[1] :]
        self._known = [dict(scope) for scope in mark[2]]

    def _define(self, kind: Kind) -> Value:
        self.kinds.append(kind)
        return Value(kind, ("value", len(self.kinds) - 1))


def without_dead(code: list[Instruction]) -> list[Instruction]:
    """The code without values, loops and carried values that the output does not depend on."""
    defined = _definitions(code)
    loop_of, end_of, breaks_of = _loops(code)
    needed = _needed(code, defined, loop_of, end_of, breaks_of)
    numbers: dict[int, int] = {}
    kept: list[Instruction] = []

    def renamed(operands: list[Operand]) -> list[Operand]:
        return [("value", numbers[o[1]]) if o[0] == "value" else o for o in operands]

    for at, (text, immediate, operands) in enumerate(code):
        loop = loop_of.get(at, at)
        if text not in _LISTS:
            if defined[at] and defined[at][0] not in needed:
                continue
            kept.append((text, immediate, renamed(operands)))
        else:
            live = [k for k, v in enumerate(defined[loop]) if v in needed]
            if not live:
                continue
            skip = 1 if text == "break_if" else 0
            kept.append((text, immediate, renamed(operands[:skip] + [operands[skip + k] for k in live])))
            if text != "break_if":
                for k in live:
                    numbers[defined[at][k]] = len(numbers)
            continue
        for value in defined[at]:
            numbers[value] = len(numbers)
    return kept


def _definitions(code: list[Instruction]) -> list[list[int]]:
    """The values that each instruction defines."""
    defined, values = [], 0
    for text, _, operands in code:
        count = len(operands) if text in ("loop", "end") else int(OPS[text][0] != "N")
        defined.append(list(range(values, values + count)))
        values += count
    return defined


def _loops(code: list[Instruction]) -> tuple[dict[int, int], dict[int, int], dict[int, list[int]]]:
    """The loop of each break and end; the end and the breaks of each loop."""
    loop_of: dict[int, int] = {}
    end_of: dict[int, int] = {}
    breaks_of: dict[int, list[int]] = {}
    open_loops: list[int] = []
    for at, (text, _, _) in enumerate(code):
        if text == "loop":
            open_loops.append(at)
            breaks_of[at] = []
        elif text == "break_if":
            loop_of[at] = open_loops[-1]
            breaks_of[open_loops[-1]].append(at)
        elif text == "end":
            loop_of[at] = open_loops.pop()
            end_of[loop_of[at]] = at
    return loop_of, end_of, breaks_of


def _needed(
    code: list[Instruction],
    defined: list[list[int]],
    loop_of: dict[int, int],
    end_of: dict[int, int],
    breaks_of: dict[int, list[int]],
) -> set[int]:
    by_value = {value: (at, k) for at, values in enumerate(defined) for k, value in enumerate(values)}
    needed: set[int] = set()
    waiting = [o[1] for o in code[-1][2] if o[0] == "value"]
    while waiting:
        value = waiting.pop()
        if value in needed:
            continue
        needed.add(value)
        at, k = by_value[value]
        operands = code[at][2]
        if code[at][0] in ("loop", "end"):
            # A carried value lives from its start to its result, and with it all that ends the loop.
            loop = loop_of.get(at, at)
            end = end_of[loop]
            waiting += [defined[loop][k], defined[end][k]]
            operands = [code[loop][2][k], code[end][2][k]]
            operands += [code[b][2][j] for b in breaks_of[loop] for j in (0, k + 1)]
        waiting += [o[1] for o in operands if o[0] == "value"]
    return needed
