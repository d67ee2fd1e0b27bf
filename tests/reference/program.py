"""Sections 8.1 to 8.3 of docs/bitstream.md: shader programs, read and checked instruction by instruction."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bits import BitModel, NumberModel, RangeDecoder, refuse_unless
from .table import power_of_ten

_ROW = re.compile(r'AICODEC_OP\(\w+, (\w+), (\w), "(\w*)", (\d+), (\w+)\)')
_TABLE = Path(__file__).parents[2] / "cpp/shader/op_table.inl"
INPUTS = "FFFFFII" + "F" * 64


@dataclass
class Operation:
    text: str
    result: str
    operands: str
    work: int
    immediate: str


OPERATIONS = [Operation(t, r, o, int(w), i) for t, r, o, w, i in _ROW.findall(_TABLE.read_text())]


@dataclass
class Instruction:
    op: Operation
    immediate: object
    operands: list  # ("value", number), ("input", number) or ("constant", type, number)
    first: int  # number of the first value that it defines


@dataclass
class Program:
    code: list
    parameters: int
    work: int
    reads: set  # of "below", "prev"


def read_program(data):
    return _Reader(data).program()


class _Loop:
    def __init__(self, types, first, trips):
        self.types, self.first, self.trips = types, first, trips


class _Reader:
    def __init__(self, data):
        self.decoder = RangeDecoder(data)
        self.models = {}
        self.types = []  # of the values; None for those that exist no longer
        self.constants = []  # (type, form, value)
        self.loops = []
        self.parameters = 0

    def bit(self, *name):
        return self.decoder.bit(self.models.setdefault(name, BitModel()))

    def unsigned(self, *name):
        return self.decoder.unsigned(self.models.setdefault(name, NumberModel()))

    def signed(self, *name):
        return self.decoder.signed(self.models.setdefault(name, NumberModel()))

    def program(self):
        code, work, reads, ended = [], 0, set(), False
        while not ended:
            refuse_unless(len(code) < 4096, "too many instructions")
            code.append(self.instruction())
            op, count = code[-1].op, len(code[-1].operands)
            times = code[-1].immediate if op.text == "fbm" else count if count > 3 else 1
            work += op.work * times * (self.loops[-1].trips if self.loops else 1)
            refuse_unless(work <= 2**17, "too much work")
            reads |= {op.text.split("_")[0]} & {"below", "prev"}
            ended = op.text.startswith("rgb")
        refuse_unless(not self.loops, "an output inside a loop")
        self.decoder.done()
        return Program(code, self.parameters, work, reads)

    def instruction(self):
        number = self.unsigned("op")
        refuse_unless(number < len(OPERATIONS), "no such operation")
        op = OPERATIONS[number]
        immediate = self.immediate(op.immediate)
        refuse_unless(op.text not in ("break_if", "end") or self.loops, "no loop to leave")
        if op.text == "loop":
            wanted = [None] * (self.unsigned("carried") + 1)
            refuse_unless(len(wanted) <= 32, "too many carried values")
        elif op.text in ("break_if", "end"):
            wanted = [None] * len(self.loops[-1].types)
            wanted = ["B", *wanted] if op.text == "break_if" else wanted
        else:
            wanted = list(op.operands)
        found = [self.operand(place, kind) for place, kind in enumerate(wanted)]
        self.define(op, immediate, [kind for kind, _ in found])
        return Instruction(op, immediate, [operand for _, operand in found], self.first)

    def define(self, op, immediate, kinds):
        """Scopes and types of what an instruction defines; `first` becomes the number of its first value."""
        results = [op.result] if op.result != "N" else []
        if op.text == "loop":
            trips = immediate * (self.loops[-1].trips if self.loops else 1)
            refuse_unless(len(self.loops) < 4 and trips <= 2**17, "loops too deep or too long")
            self.loops.append(_Loop(kinds, len(self.types), trips))
            results = kinds
        elif op.text in ("break_if", "end"):
            loop = self.loops[-1]
            refuse_unless(kinds[-len(loop.types) :] == loop.types, "carried values of another type")
            if op.text == "end":
                self.types[loop.first :] = [None] * (len(self.types) - loop.first)
                results = self.loops.pop().types
        self.first = len(self.types)
        self.types += results

    def immediate(self, kind):
        if kind == "Octaves":
            value = self.unsigned("octaves") + 1
            refuse_unless(value <= 8, "too many octaves")
            return value
        if kind == "Trips":
            value = self.unsigned("trips") + 1
            refuse_unless(value <= 2**16, "too many turns")
            return value
        if kind == "None":
            return None
        channel = self.unsigned("channel")
        refuse_unless(channel < 3, "no such channel")
        if kind == "Channel":
            return channel
        place = channel, self.bit("wrap"), self.signed("offset"), self.signed("offset")
        refuse_unless(max(map(abs, place[2:])) <= 64, "an offset too far")
        return place

    def operand(self, place, wanted):
        """(type, operand)"""
        p = min(place, 3)
        if self.bit("value", p):
            number = len(self.types) - 1 - self.unsigned("distance", p)
            refuse_unless(number >= 0 and self.types[number], "no such value")
            kind, operand = self.types[number], ("value", number)
        elif self.bit("constant", p):
            kind, _, value = self.constant(wanted)
            operand = ("constant", kind, value)
        else:
            number = self.unsigned("input")
            refuse_unless(number < len(INPUTS), "no such input")
            self.parameters = max(self.parameters, number - 6)
            kind, operand = INPUTS[number], ("input", number)
        refuse_unless(wanted in (None, kind), "an operand of another type")
        return kind, operand

    def constant(self, wanted):
        if not self.bit("new"):
            number = len(self.constants) - 1 - self.unsigned("older")
            refuse_unless(number >= 0, "no such constant")
            return self.constants[number]
        kind = wanted or ("F" if self.bit("float") else "I" if self.bit("integer") else "B")
        form, value = {"F": self.float, "I": self.integer, "B": self.truth}[kind]()
        refuse_unless((kind, form) not in [known[:2] for known in self.constants], "a constant twice")
        self.constants.append((kind, form, value))
        refuse_unless(len(self.constants) <= 1024, "too many constants")
        return self.constants[-1]

    def truth(self):
        value = self.decoder.even()
        return value, bool(value)

    def integer(self):
        value = self.signed("integer number")
        refuse_unless(-(2**31) <= value < 2**31, "an integer over 32 bits")
        return value, np.uint32(value % 2**32)

    def float(self):
        node = 1
        for _ in range(5):
            node = node * 2 + self.bit("width", node)
        if node == 32:
            return 0, np.float32(0)
        mantissa = 1
        for _ in range(node - 33):
            mantissa = mantissa * 2 + self.decoder.even()
        sign = -1 if self.bit("negative") else 1
        decimal, e = self.bit("decimal"), self.signed("exponent")
        if decimal:
            refuse_unless(abs(e) <= 22 and mantissa % 10, "no such decimal")
            value = power_of_ten(float(mantissa), e)
        else:
            e -= node - 33
            refuse_unless(mantissa % 2 and mantissa < 2**24 and -149 <= e <= 127, "no such binary constant")
            value = math.ldexp(mantissa, e)
            refuse_unless(value < 2.0**128, "a constant over binary32")
        return (sign * mantissa, decimal, e), np.float32(sign * value)
