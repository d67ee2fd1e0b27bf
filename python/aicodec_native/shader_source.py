"""Program text to shader code: a small subset of Python, read with `ast` and never executed.

The text is a function `color(x, y, t)` with helpers and constants beside it; docs/shader.md is its reference. Here are
the module and its statements; shader_expressions.py and shader_loops.py hold the rest.
"""

from __future__ import annotations

import ast
from typing import Any

from aicodec_native import _native
from aicodec_native.errors import CorruptError, ProgramError
from aicodec_native.shader_builtins import CONSTANTS, INPUTS, Builder
from aicodec_native.shader_expressions import ENTRY, Expressions, Names, odd_arguments
from aicodec_native.shader_faults import checked, fail, name_of
from aicodec_native.shader_loops import Loops
from aicodec_native.shader_values import Code, Literal, Scalar

_MAX_CODE = 20000


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


class _Compiler:
    def __init__(self, tree: ast.Module) -> None:
        self._functions: dict[str, ast.FunctionDef] = {}
        self._globals: Names = {**CONSTANTS, **{n: v for n, v in INPUTS.items() if n not in "xyt"}}
        self._code = Code()
        self._build = Builder(self._code)
        self._expressions = Expressions(self._code, self._functions, self._globals, self._statements)
        self._loops = Loops(self._code, self._expressions, self._statements)
        for statement in tree.body:
            self._top_level(statement)
        if ENTRY not in self._functions:
            raise ProgramError("there is no function color", hint="def color(x, y, t): ... return rgb(r, g, b)")
        self._entry = self._functions[ENTRY]
        decorators = [ast.unparse(d) for d in self._entry.decorator_list]
        if decorators not in ([], ["verbatim"]):
            fail(self._entry, f"unknown decorator @{decorators[0]}", "only @verbatim, which show uses")
        self._code.verbatim = bool(decorators)

    def run(self) -> list[Any]:
        entry = self._entry
        names = [argument.arg for argument in entry.args.args]
        if not set(names) <= {"x", "y", "t"} or len(set(names)) < len(names) or odd_arguments(entry):
            fail(entry, f"color takes x, y and t, not ({ast.unparse(entry.args)})", "def color(x, y, t):")
        env: Names = {name: INPUTS[name] for name in names}
        *body, last = entry.body
        self._statements(body, env)
        call = last.value if isinstance(last, ast.Return) else None
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            fail(last, "color must end in a return of a colour", "return rgb(r, g, b)")
        return self._output(call, call.func.id, env)

    def _output(self, call: ast.Call, name: str, env: Names) -> list[Any]:
        parts: list[Scalar] = []
        for argument in call.args:
            value = self._expressions.expression(argument, env)
            parts += value if isinstance(value, tuple) else (value,)
        wanted = {"rgb": 3, "rgb_int": 3, "rgba": 4}
        if name not in wanted or call.keywords:
            fail(call, "color returns rgb(...), rgba(...) or rgb_int(...)")
        if len(parts) != wanted[name]:
            fail(call, f"{name}() takes {wanted[name]} numbers, not {len(parts)}")
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

        return checked(call, made)

    def _top_level(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.FunctionDef):
            if statement.name in self._functions:
                fail(statement, f"{statement.name} is defined twice")
            self._functions[statement.name] = statement
        elif isinstance(statement, ast.Assign):
            self._assign(statement, self._globals)
        elif not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
            fail(statement, "only functions and constants may stand here", "nothing is imported: built-ins are at hand")

    def _statements(self, body: list[ast.stmt], env: Names) -> None:
        for statement in body:
            match statement:
                case ast.Assign():
                    self._assign(statement, env)
                case ast.AugAssign(target=ast.Name() as target):
                    read = ast.copy_location(ast.Name(target.id, ast.Load()), target)
                    sum_of = ast.copy_location(ast.BinOp(read, statement.op, statement.value), statement)
                    env[target.id] = self._expressions.expression(sum_of, env)
                case ast.For():
                    self._loops.compile(statement, env)
                case ast.If():
                    self._if(statement, env)
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case ast.Break():
                    fail(statement, "break stands alone under an if", "if condition: break")
                case ast.While():
                    fail(statement, "while is not there", "for i in range(N) with if condition: break")
                case ast.Return():
                    fail(statement, "return stands at the end of a function")
                case _:
                    fail(statement, f"{name_of(statement)} is not part of the language")
            if len(self._code.instructions) > _MAX_CODE:
                fail(statement, "the program becomes too long here")

    def _assign(self, statement: ast.Assign, env: Names) -> None:
        value = self._expressions.expression(statement.value, env)
        for target in statement.targets:
            if isinstance(target, ast.Name):
                env[target.id] = value
            elif isinstance(target, ast.Tuple) and all(isinstance(name, ast.Name) for name in target.elts):
                if not isinstance(value, tuple) or len(value) != len(target.elts):
                    fail(statement, f"{len(target.elts)} names want as many values")
                for name, part in zip(target.elts, value, strict=True):
                    assert isinstance(name, ast.Name)
                    env[name.id] = part
            else:
                fail(target, "only names are assigned to")

    def _if(self, statement: ast.If, env: Names) -> None:
        condition = self._expressions.scalar(statement.test, env)
        condition = checked(statement.test, lambda: self._build.as_kind(condition, "B"))
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
                env[name] = checked(statement, self._expressions.choose, condition, then[name], other[name])
