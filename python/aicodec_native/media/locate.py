"""What the user meant by an input: a file, standard input, a pattern of numbered images."""

from __future__ import annotations

import glob
import os
import re
import sys
from fractions import Fraction
from typing import IO

from aicodec_native.errors import InputError
from aicodec_native.media.clock import frame_rate

_NUMBER = re.compile(r"%(0\d+)?d")


class Located:
    """Where an input is: ``name`` for messages, ``target`` and ``options`` for FFmpeg (``options`` is empty
    but for images), ``byte_size`` in bytes if known."""

    def __init__(self, given: str | os.PathLike[str] | IO[bytes], fps: float | Fraction | None) -> None:
        self.options: dict[str, str] = {}
        self.byte_size: int | None = None
        self.target: str | IO[bytes]
        if not isinstance(given, str | os.PathLike):
            self.name, self.target = str(getattr(given, "name", "input")), given
            return
        self.name = os.fspath(given)
        if self.name == "-":
            self.name, self.target = "standard input", sys.stdin.buffer
        elif "://" in self.name:
            self.target = self.name
        else:
            # An absolute path is never taken for a protocol ("a:b.mp4").
            self.target = os.path.abspath(self.name)
            self._find_files(self.target, 25 if fps is None else fps)

    def _find_files(self, path: str, fps: float | Fraction) -> None:
        if os.path.isdir(path):
            raise InputError(f'{self.name}: is a folder (for its images give a pattern: "{self.name}/*.png")')
        if os.path.isfile(path):
            self.byte_size = os.path.getsize(path)
            if not self.byte_size:
                raise InputError(f"{self.name}: is empty")
            return
        images = _images(path)
        if images:
            self.byte_size = sum(map(os.path.getsize, images))
            self.options = {"framerate": str(frame_rate(fps))}
            match = _NUMBER.search(os.path.basename(path))
            if match is None:
                self.options["pattern_type"] = "glob"
            else:
                first = re.match(r"\d+", os.path.basename(images[0])[match.start() :])
                self.options["start_number"] = first[0] if first else "0"
        elif not os.path.exists(path):
            raise InputError(f"{self.name}: no such file")


def _images(path: str) -> list[str]:
    """The files that ``path``, a pattern with %d or with * and ?, stands for, in order."""
    folder, name = os.path.split(path)
    number = _NUMBER.search(name)
    if number is None:
        return sorted(glob.glob(path)) if re.search(r"[*?]", name) else []
    digits = int(number[1] or 0) if number[1] else 0
    expression = re.compile(
        re.escape(name[: number.start()]) + rf"(\d{{{max(digits, 1)},}})" + re.escape(name[number.end() :])
    )
    found = []
    if os.path.isdir(folder):
        found = [(int(m[1]), entry) for entry in os.listdir(folder) if (m := expression.fullmatch(entry))]
    return [os.path.join(folder, entry) for _, entry in sorted(found)]
