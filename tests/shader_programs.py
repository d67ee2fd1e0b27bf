"""Random shader programs that the verifier accepts: every operation, loops in loops, and ways out of them."""

from __future__ import annotations

import random
from typing import Any

from aicodec_native import _native

OPS = _native.shader_ops()
_PLAIN = [op for op in OPS if (op[2] and op[1] != "N") or op[4] == "place"]
_INPUT_TYPES = {"F": [0, 1, 2, 3, 4, 7, 8], "I": [5, 6], "B": []}

Operand = tuple[Any, ...]


class RandomProgram:
    """Code for ShaderProgram.from_code, the same for the same seed. `reads` allows samples of other pictures."""

    def __init__(self, seed: int, length: int = 30, *, reads: bool = True) -> None:
        self._random = random.Random(seed)
        self._reads = reads
        self._types: list[str] = []  # of all values
        self._visible: list[int] = []
        self.code: list[tuple[str, int, list[Operand]]] = []
        self._statements(length, depth=0)
        kind = self._random.choice("FFFI")
        self.code.append(("rgb" if kind == "F" else "rgb_int", 0, [self._operand(kind) for _ in range(3)]))

    def observed(self) -> list[tuple[str, int, list[Operand]]]:
        """Code whose samples tell of every value outside of loops: of each bit of an integer, of the sign of a zero, of
        infinities and no numbers. A difference between two evaluations seldom reaches a program's own samples.

        Values that are the same all along a row, a column or a frame are read for every pixel: on the way there they
        may lose what they had. fuzz/observed.cpp is the same for fuzz_shader.
        """
        code, count = self.code[:-1], len(self._types)

        def add(text: str, *operands: Operand) -> Operand:
            nonlocal count
            code.append((text, 0, list(operands)))
            count += 1
            return ("value", count - 1)

        x, one, large = ("input", 0), _native.shader_constant(1), _native.shader_constant(2**20)
        # Both are the same everywhere, but no evaluation knows.
        one, large = add("clamp", x, one, one), add("clamp", x, large, large)
        told = column = add("to_int", x)
        for index in self._visible:
            value, kind = ("value", index), self._types[index]
            if kind == "I":
                told = add("hash", value, told, integer(1))
            elif kind == "B":
                told = add("hash", add("select_int", value, told, column), told, integer(2))
            else:
                # The inverse of a zero has its sign.
                fine, inverse = add("to_int", add("mul", value, large)), add("to_int", add("div", one, value))
                told = add("hash", add("xor_int", fine, told), inverse, add("to_int", value))
        samples = [add("and_int", add("shift_right", told, integer(8 * k)), integer(255)) for k in range(3)]
        return [*code, ("rgb_int", 0, samples)]

    def _constant(self, kind: str) -> Operand:
        if kind == "B":
            return ("constant", "B", self._random.randrange(2), 0, True)
        if kind == "I":
            span = self._random.choice([4, 300, 2**31 - 1])
            return ("constant", "I", self._random.randint(-span, span), 0, True)
        value = self._random.choice([self._random.uniform(-2, 2), self._random.gauss(0, 50), 1e30, 0.0, 1e-39, 0.5])
        return _native.shader_constant(value)

    def _operand(self, kind: str) -> Operand:
        known = [value for value in self._visible if self._types[value] == kind]
        dice = self._random.random()
        if known and dice < 0.7:
            recent = known[-4:] if self._random.random() < 0.6 else known
            return ("value", self._random.choice(recent))
        if _INPUT_TYPES[kind] and dice < 0.85:
            return ("input", self._random.choice(_INPUT_TYPES[kind]))
        return self._constant(kind)

    def _define(self, kind: str) -> None:
        self._visible.append(len(self._types))
        self._types.append(kind)

    def _statements(self, count: int, depth: int) -> None:
        for _ in range(count):
            if depth < 3 and self._random.random() < 0.07:
                self._loop(depth)
            else:
                self._plain()

    def _plain(self) -> None:
        text, result, operands, _, immediate = self._random.choice(_PLAIN)
        if not self._reads and ("below" in text or "prev" in text):
            return
        value = 0
        if immediate == "octaves":
            value = self._random.randint(1, 3)
        elif immediate == "channel":
            value = self._random.randrange(3)
        elif immediate == "place":
            dx, dy = self._random.randint(-64, 64), self._random.randint(-64, 64)
            value = self._random.randrange(3) | self._random.choice([0, 4]) | (dx + 128) << 8 | (dy + 128) << 16
        self.code.append((text, value, [self._operand(kind) for kind in operands]))
        self._define(result)

    def _loop(self, depth: int) -> None:
        kinds = [self._random.choice("FFFIB") for _ in range(self._random.randint(1, 4))]
        trips = self._random.choice([1, 2, 5, 12])
        self.code.append(("loop", trips, [self._operand(kind) for kind in kinds]))
        before = list(self._visible)
        for kind in kinds:
            self._define(kind)
        for _ in range(self._random.randrange(3)):
            self._statements(self._random.randint(0, 4), depth + 1)
            if self._random.random() < 0.7:
                values = [self._operand(kind) for kind in kinds]
                self.code.append(("break_if", 0, [self._operand("B"), *values]))
        self._statements(self._random.randint(1, 5), depth + 1)
        self.code.append(("end", 0, [self._operand(kind) for kind in kinds]))
        self._visible = before
        for kind in kinds:
            self._define(kind)


def integer(value: int) -> Operand:
    return ("constant", "I", value, 0, True)


def picture(format_name: str, width: int, height: int, seed: int) -> _native.Picture:
    """Noise."""
    made = _native.Picture(format_name, width, height)
    data = random.Random(seed).randbytes(made.packed_size)
    if "30" in format_name:
        data = bytes(byte & 3 if i % 2 else byte for i, byte in enumerate(data))
    made.unpack_from(data)
    return made
