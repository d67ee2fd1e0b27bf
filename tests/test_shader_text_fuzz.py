"""Any text at all is a program or a ProgramError with a place; nothing else is raised and nothing runs away."""

from __future__ import annotations

import io
import keyword
import re
import tokenize

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aicodec_native import ProgramError, _native
from aicodec_native.shader_builtins import BUILTINS, PLAIN, SAMPLES
from aicodec_native.shader_source import compile_source
from aicodec_native.shader_text import program_text
from shader_examples import EXAMPLES

OPERATORS = re.split(" ", "+ - * / // % ** < <= > >= == != & | ^ ~ << >> @ := . , : ; = += *= -> ( ) [ ] { }")
WORDS = [*keyword.kwlist, "match", "self", "color", "range", "rgb", "rgba", "rgb_int", "helper"]
NAMES = [*"xytabcrgb_ki", "width", "height", "frame", "local_frame", "pi", "param", "wrap", "exact", "verbatim"]
NUMBERS = [
    "0",
    "1",
    "-1",
    "2",
    "0.5",
    "1e9",
    "1e39",
    "1e-46",
    "1e400",
    "31",
    "32",
    "65537",
    "2147483648",
    "9" * 400,
    "1j",
]
NUMBERS += ["0x10", "'text'", "b'0'", "f'{x}'", "...", "(1, 2, 3)", "(x, y)", "()", "[1]", "x[0]"]
CALLS = [f"{name}(" for name in (*BUILTINS, *PLAIN, *SAMPLES)]
TOKENS = st.sampled_from(
    [*OPERATORS, *WORDS, *NAMES, *NUMBERS, *CALLS, "\n", "\n    ", "\n        ", "\t", "\\", "#", "\0", "é"]
)


def judged(text: str) -> None:
    """Raises whatever a compiler must not raise, and checks what it gives."""
    refusal = None
    try:
        program = compile_source(text)
    except ProgramError as error:
        refusal = error
    if refusal is not None:
        assert str(refusal)
        assert 0 <= refusal.line <= text.count("\n") + text.count("\r") + text.count("\f") + 2
        assert refusal.column >= 0
        return
    packed = program.write()
    assert _native.ShaderProgram.read(packed).write() == packed
    assert compile_source(program_text(program)).write() == packed


@given(st.lists(TOKENS, max_size=60).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_token_soup(text):
    judged(text)


@given(
    st.lists(TOKENS, min_size=1, max_size=12).map(" ".join), st.sampled_from(["k = {}", "return rgb({}, x, y)", "{}"])
)
@settings(max_examples=800, deadline=None)
@example("9 ** 9 ** 9 ** 9", "k = {}")
@example("1 << 10 ** 12", "k = {}")
@example("1 << -1", "k = {}")
@example("9" * 5000, "k = {}")
@example("-" * 3000 + "x", "k = {}")
@example("(" * 150 + "x" + ")" * 150, "k = {}")
@example("1e400 - 1e400", "return rgb({}, x, y)")
@example("int(1e400)", "return rgb({}, x, y)")
@example("0.0 ** -1", "return rgb({}, x, y)")
@example("(-8.0) ** 0.5", "return rgb({}, x, y)")
@example("1 // 0 + 1 % 0 + 1 / 0", "return rgb({}, x, y)")
@example("hash(" + "9" * 400 + ")", "return rgb({}, x, y)")
@example("fbm(x, y, 99)", "return rgb({}, x, y)")
@example("prev_int(65, 1e300)", "return rgb({}[0], x, y)")
@example("k = 1\n    for i in range(3):\n        k = 1e300", "{}")
@example("k = 1\n    for i in range(3):\n        k = 2 ** 70 // 1", "{}")
@example("for i in range(3):\n        k = k + 1\n        i = 1e300", "k = 0\n    {}")
@example("for i in range(3):\n        k = k + 1\n        i = (x, y)", "k = 0\n    {}")
@example("for i in range(3):\n        k = k + 1\n        i = x < y", "k = 0\n    {}")
@example("for i in range(3):\n        k = k + 1\n        if 1e300: break", "k = 0\n    {}")
@example("k = k * k\n    " * 60, "k = 12345\n    {}")
@example("exact(9, 10 ** 5)", "k = {}")
@example("exact(1e400, 0.5)", "k = {}")
@example("param(10 ** 30)", "k = {}")
@example("floor(9e999 - 9e999)", "k = {}")
@example("int(9e999 - 9e999)", "k = {}")
@example("for i in range(9" + "9" * 30 + "):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(3000000000):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(65537):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(3000000000, 3000000002):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(10 ** 30):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(0, 10, 0):\n        k = k + i", "k = 0\n    {}")
@example("for i in range(-(10 ** 40), 10 ** 40):\n        k = k + i", "k = 0\n    {}")
def test_bodies(soup, frame):
    judged(f"def color(x, y, t):\n    {frame.format(soup)}\n    return rgb(x, y, t)\n")


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_changed_examples(data):
    """Tokens of an example left out, doubled, exchanged or replaced."""
    text = data.draw(st.sampled_from(list(EXAMPLES.values())))
    for _ in range(data.draw(st.integers(1, 3))):
        places = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.string.strip()]
        token = data.draw(st.sampled_from(places))
        lines = text.splitlines(keepends=True)
        line = lines[token.start[0] - 1]
        new = data.draw(TOKENS | st.sampled_from(["", token.string * 2, places[0].string, places[-1].string]))
        lines[token.start[0] - 1] = line[: token.start[1]] + new + line[token.end[1] :]
        text = "".join(lines)
        try:
            list(tokenize.generate_tokens(io.StringIO(text).readline))
        except (tokenize.TokenError, SyntaxError):
            break
    judged(text)
