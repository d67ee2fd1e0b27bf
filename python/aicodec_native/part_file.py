"""The output while it is being written: `out.aic.part`, and what is needed to go on with it after an interruption.

The part file is an `.aic` file that lacks its index; beside it, `out.aic.part.jsonl` says in its first line what is
being encoded and how, and which runs ended with a file of the wrong size, then one line for each finished segment.
`out.aic.part.points` has other ways to code them, among which the file as a whole chooses when it is finished.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from aicodec_native import _native
from aicodec_native.candidate import Candidate
from aicodec_native.errors import AicodecError, OptionError, OutputError

Redraw = Callable[[bytes, _native.StreamHeader, list[tuple[int, bytes]]], bytes]
# What Writer.quality takes, when all segments are as they will be.
QualityRows = Callable[[], tuple[int, list[tuple[int, float, float]]] | None]
# What Writer.notes takes, then, for a file of about so many bytes without.
Notes = Callable[[int], list[tuple[str, str]]]


class PartFile:
    """Appends to the part file, and renames it when it is whole.

    `identity` is everything that the bytes depend on: an interrupted file is continued only if it is the same.
    Without `resume` one that holds a segment is only thrown away if told to `discard` it. `reports` are what the
    journal has of the segments that are there already, `dictionary_size` counts the dictionary pictures; `runs` has
    size and limit of each run before this one. Raises OutputError where a file cannot be written or is being written by
    another process, OptionError where what is there cannot be resumed.
    """

    def __init__(self, target: Path, identity: dict[str, Any], *, resume: bool, discard: bool = False) -> None:
        self.target = target
        self.runs: list[tuple[int, int]] = []
        self._begin_anew()
        self._part = target.with_name(target.name + ".part")
        self._journal = target.with_name(target.name + ".part.jsonl")
        self._new_journal = target.with_name(target.name + ".part.jsonl.new")
        self._points = target.with_name(target.name + ".part.points")
        self._chosen = target.with_name(target.name + ".part.chosen")
        self._identity = json.loads(json.dumps(identity))
        is_new = not self._part.exists()
        try:
            self._file = self._open_alone()
            try:
                self._take_over(resume and not is_new, discard or is_new)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            raise self._failure(error) from None

    def _begin_anew(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.frames_done = 0
        self.dictionary_size = 0
        self._packet_chunks = 0
        self._writer = _native.Writer()

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

    def add_segment(
        self, payload: bytes, frames: int, report: dict[str, Any], points: Sequence[Candidate] = ()
    ) -> None:
        """`points` are kept beside the file until finish(): the report names them under "points"."""
        if points:
            report = report | {"points": [self._keep(point) for point in points]}
        self._append(self._writer.segment(payload, frames))
        try:
            self._file.flush()
            with self._journal.open("a") as journal:
                journal.write(json.dumps(report) + "\n")
        except OSError as error:
            raise self._failure(error) from None
        self.reports.append(report)
        self.frames_done += frames

    def add_dictionary_picture(self, payload: bytes) -> None:
        self._append(self._writer.dictionary(payload))
        self.dictionary_size += 1

    def add_packets(self, track: int, packets: list[_native.Packet]) -> None:
        self._append(self._writer.packets(track, packets))
        self._packet_chunks += bool(packets)

    def finish(self, quality: QualityRows, notes: Notes, chosen: dict[int, dict[str, Any]], redraw: Redraw) -> None:
        """Write what was measured, notes and the index, and give the file its name.

        `chosen` has points of add_segment, by segment, to be taken in place of what the segments have: `redraw` makes a
        segment's payload of the present one and layers.
        """
        try:
            self._file.flush()
            if chosen:
                self._write_chosen(quality, notes, chosen, redraw)
                self._chosen.replace(self.target)
                self._part.unlink()
            else:
                self._append(self._ending(self._writer, quality, notes, self._file.tell()))
                self._file.flush()
                os.fsync(self._file.fileno())
                self._part.replace(self.target)
            self._file.close()
            self._forget()
        except OSError as error:
            raise self._failure(error) from None

    def _ending(self, writer: _native.Writer, quality: QualityRows, notes: Notes, size: int) -> bytes:
        """What follows `size` bytes."""
        rows = quality()
        ending = writer.quality(*rows) if rows else b""
        return ending + writer.notes(notes(size + self._ending_size)) + writer.finish()

    @property
    def _ending_size(self) -> int:
        """Bytes of quality and index, about: hardly more."""
        return 48 + 16 * len(self.reports) + 8 * (self.dictionary_size + self._packet_chunks)

    @property
    def size(self) -> int:
        """Bytes of the file as it is, with about what its end will take, notes apart."""
        return self._file.tell() + self._ending_size

    def abandon(self) -> str:
        """Stop before the end. Keeps what can be resumed and says so; else returns ""."""
        with contextlib.suppress(OSError):  # a full disk again: what was flushed before stays readable
            self._file.close()
        kept = _finished(len(self.reports), len(self.runs))
        if kept:
            return f"{kept} {'is' if kept.startswith('1 ') else 'are'} kept: go on with --resume"
        self.discard()
        return ""

    def restart(self, runs: list[tuple[int, int]]) -> None:
        """Throw the segments away, and remember why."""
        try:
            self.runs = runs
            self._write_journal([])
            self._empty()
        except OSError as error:
            raise self._failure(error) from None

    def discard(self) -> None:
        """Stop and leave nothing."""
        self._file.close()
        self._part.unlink(missing_ok=True)
        self._forget()

    def _forget(self) -> None:
        for path in (self._journal, self._new_journal, self._points, self._chosen):
            path.unlink(missing_ok=True)

    def _keep(self, point: Candidate) -> dict[str, Any]:
        with self._points.open("ab") as file:
            offset = file.tell()
            for _, payload in point.layers:
                file.write(payload)
        return point.report() | {
            "scores": point.scores,
            "crf": point.details.get("crf"),
            "bit_depth": point.details.get("bit_depth"),
            "offset": offset,
            "layers": [(kind, len(payload)) for kind, payload in point.layers],
        }

    def _layers(self, point: dict[str, Any]) -> list[tuple[int, bytes]]:
        with self._points.open("rb") as file:
            file.seek(point["offset"])
            return [(kind, file.read(size)) for kind, size in point["layers"]]

    def _write_chosen(
        self, quality: QualityRows, notes: Notes, chosen: dict[int, dict[str, Any]], redraw: Redraw
    ) -> None:
        """The same file with other segments, beside the part file."""
        found = _native.FileReader(str(self._part))
        writer = _native.Writer()
        number = 0
        with self._chosen.open("wb") as out:
            out.write(writer.begin(found.header))
            for track in found.tracks:
                out.write(writer.track(track))
            out.write(writer.tags(found.tags))
            for entry in found.entries:
                if entry.kind == "packets":
                    out.write(writer.packets(*found.packets(entry)))
                elif entry.kind == "dictionary":
                    out.write(writer.dictionary(found.payload(entry)))
                elif entry.kind == "segment":
                    payload = found.payload(entry)
                    if number in chosen:
                        payload = redraw(payload, found.header, self._layers(chosen[number]))
                        point = {k: v for k, v in chosen[number].items() if k not in ("offset", "layers")}
                        self.reports[number] |= point | {"bytes": len(payload), "by_choice": True}
                    out.write(writer.segment(payload, entry.detail))
                    number += 1
            out.write(self._ending(writer, quality, notes, out.tell()))
            out.flush()
            os.fsync(out.fileno())

    def _append(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise self._failure(error) from None

    def _open_alone(self) -> IO[bytes]:
        """The part file, locked against a second encode to the same output."""
        file = os.fdopen(os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held it may have finished and renamed it since.
            if self._part.exists() and self._part.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        except BlockingIOError:
            pass
        file.close()
        raise OutputError(f"{self.target}: is being written by another encode") from None

    def _take_over(self, resume: bool, discard: bool) -> None:
        """Continue from the segments that are there, or begin anew."""
        journal = _read_journal(self._journal)
        if resume:
            self._continue(journal)
            return
        kept = _finished(max(0, len(journal) - 1), len(journal[0].get("runs", [])) if journal else 0)
        if kept and not discard:
            raise OutputError(
                f"{self._part}: holds {kept} of an interrupted encode: go on with --resume, "
                "or start again with --overwrite"
            )
        self._empty()
        self._write_journal([])

    def _empty(self) -> None:
        self._begin_anew()
        self._file.seek(0)
        self._file.truncate(0)
        self._points.unlink(missing_ok=True)

    def _write_journal(self, reports: list[dict[str, Any]]) -> None:
        """All of the journal, at once."""
        lines = [self._identity | {"runs": self.runs}, *reports]
        self._new_journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
        self._new_journal.replace(self._journal)

    def _continue(self, journal: list[Any]) -> None:
        """Take over the whole segments of an interrupted file."""
        runs = journal[0].pop("runs", []) if journal else []
        if not journal or journal[0] != self._identity:
            raise OptionError(
                f"{self._part}: comes from another input or other options: encode with the same ones, "
                "or start again with --overwrite instead of --resume"
            )
        self.runs = [(size, limit) for size, limit in runs]
        try:
            found = _native.FileReader(str(self._part))
        except AicodecError:  # cut off inside the header: nothing to take over
            self._empty()
            return
        segments = [n for n, entry in enumerate(found.entries) if entry.kind == "segment"][: len(journal) - 1]
        if not segments:
            self._empty()
            return
        self._writer.begin(found.header)
        for entry in found.entries[: segments[-1] + 1]:
            self._writer.adopt(entry)
            self.dictionary_size += entry.kind == "dictionary"
            self._packet_chunks += entry.kind == "packets"
        last = found.entries[segments[-1]]
        self._file.truncate(last.offset + last.size)
        self._file.seek(0, os.SEEK_END)
        self.reports = journal[1 : len(segments) + 1]
        self.frames_done = sum(found.entries[n].detail for n in segments)
        self._write_journal(self.reports)

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self.target}: cannot be written: {(error.strerror or str(error)).lower()}")


def _read_journal(path: Path) -> list[Any]:
    """The lines that were written whole: a full disk may have cut the last one off."""
    lines: list[Any] = []
    with contextlib.suppress(FileNotFoundError, ValueError):
        for line in path.read_text().splitlines():
            lines.append(json.loads(line))
    return lines


def _finished(segments: int, runs: int) -> str:
    """What there is to go on with, in words; "" for nothing."""
    count, word = (segments, "segment") if segments else (runs, "run")
    return f"{count} finished {word}{'s' if count != 1 else ''}" if count else ""
