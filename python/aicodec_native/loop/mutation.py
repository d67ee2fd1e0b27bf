"""Changes program texts: mutation, crossover, simplification, on the syntax tree. What comes out compiles."""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Callable, Iterator
from random import Random

from aicodec_native.errors import ProgramError
from aicodec_native.shader_source import compile_source

# Functions of one number that may stand for one another.
_KIN = (
    ("sin", "cos", "sin_turns", "cos_turns"),
    ("floor", "round", "ceil"),
    ("abs", "fract", "sqrt"),
    ("exp", "exp2", "log", "log2"),
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult)
_COORDINATES = ("x", "y", "t")
# Names that mean the same in every program.
_COMMON = {*_COORDINATES, "width", "height", "frame", "local_frame"}
_TERMS = (
    "{a} + {k} * sin({c} * {r} + {p})",
    "{a} * ({c} / width)",
    "{a} + {k} * {c} / height",
    "mix({a}, {k}, smoothstep({p}, {q}, {c} / width))",
    "{a} + {k} * noise(x * {r}, y * {r})",
)
_TRIES = 20


def mutate(text: str, random: Random) -> str | None:
    """Another program by one small change; None where none of several tries compiles or the text does not parse."""
    changes: tuple[tuple[_Change, int], ...] = (
        (_jitter, 6),
        (_round, 1),
        (_kin, 1),
        (_operator, 1),
        (_coordinate, 1),
        (_term, 2),
        (_drop, 1),
    )
    weights = [weight for _, weight in changes]
    return _tried(text, lambda tree: random.choices(changes, weights)[0][0](tree, random))


def cross(text: str, other: str, random: Random) -> str | None:
    """A program with one of its expressions replaced by one of another's that needs none of its names; or None."""
    gifts = [node for node in _expressions(ast.parse(other)) if _free(node) <= _COMMON and not _is_trivial(node)]
    if not gifts:
        return None

    def change(tree: ast.Module) -> bool:
        return _replace(tree, random.choice(_places(tree)), copy.deepcopy(random.choice(gifts)))

    return _tried(text, change)


def simplifications(text: str) -> Iterator[str]:
    """Every program that has one operation less, the largest cuts first, as far as they compile."""
    tree = ast.parse(text)
    count = len(list(_expressions(tree)))
    for place in range(count):
        for keep in range(3):
            smaller = copy.deepcopy(tree)
            node = list(_expressions(smaller))[place]
            children = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            parts = [child for child in children if not (isinstance(node, ast.Call) and child is node.func)]
            if keep < len(parts) and _replace(smaller, node, parts[keep]):
                made = _compiled(smaller)
                if made is not None:
                    yield made


def shape(text: str) -> str:
    """What kind of program it is: the built-in functions and statements that it uses, in order of the alphabet."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names.add(node.func.id)
        elif isinstance(node, (ast.For, ast.If, ast.IfExp)):
            names.add(type(node).__name__)
    return " ".join(sorted(names))


_Change = Callable[[ast.Module, Random], bool]


def _tried(text: str, change: Callable[[ast.Module], bool]) -> str | None:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    before = ast.unparse(tree) + "\n"
    for _ in range(_TRIES):
        changed = copy.deepcopy(tree)
        if change(changed):
            made = _compiled(changed)
            if made is not None and made != before:
                return made
    return None


def _compiled(tree: ast.Module) -> str | None:
    made = ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    try:
        compile_source(made)
    except ProgramError:
        return None
    return made


def _expressions(tree: ast.AST) -> Iterator[ast.expr]:
    """Those that compute: operations and calls, but not the outermost call of a colour."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.BinOp, ast.IfExp, ast.UnaryOp)) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.func.id.startswith("rgb")
        ):
            yield node


def _places(tree: ast.AST) -> list[ast.expr]:
    """Where another expression may stand: the parts of operations and the arguments of calls."""
    found: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            found += [node.left, node.right]
        elif isinstance(node, ast.Call):
            found += node.args
    return found


def _replace(tree: ast.AST, old: ast.expr, new: ast.expr) -> bool:
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
                return True
            if isinstance(value, list):
                for place, item in enumerate(value):
                    if item is old:
                        value[place] = new
                        return True
    return False


def _free(node: ast.expr) -> set[str]:
    called = {id(call.func) for call in ast.walk(node) if isinstance(call, ast.Call)}
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and id(name) not in called}


def _is_trivial(node: ast.expr) -> bool:
    return not any(isinstance(part, ast.Name) for part in ast.walk(node))


def _constants(tree: ast.AST) -> list[ast.Constant]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) in (int, float)]


def _number(value: float) -> float:
    """With three digits, as short decimals are cheap."""
    return float(f"{value:.3g}")


def _jitter(tree: ast.Module, random: Random) -> bool:
    found = _constants(tree)
    if not found:
        return False
    node = random.choice(found)
    value = float(node.value)  # type: ignore[arg-type]
    if random.random() < 0.2 or value == 0:
        node.value = _number(value + random.gauss(0, 0.1 * max(abs(value), 1.0)))
    else:
        node.value = _number(value * math.exp(random.gauss(0, random.choice((0.02, 0.1, 0.4)))))
    return True


def _round(tree: ast.Module, random: Random) -> bool:
    found = [node for node in _constants(tree) if isinstance(node.value, float)]
    if not found:
        return False
    node = random.choice(found)
    node.value = float(f"{node.value:.1g}" if random.random() < 0.5 else f"{node.value:.2g}")  # type: ignore[str-bytes-safe]
    return True


def _kin(tree: ast.Module, random: Random) -> bool:
    calls = [
        (node.func, family)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        for family in _KIN
        if node.func.id in family
    ]
    if not calls:
        return False
    name, family = random.choice(calls)
    name.id = random.choice([other for other in family if other != name.id])
    return True


def _operator(tree: ast.Module, random: Random) -> bool:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
    if not found:
        return False
    random.choice(found).op = random.choice(_OPERATORS)()
    return True


def _coordinate(tree: ast.Module, random: Random) -> bool:
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in _COORDINATES]
    if not found:
        return False
    random.choice(found).id = random.choice(_COORDINATES)
    return True


def _term(tree: ast.Module, random: Random) -> bool:
    """Something more on top of an expression."""
    places = _places(tree)
    if not places:
        return False
    old = random.choice(places)
    numbers = {
        "k": _number(random.gauss(0, 0.2)),
        "r": _number(math.exp(random.uniform(-5, 1))),
        "p": _number(random.uniform(0, 1)),
        "q": _number(random.uniform(1, 2)),
    }
    text = random.choice(_TERMS).format(a="_old_", c=random.choice(_COORDINATES), **numbers)
    new = ast.parse(text, mode="eval").body
    kept = copy.deepcopy(old)
    hole = next(node for node in ast.walk(new) if isinstance(node, ast.Name) and node.id == "_old_")
    return _replace(new, hole, kept) and _replace(tree, old, new)


def _drop(tree: ast.Module, random: Random) -> bool:
    """An operation gives way to one of its parts."""
    found = [node for node in _expressions(tree) if isinstance(node, ast.BinOp)]
    if not found:
        return False
    node = random.choice(found)
    return _replace(tree, node, random.choice((node.left, node.right)))
