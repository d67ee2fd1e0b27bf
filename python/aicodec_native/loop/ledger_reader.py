"""Reads a ledger, also one that a run is writing to: what the command line and the dashboard show."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aicodec_native.errors import InputError
from aicodec_native.loop.ledger import check_version, files_folder

Row = dict[str, Any]

# Columns that hold JSON; rows give what it says.
_JSON = {"options", "detail", "strategy", "last_detail"}


class LedgerReader:
    """Opens the ledger read-only. Rows are dicts by column; columns of JSON are decoded. Safe to share between threads.

    Raises InputError where `path` is no ledger of this version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise InputError(f"{path}: {'is a folder' if self.path.is_dir() else 'no such file'}")
        address = f"file:{quote(os.path.abspath(path))}?mode=ro"
        self._lock = threading.Lock()
        self._base = sqlite3.connect(address, uri=True, timeout=30, check_same_thread=False)
        self._base.row_factory = sqlite3.Row
        try:
            check_version(self._base, path)
        except sqlite3.DatabaseError:
            self._base.close()
            raise InputError(f"{path}: is no ledger") from None
        except InputError:
            self._base.close()
            raise

    def close(self) -> None:
        self._base.close()

    def __enter__(self) -> LedgerReader:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def runs(self) -> list[Row]:
        """Every run, the newest last: the view `run_lines`."""
        return self._rows("SELECT * FROM run_lines ORDER BY id")

    def run(self, run: int) -> Row:
        """One run; raises InputError where there is none of that number."""
        return self._one("run", "SELECT * FROM run_lines WHERE id = ?", run)

    def experiments(self, run: int | None = None, *, after: int = 0) -> list[Row]:
        """Experiments in order, of one run or of all, with numbers above `after`: the view `experiment_lines`."""
        if run is None:
            return self._rows("SELECT * FROM experiment_lines WHERE id > ? ORDER BY id", after)
        return self._rows("SELECT * FROM experiment_lines WHERE run = ? AND id > ? ORDER BY id", run, after)

    def experiment(self, number: int) -> Row:
        """One experiment with all it has: `measurements` (name to value), `phases` and `files`; InputError for none."""
        row = self._one("experiment", "SELECT * FROM experiment_lines WHERE id = ?", number)
        found = self._rows("SELECT name, value FROM measurements WHERE experiment = ?", number)
        row["measurements"] = {item["name"]: item["value"] for item in found}
        row["phases"] = self._rows("SELECT phase, created FROM phases WHERE experiment = ? ORDER BY id", number)
        row["files"] = self._rows("SELECT kind, frame, name, bytes FROM files WHERE experiment = ? ORDER BY id", number)
        turn = self._rows(
            "SELECT t.* FROM turns t JOIN experiments e ON e.turn = t.id WHERE e.id = ?", number
        )  # fmt: skip
        row["turn"] = turn[0] if turn else None
        return row

    def of_run(self, table: str, run: int) -> list[Row]:
        """The rows of a run in one of the tables events, segments, turns, notes, files."""
        if table not in ("events", "segments", "turns", "notes", "files"):
            raise ValueError(table)
        return self._rows(f"SELECT * FROM {table} WHERE run = ? ORDER BY id", run)

    def baselines(self, run: int) -> list[Row]:
        """The peers' points on the segments of a run, with the segment's number."""
        return self._rows(
            "SELECT s.number AS segment, b.codec, b.setting, b.bytes, b.metric, b.score, b.encode_seconds, "
            "b.decode_seconds, b.created FROM baselines b JOIN segments s ON s.digest = b.segment_digest "
            "WHERE s.run = ? ORDER BY s.number, b.codec, b.bytes",
            run,
        )

    def file(self, name: str) -> Path:
        """The path of a file of the ledger, which never lies outside its folder. Raises InputError for any other."""
        known = self._rows("SELECT 1 AS known FROM files WHERE name = ? LIMIT 1", name)
        path = files_folder(self.path) / name
        if not known or Path(name).name != name or not path.is_file():
            raise InputError(f"the ledger has no file {name!r}")
        return path

    def _one(self, what: str, query: str, number: int) -> Row:
        found = self._rows(query, number)
        if not found:
            raise InputError(f"{self.path}: has no {what} {number}")
        return found[0]

    def _rows(self, query: str, *arguments: Any) -> list[Row]:
        with self._lock:
            found = self._base.execute(query, arguments).fetchall()
        return [
            {name: json.loads(row[name]) if name in _JSON and row[name] else row[name] for name in row.keys()}  # noqa: SIM118
            for row in found
        ]
