"""Keeps NumPy's linear algebra on one thread.

OpenBLAS wakes a thread per core for systems of a few thousand rows, and these spin for a while after each: recognisers
solve thousands of them, which took up to twelve times the processor time and no less by the clock.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

_MAPS = Path("/proc/self/maps")
# Builds for 64-bit integers and NumPy's own wheels have names of their own.
_NAMES = ("openblas_{}_num_threads", "openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads64_")


@contextmanager
def one_thread() -> Iterator[None]:
    """In the block. OpenBLAS on Linux only: with other libraries or elsewhere it does nothing."""
    found = [(set_threads, get_threads()) for get_threads, set_threads in _libraries()]
    for set_threads, _ in found:
        set_threads(1)
    try:
        yield
    finally:
        for set_threads, before in found:
            set_threads(before)


@cache
def _libraries() -> list[tuple[Callable[[], int], Callable[[int], None]]]:
    """Of each OpenBLAS in this process what asks for its number of threads, and what sets it."""
    try:
        paths = sorted(set(re.findall(r"(/\S*openblas\S*\.so\S*)$", _MAPS.read_text(), re.MULTILINE)))
    except OSError:
        return []
    libraries = []
    for path in paths:
        library = ctypes.CDLL(path)
        for name in _NAMES:
            if hasattr(library, name.format("set")) and hasattr(library, name.format("get")):
                libraries.append((getattr(library, name.format("get")), getattr(library, name.format("set"))))
                break
    return libraries
