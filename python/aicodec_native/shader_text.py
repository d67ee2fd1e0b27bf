"""Shader code to program text that compiles to the same bytes again."""

from __future__ import annotations

from aicodec_native import _native
from aicodec_native.errors import ProgramError
from aicodec_native.shader_builtins import FIRST_PARAMETER, INPUT_NAMES
from aicodec_native.shader_source import compile_source
from aicodec_native.shader_values import OPS, Instruction, Operand

_INFIX = {
    "mul": ("*", 6), "div": ("/", 6), "add": ("+", 5), "sub": ("-", 5), "less": ("<", 2), "less_equal": ("<=", 2),
    "equal": ("==", 2), "and_bool": ("and", 1), "or_bool": ("or", 0), "mul_int": ("*", 6), "add_int": ("+", 5),
    "sub_int": ("-", 5), "less_int": ("<", 2), "equal_int": ("==", 2),
}  # fmt: skip
_ATOM = 9
_WIDEST = 90
_NAMES = {"to_int": "int", "to_float": "float"}


def program_text(program: _native.ShaderProgram) -> str:
    """The text, nested where that keeps the order of operations; each operation on its line where it does not."""
    wanted = program.write()
    for nested in (True, False):
        for verbatim in (False, True):
            text = _Writer(program.code, nested, verbatim).text()
            try:
                if compile_source(text).write() == wanted:
                    return text
            except ProgramError:
                continue
    raise ProgramError("this program has no text form")


def _decimal(mantissa: int, exponent: int) -> str:
    digits, sign = str(abs(mantissa)), "-" if mantissa < 0 else ""
    if mantissa == 0:
        return "0.0"
    if 0 <= exponent <= 3:
        return f"{sign}{digits}{'0' * exponent}.0"
    if -len(digits) < exponent < 0:
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"
    if -5 <= exponent < 0:
        return f"{sign}0.{digits.zfill(-exponent)}"
    return f"{sign}{digits}e{exponent}"


class _Writer:
    def __init__(self, code: list[Instruction], nested: bool, verbatim: bool) -> None:
        self._code = code
        self._nested = nested
        self._verbatim = verbatim
        self._lines: list[str] = []
        self._depth = 1
        self._text: dict[int, tuple[str, int]] = {}  # of values: an expression and its precedence
        self._pending: list[int] = []  # values not written down yet, in order
        self._uses: dict[int, int] = {}
        for _, _, operands in code:
            for operand in operands:
                if operand[0] == "value":
                    self._uses[operand[1]] = self._uses.get(operand[1], 0) + 1

    def text(self) -> str:
        values = 0
        loops: list[tuple[list[str], bool]] = []  # names of the carried values; whether a way out changes them
        for text, immediate, operands in self._code:
            if text == "loop":
                self._flush()
                names = [f"c{len(loops)}_{values + k}" for k in range(len(operands))]
                self._assign(names, operands)
                self._line(f"for _ in range({immediate}):")
                self._depth += 1
                carried = list(range(values, values + len(operands)))
                # The names change before a way out; these stay what the turn found.
                changes = any(self._differs(o, carried) for o in self._breaks_after(values))
                for value, name in zip(carried, names, strict=True):
                    self._text[value] = (f"v{value}" if changes else name, _ATOM)
                if changes:
                    self._line(f"{', '.join(f'v{v}' for v in carried)} = {', '.join(names)}")
                loops.append((names, changes))
                values += len(operands)
            elif text == "break_if":
                names, changes = loops[-1]
                if changes:
                    self._flush()
                    self._assign(names, operands[1:])
                (condition,) = self._taken(operands[:1])
                self._line(f"if {condition}:")
                self._depth += 1
                self._line("break")
                self._depth -= 1
            elif text == "end":
                names, _ = loops.pop()
                self._flush()
                self._assign(names, operands)
                self._depth -= 1
                for k, name in enumerate(names):
                    self._text[values + k] = (name, _ATOM)
                values += len(names)
            elif OPS[text][0] == "N":
                self._line(f"return {text}({', '.join(self._taken(operands))})")
            else:
                self._define(values, text, immediate, operands)
                values += 1
        head = "@verbatim\n" if self._verbatim else ""
        return head + "def color(x, y, t):\n" + "\n".join(self._lines) + "\n"

    def _line(self, text: str) -> None:
        self._lines.append("    " * self._depth + text)

    def _breaks_after(self, values: int) -> list[list[Operand]]:
        """What the ways out of the loop whose first carried value is `values` end it with."""
        found, depth, counted, inside = [], 0, 0, False
        for text, _, operands in self._code:
            if text == "loop":
                depth += inside
                if counted == values and not inside:
                    inside = True
            elif text == "break_if" and inside and depth == 0:
                found.append(operands[1:])
            elif text == "end" and inside:
                if depth == 0:
                    break
                depth -= 1
            counted += len(operands) if text in ("loop", "end") else OPS[text][0] != "N"
        return found

    @staticmethod
    def _differs(operands: list[Operand], carried: list[int]) -> bool:
        return operands != [("value", value) for value in carried]

    def _assign(self, names: list[str], operands: list[Operand]) -> None:
        parts = [self._operand(o, 0) for o in operands]
        self._line(f"{', '.join(names)} = {', '.join(parts)}")

    def _taken(self, operands: list[Operand]) -> list[str]:
        """The operands of a statement, with all that waits either among them or written down before."""
        if [o[1] for o in operands if o[0] == "value" and o[1] in self._pending] != self._pending or (
            sum(len(self._operand(o, 0)) for o in operands) > _WIDEST
        ):
            self._flush()
        self._pending = []
        return [self._operand(o, 0) for o in operands]

    def _define(self, value: int, text: str, immediate: int, operands: list[Operand]) -> None:
        """An expression, which takes in those that wait if they are its operands, in order."""
        wanted = [o[1] for o in operands if o[0] == "value" and o[1] in self._pending]
        if wanted != self._pending[len(self._pending) - len(wanted) :] or len(set(wanted)) < len(wanted):
            self._flush()
        expression, level = self._expression(text, immediate, operands)
        if len(expression) > _WIDEST:
            self._flush()
            expression, level = self._expression(text, immediate, operands)
        self._pending = [v for v in self._pending if v not in wanted]
        self._text[value] = (expression, level)
        self._pending.append(value)
        if not self._nested or self._uses.get(value, 0) != 1:
            self._flush()

    def _flush(self) -> None:
        for value in self._pending:
            self._line(f"v{value} = {self._text[value][0]}")
            self._text[value] = (f"v{value}", _ATOM)
        self._pending = []

    def _expression(self, text: str, immediate: int, operands: list[Operand]) -> tuple[str, int]:
        if text in _INFIX:
            sign, level = _INFIX[text]
            left = self._operand(operands[0], level + (level == 2))
            return f"{left} {sign} {self._operand(operands[1], level + 1)}", level
        if text in ("select", "select_int"):
            condition, a, b = (self._operand(o, 0) for o in operands)
            return f"{text}({condition}, {a}, {b})", _ATOM
        parts = [self._operand(o, 0) for o in operands]
        kind = OPS[text][2]
        if kind == "channel":
            return f"{text}({', '.join(parts)})[{immediate}]", _ATOM
        if kind == "place":
            wrap = ", wrap=True" if immediate & 4 else ""
            dx, dy = (immediate >> 8 & 255) - 128, (immediate >> 16 & 255) - 128
            return f"{text}({dx}, {dy}{wrap})[{immediate & 3}]", _ATOM
        if kind == "octaves":
            parts.insert(2, str(immediate))
        name = text if self._verbatim else _NAMES.get(text, text)
        return f"{name}({', '.join(parts)})", _ATOM

    def _operand(self, operand: Operand, level: int) -> str:
        if operand[0] == "value":
            text, own = self._text[operand[1]]
            return text if own >= level else f"({text})"
        if operand[0] == "input":
            number = operand[1]
            return INPUT_NAMES[number] if number < FIRST_PARAMETER else f"param({number - FIRST_PARAMETER})"
        _, kind, mantissa, exponent, decimal = operand
        if kind == "F":
            text = _decimal(mantissa, exponent) if decimal else f"exact({mantissa}, {exponent})"
        else:
            text = str(bool(mantissa)) if kind == "B" else str(mantissa)
        return f"({text})" if mantissa < 0 and level > 4 and kind != "B" else text
