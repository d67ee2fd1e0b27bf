"""Runs of the loop: what is kept, what is refused and why, budgets, and going on after a kill."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

import aicodec_native as aic
from aicodec_native import _native
from aicodec_native.loop.evolve import evolve
from aicodec_native.loop.ledger_reader import LedgerReader
from aicodec_native.loop.proposals import Attempt
from aicodec_native.loop.replay import Replay
from aicodec_native.video import libaom
from loop_clips import BROKEN, WAVES, WRONG, context_of, experiments, write_waves

# Draws for many seconds: as much as a pixel may cost.
HEAVY = """def color(x, y, t):
    a = x * y
    for i in range(4500):
        a = sin(a + i)
    return rgb(a, a, a)
"""

NOISE = "def color(x, y, t):\n    return rgb(rand(x, y), frame / 99, 0)\n"


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_waves(tmp_path_factory.mktemp("waves"))


@pytest.fixture(scope="module")
def large_clip(tmp_path_factory):
    """Large enough that HEAVY takes many seconds on it."""
    return write_waves(tmp_path_factory.mktemp("large"), frames=24, size=(640, 480))


@pytest.fixture
def run(clip, tmp_path):
    """run(lines, **options): the result of a run over proposals, and its experiments."""

    def made(*lines, source=clip, **options):
        path = tmp_path / "proposals.jsonl"
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        options = {"proposer": f"replay:{path}", "preset": "fast", "compare": False, "workers": 2, **options}
        result = evolve(source, tmp_path / "out.aic", **options)
        return result, experiments(result.ledger)

    return made


def proposal(stack, program=None, **knobs):
    return {"strategy": {"stack": stack, **knobs}} | ({"program": program} if program else {})


def test_every_way_to_fail_and_the_one_to_win(run, clip):
    result, found = run(
        proposal("shader", BROKEN),
        proposal("shader", WRONG),
        proposal("shader", "def color(x, y, t):\n    return rgb(below(0, 0))\n"),
        proposal("shader", HEAVY.replace("4500", "45000")),
        proposal("everything"),
        proposal("video", crf=2),
        proposal("shader"),
        proposal("shader", WAVES),
        proposal("shader", WAVES + "\n# the same in other words\n"),
        proposal("shader+screen", WAVES),
    )
    assert [e["error_class"] for e in found] == [
        None, "invalid_program", "quality_missed", "refused", "refused", "invalid_strategy", "larger",
        "invalid_strategy", None, "unchanged", "larger",
    ]  # fmt: skip
    first, broken, winner, same, other = found[0], found[1], found[8], found[9], found[10]
    assert (first["proposer"], first["stack"], first["status"]) == ("encode", "encode", "kept")
    assert broken["error"].startswith("line 2, column")
    assert broken["bytes"] is None
    assert same["same_candidate_as"] == winner["id"]
    assert other["same_output_as"] == winner["id"]
    saved = first["bytes"] - winner["bytes"]
    assert saved <= result.first_bytes - result.bytes <= saved + 4  # numbers in the index are shorter, too
    assert result.bytes == os.path.getsize(result.path)
    with aic.open(result.path) as reader, aic.open(clip.with_suffix(".aic")) as source:
        assert (reader[:] == source[:]).all()
    assert not [path.name for path in clip.parent.iterdir() if "part" in path.name]


def test_the_first_candidate_is_what_encode_makes(run, clip, tmp_path):
    result, (first,) = run()
    plain = aic.encode(clip, tmp_path / "plain.aic", preset="fast")
    assert result.reason == "exhausted"
    encoded, kept = (_native.FileReader(str(tmp_path / name)) for name in ("plain.aic", "out.aic"))
    assert [encoded.payload(e) for e in encoded.entries if e.kind != "other"] == [kept.payload(e) for e in kept.entries]
    assert encoded.quality()
    assert kept.quality() is None  # the ledger knows better
    assert result.bytes == result.first_bytes < plain.bytes
    assert first["bytes"] == plain.segments[0]["bytes"]


def test_a_lossless_run_keeps_every_sample(run, clip):
    result, found = run(
        proposal("video", crf=1),
        proposal("screen", near=1),
        proposal("video+screen", crf=40),
        proposal("shader+screen", WRONG),
        proposal("shader", WAVES),
        quality="lossless",
    )
    assert [e["error_class"] for e in found] == [None, "quality_missed", "invalid_strategy", "larger", "larger", None]
    assert [e["max_error"] for e in found[3:]] == [0, 0, 0]
    with aic.open(result.path) as reader, aic.open(clip.with_suffix(".aic")) as source:
        assert (reader[:] == source[:]).all()


LIFE = """def color(x, y, t):
    k = prev_int(1, 0, wrap=True)[0]
    start = rand(x, y, 5) * 255
    return rgb_int(int(start) if local_frame == 0 else k, 0, 0)
"""


def test_a_program_that_reads_the_frame_before_under_an_exact_layer(run, tmp_path):
    (tmp_path / "clip").mkdir()
    source = write_waves(tmp_path / "clip", program=LIFE)
    other_start = LIFE.replace("y, 5", "y, 6")  # wrong in the first frame alone: the layer over it sets that right
    over_still = "def color(x, y, t):\n    return rgb(below(0, 0))\n"
    _, found = run(
        proposal("shader+screen", other_start),
        proposal("screen+shader", over_still, stills=list(range(8))),
        proposal("screen+shader+screen", over_still, stills=[0] * 8),
        proposal("screen+shader", over_still),
        proposal("screen+shader", over_still, stills=[0] * 7 + [8]),
        source=source,
        quality="lossless",
    )
    assert [e["max_error"] for e in found[1:4]] == [0, 0, 0]
    assert [e["error_class"] for e in found[4:]] == ["invalid_strategy", "invalid_strategy"]
    assert found[1]["bytes"] < 1.2 * 64 * 48 + 200  # about the first frame's


def test_segments_tracks_and_times_come_along(run, talking_clip, tmp_path):
    result, found = run(
        proposal("video", svt_preset=4), {**proposal("screen"), "segment": 1}, source=talking_clip, quality=50
    )
    assert result.segments == 3
    assert {e["segment"] for e in found if e["stack"] == "screen"} == {1}
    aic.encode(talking_clip, tmp_path / "plain.aic", quality=50, preset="fast")
    with aic.open(result.path) as evolved, aic.open(tmp_path / "plain.aic") as plain:
        assert (evolved.ticks == plain.ticks).all()
        assert list(evolved.packets()) == list(plain.packets())
        assert evolved.info == plain.info
    assert result.bytes <= result.first_bytes


def test_what_a_run_begins_with_is_counted_as_what_it_writes(run, talking_clip, tmp_path):
    returning = write_waves(tmp_path, frames=16, size=(96, 64), program=NOISE)
    for source, options in (
        (talking_clip, {"quality": 50}),
        (returning, {"quality": "lossless", "segment_seconds": 1.0}),
    ):
        result, _ = run(source=source, overwrite=True, **options)
        assert result.first_bytes == result.bytes == os.path.getsize(result.path)


def test_pictures_of_the_dictionary_stay_usable(run, tmp_path):
    rng_clip = write_waves(tmp_path, frames=24, size=(96, 64), program=NOISE)
    result, found = run(
        proposal("screen", screen_preset="slow"), source=rng_clip, quality="lossless", segment_seconds=1.0
    )
    assert result.segments == 3
    with LedgerReader(result.ledger) as reader:
        for row in reader.of_run("files", result.run):
            if row["kind"] == "aic":
                assert aic.verify(reader.file(row["name"])).frames == 8
    assert aic.verify(result.path).ok
    assert len(found) == 6


@pytest.mark.skipif(libaom.version() is None, reason="there is no ffmpeg program with libaom")
def test_video_by_libaom(run, tmp_path):
    """Stripes a pixel wide: of 4:2:0 they are grey at any quantiser."""
    stripes = "def color(x, y, t):\n    return rgb(mod(x, 2), 0.2, mod(x + floor(t * 4), 2))\n"
    clip = write_waves(tmp_path, program=stripes)
    result, found = run(
        proposal("video", encoder="libaom", chroma="444", screen_tools=True, cpu_used=8),
        proposal("video", encoder="libaom", crf=10, cpu_used=8),
        proposal("video", encoder="libaom", crf=10.5),
        source=clip,
        preset="medium",
    )
    first, full, half, wrong = found
    assert full["error_class"] in (None, "larger")
    assert full["score"] >= min(80, first["score"])
    with LedgerReader(result.ledger) as reader:
        assert reader.experiment(full["id"])["measurements"]["crf"] % 1 == 0
    assert half["error_class"] == "quality_missed"
    assert (wrong["error_class"], wrong["error"]) == ("invalid_strategy", "libaom knows whole numbers of crf alone")


def test_candidates_that_take_too_long_are_killed(run, large_clip):
    lines = [proposal("shader", HEAVY), proposal("shader", WAVES)]
    result, found = run(*lines, source=large_clip, candidate_seconds=4.0)
    assert [e["error_class"] for e in found] == [None, "timeout", None]
    assert "killed after 4 s" in found[1]["error"]
    assert result.bytes < result.first_bytes


def test_the_time_that_is_over_kills_what_runs(run, large_clip):
    result, found = run(proposal("shader", HEAVY), source=large_clip, max_minutes=4 / 60)
    assert result.reason == "minutes"
    assert [e["error_class"] for e in found] in ([None, "budget"], [None])
    assert result.bytes == result.first_bytes


def test_peers_are_measured_once_for_a_clip(run):
    result, found = run(proposal("shader", WAVES), compare=True)
    with LedgerReader(result.ledger) as reader:
        points = reader.baselines(result.run)
        assert {point["codec"] for point in points} == {"hevc", "av1"}
        assert all(point["bytes"] > 100 and point["encode_seconds"] > 0 for point in points)
        again, _ = run(compare=True, overwrite=True, ledger=result.ledger)
        assert len(reader.baselines(again.run)) == len(points)
    first = found[0]
    below = [p["bytes"] for p in points if p["codec"] == "hevc" and p["score"] <= first["ssimulacra2"]]
    above = [p["bytes"] for p in points if p["codec"] == "hevc" and p["score"] >= first["ssimulacra2"]]
    if below and above:
        least, most = first["bytes"] / min(above), first["bytes"] / max(below)
        assert 0.99 * least <= first["against_hevc"] <= 1.01 * most  # the curve is smooth, its points are not quite


def test_a_ledger_holds_the_files_of_what_was_kept(run):
    result, found = run(proposal("shader", WAVES))
    with LedgerReader(result.ledger) as reader:
        rows = reader.of_run("files", result.run)
        names = {row["experiment"]: row["name"] for row in rows if row["kind"] == "aic"}
        assert set(names) == {found[0]["id"], found[1]["id"]}
        with aic.open(reader.file(names[found[1]["id"]])) as one, aic.open(result.path) as whole:
            assert (one[:] == whole[:]).all()
        stills = [row for row in rows if row["kind"] == "source_frame"]
        assert [row["frame"] for row in stills] == [0, 4, 7]
        assert reader.file(stills[0]["name"]).read_bytes().startswith(b"\x89PNG")
        events = [row["kind"] for row in reader.of_run("events", result.run)]
    assert events == ["started", "encoded", "finished"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"proposer": "oracle"}, "no proposer 'oracle'"),
        ({"max_minutes": 0}, "max_minutes must be above 0"),
        ({"patience": 0}, "patience is 1 or more"),
        ({"preset": "best"}, "unknown preset"),
        ({"proposer": "replay:/nowhere"}, "no such file"),
        ({"resume": True}, "no interrupted run"),
    ],
)
def test_mistakes(run, options, message, tmp_path):
    with pytest.raises(aic.AicodecError, match=message):
        run(**options)
    assert not (tmp_path / "out.aic").exists()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: is not JSON"),
        ("[]", "no object with a strategy"),
        ('{"strategy": {}, "code": ""}', "no field 'code'"),
        ('{"strategy": {}, "program": 5}', "are text"),
        ('{"strategy": {}, "segment": "a"}', "whole numbers"),
    ],
)
def test_lines_that_hold_no_proposal(clip, tmp_path, line, message):
    (tmp_path / "bad.jsonl").write_text(line)
    with pytest.raises(aic.InputError, match=message):
        evolve(clip, tmp_path / "out.aic", proposer=f"replay:{tmp_path / 'bad.jsonl'}")


def test_another_program_proposes(run, tmp_path):
    script = tmp_path / "proposer.py"
    script.write_text(
        "import json, sys, pathlib\n"
        "context = json.load(sys.stdin)\n"
        "assert len(context['pictures']) == 6 and context['bar'] > 0\n"
        "assert all(pathlib.Path(p['path']).read_bytes()[:4] == b'\\x89PNG' for p in context['pictures'])\n"
        f"program = {WAVES!r}\n"
        "if context['round'] == 1:\n"
        "    print(json.dumps({'strategy': {'stack': 'shader'}, 'program': program, 'parent': context['best']}))\n"
    )
    result, found = run(proposer=f"command:{sys.executable} {script}")
    assert [(e["proposer"], e["status"], e["parent"]) for e in found[1:]] == [("command", "kept", found[0]["id"])]
    assert result.reason == "exhausted"


def test_a_program_that_fails_ends_the_run(run):
    with pytest.raises(aic.EncodeError, match="exit code 3"):
        run(proposer=f"command:{sys.executable} -c 'raise SystemExit(3)'")


# Killed, and going on.


def test_a_killed_run_goes_on(large_clip, tmp_path):
    rounds = [[proposal("shader", WAVES)], [proposal("shader", HEAVY), proposal("screen")]]
    script = tmp_path / "proposer.py"
    script.write_text(
        f"import json, sys\nfor line in {rounds!r}[json.load(sys.stdin)['round'] - 1]:\n    print(json.dumps(line))\n"
    )
    command = [sys.executable, "-m", "aicodec_native", "evolve", str(large_clip), str(tmp_path / "out.aic")]
    proposer = ["--proposer", f"command:{sys.executable} {script}"]
    arguments = [*command, "-p", "fast", *proposer, "--no-compare", "--workers", "1"]
    ledger = tmp_path / "out.aic.ledger"
    process = subprocess.Popen(arguments, start_new_session=True)
    try:
        nursery = _wait_for_heavy(ledger, process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    _wait_until(lambda: not _alive(nursery))  # and with it what it was running
    before = experiments(ledger)
    assert [e["status"] for e in before] == ["kept", "kept", "running", "running"]
    assert not (tmp_path / "out.aic").exists()

    refused = subprocess.run([*arguments, "--resume", "--seed", "5"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "other options" in refused.stderr
    # What was found before counts, even if nothing new is tried.
    resumed = [*arguments, "--resume", "--max-rounds", "1", "--json"]
    result = json.loads(subprocess.run(resumed, capture_output=True, text=True, check=True).stdout)
    assert (result["reason"], result["improvements"]) == ("rounds", 1)
    assert result["bytes"] < result["first_bytes"]
    assert result["bytes"] == os.path.getsize(tmp_path / "out.aic")
    after = experiments(ledger)
    assert after[:2] == before[:2]
    assert [e["error_class"] for e in after[2:]] == ["interrupted", "interrupted"]
    with LedgerReader(ledger) as reader:
        kinds = [row["kind"] for row in reader.of_run("events", 1)]
    assert kinds == ["started", "encoded", "resumed", "finished"]


def test_what_was_interrupted_is_proposed_again(clip, tmp_path):
    lines = [proposal("screen"), proposal("shader", WAVES), proposal("screen"), proposal("shader", WRONG)]
    path = tmp_path / "proposals.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    def tried(number, line, error_class):
        return Attempt(
            number, 1, None, "replay", "", line["strategy"], line.get("program"), "failed", error_class
        )  # fmt: skip

    attempts = [tried(2, lines[0], "larger"), tried(3, lines[1], "interrupted"), tried(4, lines[2], "unchanged")]
    with context_of(clip, attempts) as context:
        waiting = Replay(str(path)).propose(context).proposals
    assert [w.program for w in waiting] == [WAVES, WRONG]


def _wait_for_heavy(ledger, process):
    """Until the first candidate is done and the heavy one is being judged; the process that runs it."""

    def judging():
        assert process.poll() is None
        if not ledger.exists():
            return False
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as base:
            try:
                found = base.execute(
                    "SELECT 1 FROM experiment_lines WHERE program LIKE '%4500%' AND phase = 'judging' "
                    "AND EXISTS (SELECT 1 FROM experiment_lines WHERE round = 1 AND phase = 'done')"
                ).fetchall()
            except sqlite3.OperationalError:  # it is just being made
                return False
        return bool(found)

    _wait_until(judging)
    children = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True, check=True
    )
    return int(children.stdout.split()[0])


def _wait_until(condition):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


# The command line.


def cli(*arguments, **options):
    command = [sys.executable, "-m", "aicodec_native", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


def test_the_commands(clip, tmp_path):
    (tmp_path / "p.jsonl").write_text(
        json.dumps(proposal("shader", WAVES)) + "\n" + json.dumps(proposal("shader", WRONG))
    )
    out = tmp_path / "out.aic"
    done = cli("evolve", clip, out, "-p", "fast", "--proposer", f"replay:{tmp_path / 'p.jsonl'}", "--no-compare")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 experiments, 1 improvements" in done.stdout
    again = cli("evolve", clip, out)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    listed = cli("ledger", "list", f"{out}.ledger").stdout
    assert "quality_missed" in listed
    assert "kept" in listed
    assert json.loads(cli("ledger", "list", f"{out}.ledger", "--runs", "--json").stdout)[0]["improvements"] == 1
    shown = cli("ledger", "show", f"{out}.ledger", 2).stdout
    assert "sin(x / 7.0" in shown
    assert "bytes.shader" in shown
    lines = [json.loads(line) for line in cli("ledger", "export", f"{out}.ledger").stdout.splitlines()]
    assert [line["status"] for line in lines] == ["kept", "kept", "failed"]
    table = cli("ledger", "export", f"{out}.ledger", "--format", "csv").stdout.splitlines()
    assert table[0].startswith("id,run,segment")
    missing = cli("ledger", "show", f"{out}.ledger", 99)
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)


def test_a_rehearsal_asks_nobody_and_leaves_nothing(clip, tmp_path):
    pytest.importorskip("anthropic")
    environment = {name: value for name, value in os.environ.items() if name != "ANTHROPIC_API_KEY"}
    out = tmp_path / "out.aic"
    done = cli(
        "evolve", clip, out, "-p", "fast", "--proposer", "claude", "--dry-run",
        env={**environment, "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "submit_program" in done.stdout
    assert "USD a request" in done.stdout
    assert not list(tmp_path.iterdir())


def test_context_for_other_programs_is_json(clip):
    with context_of(clip) as context:
        assert json.loads(json.dumps(context.to_json()))["experiments"][0]["bytes"] == 1000
