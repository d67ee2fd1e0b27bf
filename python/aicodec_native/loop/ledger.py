"""The ledger: every experiment of every run, in one SQLite file that only grows.

This side adds rows; ledger_reader.py reads them. docs/ledger.md explains tables and columns. Files (coded segments,
source frames) lie in the folder `<ledger>.files`, named by their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from aicodec_native.errors import InputError, OutputError

VERSION = 1
# "aicL": says what the file is to file(1) and to us.
APPLICATION_ID = 0x6169634C

# By table: the columns by which a row could be replaced, which SQLite does without asking the triggers for deletion.
_KEYS = {
    "runs": ("id",),
    "events": ("id",),
    "segments": ("id", "run, number"),
    "turns": ("id",),
    "experiments": ("id",),
    "phases": ("id",),
    "results": ("experiment",),
    "measurements": ("experiment, name",),
    "notes": ("id",),
    "baselines": ("id",),
    "files": ("id",),
}
_BUSY_SECONDS = 30.0


def files_folder(path: str | os.PathLike[str]) -> Path:
    """Where the files of the ledger at `path` lie."""
    return Path(f"{os.fspath(path)}.files")


class Ledger:
    """Adds rows. Safe to share between threads; each method is one transaction and returns the new row's number.

    Raises InputError where `path` is no ledger of this version, OutputError where it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise OutputError(f"{path}: the ledger cannot be opened: {error}") from None
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._base.close()
            refused = isinstance(error, sqlite3.OperationalError)
            kind = OutputError if refused else InputError
            raise kind(f"{path}: {error if refused else 'is no ledger'}") from None
        except InputError:
            self._base.close()
            raise

    def close(self) -> None:
        self._base.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def add(self, table: str, **columns: Any) -> int:
        """Append one row. Mappings and lists become JSON; `created` is now, where the table has it."""
        with self._transaction():
            return self._insert(table, columns)

    def add_result(self, experiment: int, measurements: Mapping[str, float], **columns: Any) -> None:
        """Append an experiment's result and its measurements, both or neither."""
        with self._transaction():
            self._insert("results", {"experiment": experiment, **columns})
            for name, value in measurements.items():
                self._insert("measurements", {"experiment": experiment, "name": name, "value": float(value)})

    def add_file(self, data: bytes, suffix: str, **columns: Any) -> int:
        """Keep `data` in the ledger's folder and append its row."""
        name = hashlib.sha256(data).hexdigest()[:32] + suffix
        folder = files_folder(self.path)
        try:
            folder.mkdir(exist_ok=True)
            target = folder / name
            if not target.exists():
                part = folder / f"{name}.{os.getpid()}.{threading.get_ident()}.part"
                part.write_bytes(data)
                part.replace(target)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written: {error.strerror or error}") from None
        return self.add("files", name=name, bytes=len(data), **columns)

    def rows(self, query: str, *arguments: Any) -> list[sqlite3.Row]:
        """What a query gives, rows by column name; `arguments` for its marks, or one mapping for its names."""
        named = len(arguments) == 1 and isinstance(arguments[0], Mapping)
        with self._lock:
            return self._base.execute(query, arguments[0] if named else arguments).fetchall()

    def _prepare(self) -> None:
        base = self._base
        base.row_factory = sqlite3.Row
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA foreign_keys = ON")
        with self._transaction():
            empty = not base.execute("SELECT 1 FROM sqlite_master").fetchone()
            if empty:
                self._create()
                return
        check_version(base, self.path)

    def _create(self) -> None:
        schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
        for statement in _statements(schema):
            self._base.execute(statement)
        for table, keys in _KEYS.items():
            for statement in _guards(table, keys):
                self._base.execute(statement)
        self._base.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._base.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._base.execute("BEGIN IMMEDIATE")
                yield
                self._base.execute("COMMIT")
            except BaseException as error:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                if isinstance(error, sqlite3.OperationalError):
                    raise OutputError(f"{self.path}: the ledger cannot be written: {error}") from None
                raise

    def _insert(self, table: str, columns: Mapping[str, Any]) -> int:
        if table != "measurements":
            columns = {"created": time.time(), **columns} if table != "segments" else columns
        values = [json.dumps(v, sort_keys=True) if isinstance(v, (dict, list)) else v for v in columns.values()]
        marks = ", ".join("?" * len(values))
        cursor = self._base.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
        return cursor.lastrowid or 0


def check_version(base: sqlite3.Connection, path: str | os.PathLike[str]) -> None:
    """Raises InputError where an open database is no ledger, or one of another version."""
    if base.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise InputError(f"{os.fspath(path)}: is no ledger")
    version = base.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        raise InputError(f"{os.fspath(path)}: is a ledger of version {version}; this build knows version {VERSION}")


def _statements(script: str) -> Iterator[str]:
    """The statements of an SQL script; sqlite3's executescript() would end the transaction."""
    held = ""
    for line in script.splitlines():
        held += line + "\n"
        if sqlite3.complete_statement(held):
            yield held
            held = ""


def _guards(table: str, keys: Sequence[str]) -> Iterator[str]:
    """Triggers that refuse to change, delete or replace a row."""
    refusal = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for change in ("UPDATE", "DELETE"):
        yield f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} {refusal}"
    for number, key in enumerate(keys):
        same = " AND ".join(f"{column} = NEW.{column}" for column in key.split(", "))
        yield (
            f"CREATE TRIGGER {table}_no_replace_{number} BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refusal}"
        )
