"""The built-in functions of shader programs: each turns typed arguments into operations (docs/shader.md)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from aicodec_native.shader_values import OPS, Code, KindError, Literal, Operand, Scalar, Value, constant_operand

Vector = tuple[Scalar, ...]
Argument = Scalar | Vector

INPUTS = {
    "x": Value("F", ("input", 0)),
    "y": Value("F", ("input", 1)),
    "t": Value("F", ("input", 2)),
    "width": Value("F", ("input", 3)),
    "height": Value("F", ("input", 4)),
    "frame": Value("I", ("input", 5)),
    "local_frame": Value("I", ("input", 6)),
}
INPUT_NAMES = {value.operand[1]: name for name, value in INPUTS.items()}
FIRST_PARAMETER = 7
MAX_PARAMETERS = 64
CONSTANTS = {"pi": Literal("F", math.pi), "tau": Literal("F", math.tau)}
SAMPLES = ("below", "prev", "below_nearest", "prev_nearest", "below_int", "prev_int")
MAX_REACH = 64
_ZERO = Literal("I", 0)


class Builder:
    """Emits operations, converting integers to floats where these are wanted."""

    def __init__(self, code: Code) -> None:
        self.code = code

    def operand(self, value: Scalar) -> Operand:
        return constant_operand(value) if isinstance(value, Literal) else value.operand

    def op(self, text: str, *arguments: Scalar, immediate: int = 0) -> Value:
        """Any operation of the table, by its name there."""
        kinds = OPS[text][1]
        if len(kinds) != len(arguments):
            raise KindError(f"{text}() takes {len(kinds)} arguments, not {len(arguments)}")
        converted = [self.as_kind(value, kind) for value, kind in zip(arguments, kinds, strict=True)]
        return self.code.emit(text, [self.operand(value) for value in converted], immediate)

    def as_kind(self, value: Scalar, kind: str) -> Scalar:
        if value.kind == kind:
            return value
        if isinstance(value, Literal):
            if kind == "F" and value.kind in "IB":
                return Literal("F", float(value.number))
            if kind == "I" and value.kind == "B":
                return Literal("I", int(value.number))
        elif kind == "F" and value.kind == "I":
            return self.op("to_float", value)
        elif kind == "I" and value.kind == "B":
            return self.op("bool_int", value)
        elif kind == "F" and value.kind == "B":
            return self.op("to_float", self.op("bool_int", value))
        names = {"F": "a float", "I": "an integer", "B": "a truth value"}
        hints = {"IF": "; int(...) rounds down", "BF": "; compare it with something", "BI": "; compare it with 0"}
        raise KindError(f"{names[kind]} is wanted here, not {names[value.kind]}{hints.get(kind + value.kind, '')}")

    def common(self, values: Sequence[Scalar]) -> tuple[list[Scalar], str]:
        """All as floats if one is; else as integers, or truth values where all are."""
        kinds = {value.kind for value in values}
        kind = "F" if "F" in kinds else "I" if "I" in kinds else "B"
        return [self.as_kind(value, kind) for value in values], kind

    # Arithmetic.

    def add(self, a: Scalar, b: Scalar) -> Scalar:
        return self._arithmetic("add", a, b, lambda p, q: p + q)

    def sub(self, a: Scalar, b: Scalar) -> Scalar:
        return self._arithmetic("sub", a, b, lambda p, q: p - q)

    def mul(self, a: Scalar, b: Scalar) -> Scalar:
        return self._arithmetic("mul", a, b, lambda p, q: p * q)

    def div(self, a: Scalar, b: Scalar) -> Scalar:
        folded = self.folded(a, b, lambda p, q: p / q)
        return folded or self.op("div", a, b)

    def floor_div(self, a: Scalar, b: Scalar) -> Scalar:
        if "F" in a.kind + b.kind:
            return self.op("floor", self.op("div", a, b))
        return self.op("div_int", a, b)

    def mod(self, a: Scalar, b: Scalar) -> Scalar:
        return self.op("mod" if "F" in a.kind + b.kind else "mod_int", a, b)

    def power(self, a: Scalar, b: Scalar) -> Scalar:
        folded = self.folded(a, b, lambda p, q: float(p) ** q)
        if folded is not None:
            return folded
        if isinstance(b, Literal) and not self.code.verbatim:
            if b.number == 0.5:
                return self.op("sqrt", a)
            if b.number in (1, 2, 3, 4):
                square = self.mul(a, a) if b.number > 1 else a
                if b.number == 3:
                    return self.mul(square, a)
                return self.mul(square, square) if b.number == 4 else square
        return self.op("pow", a, b)

    def negative(self, a: Scalar) -> Scalar:
        if isinstance(a, Literal) and a.kind != "B":
            return Literal(a.kind, -a.number)
        return self.op("sub_int", Literal("I", 0), a) if a.kind != "F" else self.op("neg", a)

    def _arithmetic(self, text: str, a: Scalar, b: Scalar, fold: Callable[[Any, Any], Any]) -> Scalar:
        folded = self.folded(a, b, fold)
        return folded or self.op(text if "F" in a.kind + b.kind else f"{text}_int", a, b)

    def folded(self, a: Scalar, b: Scalar, fold: Callable[[Any, Any], Any]) -> Literal | None:
        """Of two literals the result, computed in 64-bit floats or whole numbers."""
        if self.code.verbatim or not (isinstance(a, Literal) and isinstance(b, Literal)):
            return None
        try:
            number = fold(a.number, b.number)
        except (ArithmeticError, ValueError) as error:
            raise KindError(f"this constant cannot be computed: {error}") from None
        if isinstance(number, complex):
            raise KindError("this constant cannot be computed: it is not real")
        return Literal("F" if isinstance(number, float) else "I", number)

    # Comparisons and choices.

    def less(self, a: Scalar, b: Scalar) -> Scalar:
        return self.op("less" if "F" in a.kind + b.kind else "less_int", a, b)

    def less_equal(self, a: Scalar, b: Scalar) -> Scalar:
        if "F" in a.kind + b.kind:
            return self.op("less_equal", a, b)
        return self.op("not_bool", self.op("less_int", b, a))

    def equal(self, a: Scalar, b: Scalar) -> Scalar:
        return self.op("equal" if "F" in a.kind + b.kind else "equal_int", a, b)

    def negation(self, a: Scalar) -> Scalar:
        return Literal("B", not a.number) if isinstance(a, Literal) else self.op("not_bool", a)

    def select(self, condition: Scalar, a: Scalar, b: Scalar) -> Scalar:
        if a == b:
            return a
        if isinstance(condition, Literal):
            return a if condition.number else b
        (a, b), kind = self.common([a, b])
        if kind == "B":
            return self.op(
                "or_bool",
                self.op("and_bool", condition, a),
                self.op("and_bool", self.op("not_bool", condition), b),
            )
        return self.op("select" if kind == "F" else "select_int", condition, a, b)

    def extreme(self, text: str, values: Sequence[Scalar]) -> Scalar:
        values, kind = self.common(values)
        result = values[0]
        for value in values[1:]:
            if kind == "F":
                result = self.op(text, result, value)
            else:
                first, second = (result, value) if text == "min" else (value, result)
                result = self.op("select_int", self.op("less_int", first, second), result, value)
        return result

    def sample(self, name: str, channel: int, dx: Scalar, dy: Scalar, wrap: bool) -> Scalar:
        if not name.endswith("_int"):
            return self.op(name, dx, dy, immediate=channel)
        places = []
        for offset in (dx, dy):
            if not isinstance(offset, Literal) or offset.kind != "I" or abs(offset.number) > MAX_REACH:
                raise KindError(f"{name}() takes whole constants from -{MAX_REACH} to {MAX_REACH}")
            places.append(int(offset.number) + 128)
        return self.op(name, immediate=channel | (4 if wrap else 0) | places[0] << 8 | places[1] << 16)


def _flat(arguments: Sequence[Argument]) -> list[Scalar]:
    return [scalar for a in arguments for scalar in (a if isinstance(a, tuple) else (a,))]


def _integer(build: Builder, value: Scalar) -> Scalar:
    """As an integer, floats rounded down."""
    if value.kind != "F":
        return build.as_kind(value, "I")
    return Literal("I", math.floor(value.number)) if isinstance(value, Literal) else build.op("to_int", value)


def _length(build: Builder, *arguments: Argument) -> Scalar:
    values = _flat(arguments)
    if len(values) == 2:
        return build.op("length", *values)
    total = build.mul(values[0], values[0])
    for value in values[1:]:
        total = build.add(total, build.mul(value, value))
    return build.op("sqrt", total)


def _dot(build: Builder, *arguments: Argument) -> Scalar:
    values = _flat(arguments)
    half = len(values) // 2
    if len(values) % 2 or not values:
        raise KindError("dot() takes two vectors of one length")
    total = build.mul(values[0], values[half])
    for a, b in zip(values[1:half], values[half + 1 :], strict=True):
        total = build.add(total, build.mul(a, b))
    return total


def _sign(build: Builder, a: Scalar) -> Scalar:
    zero = Literal("F", 0.0)
    above = build.select(build.less(zero, a), Literal("F", 1.0), zero)
    return build.select(build.less(a, zero), Literal("F", -1.0), above)


def _hash(build: Builder, *arguments: Scalar) -> Scalar:
    if not 1 <= len(arguments) <= 3:
        raise KindError("hash() takes one to three numbers")
    padded = [*arguments, *[Literal("I", 0)] * (3 - len(arguments))]
    return build.op("hash", *[_integer(build, value) for value in padded])


def _fbm(build: Builder, a: Scalar, b: Scalar, octaves: Scalar, seed: Scalar = _ZERO) -> Scalar:
    if not isinstance(octaves, Literal) or octaves.kind != "I" or not 1 <= octaves.number <= 8:
        raise KindError("fbm()'s third argument, the octaves, is a whole constant from 1 to 8")
    return build.op("fbm", a, b, _integer(build, seed), immediate=int(octaves.number))


def _noise(name: str) -> Callable[..., Scalar]:
    def noise(build: Builder, a: Scalar, b: Scalar, seed: Scalar = _ZERO) -> Scalar:
        return build.op(name, a, b, _integer(build, seed))

    return noise


def _hsv(build: Builder, h: Scalar, s: Scalar, v: Scalar) -> Vector:
    channels = []
    for shift in (0.0, 2 / 3, 1 / 3):
        turned = build.op("fract", build.add(h, Literal("F", shift))) if shift else build.op("fract", h)
        wave = build.sub(
            build.op("abs", build.sub(build.mul(turned, Literal("F", 6.0)), Literal("F", 3.0))), Literal("F", 1.0)
        )
        full = build.op("clamp", wave, Literal("F", 0.0), Literal("F", 1.0))
        channels.append(build.mul(v, build.op("mix", Literal("F", 1.0), full, s)))
    return tuple(channels)


def _sd_circle(build: Builder, a: Scalar, b: Scalar, radius: Scalar) -> Scalar:
    return build.sub(build.op("length", a, b), radius)


def _sd_box(build: Builder, a: Scalar, b: Scalar, half_width: Scalar, half_height: Scalar) -> Scalar:
    zero = Literal("F", 0.0)
    dx, dy = build.sub(build.op("abs", a), half_width), build.sub(build.op("abs", b), half_height)
    outside = build.op("length", build.op("max", dx, zero), build.op("max", dy, zero))
    return build.add(outside, build.op("min", build.op("max", dx, dy), zero))


def _sd_segment(build: Builder, a: Scalar, b: Scalar, x0: Scalar, y0: Scalar, x1: Scalar, y1: Scalar) -> Scalar:
    px, py, bx, by = build.sub(a, x0), build.sub(b, y0), build.sub(x1, x0), build.sub(y1, y0)
    along = build.div(_dot(build, px, py, bx, by), _dot(build, bx, by, bx, by))
    h = build.op("clamp", along, Literal("F", 0.0), Literal("F", 1.0))
    return build.op("length", build.sub(px, build.mul(bx, h)), build.sub(py, build.mul(by, h)))


def _param(build: Builder, number: Scalar) -> Scalar:
    if not isinstance(number, Literal) or number.kind != "I" or not 0 <= number.number < MAX_PARAMETERS:
        raise KindError(f"param() takes a whole constant from 0 to {MAX_PARAMETERS - 1}")
    return Value("F", ("input", FIRST_PARAMETER + int(number.number)))


def _exact(build: Builder, mantissa: Scalar, exponent: Scalar) -> Scalar:
    if not (isinstance(mantissa, Literal) and isinstance(exponent, Literal)):
        raise KindError("exact() takes two whole constants: mantissa and power of two")
    number = math.ldexp(float(mantissa.number), int(exponent.number))
    return Literal("F", number, ("constant", "F", int(mantissa.number), int(exponent.number), False))


def _abs(build: Builder, a: Scalar) -> Scalar:
    if a.kind == "F":
        return build.op("abs", a)
    return build.select(build.less(a, Literal("I", 0)), build.negative(a), a)


_ONE, _HALF = Literal("F", 1.0), Literal("F", 0.5)

BUILTINS: dict[str, Callable[..., Argument]] = {
    "min": lambda b, *v: b.extreme("min", _flat(v)),
    "max": lambda b, *v: b.extreme("max", _flat(v)),
    "abs": _abs,
    "int": _integer,
    "float": lambda b, a: b.as_kind(a, "F"),
    "tan": lambda b, a: b.op("div", b.op("sin", a), b.op("cos", a)),
    "atan": lambda b, a: b.op("atan2", a, _ONE),
    "ceil": lambda b, a: b.negative(b.op("floor", b.negative(a))),
    "round": lambda b, a: b.op("floor", b.add(a, _HALF)),
    "pow": lambda b, a, e: b.power(a, e),
    "sign": _sign,
    "step": lambda b, edge, a: b.select(b.less(a, edge), Literal("F", 0.0), _ONE),
    "length": _length,
    "distance": lambda b, *v: _length(
        b, *[b.sub(p, q) for p, q in zip(_flat(v)[: len(_flat(v)) // 2], _flat(v)[len(_flat(v)) // 2 :], strict=True)]
    ),
    "dot": _dot,
    "hash": _hash,
    "rand": lambda b, *v: b.op("unit", _hash(b, *v)),
    "noise": _noise("noise"),
    "gnoise": _noise("gnoise"),
    "fbm": _fbm,
    "hsv": _hsv,
    "sd_circle": _sd_circle,
    "sd_box": _sd_box,
    "sd_segment": _sd_segment,
    "param": _param,
    "exact": _exact,
}
# Those that work on each part of a vector.
EACH = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "exp",
        "exp2",
        "log",
        "log2",
        "sqrt",
        "abs",
        "floor",
        "ceil",
        "round",
        "fract",
        "mod",
        "min",
        "max",
        "clamp",
        "mix",
        "step",
        "smoothstep",
        "pow",
        "sign",
        "neg",
        "sin_turns",
        "cos_turns",
        "int",
        "float",
    ]
)
# Every other operation of the table goes by its own name.
PLAIN = [text for text, (result, kinds, immediate) in OPS.items() if kinds and result != "N" and immediate == "none"]
