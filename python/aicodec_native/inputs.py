"""What an encode reads and where it writes: checked, opened, and told apart from others."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt

from aicodec_native.errors import OptionError, OutputError
from aicodec_native.media import ArraySource, BaseSource, Source

Frames = npt.NDArray[Any] | Iterable[npt.NDArray[Any]]
SourceLike = str | os.PathLike[str] | IO[bytes] | Frames


def checked_output(path: str | os.PathLike[str], source: SourceLike, overwrite: bool) -> Path:
    output = Path(path)
    if os.fspath(path) == "-":
        raise OutputError("an .aic file cannot be written to a pipe: name a file")
    if output.is_dir():
        raise OutputError(f"{output}: is a folder; name a file")
    if not output.parent.is_dir():
        raise OutputError(f"{output}: the folder {output.parent} does not exist")
    if output.exists():
        if isinstance(source, (str, os.PathLike)) and Path(source).exists() and output.samefile(source):
            raise OutputError(f"{output}: is the input; name another output")
        if not overwrite:
            raise OutputError(f"{output}: exists already; use --overwrite to replace it")
    return output


def open_source(
    source: SourceLike, start: float | None, duration: float | None, fps: float | Fraction | None, *, exact: bool
) -> BaseSource:
    if isinstance(source, (str, os.PathLike)) or hasattr(source, "read"):
        file = cast("str | os.PathLike[str] | IO[bytes]", source)
        return Source(file, start=start, duration=duration, fps=fps, exact=exact)
    if start is not None or duration is not None:
        raise OptionError("start and duration are for files; slice the frames instead")
    return ArraySource(source, fps=fps if fps is not None else 25)


def can_be_read_again(source: SourceLike) -> bool:
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source) != "-"
    return isinstance(source, np.ndarray)


def identity_of(source: SourceLike) -> list[Any]:
    """What tells whether a source is the same as before."""
    if not isinstance(source, (str, os.PathLike)):
        return ["stream"]
    path = Path(source)
    if not path.exists():
        return ["pattern", os.path.abspath(path)]
    status = path.stat()
    return [str(path.resolve()), status.st_size, status.st_mtime_ns]
