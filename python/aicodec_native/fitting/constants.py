"""The numbers of a program that a fit may change, and the program with others in their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.shader_values import Operand

FIXED = -1
ZERO: Operand = ("constant", "F", 0, 0, True)


class FreeConstants:
    """The decimal float constants of a program: one parameter for each value (`tied`), or for each place it stands at.

    Integers, truth values and constants written `exact(m, e)` are none. `zeros` are free only if asked for: what is 0
    is mostly so on purpose.
    """

    def __init__(self, program: _native.ShaderProgram, *, tied: bool, zeros: bool) -> None:
        self.program = program
        self.parameter_of: list[int] = []
        self.start: list[Operand] = []
        known: dict[Operand, int] = {}
        for _, _, operands in program.code:
            for operand in operands:
                if operand[0] != "constant" or operand[1] != "F" or not operand[4] or not (zeros or operand[2]):
                    self.parameter_of.append(FIXED)
                    continue
                number = known.get(operand) if tied else None
                if number is None:
                    number = known[operand] = len(self.start)
                    self.start.append(operand)
                self.parameter_of.append(number)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def values(self) -> NDArray[np.float32]:
        """What the parameters are in the program itself."""
        return np.array([value_of(operand) for operand in self.start], np.float32)

    def program_with(self, constants: Sequence[Operand]) -> _native.ShaderProgram:
        """The program with a constant for each parameter. Raises CorruptError if that makes no valid one."""
        places = iter(self.parameter_of)
        code = []
        for text, immediate, operands in self.program.code:
            numbers = [next(places) for _ in operands]
            changed = [o if n == FIXED else constants[n] for o, n in zip(operands, numbers, strict=True)]
            code.append((text, immediate, changed))
        return _native.ShaderProgram.from_code(code)


def value_of(operand: Operand) -> float:
    """The binary32 number that a float constant stands for."""
    return _native.shader_constant_value(*operand[2:])


def decimal(value: float, digits: int) -> Operand | None:
    """The constant with at most so many significant digits (1 to 9) nearest to `value`; None if none has its size."""
    mantissa_text, _, exponent_text = f"{value:.{digits - 1}e}".partition("e")
    mantissa, exponent = int(mantissa_text.replace(".", "")), int(exponent_text) - (digits - 1)
    while mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    if mantissa == 0:
        return ZERO
    return ("constant", "F", mantissa, exponent, True) if -22 <= exponent <= 22 else None


def bits_of(operand: Operand) -> int:
    """About how many bits a float constant takes in a program the first time (cpp/shader/serialize.cpp)."""
    mantissa, exponent, is_decimal = int(operand[2]), int(operand[3]), operand[4]
    if mantissa == 0:
        return 5
    width = abs(mantissa).bit_length()
    shift = exponent if is_decimal else exponent + width - 1
    return 5 + (width - 1) + 2 + 2 * (2 * abs(shift) + 1).bit_length() - 1
