"""How the compiler of shader programs says what is wrong with a text: where, what, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from aicodec_native.errors import ProgramError
from aicodec_native.shader_values import KindError

_Made = TypeVar("_Made")


def fail(node: Any, message: str, hint: str = "") -> NoReturn:
    raise ProgramError(message, getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1, hint)


def checked(node: ast.AST, make: Callable[..., _Made], *arguments: Any) -> _Made:
    """What `make` gives; a type that does not fit is an error at the node."""
    try:
        return make(*arguments)
    except KindError as error:
        fail(node, str(error))


def name_of(node: ast.AST) -> str:
    return {"FunctionDef": "a function in a function", "Attribute": "a name with a dot", "Lambda": "lambda"}.get(
        type(node).__name__, type(node).__name__
    )
