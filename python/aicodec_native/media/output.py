"""The file behind a sink: written under a hidden temporary name and renamed when it is whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import av

from aicodec_native.errors import OutputError


class PartFile:
    """``target`` while it is being written: ``part`` is a hidden name in the same folder with the same
    ending."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.part = target.with_name(f".{target.stem}.{os.getpid()}.part{target.suffix}")
        with writing(str(target)):
            if target.is_dir():
                raise OutputError(f"{target}: is a folder")
            if not target.parent.is_dir():
                raise OutputError(f"{target}: there is no folder {target.parent}")
            # Made at once, so that an unwritable folder is known before any work is done.
            self.part.touch()

    def keep(self) -> None:
        with writing(str(self.target)):
            os.replace(self.part, self.target)

    def discard(self) -> None:
        with contextlib.suppress(OSError):
            self.part.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(name: str) -> Iterator[None]:
    """Turns what goes wrong while ``name`` is written into an OutputError of one line."""
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise OutputError(f"{name}: {_reason(error)}") from error


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    if number == errno.ENOSPC:
        return "the disk is full"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "cannot write here (permission denied)"
    if number == errno.EPIPE:
        return "the reader has gone away"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:1].lower() + str(text)[1:]
