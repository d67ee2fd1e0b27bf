"""The command line as its users meet it: real processes, pipes, signals, and one line for whatever goes wrong."""

from __future__ import annotations

import contextlib
import glob
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import av
import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native.cli.encode import _explain
from clips import moving_shots, yuv_frames
from media_inputs import write_video

COMMANDS = [
    "encode", "evolve", "ledger", "decode", "info", "verify", "shade", "fit", "show", "metrics", "bench", "compare",
    "dashboard", "demo",
]  # fmt: skip
FAST = ["-p", "fast", "--crf", "40"]


def command(*arguments):
    return [sys.executable, "-m", "aicodec_native", *map(str, arguments)]


def run(*arguments, **options):
    """The finished process; its output as text unless `binary`."""
    text = not options.pop("binary", False)
    return subprocess.run(command(*arguments), capture_output=True, text=text, check=False, timeout=120, **options)


def complaint(done, code=2):
    """The only line on standard error of a command that failed."""
    assert done.returncode == code, done.stderr
    assert done.stdout in ("", b"")
    assert done.stderr.startswith("aicodec-native: ")
    assert done.stderr.count("\n") == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.removeprefix("aicodec-native: ").rstrip()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# Help.


def test_help_names_every_command(folder):
    done = run("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: aicodec-native ")
    assert all(f"  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(name):
    done = run(name, "-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: aicodec-native {name} ")
    assert "Options:" in done.stdout


def test_a_page_that_cannot_be_written_is_no_work(tmp_path):
    done = run("compare", tmp_path / "none.mkv", "--html", tmp_path / "none" / "page.html")
    assert done.returncode == 2
    assert done.stderr == f"aicodec-native: {tmp_path}/none/page.html: the folder {tmp_path}/none does not exist\n"


def test_version():
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"aicodec-native {aic.__version__} (kernels: ")


def test_no_command_shows_the_help():
    done = run()
    assert done.returncode == 2
    assert "Commands:" in done.stderr


# Mistakes.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["encod"], "no command 'encod'; there are encode, decode"),
        (["encode"], "missing argument 'INPUT' (see aicodec-native encode --help)"),
        (["encode", "a", "b", "--nope"], "no such option"),
        (["encode", "a", "b", "-q", "good"], "'good' is neither a number nor 'lossless'"),
        (["encode", "CLIP", "b", "-q", "101"], "at most 100"),
        (["encode", "CLIP", "b", "-q", "90", "--crf", "20"], "exclude each other"),
        (["encode", "CLIP", "b", "--target", "psnr"], "'psnr' is not METRIC=VALUE"),
        (["encode", "CLIP", "b", "--target", "vmaf=90"], "unknown metric 'vmaf': choose one of psnr"),
        (["encode", "CLIP", "b", "--crf", "30.1"], "steps of 0.25"),
        (["encode", "CLIP", "b", "-p", "placebo"], "'placebo' is not one of"),
        (["encode", "CLIP", "b", "--duration", "nan"], "duration must be above 0"),
        (["encode", "CLIP", "b", "--fps", "25"], "fps is for numbered images"),
        (["encode", "CLIP", "-"], "cannot be written to a pipe"),
        (["encode", "CLIP", "no/b"], "the folder no does not exist"),
        (["encode", "CLIP", "."], ".: is a folder"),
        (["encode", "CLIP", "CLIP", "-y"], "is the input"),
        (["encode", "none.mkv", "b"], "none.mkv: no such file"),
        (["encode", ".", "b"], ".: is a folder"),
        (["decode", "AIC", "x.avi"], "x.avi: unknown kind of file (known: .gif"),
        (["decode", "AIC", "x.mkv", "--option", "level"], "'level' is not KEY=VALUE"),
        (["decode", "AIC", "x.mkv", "--crf", "20"], "ffv1 has no crf"),
        (["decode", "AIC", "x.mp4", "--codec", "nope"], 'no video encoder "nope"'),
        (["decode", "AIC", "no/x.mkv"], "there is no folder"),
        (["decode", "AIC", "-", "--json"], "cannot both go to standard output"),
        (["decode", "AIC", "-", "--container", "mp4"], "mp4 cannot be written to a pipe"),
        (["metrics", "CLIP", "none.aic"], "none.aic: no such file"),
        (["metrics", "CLIP", "AIC", "--metrics", "vmaf"], "unknown metric 'vmaf'"),
        (["metrics", "CLIP", "AIC", "--metrics", ","], "--metrics names none"),
        (["metrics", "CLIP", "AIC", "--every", "2", "--metrics", "xpsnr"], "xpsnr needs every frame"),
        (["demo", "none.mkv"], "none.mkv: no such file"),
        (["ledger", "list", "."], ".: is a folder"),
        (["evolve", "none.mkv", "b"], "none.mkv: no such file"),
        (["evolve", "CLIP", "b", "--resume"], "b.ledger: does not exist: no interrupted run"),
        (["compare", "none.mkv"], "none.mkv: no such file"),
        (["compare", "CLIP", "--peers", "h264"], "unknown peer 'h264'; known are x264, x264-444"),
        (["compare", "CLIP", "--metric", "mos"], "unknown metric 'mos'"),
        (["compare", "CLIP", "--quality", "80,best"], "'best' is no SSIMULACRA2 score"),
        (["compare", "CLIP", "--quality", "100"], "lie between 0 and 100"),
        (["compare", "CLIP", "--peers", ","], "a list with commas is empty"),
        (["bench", "--only", "nothing"], "no path has 'nothing' in its name"),
    ],
)
def test_a_mistake_gets_one_line(folder, talking_clip, coded_clip, arguments, words):
    named = {"CLIP": talking_clip, "AIC": coded_clip}
    assert words in complaint(run(*(named.get(word, word) for word in arguments)))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["decode", "info", "verify", "metrics"])
def test_files_that_cannot_be_read(folder, coded_clip, name):
    content = coded_clip.read_bytes()
    bad_header = bytearray(content)
    bad_header[8] ^= 0xFF
    for kind, data in [
        ("missing", None),
        ("empty", b""),
        ("foreign", b"\x1aE\xdf\xa3 something else"),
        ("cut", content[:200]),
        ("corrupt", bytes(bad_header)),
    ]:
        file = folder / f"{kind}.aic"
        if data is not None:
            file.write_bytes(data)
        more = {"decode": ["out.mp4"], "metrics": [coded_clip]}.get(name, [])
        said = complaint(run(name, file.name, *more))
        assert f"{kind}.aic: " in said, kind
        assert ("is empty" in said) == (kind == "empty"), kind
    assert not (folder / "out.mp4").exists()
    assert not list(folder.glob(".*"))


@pytest.fixture(params=["empty", "text", "cut", "coded"])
def unreadable(request, folder, talking_clip, coded_clip):
    """The folder with a file in.mkv that is no video, alone."""
    content = {
        "empty": b"",
        "text": b"hello\n" * 50,
        "cut": talking_clip.read_bytes()[:300],
        "coded": coded_clip.read_bytes(),
    }
    (folder / "in.mkv").write_bytes(content[request.param])
    return folder


def test_a_run_on_what_cannot_be_read_is_not_to_be_resumed(unreadable):
    said = complaint(run("evolve", "in.mkv", "out.aic"))
    assert said.startswith("in.mkv: ")
    assert "--resume" not in said
    assert os.listdir(unreadable) == ["in.mkv"]


def test_sources_that_cannot_be_read(unreadable):
    assert "in.mkv: " in complaint(run("encode", "in.mkv", "out.aic"))
    assert os.listdir(unreadable) == ["in.mkv"]


def test_an_existing_output_is_not_overwritten(folder, talking_clip, coded_clip):
    for name, arguments in {"a.aic": ["encode", talking_clip], "a.mp4": ["decode", coded_clip]}.items():
        (folder / name).write_bytes(b"precious")
        assert "exists already; use --overwrite" in complaint(run(*arguments, name))
        assert (folder / name).read_bytes() == b"precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(folder, talking_clip, coded_clip):
    (folder / "closed").mkdir(0o555)
    assert "permission denied" in complaint(run("encode", talking_clip, "closed/a.aic"))
    assert "permission denied" in complaint(run("decode", coded_clip, "closed/a.mp4"))


def test_a_full_output(folder, coded_clip):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command("decode", coded_clip, "-"), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr == b"aicodec-native: standard output: the disk is full\n"


def test_a_file_size_limit(folder, talking_clip):
    import resource

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    words = complaint(run("encode", talking_clip, "a.aic", *FAST, preexec_fn=limit))
    assert "file too large" in words
    assert list(folder.iterdir()) == []


# What the commands print.


def test_encode_info_verify_decode_metrics(folder, talking_clip):
    done = run("encode", talking_clip, "a.aic", *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("a.aic: ")
    assert "72 frames" in done.stdout
    done = run("info", "a.aic", "--layers", env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 0
    # Segment, first frame, frames, start, bytes, mean, 5th percentile: a line each.
    assert len(re.findall(r"^ +\d+ +\d+ +\d+ +[\d.]+ +[\d,]+ +[\d.]+ +[\d.]+ +video [\d,]+ *$", done.stdout, re.M)) == 3
    assert all(words in done.stdout for words in ("192x128 yuv420p", "72 frames", "24 fps", "aac", "subrip", "video"))
    assert re.search(r"quality +ssimulacra2 [0-9.]+ \(5th percentile [0-9.]+\), 18 frames measured", done.stdout)
    done = run("verify", "a.aic")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "a.aic: ok, 72 frames in 3 segments\n"
    done = run("decode", "a.aic", "a.mkv")
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "a.mkv: 72 frames\n")
    done = run("metrics", "a.aic", "a.mkv", "--every", "10")
    assert done.returncode == 0
    assert "100.000" in done.stdout
    assert "inf" in done.stdout


def test_one_frame_is_no_frames(folder):
    clip = write_video(folder / "a.mkv", yuv_frames(moving_shots()[:1]))
    assert ", 1 frame in " in run("encode", clip, "a.aic", *FAST).stdout
    assert " 1 frame, " in run("info", "a.aic").stdout
    assert run("verify", "a.aic").stdout == "a.aic: ok, 1 frame in 1 segment\n"
    assert run("decode", "a.aic", "a.png").stdout == "a.png: 1 frame\n"


def test_json_of_every_command(folder, talking_clip):
    def parsed(*arguments):
        done = run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    encoded = parsed("encode", talking_clip, "a.aic", *FAST)
    assert set(encoded) >= {"path", "frames", "bytes", "metric", "target", "score", "reached", "segments", "warnings"}
    assert (encoded["frames"], len(encoded["segments"])) == (72, 3)
    info = parsed("info", "a.aic")
    assert info == parsed("info", "a.aic")
    assert (info["width"], info["frames"], info["fps"], len(info["segments"])) == (192, 72, 24, 3)
    told = {key: encoded[key] for key in ("metric", "score", "score_p5", "frames_measured")}
    assert info["quality"] == pytest.approx(told, abs=0.006)
    for kept, made in zip(info["segments"], encoded["segments"], strict=True):
        assert kept["quality"]["score"] == pytest.approx(made["score"], abs=0.006)
        assert kept["quality"]["score_p5"] == pytest.approx(made["score_p5"], abs=0.006)
        assert min(made["scores"]) <= made["score_p5"] <= made["score"]
    assert sum(info["bytes_by_part"].values()) == info["bytes"] == (folder / "a.aic").stat().st_size
    verified = parsed("verify", "a.aic")
    assert verified["ok"] is True
    assert verified["problems"] == []
    assert parsed("decode", "a.aic", "a.mkv")["frames"] == 72
    measured = parsed("metrics", "a.aic", "a.mkv", "--frames")
    assert measured["psnr_rgb"] is None  # infinite
    assert measured["ssimulacra2"] == pytest.approx(100)
    assert len(measured["per_frame"]["ssimulacra2"]) == 72


def test_a_missed_quality_is_a_warning(folder):
    """A little more than AV1 can do: from further below, exact pixels would be tried."""
    noise = np.random.default_rng(1).integers(0, 256, (3, 96, 128, 3), np.uint8)
    clip = write_video(folder / "a.mkv", yuv_frames(noise, "yuv444p"))
    exact = json.loads(run("encode", clip, "a.aic", "-p", "fast", "--target", "psnr=90", "--json").stdout)
    finest = max(tried["score"] for tried in exact["segments"][0]["tried"] if tried["stack"] == "video")
    target = round(finest + 0.5, 1)
    done = run("encode", clip, "b.aic", "-p", "fast", "--target", f"psnr={target}")
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"warning: 1 of 1 segments could not reach psnr {target:g}")


def test_one_candidate_alone_is_said_to_be_kept(capsys):
    def program(size):
        named = {"stack": "shader", "setting": "gradient", "score": 99.0, "reached": True, "seconds": 0.1}
        return named | {"bytes": size, "layer_bytes": [size]}

    segment = {"frames": 3, "score": 99.0, "score_p5": 98.0, "stack": "shader", "setting": "gradient"}
    told = segment | {"tried": [program(167), program(127)], "video_expected": 41234}
    _explain(SimpleNamespace(metric="ssimulacra2", segments=[told]))
    lines = capsys.readouterr().out.splitlines()
    assert any("41,234 bytes" in line and "not tried" in line for line in lines)
    kept = [line for line in lines if "kept" in line]
    assert len(kept) == 1
    assert "127" in kept[0]


def test_only_bd_rates_need_the_extra(folder, tmp_path_factory):
    hidden = tmp_path_factory.mktemp("hidden")
    (hidden / "bjontegaard.py").write_text("raise ImportError('not installed')\n")
    paths = [str(hidden), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    write_video(folder / "in.mkv", yuv_frames(moving_shots()[:6]))
    common = ["compare", "in.mkv", "-p", "fast", "-q", "70", "--metric", "psnr"]
    said = complaint(run(*common, "--peers", "x264", env=environment))
    assert "aicodec-native[peers]" in said
    assert "--peers none" in said
    done = run(*common, "--peers", "none", "--json", "--html", "page.html", env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert [codec["name"] for codec in json.loads(done.stdout)["codecs"]] == [".aic fast"]
    assert "<html" in (folder / "page.html").read_text()


def test_demo(folder, talking_clip):
    done = run("demo", talking_clip, "--duration", "0.5", "-p", "fast", "-q", "50", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert content["verified"] is True
    assert [row["codec"].split()[0] for row in content["rows"]] == [".aic", "x265", "SVT-AV1"]
    assert list(folder.iterdir()) == []


def test_bench(folder):
    done = run("bench", "--only", "range coder", "--seconds", "0.01", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    content = json.loads(done.stdout)
    assert content["machine"]["isa"] == aic._native.isa
    assert [row["name"] for row in content["rows"]] == ["range coder: encode", "range coder: decode"]
    for row in content["rows"]:
        assert row["runs"] >= 3
        assert row["rate"] == pytest.approx(0.1 / (row["milliseconds"] / 1000))


# Damage.


@pytest.fixture(scope="module")
def silent_file(tmp_path_factory):
    """Three segments of 24 frames without sound, which every container can hold."""
    path = tmp_path_factory.mktemp("silent") / "silent.aic"
    aic.encode(moving_shots(), path, preset="fast", crf=40, fps=24)
    return path


@pytest.fixture
def damaged(folder, silent_file):
    """silent_file with a flipped bit in its second segment."""
    with aic.open(silent_file) as reader:
        entry = [entry for entry in reader._entries if entry.kind == "segment"][1]
    content = bytearray(silent_file.read_bytes())
    content[entry.offset + entry.size // 2] ^= 4
    (folder / "bad.aic").write_bytes(content)
    return "bad.aic"


def test_verify_of_a_damaged_file(damaged):
    done = run("verify", damaged)
    assert done.returncode == 1
    assert done.stderr.startswith("bad.aic: segment 1: ")
    assert done.stderr.count("\n") == 1
    assert done.stdout == "bad.aic: damaged: 1 problem, 72 frames in 3 segments\n"
    done = run("verify", damaged, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["ok"] is False


@pytest.mark.parametrize("output", ["a.mp4", "a.mkv", "a.y4m", "a.gif", "frames/%03d.png"])
def test_decoding_a_damaged_file_leaves_nothing_behind(folder, damaged, output):
    assert "bad.aic: segment 1: " in complaint(run("decode", damaged, output))
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["bad.aic"]


def test_a_cut_off_file_decodes_as_far_as_it_goes(folder, coded_clip):
    (folder / "cut.aic").write_bytes(coded_clip.read_bytes()[:-30])
    done = run("verify", "cut.aic")
    assert done.returncode == 1
    assert "its index was rebuilt" in done.stderr
    done = run("decode", "cut.aic", "a.mkv")
    assert (done.returncode, done.stdout) == (0, "a.mkv: 72 frames\n")
    assert done.stderr == "warning: cut.aic was cut off; decoding its 72 complete frames\n"


# Pipes.


def test_y4m_through_pipes(folder, talking_clip):
    with av.open(str(talking_clip)) as clip:
        frames = [frame.to_ndarray() for frame in clip.decode(video=0)]
    piped = b"YUV4MPEG2 W192 H128 F24:1 Ip A1:1 C420mpeg2\n" + b"".join(b"FRAME\n" + f.tobytes() for f in frames)
    done = run("encode", "-", "a.aic", *FAST, input=piped, binary=True)
    assert (done.returncode, done.stderr) == (0, b"")
    done = run("decode", "a.aic", "-", binary=True)
    assert (done.returncode, done.stderr) == (0, b"")
    with av.open(io.BytesIO(done.stdout), format="yuv4mpegpipe") as out:
        assert sum(1 for _ in out.decode(video=0)) == 72
    assert len(done.stdout) == len(piped) + done.stdout.index(b"\n") - piped.index(b"\n")


def test_matroska_on_standard_input(folder, talking_clip):
    done = run("encode", "-", "a.aic", *FAST, input=talking_clip.read_bytes(), binary=True)
    assert (done.returncode, done.stderr) == (0, b"")
    with aic.open("a.aic") as reader:
        assert len(reader) == 72
        assert len(reader.tracks) == 2


@pytest.mark.parametrize("data", [b"", b"nothing that is a video"])
def test_standard_input_that_is_no_video(folder, data):
    assert "standard input: " in complaint(run("encode", "-", "a.aic", input=data.decode()))
    assert list(folder.iterdir()) == []


def test_a_reader_that_goes_away(coded_clip):
    shell = f"{' '.join(command('decode', coded_clip, '-'))} | head -c 100 > /dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert "the reader has gone away" in complaint(done)
    shell = f"{' '.join(command('info', coded_clip, '--json'))} | true"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stderr == ""


# Interruption.


SLOW = ["-p", "fast", "-q", "80", "--workers", "2", "--segment-seconds", "0.5"]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """Ten shots of half a second: enough work to be interrupted."""
    frames = yuv_frames(moving_shots(10, 12, 144, 256))
    return write_video(tmp_path_factory.mktemp("long") / "long.mkv", frames, rate=24)


@pytest.fixture(scope="module")
def long_coded(long_clip):
    """The bytes of long_clip from an encode that nobody interrupted."""
    done = run("encode", long_clip, long_clip.with_suffix(".aic"), *SLOW)
    assert (done.returncode, done.stderr) == (0, "")
    return long_clip.with_suffix(".aic").read_bytes()


def workers_of(process):
    """The processes started by `process`. Children of a thread are listed with that thread, which may end meanwhile."""
    found = set()
    for listing in glob.glob(f"/proc/{process.pid}/task/*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(listing) as file:
            found |= {int(number) for number in file.read().split()}
    return found


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def interrupted(clip, how, segments):
    """Start an encode, send it a signal once some segments are done; the ended process and its workers."""
    process = subprocess.Popen(
        command("encode", clip, "a.aic", *SLOW), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 90
    while not done_segments() >= segments or not workers_of(process):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = workers_of(process)
    if how == signal.SIGINT:
        os.killpg(process.pid, how)
    else:
        process.send_signal(how)
    process.out, process.err = process.communicate(timeout=60)
    return process, children


def done_segments():
    try:
        with open("a.aic.part.jsonl") as notes:
            return len(notes.read().splitlines()) - 1
    except FileNotFoundError:
        return 0


def wait_for_end(children):
    deadline = time.monotonic() + 30
    while any(map(is_alive, children)):
        assert time.monotonic() < deadline, "a worker was left behind"
        time.sleep(0.02)


def test_ctrl_c_keeps_the_finished_segments(folder, long_clip, long_coded):
    process, children = interrupted(long_clip, signal.SIGINT, 2)
    assert process.returncode == 130
    kept = done_segments()
    assert kept >= 2
    assert process.err == f"aicodec-native: interrupted; {kept} finished segments are kept: go on with --resume\n"
    assert process.out == ""
    assert not any(map(is_alive, children))
    assert set(os.listdir(folder)) - {"a.aic.part.points"} == {"a.aic.part", "a.aic.part.jsonl"}
    words = complaint(run("encode", long_clip, "a.aic", *SLOW[:-1], "3", "--resume"))
    assert words.startswith("a.aic.part: comes from another input or other options")
    done = run("encode", long_clip, "a.aic", *SLOW, "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "a.aic").read_bytes() == long_coded
    assert os.listdir(folder) == ["a.aic"]


def test_ctrl_c_before_the_first_segment_leaves_nothing(folder, long_clip):
    process, children = interrupted(long_clip, signal.SIGINT, 0)
    assert process.returncode == 130
    assert process.err == "aicodec-native: interrupted\n"
    assert not any(map(is_alive, children))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_encode_goes_on_and_leaves_no_workers(folder, long_clip, long_coded, how):
    process, children = interrupted(long_clip, how, 1)
    assert process.returncode == -how
    wait_for_end(children)
    assert not (folder / "a.aic").exists()
    done = run("encode", long_clip, "a.aic", *SLOW, "--resume")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "a.aic").read_bytes() == long_coded


def test_ctrl_c_while_decoding(folder, coded_clip):
    process = subprocess.Popen(
        command("decode", coded_clip, "a.mkv", "--codec", "libx264", "--option", "preset=placebo"),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob(".a.*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=60)
    assert process.returncode == 130
    assert words == "aicodec-native: interrupted\n"
    assert list(folder.iterdir()) == []


# shade and show.

PROGRAM = "def color(x, y, t):\n    k = 0.5 + 0.5 * sin(x * 0.1 + param(0))\n    return rgb(k, y / height, k)\n"


def test_shade_and_show(folder):
    (folder / "p.py").write_text(PROGRAM)
    (folder / "t.json").write_text(json.dumps([{"phase": 0.1 * i} for i in range(8)]))
    shade = ["shade", "p.py", "-o", "o.aic", "--size", "64x36", "--fps", "4", "--duration", "2", "--track", "t.json"]
    content = json.loads(run(*shade, "--json").stdout)
    assert content["path"] == "o.aic"
    assert content["frames"] == 8
    assert content["bytes"] == (folder / "o.aic").stat().st_size < 150
    assert run("verify", "o.aic").returncode == 0
    shown = run("show", "o.aic")
    assert shown.returncode == 0
    head, program = shown.stdout.split("\n", 1)
    assert head.startswith("# segment 0, layer 0: shader, ")
    assert head.endswith("parameters phase")
    (folder / "again.py").write_text(program)
    again = ["shade", "again.py", "-o", "again.aic", *shade[4:]]
    assert run(*again).returncode == 0
    assert (folder / "again.aic").read_bytes() == (folder / "o.aic").read_bytes()
    (layer,) = json.loads(run("show", "o.aic", "--json").stdout)
    assert layer["kind"] == "shader"
    assert layer["text"] == program.rstrip("\n") + "\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["p.py", "--size", "64"], "is not a size"),
        (["p.py", "--size", "0x36"], "does not allow"),
        (["p.py", "--size", "64x36", "--fps", "x"], "is no rate"),
        (["p.py", "--size", "64x36", "--track", "p.py"], "is not JSON"),
        (["p.py", "--size", "64x36"], "does not allow"),  # its parameter has no track
        (["bad.py", "--size", "64x36"], "line 2, column 16: there is no function sine (do you mean sin?)"),
        (["none.py", "--size", "64x36"], "no such file"),
    ],
)
def test_shade_complains_in_one_line(folder, arguments, says):
    (folder / "p.py").write_text(PROGRAM)
    (folder / "bad.py").write_text("def color(x, y, t):\n    return rgb(sine(x), y, t)\n")
    assert says in complaint(run("shade", *arguments, "-o", "o.aic"))
    assert not (folder / "o.aic").exists()
