"""Expressions of shader programs: from the syntax tree to values, with calls put in place.

A helper function's body is statements again; whoever makes an `Expressions` gives it the way to run them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from difflib import get_close_matches
from typing import cast

from aicodec_native.shader_builtins import BUILTINS, EACH, PLAIN, SAMPLES, Argument, Builder, Vector
from aicodec_native.shader_faults import checked, fail, name_of
from aicodec_native.shader_values import Code, KindError, Literal, Scalar

Names = dict[str, Argument]

ENTRY = "color"
_MAX_INLINING = 16
_BINARY = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "floor_div",
    ast.Mod: "mod",
    ast.Pow: "power",
}
_BITS = {ast.BitAnd: "and", ast.BitOr: "or", ast.BitXor: "xor"}


def odd_arguments(function: ast.FunctionDef) -> bool:
    a = function.args
    return bool(a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults)


class Expressions:
    """Expressions of one program. `functions` and `constants` are its own; `run` runs a body in an environment."""

    def __init__(
        self,
        code: Code,
        functions: dict[str, ast.FunctionDef],
        constants: Names,
        run: Callable[[list[ast.stmt], Names], None],
    ) -> None:
        self._code = code
        self._build = Builder(code)
        self._functions = functions
        self._globals = constants
        self._run = run
        self._calls: list[str] = []

    def scalar(self, node: ast.expr, env: Names) -> Scalar:
        value = self.expression(node, env)
        if isinstance(value, tuple):
            fail(node, "one number is wanted here, not a vector")
        return value

    def expression(self, node: ast.expr, env: Names) -> Argument:
        match node:
            case ast.Constant(value=bool() as truth):
                return Literal("B", truth)
            case ast.Constant(value=int() as whole):
                return checked(node, Literal, "I", whole)
            case ast.Constant(value=float() as number):
                return Literal("F", number)
            case ast.Name(id=name):
                return self._name(node, name, env)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(self.scalar(part, env) for part in parts)
            case ast.UnaryOp():
                return self._unary(node, self.expression(node.operand, env))
            case ast.BinOp():
                a, b = self.expression(node.left, env), self.expression(node.right, env)
                return checked(node, lambda: self._each(lambda p, q: self._binary(node, p, q), a, b))
            case ast.Compare():
                return self._comparison(node, env)
            case ast.BoolOp():
                return self._bool_op(node, env)
            case ast.IfExp():
                condition = self.scalar(node.test, env)
                a, b = self.expression(node.body, env), self.expression(node.orelse, env)
                return checked(node, lambda: self.choose(self._build.as_kind(condition, "B"), a, b))
            case ast.Subscript():
                return self._subscript(node, env)
            case ast.Call():
                return self._call(node, env)
        return fail(node, f"{name_of(node)} is not part of the language")

    def choose(self, condition: Scalar, a: Argument, b: Argument) -> Argument:
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            return tuple(self._build.select(condition, p, q) for p, q in zip(a, b, strict=True))
        if isinstance(a, tuple) or isinstance(b, tuple):
            raise KindError("the two ways give vectors of different lengths")
        return self._build.select(condition, a, b)

    def _name(self, node: ast.expr, name: str, env: Names) -> Argument:
        for names in (env, self._globals):
            if name in names:
                return names[name]
        known = name in BUILTINS or name in self._functions or name in PLAIN
        hint = "a function: call it" if known else "it may be assigned on one way of an if only, or inside a loop"
        return fail(node, f"{name} has no value here", hint)

    def _unary(self, node: ast.UnaryOp, value: Argument) -> Argument:
        build = self._build

        def one(a: Scalar) -> Scalar:
            if isinstance(node.op, ast.USub):
                return build.negative(a)
            if isinstance(node.op, ast.Not):
                return build.negation(build.as_kind(a, "B"))
            return a if isinstance(node.op, ast.UAdd) else build.op("xor_int", a, Literal("I", -1))

        return checked(node, lambda: self._each(one, value))

    def _binary(self, node: ast.BinOp, a: Scalar, b: Scalar) -> Scalar:
        build = self._build
        if type(node.op) in _BINARY:
            method = getattr(build, _BINARY[type(node.op)])
            result: Scalar = method(a, b)
            return result
        if type(node.op) in _BITS:
            text = _BITS[type(node.op)]
            both = a.kind == "B" and b.kind == "B" and text != "xor"
            return build.op(f"{text}_bool" if both else f"{text}_int", a, b)
        if isinstance(node.op, (ast.LShift, ast.RShift)):
            return build.op("shift_left" if isinstance(node.op, ast.LShift) else "shift_right", a, b)
        raise KindError(f"{name_of(node.op)} is not part of the language")

    def _comparison(self, node: ast.Compare, env: Names) -> Scalar:
        values = [self.scalar(part, env) for part in (node.left, *node.comparators)]
        build = self._build

        def one(how: ast.cmpop, a: Scalar, b: Scalar) -> Scalar:
            match how:
                case ast.Lt():
                    return build.less(a, b)
                case ast.Gt():
                    return build.less(b, a)
                case ast.LtE():
                    return build.less_equal(a, b)
                case ast.GtE():
                    return build.less_equal(b, a)
                case ast.Eq():
                    return build.equal(a, b)
                case ast.NotEq():
                    return build.negation(build.equal(a, b))
            raise KindError(f"{name_of(how)} is not part of the language")

        def all_of() -> Scalar:
            truths = [one(how, a, b) for how, a, b in zip(node.ops, values, values[1:], strict=False)]
            result = truths[0]
            for truth in truths[1:]:
                result = build.op("and_bool", result, truth)
            return result

        return checked(node, all_of)

    def _bool_op(self, node: ast.BoolOp, env: Names) -> Scalar:
        result = self.scalar(node.values[0], env)
        text = "and_bool" if isinstance(node.op, ast.And) else "or_bool"
        for part in node.values[1:]:
            value = self.scalar(part, env)
            result = checked(node, self._build.op, text, result, value)
        return result

    def _subscript(self, node: ast.Subscript, env: Names) -> Argument:
        index = self.expression(node.slice, env)
        if not isinstance(index, Literal) or index.kind != "I":
            fail(node.slice, "a vector's part is chosen by a whole constant")
        place = int(index.number)
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in SAMPLES
            and 0 <= place < 3
        ):
            return self._sample(call, call.func.id, env, [place])[0]
        value = self.expression(node.value, env)
        if not isinstance(value, tuple) or not -len(value) <= place < len(value):
            fail(node, "there is no such part")
        return value[place]

    def _call(self, node: ast.Call, env: Names) -> Argument:
        if not isinstance(node.func, ast.Name):
            fail(node, "only functions by name are called")
        name = node.func.id
        if name in SAMPLES:
            return self._sample(node, name, env, [0, 1, 2])
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            fail(node, f"{name}() takes plain arguments")
        arguments = [self.expression(argument, env) for argument in node.args]
        if name in self._functions:
            return self._inline(node, self._functions[name], arguments)
        return checked(node, lambda: self._built_in(node, name, arguments))

    def _built_in(self, node: ast.Call, name: str, arguments: list[Argument]) -> Argument:
        function = BUILTINS.get(name)
        if name not in PLAIN and function is None:
            fail(node, f"there is no function {name}", _similar(name, [*BUILTINS, *PLAIN, *SAMPLES]))

        def once(*values: Argument) -> Argument:
            if function is not None and not (self._code.verbatim and name in PLAIN):
                return function(self._build, *values)
            scalars = [value for value in values if not isinstance(value, tuple)]
            if len(scalars) < len(values):
                raise KindError(f"{name}() takes numbers, not vectors")
            return self._build.op(name, *scalars)

        try:
            return self._each(once, *arguments) if name in EACH else once(*arguments)
        except (TypeError, ValueError, ArithmeticError):
            raise KindError(f"{name}() does not take {len(arguments)} arguments like these") from None
        except AttributeError:
            raise KindError(f"{name}() takes numbers, not vectors") from None

    def _sample(self, node: ast.Call, name: str, env: Names, channels: list[int]) -> Vector:
        wrap = False
        for keyword in node.keywords:
            value = self.expression(keyword.value, env)
            if keyword.arg != "wrap" or not name.endswith("_int") or not isinstance(value, Literal):
                fail(keyword, f"{name}() has no such argument", "prev_int and below_int take wrap=True")
            wrap = bool(value.number)
        if len(node.args) not in (0, 2):
            fail(node, f"{name}() takes dx and dy")
        offsets = [self.scalar(argument, env) for argument in node.args] or [Literal("I", 0)] * 2
        return checked(node, lambda: tuple(self._build.sample(name, c, offsets[0], offsets[1], wrap) for c in channels))

    def _inline(self, node: ast.Call, function: ast.FunctionDef, arguments: list[Argument]) -> Argument:
        names = [argument.arg for argument in function.args.args]
        if odd_arguments(function) or len(names) != len(arguments):
            fail(node, f"{function.name}() takes {len(names)} arguments")
        if function.name in self._calls or len(self._calls) >= _MAX_INLINING or function.name == ENTRY:
            fail(node, f"{function.name}() calls itself", "functions are put in place where they are called")
        *body, last = function.body
        if not isinstance(last, ast.Return) or last.value is None:
            fail(last, f"{function.name}() must end in a return")
        inner: Names = dict(zip(names, arguments, strict=True))
        self._calls.append(function.name)
        self._run(body, inner)
        value = self.expression(last.value, inner)
        self._calls.pop()
        return value

    def _each(self, function: Callable[..., Argument], *arguments: Argument) -> Argument:
        """The function of numbers; of vectors, of each part, numbers standing for all parts."""
        lengths = {len(value) for value in arguments if isinstance(value, tuple)}
        if not lengths:
            return function(*arguments)
        if len(lengths) > 1:
            raise KindError(f"vectors of {' and '.join(map(str, sorted(lengths)))} parts do not go together")
        length = lengths.pop()
        spread = [value if isinstance(value, tuple) else (value,) * length for value in arguments]
        return tuple(cast(Scalar, function(*parts)) for parts in zip(*spread, strict=True))


def _similar(name: str, known: list[str]) -> str:
    found = get_close_matches(name, known, n=1)
    return f"do you mean {found[0]}?" if found else ""
