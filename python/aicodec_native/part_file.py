"""The output while it is being written: `out.aic.part`, and what is needed to go on with it after an interruption.

The part file is an `.aic` file that lacks its index; beside it, `out.aic.part.jsonl` says in its first line what is
being encoded and how, then one line for each finished segment.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import IO, Any

from aicodec_native import _native
from aicodec_native.errors import AicodecError, OptionError, OutputError


class PartFile:
    """Appends to the part file, and renames it when it is whole.

    `identity` is everything that the bytes depend on: an interrupted file is continued only if it is the same.
    `reports` are the notes of the segments that are there already. Raises OutputError where a file cannot be
    written, OptionError where there is nothing to resume.
    """

    def __init__(self, target: Path, identity: dict[str, Any], *, resume: bool) -> None:
        self.target = target
        self.reports: list[dict[str, Any]] = []
        self.frames_done = 0
        self._part = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.jsonl")
        self._identity = json.loads(json.dumps(identity))
        self._writer = _native.Writer()
        self._file: IO[bytes]
        try:
            if resume and self._part.exists():
                self._continue()
            else:
                self._file = self._part.open("wb")
                self._notes.write_text(json.dumps(self._identity) + "\n")
        except OSError as error:
            raise self._failure(error) from None

    @property
    def size(self) -> int:
        return self._file.tell()

    @property
    def resumed(self) -> bool:
        return self.frames_done > 0

    def begin(self, header: _native.StreamHeader, tracks: list[_native.Track], tags: list[tuple[str, str]]) -> None:
        """Write what stands before the segments, unless the file is being continued."""
        if self.resumed:
            return
        self._append(self._writer.begin(header))
        for track in tracks:
            self._append(self._writer.track(track))
        self._append(self._writer.tags(tags))

    def add_segment(self, payload: bytes, frames: int, report: dict[str, Any]) -> None:
        self._append(self._writer.segment(payload, frames))
        try:
            self._file.flush()
            with self._notes.open("a") as notes:
                notes.write(json.dumps(report) + "\n")
        except OSError as error:
            raise self._failure(error) from None
        self.reports.append(report)
        self.frames_done += frames

    def add_packets(self, track: int, packets: list[_native.Packet]) -> None:
        self._append(self._writer.packets(track, packets))

    def finish(self) -> None:
        """Write the index and give the file its name."""
        self._append(self._writer.finish())
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self.target)
            self._notes.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure(error) from None

    def abandon(self) -> bool:
        """Stop before the end. Keeps the part file if it holds a segment, and tells whether it did."""
        with contextlib.suppress(OSError):  # a full disk again: what was flushed before stays readable
            self._file.close()
        if self.reports:
            return True
        self._part.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)
        return False

    def _append(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failure(error) from None

    def _continue(self) -> None:
        """Take over the whole segments of an interrupted file."""
        try:
            lines = [json.loads(line) for line in self._notes.read_text().splitlines() if line.endswith("}")]
        except (FileNotFoundError, ValueError):
            lines = []
        if not lines or lines[0] != self._identity:
            raise OptionError(
                f"{self._part} comes from another input or other options: encode with the same ones, "
                "or start again without --resume"
            )
        try:
            found = _native.FileReader(str(self._part))
        except AicodecError:  # cut off inside the header: nothing to take over
            self._file = self._part.open("wb")
            return
        segments = [n for n, entry in enumerate(found.entries) if entry.kind == "segment"][: len(lines) - 1]
        self._file = self._part.open("r+b")
        if not segments:
            self._file.truncate(0)
            return
        self._writer.begin(found.header)
        for entry in found.entries[: segments[-1] + 1]:
            self._writer.adopt(entry)
        last = found.entries[segments[-1]]
        self._file.truncate(last.offset + last.size)
        self._file.seek(0, os.SEEK_END)
        self.reports = lines[1 : len(segments) + 1]
        self.frames_done = sum(found.entries[n].detail for n in segments)
        self._notes.write_text("".join(json.dumps(line) + "\n" for line in [self._identity, *self.reports]))

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self.target}: cannot be written: {(error.strerror or str(error)).lower()}")
