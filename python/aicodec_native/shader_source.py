"""Program text to shader code: a small subset of Python, read with `ast` and never executed.

The text is a function `color(x, y, t)` with helpers and constants beside it; docs/shader.md is its reference.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar, cast

from aicodec_native import _native
from aicodec_native.errors import CorruptError, ProgramError
from aicodec_native.shader_builtins import BUILTINS, CONSTANTS, EACH, INPUTS, PLAIN, SAMPLES, Argument, Builder, Vector
from aicodec_native.shader_values import Code, KindError, Literal, Scalar, Value

Names = dict[str, Argument]
_Made = TypeVar("_Made")

_ENTRY = "color"
_MAX_INLINING = 16
_MAX_CODE = 20000
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


def compile_source(text: str) -> _native.ShaderProgram:
    """The program of a text. Raises ProgramError with line and column for whatever is wrong with it."""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        raise ProgramError(error.msg, error.lineno or 0, error.offset or 0) from None
    except (ValueError, RecursionError, MemoryError):
        raise ProgramError("the text is not Python") from None
    try:
        code = _Compiler(tree).run()
    except RecursionError:
        raise ProgramError("an expression is nested too deeply") from None
    try:
        return _native.ShaderProgram.from_code(code)
    except CorruptError:
        raise ProgramError(
            "the program is over a limit: 4096 operations, 1024 constants, 32 values carried by a loop, loops 4 deep, "
            "or the work of 131,072 multiplications a pixel"
        ) from None


class _Widen(Exception):  # noqa: N818
    """A loop's integer turned out to become a float; the loop is compiled again with it as one."""

    def __init__(self, loop: int, place: int) -> None:
        self.loop = loop
        self.place = place


class _Compiler:
    def __init__(self, tree: ast.Module) -> None:
        self._functions: dict[str, ast.FunctionDef] = {}
        self._globals: Names = {**CONSTANTS, **{n: v for n, v in INPUTS.items() if n not in "xyt"}}
        self._calls: list[str] = []
        self._loops = 0
        self._code = Code()
        self._build = Builder(self._code)
        for statement in tree.body:
            self._top_level(statement)
        if _ENTRY not in self._functions:
            raise ProgramError("there is no function color", hint="def color(x, y, t): ... return rgb(r, g, b)")
        self._entry = self._functions[_ENTRY]
        decorators = [ast.unparse(d) for d in self._entry.decorator_list]
        if decorators not in ([], ["verbatim"]):
            self._fail(self._entry, f"unknown decorator @{decorators[0]}", "only @verbatim, which show uses")
        self._code.verbatim = bool(decorators)

    def run(self) -> list[Any]:
        entry = self._entry
        names = [argument.arg for argument in entry.args.args]
        if not set(names) <= {"x", "y", "t"} or len(set(names)) < len(names) or self._odd_arguments(entry):
            self._fail(entry, f"color takes x, y and t, not ({ast.unparse(entry.args)})", "def color(x, y, t):")
        env: Names = {name: INPUTS[name] for name in names}
        *body, last = entry.body
        self._statements(body, env)
        call = last.value if isinstance(last, ast.Return) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            self._fail(last, "color must end in a return of a colour", "return rgb(r, g, b)")
        return self._output(call, call.func.id, env)

    def _output(self, call: ast.Call, name: str, env: Names) -> list[Any]:
        parts: list[Scalar] = []
        for argument in call.args:
            value = self._expression(argument, env)
            parts += value if isinstance(value, tuple) else (value,)
        wanted = {"rgb": 3, "rgb_int": 3, "rgba": 4}
        if name not in wanted or call.keywords:
            self._fail(call, "color returns rgb(...), rgba(...) or rgb_int(...)")
        if len(parts) != wanted[name]:
            self._fail(call, f"{name}() takes {wanted[name]} numbers, not {len(parts)}")
        build = self._build

        def made() -> list[Any]:
            colours = parts
            if name == "rgba":
                zero = Literal("I", 0)
                under = [build.sample("below_nearest", c, zero, zero, False) for c in range(3)]
                colours = [build.op("mix", under[c], parts[c], parts[3]) for c in range(3)]
            kind = "I" if name == "rgb_int" else "F"
            operands = [build.operand(build.as_kind(value, kind)) for value in colours]
            return self._code.finish("rgb_int" if kind == "I" else "rgb", operands)

        return self._checked(call, made)

    # The module.

    def _top_level(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef):
            if statement.name in self._functions:
                self._fail(statement, f"{statement.name} is defined twice")
            self._functions[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            self._assign(statement, self._globals)
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            self._fail(
                statement, "only functions and constants may stand here", "nothing is imported: built-ins are at hand"
            )

    @staticmethod
    def _odd_arguments(function: ast.FunctionDef) -> bool:
        a = function.args
        return bool(a.vararg or a.kwarg or a.kwonlyargs or a.posonlyargs or a.defaults)

    # Statements.

    def _statements(self, body: list[ast.stmt], env: Names) -> None:
        for statement in body:
            match statement:
                case ast.Assign():
                    self._assign(statement, env)
                case ast.AugAssign(target=ast.Name() as target):
                    read = ast.copy_location(ast.Name(target.id, ast.Load()), target)
                    sum_of = ast.copy_location(ast.BinOp(read, statement.op, statement.value), statement)
                    env[target.id] = self._expression(sum_of, env)
                case ast.For():
                    self._for(statement, env)
                case ast.If():
                    self._if(statement, env)
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case ast.Break():
                    self._fail(statement, "break stands alone under an if", "if condition: break")
                case ast.While():
                    self._fail(statement, "while is not there", "for i in range(N) with if condition: break")
                case ast.Return():
                    self._fail(statement, "return stands at the end of a function")
                case _:
                    self._fail(statement, f"{_name_of(statement)} is not part of the language")
            if len(self._code.instructions) > _MAX_CODE:
                self._fail(statement, "the program becomes too long here")

    def _assign(self, statement: ast.Assign, env: Names) -> None:
        value = self._expression(statement.value, env)
        for target in statement.targets:
            if isinstance(target, ast.Name):
                env[target.id] = value
            elif isinstance(target, ast.Tuple) and all(isinstance(name, ast.Name) for name in target.elts):
                if not isinstance(value, tuple) or len(value) != len(target.elts):
                    self._fail(statement, f"{len(target.elts)} names want as many values")
                for name, part in zip(target.elts, value, strict=True):
                    assert isinstance(name, ast.Name)
                    env[name.id] = part
            else:
                self._fail(target, "only names are assigned to")

    def _if(self, statement: ast.If, env: Names) -> None:
        condition = self._scalar(statement.test, env)
        condition = self._checked(statement.test, lambda: self._build.as_kind(condition, "B"))
        if isinstance(condition, Literal):
            self._statements(statement.body if condition.number else statement.orelse, env)
            return
        then, other = dict(env), dict(env)
        self._statements(statement.body, then)
        self._statements(statement.orelse, other)
        for name in dict.fromkeys([*then, *other]):
            if name not in then or name not in other:
                env.pop(name, None)  # known on one way only: using it afterwards is an error
            elif then[name] is not other[name]:
                env[name] = self._checked(statement, self._choose, condition, then[name], other[name])

    def _choose(self, condition: Scalar, a: Argument, b: Argument) -> Argument:
        if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            return tuple(self._build.select(condition, p, q) for p, q in zip(a, b, strict=True))
        if isinstance(a, tuple) or isinstance(b, tuple):
            raise KindError("the two ways give vectors of different lengths")
        return self._build.select(condition, a, b)

    # Loops.

    def _for(self, statement: ast.For, env: Names) -> None:
        if not isinstance(statement.target, ast.Name) or statement.orelse:
            self._fail(statement, "a loop is for NAME in range(CONSTANT)")
        first, step, trips = self._range(statement.iter, env)
        if trips < 1:
            return
        assigned = list(dict.fromkeys(_assigned(statement.body)))
        names = [name for name in assigned if name in env and name != statement.target.id]
        start: Names = {name: env[name] for name in names}
        counts = statement.target.id != "_"
        if counts:
            start = {statement.target.id: Literal("I", first), **start}
        flat = _parts(start.values())
        if not flat:
            self._fail(statement, "this loop changes nothing that exists before it")
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
                flat[place] = self._checked(statement, self._build.as_kind, flat[place], "F")
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
            self._fail(iterable, "a loop is over range(CONSTANT)")
        numbers = []
        for argument in iterable.args:
            value = self._expression(argument, env)
            if not isinstance(value, Literal) or value.kind != "I":
                self._fail(
                    argument, "the number of turns must be a whole constant", "use a constant bound and if ...: break"
                )
            numbers.append(int(value.number))
        try:
            turns = range(*numbers)
        except ValueError as error:
            self._fail(iterable, str(error))
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
        try:
            initial = [build.operand(value) for value in flat]
        except KindError as error:
            self._fail(statement, str(error))
        carried = code.open_loop(trips, initial, kinds)
        inner = {**env, **_regrouped(start, carried)}

        def current(values: Names) -> list[Any]:
            parts = _parts(values[name] for name in start)
            if len(parts) != len(kinds):
                self._fail(statement, "a vector changes its length in this loop")
            for place, part in enumerate(parts):
                if kinds[place] != "F" and part.kind == "F":
                    raise _Widen(number, place)
            return [
                build.operand(self._checked(statement, build.as_kind, part, kind))
                for part, kind in zip(parts, kinds, strict=True)
            ]

        for inside in statement.body:
            if isinstance(inside, ast.If) and any(isinstance(s, ast.Break) for s in inside.body):
                if len(inside.body) > 1 or inside.orelse:
                    self._fail(inside, "break stands alone under an if", "assign before it, and branch after it")
                condition = self._checked(inside.test, build.as_kind, self._scalar(inside.test, inner), "B")
                values = current(inner)
                code.leave_loop(build.operand(condition), values)
            else:
                self._statements([inside], inner)
        after = dict(inner)
        if step is not None:
            assert isinstance(statement.target, ast.Name)
            counter = inner[statement.target.id]
            assert not isinstance(counter, tuple)
            after[statement.target.id] = build.add(counter, Literal("I", step))
        return _regrouped(start, code.close_loop(current(after), kinds))

    # Expressions.

    def _scalar(self, node: ast.expr, env: Names) -> Scalar:
        value = self._expression(node, env)
        if isinstance(value, tuple):
            self._fail(node, "one number is wanted here, not a vector")
        return value

    def _expression(self, node: ast.expr, env: Names) -> Argument:
        match node:
            case ast.Constant(value=bool() as truth):
                return Literal("B", truth)
            case ast.Constant(value=int() as whole):
                return Literal("I", whole)
            case ast.Constant(value=float() as number):
                return Literal("F", number)
            case ast.Name(id=name):
                return self._name(node, name, env)
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                return tuple(self._scalar(part, env) for part in parts)
            case ast.UnaryOp():
                return self._unary(node, self._expression(node.operand, env))
            case ast.BinOp():
                a, b = self._expression(node.left, env), self._expression(node.right, env)
                return self._checked(node, lambda: self._each(lambda p, q: self._binary(node, p, q), a, b))
            case ast.Compare():
                return self._comparison(node, env)
            case ast.BoolOp():
                return self._bool_op(node, env)
            case ast.IfExp():
                condition = self._scalar(node.test, env)
                a, b = self._expression(node.body, env), self._expression(node.orelse, env)
                return self._checked(node, lambda: self._choose(self._build.as_kind(condition, "B"), a, b))
            case ast.Subscript():
                return self._subscript(node, env)
            case ast.Call():
                return self._call(node, env)
        return self._fail(node, f"{_name_of(node)} is not part of the language")

    def _name(self, node: ast.expr, name: str, env: Names) -> Argument:
        for names in (env, self._globals):
            if name in names:
                return names[name]
        known = name in BUILTINS or name in self._functions or name in PLAIN
        hint = "a function: call it" if known else "it may be assigned on one way of an if only, or inside a loop"
        return self._fail(node, f"{name} has no value here", hint)

    def _unary(self, node: ast.UnaryOp, value: Argument) -> Argument:
        build = self._build

        def one(a: Scalar) -> Scalar:
            if isinstance(node.op, ast.USub):
                return build.negative(a)
            if isinstance(node.op, ast.Not):
                return build.negation(build.as_kind(a, "B"))
            return a if isinstance(node.op, ast.UAdd) else build.op("xor_int", a, Literal("I", -1))

        return self._checked(node, lambda: self._each(one, value))

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
        raise KindError(f"{_name_of(node.op)} is not part of the language")

    def _comparison(self, node: ast.Compare, env: Names) -> Scalar:
        values = [self._scalar(part, env) for part in (node.left, *node.comparators)]
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
            raise KindError(f"{_name_of(how)} is not part of the language")

        def all_of() -> Scalar:
            truths = [one(how, a, b) for how, a, b in zip(node.ops, values, values[1:], strict=False)]
            result = truths[0]
            for truth in truths[1:]:
                result = build.op("and_bool", result, truth)
            return result

        return self._checked(node, all_of)

    def _bool_op(self, node: ast.BoolOp, env: Names) -> Scalar:
        result = self._scalar(node.values[0], env)
        text = "and_bool" if isinstance(node.op, ast.And) else "or_bool"
        for part in node.values[1:]:
            value = self._scalar(part, env)
            result = self._checked(node, self._build.op, text, result, value)
        return result

    def _subscript(self, node: ast.Subscript, env: Names) -> Argument:
        index = self._expression(node.slice, env)
        if not isinstance(index, Literal) or index.kind != "I":
            self._fail(node.slice, "a vector's part is chosen by a whole constant")
        place = int(index.number)
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in SAMPLES
            and 0 <= place < 3
        ):
            return self._sample(call, call.func.id, env, [place])[0]
        value = self._expression(node.value, env)
        if not isinstance(value, tuple) or not -len(value) <= place < len(value):
            self._fail(node, "there is no such part")
        return value[place]

    # Calls.

    def _call(self, node: ast.Call, env: Names) -> Argument:
        if not isinstance(node.func, ast.Name):
            self._fail(node, "only functions by name are called")
        name = node.func.id
        if name in SAMPLES:
            return self._sample(node, name, env, [0, 1, 2])
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            self._fail(node, f"{name}() takes plain arguments")
        arguments = [self._expression(argument, env) for argument in node.args]
        if name in self._functions:
            return self._inline(node, self._functions[name], arguments)
        return self._checked(node, lambda: self._built_in(node, name, arguments))

    def _built_in(self, node: ast.Call, name: str, arguments: list[Argument]) -> Argument:
        function = BUILTINS.get(name)
        if name not in PLAIN and function is None:
            self._fail(node, f"there is no function {name}", _similar(name, [*BUILTINS, *PLAIN, *SAMPLES]))

        def once(*values: Argument) -> Argument:
            if function is not None and not (self._code.verbatim and name in PLAIN):
                return function(self._build, *values)
            scalars = [value for value in values if not isinstance(value, tuple)]
            if len(scalars) < len(values):
                raise KindError(f"{name}() takes numbers, not vectors")
            return self._build.op(name, *scalars)

        try:
            return self._each(once, *arguments) if name in EACH else once(*arguments)
        except (TypeError, ValueError):
            raise KindError(f"{name}() does not take {len(arguments)} arguments like these") from None
        except AttributeError:
            raise KindError(f"{name}() takes numbers, not vectors") from None

    def _sample(self, node: ast.Call, name: str, env: Names, channels: list[int]) -> Vector:
        wrap = False
        for keyword in node.keywords:
            value = self._expression(keyword.value, env)
            if keyword.arg != "wrap" or not name.endswith("_int") or not isinstance(value, Literal):
                self._fail(keyword, f"{name}() has no such argument", "prev_int and below_int take wrap=True")
            wrap = bool(value.number)
        if len(node.args) not in (0, 2):
            self._fail(node, f"{name}() takes dx and dy")
        offsets = [self._scalar(argument, env) for argument in node.args] or [Literal("I", 0)] * 2
        return self._checked(
            node, lambda: tuple(self._build.sample(name, c, offsets[0], offsets[1], wrap) for c in channels)
        )

    def _inline(self, node: ast.Call, function: ast.FunctionDef, arguments: list[Argument]) -> Argument:
        names = [argument.arg for argument in function.args.args]
        if self._odd_arguments(function) or len(names) != len(arguments):
            self._fail(node, f"{function.name}() takes {len(names)} arguments")
        if function.name in self._calls or len(self._calls) >= _MAX_INLINING or function.name == _ENTRY:
            self._fail(node, f"{function.name}() calls itself", "functions are put in place where they are called")
        *body, last = function.body
        if not isinstance(last, ast.Return) or last.value is None:
            self._fail(last, f"{function.name}() must end in a return")
        inner: Names = dict(zip(names, arguments, strict=True))
        self._calls.append(function.name)
        self._statements(body, inner)
        value = self._expression(last.value, inner)
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

    # Errors.

    def _checked(self, node: ast.AST, make: Callable[..., _Made], *arguments: Any) -> _Made:
        try:
            return make(*arguments)
        except KindError as error:
            self._fail(node, str(error))

    def _fail(self, node: Any, message: str, hint: str = "") -> NoReturn:
        raise ProgramError(message, getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1, hint)


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


def _assigned(body: list[ast.stmt]) -> list[str]:
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
                names += _assigned(statement.body) + _assigned(statement.orelse)
    return names


def _name_of(node: ast.AST) -> str:
    return {"FunctionDef": "a function in a function", "Attribute": "a name with a dot", "Lambda": "lambda"}.get(
        type(node).__name__, type(node).__name__
    )


def _similar(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, known, n=1)
    return f"do you mean {found[0]}?" if found else ""
