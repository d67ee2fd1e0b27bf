"""The rules of the house that no compiler checks: who may include whom, what may be imported where, public names."""

from __future__ import annotations

import ast
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import aicodec_native
from aicodec_native import errors

ROOT = Path(__file__).parents[1]
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "aicodec_native"
SOURCES = sorted(path for path in CPP.rglob("*") if path.suffix in {".cpp", ".h", ".inl"})

# A room and what it may include besides itself; later rooms stand on earlier ones.
GROUND = {"base", "bits", "numeric", "picture"}
MAY_INCLUDE = {
    "base": set(),
    "bits": {"base"},
    "numeric": {"base"},
    "picture": {"base"},
    "track": {"base", "bits", "numeric"},
    "shader": GROUND,
    "screen": GROUND,
    "container": GROUND,
    "segment": GROUND | {"track", "shader", "screen", "container"},
}
DECODER = set(MAY_INCLUDE)
MAY_INCLUDE |= {
    "analyze": DECODER,
    "metrics": DECODER,
    "fit": DECODER | {"analyze", "metrics"},
    "bindings": DECODER | {"analyze", "metrics", "fit"},
}
WITHOUT_LIBM = ("base", "bits", "numeric", "picture", "track", "container", "segment", "shader", "screen")


def includes(path: Path) -> Iterator[str]:
    for line in path.read_text().splitlines():
        found = re.match(r'\s*#\s*include\s*([<"][^>"]+)[>"]', line)
        if found:
            yield found[1]


def room(path: Path) -> str:
    return path.relative_to(CPP).parts[0]


def python_files() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """First parts of all absolute imports of a file, also those inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


# C++.


def test_rooms_include_only_what_they_may():
    for path in SOURCES:
        for name in includes(path):
            if name.startswith('"'):
                target = name[1:].split("/")[0]
                assert target == room(path) or target in MAY_INCLUDE[room(path)], f"{path} includes {name}"


def test_every_room_has_its_rule():
    assert {room(path) for path in SOURCES} <= set(MAY_INCLUDE)


def test_python_stays_in_the_bindings():
    for path in SOURCES:
        if room(path) != "bindings":
            assert not any("pybind11" in name or "Python.h" in name for name in includes(path)), path


def test_headers_that_decoding_must_not_use():
    for path in SOURCES:
        found = set(includes(path))
        assert "<iostream" not in found, path
        if room(path) in WITHOUT_LIBM:
            assert not found & {"<cmath", "<math.h", "<complex", "<tgmath.h"}, path


def test_the_core_neither_throws_nor_prints_nor_aborts():
    forbidden = re.compile(r"\b(throw|abort|exit|printf|fprintf|puts|assert)\b *[(;]|\bthrow\b")
    for path in SOURCES:
        if room(path) != "bindings":
            code = re.sub(r'//.*|"(\\.|[^"\\])*"', "", path.read_text())
            assert not forbidden.search(code), path


def test_headers_guard_against_a_second_inclusion():
    for path in SOURCES:
        if path.suffix == ".h":
            assert "#pragma once" in path.read_text(), path


def test_cmake_lists_every_source_by_name():
    text = (ROOT / "CMakeLists.txt").read_text()
    fuzz = (ROOT / "fuzz" / "CMakeLists.txt").read_text()
    assert not re.search(r"file *\( *GLOB|aux_source_directory", text + fuzz, re.IGNORECASE)
    listed = set(re.findall(r"cpp/[\w/]+\.cpp", text))
    assert listed == {path.relative_to(ROOT).as_posix() for path in SOURCES if path.suffix == ".cpp"}


def test_the_decoder_library_holds_only_decoder_rooms():
    text = (ROOT / "CMakeLists.txt").read_text()
    library = re.search(r"aicodec_library\(\s*aicodec_dec(.*?)\)", text, re.DOTALL)
    assert library
    assert {name.split("/")[1] for name in re.findall(r"cpp/[\w/]+\.cpp", library[1])} <= DECODER


def test_every_error_has_a_class():
    members = re.findall(r"(?m)^AICODEC_ERROR\((\w+),", (CPP / "base" / "error_table.inl").read_text())
    assert len(members) == len(errors._NATIVE)
    for code in range(len(members)):
        assert issubclass(errors.native_error(code), errors.FormatError)


# Python.


def test_av_is_imported_by_media_and_video_alone():
    for path in python_files():
        place = path.relative_to(PACKAGE)
        if "av" in imported(path):
            assert place.parts[0] in {"media", "video"}, path


def test_the_command_line_alone_draws_on_the_terminal():
    for path in python_files():
        if path.relative_to(PACKAGE).parts[0] != "cli" and path.name != "__main__.py":
            assert not imported(path) & {"click", "rich"}, path


def test_one_file_talks_to_the_model():
    users = [path for path in python_files() if "anthropic" in imported(path)]
    assert len(users) <= 1
    assert all(path.relative_to(PACKAGE).parts[0] == "loop" for path in users)


def test_one_file_talks_to_clusters():
    assert [path.name for path in python_files() if "distributed" in imported(path)] == ["cluster.py"]


def test_the_loop_and_the_dashboard_meet_only_in_the_ledger():
    for path in python_files():
        names = set(re.findall(r"from aicodec_native\.((?:loop|dashboard)[\w.]*)", path.read_text()))
        room = path.relative_to(PACKAGE).parts[0]
        if room == "dashboard":
            assert {name for name in names if name.startswith("loop")} <= {"loop.ledger_reader"}, path
        if room == "loop":
            assert not any(name.startswith("dashboard") for name in names), path


def test_optional_packages_are_imported_where_they_are_used_alone():
    homes = {
        "imageio_ffmpeg": "ffmpeg_program.py",
        "bjontegaard": "compare",
        "starlette": "dashboard",
        "uvicorn": "dashboard",
    }
    for path in python_files():
        for name in imported(path) & set(homes):
            # The command line looks whether one is there before the work begins.
            assert path.relative_to(PACKAGE).parts[0] in (homes[name], "cli"), path


def test_importing_the_package_needs_numpy_alone():
    script = "import aicodec_native, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"av", "click", "rich", "anthropic"} & set(json.loads(done.stdout))


def test_public_names():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    literal = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]
    ]
    assert literal == [aicodec_native.__all__]
    assert len(set(aicodec_native.__all__)) == len(aicodec_native.__all__)
    assert dir(aicodec_native) == sorted(aicodec_native.__all__)
    for name in aicodec_native.__all__:
        assert getattr(aicodec_native, name) is not None
    with pytest.raises(AttributeError):
        _ = aicodec_native.no_such_name


def test_public_functions_and_classes_are_documented():
    for name in aicodec_native.__all__:
        value = getattr(aicodec_native, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert (value.__doc__ or "").strip(), name


def test_every_exception_is_public_and_under_one_root():
    classes = {name for name, value in vars(errors).items() if inspect.isclass(value)}
    assert classes <= set(aicodec_native.__all__)
    assert all(issubclass(getattr(errors, name), errors.AicodecError) for name in classes)
