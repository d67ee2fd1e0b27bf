"""The ledger: rows go in and never change, whoever asks; readers see a run while it goes on."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aicodec_native import errors
from aicodec_native.loop import ledger as module
from aicodec_native.loop.ledger import Ledger, files_folder
from aicodec_native.loop.ledger_reader import LedgerReader

LOOP = Path(module.__file__).parent


def add_run(ledger, **changes):
    columns = {
        "source": "in.mkv", "source_digest": "d0", "output": "out.aic", "metric": "ssimulacra2", "target": 80,
        "preset": "medium", "proposer": "search", "seed": 1, "options": {"max_rounds": 3}, "version": "0.1.0",
    }  # fmt: skip
    return ledger.add("runs", **columns | changes)


def add_segment(ledger, run, number=0):
    return ledger.add(
        "segments", run=run, number=number, first_frame=10 * number, frames=10, seconds=0.5, width=64, height=48,
        format="rgb24", digest=f"frames{number}",
    )  # fmt: skip


def add_experiment(ledger, run, segment, **changes):
    columns = {"round": 0, "proposer": "encode", "hypothesis": "as it is", "strategy": {"stack": "video"}}
    return ledger.add("experiments", run=run, segment=segment, **columns | changes)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.ledger"


@pytest.fixture
def filled(path):
    """A ledger with a row in every table."""
    with Ledger(path) as ledger:
        run = add_run(ledger)
        segment = add_segment(ledger, run)
        ledger.add("events", run=run, kind="started", detail={})
        turn = ledger.add(
            "turns", run=run, segment=segment, round=1, model="m", input_tokens=10, output_tokens=5,
            cache_read_tokens=100, cache_write_tokens=0, usd=0.5, seconds=2.0, stop_reason="tool_use",
        )  # fmt: skip
        first = add_experiment(ledger, run, segment)
        ledger.add("phases", experiment=first, phase="encoding")
        ledger.add_result(first, {"bytes": 1000, "score": 80.5}, status="kept", candidate_hash="c1", decoded_hash="f1")
        for name in ("better", "wrong"):
            add_experiment(
                ledger, run, segment, round=1, parent=first, turn=turn, proposer="claude", hypothesis=name, program=name
            )
        ledger.add_result(2, {"bytes": 700, "score": 80.1}, status="kept", candidate_hash="c2", decoded_hash="f2")
        ledger.add_result(3, {}, status="failed", error_class="invalid_program", error="line 1, column 2: no")
        ledger.add("notes", run=run, segment=segment, turn=turn, text="circles")
        ledger.add(
            "baselines", segment_digest="frames0", codec="hevc", setting="CRF 20", bytes=2000, metric="ssimulacra2",
            score=80, encode_seconds=1.0, decode_seconds=0.1,
        )  # fmt: skip
        ledger.add_file(b"coded", ".aic", run=run, segment=segment, experiment=2, kind="aic")
    return path


def test_every_table_refuses_to_change(filled):
    with closing(sqlite3.connect(filled, isolation_level=None)) as base:
        tables = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert set(tables) == set(module._KEYS)
        for table in tables:
            before = base.execute(f"SELECT * FROM {table}").fetchall()
            column = base.execute(f"SELECT * FROM {table}").description[0][0]
            assert before, table
            for change in (
                f"UPDATE {table} SET {column} = {column}",
                f"DELETE FROM {table}",
                f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
            ):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    base.execute(change)
            assert base.execute(f"SELECT * FROM {table}").fetchall() == before


def test_a_segments_number_is_not_replaced_under_another_row(filled):
    with closing(sqlite3.connect(filled)) as base, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        base.execute("INSERT OR REPLACE INTO segments SELECT 99, run, number, 5, 5, 5, 5, 5, '', '' FROM segments")


def test_nothing_in_the_package_asks_for_a_change():
    asked = re.compile(r"\b(UPDATE\s+\w+\s+SET|DELETE\s+FROM|REPLACE\s+INTO|DROP\s+(TABLE|TRIGGER))\b", re.IGNORECASE)
    for file in LOOP.parent.rglob("*"):
        if file.suffix in {".py", ".sql"}:
            assert not asked.search(file.read_text()), file


def test_runs_and_experiments_as_readers_see_them(filled):
    with LedgerReader(filled) as reader:
        (run,) = reader.runs()
        assert (run["experiments"], run["improvements"], run["segments"]) == (3, 1, 1)
        assert (run["first_bytes"], run["best_bytes"], run["usd"]) == (1000, 700, 0.5)
        assert (run["input_tokens"], run["output_tokens"]) == (110, 5)
        assert run["options"] == {"max_rounds": 3}
        assert run["last_event"] == "started"
        lines = reader.experiments(run["id"])
        assert [line["status"] for line in lines] == ["kept", "kept", "failed"]
        assert [line["error_class"] for line in lines] == [None, None, "invalid_program"]
        assert [line["usd"] for line in lines] == [None, 0.25, 0.25]
        assert [line["id"] for line in reader.experiments(after=2)] == [3]
        whole = reader.experiment(2)
        assert whole["measurements"] == {"bytes": 700, "score": 80.1}
        assert whole["strategy"] == {"stack": "video"}
        assert whole["turn"]["model"] == "m"
        assert reader.file(whole["files"][0]["name"]).read_bytes() == b"coded"
        assert [line["codec"] for line in reader.baselines(run["id"])] == ["hevc"]
        assert [line["text"] for line in reader.of_run("notes", run["id"])] == ["circles"]


def test_a_reader_follows_a_run_that_goes_on(filled):
    with LedgerReader(filled) as reader, Ledger(filled) as ledger:
        number = add_experiment(ledger, 1, 1, round=2)
        assert reader.experiment(number)["phase"] == "waiting"
        ledger.add("phases", experiment=number, phase="judging")
        assert (reader.experiment(number)["status"], reader.experiment(number)["phase"]) == ("running", "judging")
        ledger.add_result(number, {"bytes": 900}, status="failed", error_class="larger", error="")
        assert (reader.experiment(number)["status"], reader.experiment(number)["phase"]) == ("failed", "done")


def test_a_reader_cannot_write(filled):
    with LedgerReader(filled) as reader, pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader._base.execute("INSERT INTO notes (run, segment, created, text) VALUES (1, 1, 0, '')")


def test_files_never_lie_outside_the_folder(filled):
    (filled.parent / "secret").write_text("secret")
    with LedgerReader(filled) as reader:
        for name in ("../secret", str(filled.parent / "secret"), "", "unknown"):
            with pytest.raises(errors.InputError):
                reader.file(name)


def test_equal_files_are_kept_once(filled):
    with Ledger(filled) as ledger:
        ledger.add_file(b"coded", ".aic", run=1, segment=1, experiment=1, kind="aic")
    assert len(list(files_folder(filled).iterdir())) == 1


def test_a_result_is_written_whole_or_not_at_all(path):
    with Ledger(path) as ledger:
        run = add_run(ledger)
        segment = add_segment(ledger, run)
        number = add_experiment(ledger, run, segment)
        with pytest.raises(sqlite3.IntegrityError):
            ledger.add_result(number, {"bytes": 5}, status="kept", error_class="larger")
        assert not ledger.rows("SELECT * FROM measurements")
        ledger.add_result(number, {"bytes": 5}, status="kept")
        assert ledger.rows("SELECT value FROM measurements")[0]["value"] == 5


def test_what_is_no_ledger(tmp_path):
    (tmp_path / "text").write_text("no database, but long enough to look like one" * 30)
    with closing(sqlite3.connect(tmp_path / "other")) as base:
        base.execute("CREATE TABLE t (a)")
    for name in ("text", "other"):
        for kind in (Ledger, LedgerReader):
            with pytest.raises(errors.InputError, match="no ledger"):
                kind(tmp_path / name)
    with pytest.raises(errors.InputError, match="no such file"):
        LedgerReader(tmp_path / "missing")
    with pytest.raises(errors.OutputError):
        Ledger(tmp_path / "missing" / "ledger")


def test_a_later_version_is_refused(path):
    with Ledger(path) as ledger:
        ledger._base.execute(f"PRAGMA user_version = {module.VERSION + 1}")
    for kind in (Ledger, LedgerReader):
        with pytest.raises(errors.InputError, match="version 2"):
            kind(path)
