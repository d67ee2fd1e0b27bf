"""Loops of shader programs: which names a loop carries from turn to turn, and of which types."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from aicodec_native.shader_builtins import Argument, Builder
from aicodec_native.shader_expressions import Expressions, Names
from aicodec_native.shader_faults import checked, fail
from aicodec_native.shader_values import Code, Literal, Operand, Scalar, Value

_MAX_TURNS = 1 << 16


class _Widen(Exception):  # noqa: N818
    """A loop's integer turned out to become a float; the loop is compiled again with it as one."""

    def __init__(self, loop: int, place: int) -> None:
        self.loop = loop
        self.place = place


class Loops:
    """Loops of one program; `run` runs a body in an environment."""

    def __init__(self, code: Code, expressions: Expressions, run: Callable[[list[ast.stmt], Names], None]) -> None:
        self._code = code
        self._build = Builder(code)
        self._expressions = expressions
        self._run = run
        self._loops = 0

    def compile(self, statement: ast.For, env: Names) -> None:
        if not isinstance(statement.target, ast.Name) or statement.orelse:
            fail(statement, "a loop is for NAME in range(CONSTANT)")
        first, step, trips = self._range(statement.iter, env)
        if trips < 1:
            return
        assigned = list(dict.fromkeys(assigned_names(statement.body)))
        names = [name for name in assigned if name in env and name != statement.target.id]
        start: Names = {name: env[name] for name in names}
        counts = statement.target.id != "_"
        if counts:
            start = {statement.target.id: Literal("I", first), **start}
        flat = _parts(start.values())
        if not flat:
            fail(statement, "this loop changes nothing that exists before it")
        mark, number = self._code.mark(), self._loops
        self._loops += 1
        while True:
            try:
                results = self._loop_body(statement, env, start, flat, trips, step if counts else None, number)
                break
            except _Widen as widen:
                if widen.loop != number:
                    raise
                self._code.rewind(mark)
                place = widen.place
                flat[place] = checked(statement, self._build.as_kind, flat[place], "F")
        self._loops -= 1
        env.update({name: value for name, value in results.items() if name in names})
        if counts:
            env[statement.target.id] = results[statement.target.id]

    def _range(self, iterable: ast.expr, env: Names) -> tuple[int, int, int]:
        """First number, step and count."""
        is_range = (
            isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and iterable.func.id == "range"
        )
        if not isinstance(iterable, ast.Call) or not is_range or not 1 <= len(iterable.args) <= 3:
            fail(iterable, "a loop is over range(CONSTANT)")
        numbers = []
        for argument in iterable.args:
            value = self._expressions.expression(argument, env)
            if not isinstance(value, Literal) or value.kind != "I":
                fail(argument, "the number of turns must be a whole constant", "use a constant bound and if ...: break")
            numbers.append(int(value.number))
        if len(numbers) == 3 and numbers[2] == 0:
            fail(iterable, "the step of a range must not be zero")
        turns = range(*numbers)
        if turns[_MAX_TURNS:]:
            fail(iterable, f"a loop has at most {_MAX_TURNS:,} turns")
        return turns.start, turns.step, len(turns)

    def _loop_body(
        self,
        statement: ast.For,
        env: Names,
        start: Names,
        flat: list[Scalar],
        trips: int,
        step: int | None,
        number: int,
    ) -> Names:
        code, build = self._code, self._build
        kinds = [value.kind for value in flat]
        initial = [checked(statement, build.operand, value) for value in flat]
        carried = code.open_loop(trips, initial, kinds)
        inner = {**env, **_regrouped(start, carried)}

        def operand(part: Scalar, kind: str) -> Operand:
            return checked(statement, lambda: build.operand(build.as_kind(part, kind)))

        def current(values: Names) -> list[Any]:
            parts = _parts(values[name] for name in start)
            if len(parts) != len(kinds):
                fail(statement, "a vector changes its length in this loop")
            for place, part in enumerate(parts):
                if kinds[place] != "F" and part.kind == "F":
                    raise _Widen(number, place)
            return [operand(part, kind) for part, kind in zip(parts, kinds, strict=True)]

        for inside in statement.body:
            if isinstance(inside, ast.If) and any(isinstance(s, ast.Break) for s in inside.body):
                if len(inside.body) > 1 or inside.orelse:
                    fail(inside, "break stands alone under an if", "assign before it, and branch after it")
                condition = checked(inside.test, build.as_kind, self._expressions.scalar(inside.test, inner), "B")
                values = current(inner)
                code.leave_loop(operand(condition, "B"), values)
            else:
                self._run([inside], inner)
        after = dict(inner)
        if step is not None:
            assert isinstance(statement.target, ast.Name)
            counter = inner[statement.target.id]
            if isinstance(counter, tuple):
                fail(statement, "the loop's own number becomes a vector in it")
            after[statement.target.id] = checked(statement, build.add, counter, Literal("I", step))
        return _regrouped(start, code.close_loop(current(after), kinds))


def _parts(values: Iterable[Argument]) -> list[Scalar]:
    """Numbers, and the parts of vectors."""
    return [part for value in values for part in (value if isinstance(value, tuple) else (value,))]


def _regrouped(like: Names, flat: list[Value]) -> Names:
    """The values in the shapes that the names had."""
    rest = iter(flat)
    return {
        name: tuple(next(rest) for _ in value) if isinstance(value, tuple) else next(rest)
        for name, value in like.items()
    }


def assigned_names(body: list[ast.stmt]) -> list[str]:
    """Names that statements assign to, in order."""
    names: list[str] = []
    for statement in body:
        match statement:
            case ast.Assign(targets=targets):
                for target in targets:
                    parts = target.elts if isinstance(target, ast.Tuple) else [target]
                    names += [part.id for part in parts if isinstance(part, ast.Name)]
            case ast.AugAssign(target=ast.Name(id=name)):
                names.append(name)
            case ast.If() | ast.For():
                if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
                    names.append(statement.target.id)
                names += assigned_names(statement.body) + assigned_names(statement.orelse)
    return names
