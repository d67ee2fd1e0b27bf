"""Encoding from end to end: the same bytes every time, nothing lost on the way, and no harm from interruptions."""

import os
import subprocess
import sys
import threading
from fractions import Fraction

import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native import workers
from aicodec_native.compare.pairs import PairedVideos
from aicodec_native.media import Source
from clips import RATE, moving_shots, yuv_frames
from media_inputs import load, noise, seconds, write_video

FAST = {"preset": "fast", "crf": 40}


class StopError(Exception):
    pass


def stop_after(segments, target):
    """A progress callback that raises once that many segments are in the part file."""
    notes = target.with_name(target.name + ".part.jsonl")

    def told(_):
        if notes.exists() and len(notes.read_text().splitlines()) > segments:
            raise StopError

    return told


def interrupt(clip, target, segments=1, **options):
    with pytest.raises(StopError) as caught:
        aic.encode(clip, target, **FAST, workers=1, progress=stop_after(segments, target), **options)
    return caught.value


def parts_of(target):
    return sorted(path.name.removeprefix(target.name) for path in target.parent.glob(target.name + "*"))


@pytest.fixture(scope="module")
def reference(talking_clip, tmp_path_factory):
    """The bytes of talking_clip with FAST."""
    path = tmp_path_factory.mktemp("reference") / "a.aic"
    aic.encode(talking_clip, path, **FAST, workers=2)
    return path.read_bytes()


# The same input, the same file.


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_bytes_do_not_depend_on_workers(talking_clip, tmp_path, reference, workers):
    target = tmp_path / "a.aic"
    result = aic.encode(talking_clip, target, **FAST, workers=workers)
    assert target.read_bytes() == reference
    assert result.bytes == len(reference)
    assert (result.frames, len(result.segments)) == (72, 3)
    assert [segment["first_frame"] for segment in result.segments] == [0, 24, 48]
    assert parts_of(target) == [""]


def test_searching_is_deterministic(talking_clip, tmp_path):
    for name in "ab":
        aic.encode(talking_clip, tmp_path / name, preset="fast", quality=70, workers=ord(name) - 96)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_progress_counts_up_to_the_end(talking_clip, tmp_path):
    seen = []
    aic.encode(talking_clip, tmp_path / "a.aic", **FAST, progress=seen.append)
    assert seen[-1].frames_read == seen[-1].frames_coded == 72
    assert all(told.frames_coded <= 72.001 for told in seen)


# Interrupted, and gone on with.


@pytest.mark.parametrize("segments", [1, 2])
def test_resume_gives_the_same_bytes(talking_clip, tmp_path, reference, segments):
    target = tmp_path / "a.aic"
    error = interrupt(talking_clip, target, segments)
    words = "1 finished segment is kept" if segments == 1 else "2 finished segments are kept"
    assert error.__notes__ == [f"{words}: go on with --resume"]
    assert parts_of(target) == [".part", ".part.jsonl"]
    result = aic.encode(talking_clip, target, **FAST, workers=2, resume=True)
    assert target.read_bytes() == reference
    assert (result.frames, len(result.segments)) == (72, 3)
    assert parts_of(target) == [""]
    assert aic.verify(target).ok


def test_an_interruption_before_the_first_segment_leaves_nothing(talking_clip, tmp_path):
    error = interrupt(talking_clip, tmp_path / "a.aic", 0)
    assert not getattr(error, "__notes__", [])
    assert list(tmp_path.iterdir()) == []


def test_resume_with_nothing_to_resume_starts(talking_clip, tmp_path, reference):
    aic.encode(talking_clip, tmp_path / "a.aic", **FAST, resume=True)
    assert (tmp_path / "a.aic").read_bytes() == reference


def test_resume_of_something_else_is_refused(talking_clip, tmp_path, reference):
    target = tmp_path / "a.aic"
    interrupt(talking_clip, target)
    other = tmp_path / "other.mkv"
    other.write_bytes(talking_clip.read_bytes())
    for clip, options in [
        (talking_clip, FAST | {"crf": 41}),
        (talking_clip, {"preset": "medium", "crf": 40}),
        (talking_clip, FAST | {"segment_seconds": 5}),
        (talking_clip, FAST | {"start": 0.5}),
        (talking_clip, FAST | {"digests": False}),
        (other, FAST),
    ]:
        with pytest.raises(aic.OptionError, match="another input or other options"):
            aic.encode(clip, target, **options, resume=True)
    aic.encode(talking_clip, target, **FAST, resume=True)
    assert target.read_bytes() == reference


def test_what_an_interrupted_encode_left_is_not_overwritten_unasked(talking_clip, tmp_path, reference):
    target = tmp_path / "a.aic"
    interrupt(talking_clip, target)
    with pytest.raises(aic.OutputError, match="1 finished segment of an interrupted encode: go on with --resume"):
        aic.encode(talking_clip, target, **FAST)
    assert parts_of(target) == [".part", ".part.jsonl"]
    aic.encode(talking_clip, target, **FAST, overwrite=True)
    assert target.read_bytes() == reference


@pytest.mark.parametrize("damage", ["part cut", "part longer", "notes cut", "no notes", "no part", "empty part"])
def test_resume_from_damaged_leftovers(talking_clip, tmp_path, reference, damage):
    target = tmp_path / "a.aic"
    interrupt(talking_clip, target, 2)
    part, notes = target.with_name("a.aic.part"), target.with_name("a.aic.part.jsonl")
    match damage:
        case "part cut":
            os.truncate(part, part.stat().st_size - 10)
        case "part longer":
            part.write_bytes(part.read_bytes() + b"half a chunk")
        case "notes cut":
            text = notes.read_text()
            notes.write_text(text[: text.rindex("}")])
        case "no part":
            part.unlink()
        case "empty part":
            part.write_bytes(b"")
        case "no notes":
            notes.unlink()
            with pytest.raises(aic.OptionError):
                aic.encode(talking_clip, target, **FAST, resume=True)
            return
    aic.encode(talking_clip, target, **FAST, resume=True)
    assert target.read_bytes() == reference


def test_only_files_can_be_resumed(tmp_path):
    for source in (moving_shots(1, 2), "-"):
        with pytest.raises(aic.OptionError, match="only an encode of a file"):
            aic.encode(source, tmp_path / "a.aic", resume=True)


def test_two_encodes_to_one_output(talking_clip, tmp_path, reference):
    target, refusals = tmp_path / "a.aic", []

    def second(_):
        if not refusals:
            with pytest.raises(aic.OutputError, match="being written by another encode") as caught:
                aic.encode(talking_clip, target, **FAST, overwrite=True)
            refusals.append(caught.value)

    aic.encode(talking_clip, target, **FAST, workers=1, progress=second)
    assert refusals
    assert target.read_bytes() == reference


# Segments and targets.


def test_cuts_lie_at_the_shots_and_no_further_apart_than_asked(talking_clip, tmp_path):
    result = aic.encode(talking_clip, tmp_path / "a.aic", **FAST, segment_seconds=0.5)
    firsts = [segment["first_frame"] for segment in result.segments]
    assert {0, 24, 48} <= set(firsts)
    assert max(segment["frames"] for segment in result.segments) <= 12
    result = aic.encode(moving_shots(1, 30), tmp_path / "b.aic", **FAST, fps=RATE)
    assert len(result.segments) == 1


@pytest.mark.parametrize(
    "target", [("psnr", 36), ("xpsnr", 36), ("ssim", 0.95), ("ms_ssim", 0.97), ("ssimulacra2", 60)]
)
def test_targets_are_reached_as_measured_from_outside(talking_clip, tmp_path, target):
    metric, value = target
    result = aic.encode(talking_clip, tmp_path / "a.aic", preset="fast", target=target)
    assert result.reached
    assert result.score >= value
    with PairedVideos(str(talking_clip), str(tmp_path / "a.aic")) as videos:
        quality = aic.measure(
            videos.pairs(lambda _: None), colour=videos.colour, frame_rate=videos.frame_rate, metrics=[metric]
        )
    match metric:
        case "psnr":
            measured = quality.psnr_rgb
        case "xpsnr":
            errors = [10 ** (-plane / 10) for plane in quality.xpsnr]
            measured = -10 * np.log10((4 * errors[0] + errors[1] + errors[2]) / 6)
        case "ssim":
            measured = quality.ssim_all
        case _:
            measured = getattr(quality, metric)
    # Some frames are sampled only, and decibels are pooled over segments here, over the whole there.
    slack = {"psnr": 0.5, "xpsnr": 0.5, "ssim": 0.001, "ms_ssim": 0.003, "ssimulacra2": 2}[metric]
    assert measured >= value - slack


def test_out_of_reach_is_told(tmp_path):
    """A little more than AV1 can do: from further below, exact pixels would be tried."""
    exact = aic.encode(noise(4, 64, 64), tmp_path / "a.aic", preset="fast", target=("psnr", 90))
    finest = max(tried["score"] for tried in exact.segments[0]["tried"] if tried["stack"] == "video")
    result = aic.encode(noise(4, 64, 64), tmp_path / "b.aic", preset="fast", target=("psnr", finest + 0.5))
    assert not result.reached
    assert not any(segment["reached"] for segment in result.segments)


@pytest.mark.parametrize("metric", ["ssimulacra2", "psnr", "xpsnr", "ssim", "ms_ssim"])
@pytest.mark.parametrize("grey", [0, 128])
def test_a_static_video_is_tiny_and_no_trouble(tmp_path, metric, grey):
    frames = np.full((30, 72, 96, 3), grey, np.uint8)
    value = {"ssimulacra2": 80, "ssim": 0.9, "ms_ssim": 0.9}.get(metric, 40)
    result = aic.encode(frames, tmp_path / "a.aic", preset="fast", target=(metric, value))
    assert result.reached
    assert result.bytes < 1500
    assert np.isfinite(result.score)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_video_of_few_frames(tmp_path, frames):
    clip = write_video(tmp_path / "a.mkv", yuv_frames(moving_shots(1, frames)))
    result = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=60)
    assert result.frames == frames
    with aic.open(tmp_path / "a.aic") as reader:
        assert len(list(reader)) == frames
        assert reader.duration == pytest.approx(frames / 30, abs=0.002)


# Sources.


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["array", "generator", "list"])
def test_frames_from_memory(tmp_path, dtype, kind):
    frames = moving_shots(2, 15).astype(dtype) * (4 if dtype == np.uint16 else 1)
    source = {"array": frames, "generator": (f for f in frames), "list": list(frames)}[kind]
    result = aic.encode(source, tmp_path / "a.aic", preset="fast", crf=20, fps=30)
    assert result.frames == 30
    with aic.open(tmp_path / "a.aic") as reader:
        assert (reader.dtype, reader.fps) == (dtype, 30)
        peak = 255 if dtype == np.uint8 else 1023
        error = np.mean((reader[:].astype(float) - frames) ** 2)
        assert 10 * np.log10(peak**2 / error) > 30


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([], "there are none"),
        (np.zeros((0, 8, 8, 3), np.uint8), "there are none"),
        (np.zeros((2, 8, 8), np.uint8), "frame 0 is uint8"),
        (np.zeros((2, 8, 8, 4), np.uint8), "frame 0 is uint8"),
        (np.zeros((2, 8, 8, 3), np.float32), "frame 0 is float32"),
        (np.full((2, 8, 8, 3), 1024, np.uint16), "over 1023"),
        ([np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)], "frame 1 is"),
    ],
)
def test_frames_that_are_none(tmp_path, frames, words):
    with pytest.raises(aic.InputError, match=words):
        aic.encode(frames, tmp_path / "a.aic", **FAST)
    assert list(tmp_path.iterdir()) == []


def test_ten_bit_video(tmp_path):
    clip = write_video(tmp_path / "a.mkv", yuv_frames(moving_shots(1, 4), "yuv420p10le"))
    aic.encode(clip, tmp_path / "a.aic", preset="fast", crf=5)
    with aic.open(tmp_path / "a.aic") as reader:
        assert reader.info.format == "yuv420p10"
        assert reader.native(0)[0].max() > 255
    aic.decode(tmp_path / "a.aic", tmp_path / "b.mkv")
    assert load(tmp_path / "b.mkv")[0].info.format == "yuv420p10"


def test_start_and_duration(talking_clip, tmp_path):
    result = aic.encode(talking_clip, tmp_path / "a.aic", **FAST, start=0.5, duration=1)
    assert result.frames == 24
    assert result.input_bytes is None, "the whole input's size says nothing about a part of it"
    assert result.duration == pytest.approx(1, abs=0.002)
    with aic.open(tmp_path / "a.aic") as reader:
        assert reader.timestamps[0] == pytest.approx(0, abs=0.002)
        whole = moving_shots()
        assert np.abs(reader[0].astype(int) - whole[12]).mean() < 12


@pytest.mark.parametrize("options", [{"start": 100}, {"start": 2.999, "duration": 0.0001}])
def test_a_range_without_frames(talking_clip, tmp_path, options):
    with pytest.raises(aic.InputError, match="no video frames in that range"):
        aic.encode(talking_clip, tmp_path / "a.aic", **FAST, **options)
    assert list(tmp_path.iterdir()) == []


# What travels with the pictures.


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_sound_survives(tmp_path, kind):
    clip = write_video(
        tmp_path / f"a.{kind}", yuv_frames(moving_shots(1)), "libx264", audio="aac", rate=24, time_base=Fraction(1, 24)
    )
    aic.encode(clip, tmp_path / "a.aic", **FAST, segment_seconds=0.5)
    aic.decode(tmp_path / "a.aic", tmp_path / f"b.{kind}", crf=None)
    (before, frames, packets), (after, same, kept) = load(clip), load(tmp_path / f"b.{kind}")
    assert [packet.data for packet in kept] == [packet.data for packet in packets]
    one, other = before.tracks[0], after.tracks[0]
    assert (one.codec, one.sample_rate, one.layout, one.extradata) == (
        other.codec,
        other.sample_rate,
        other.layout,
        other.extradata,
    )
    assert [p.pts * one.time_base for p in packets] == [p.pts * other.time_base for p in kept]
    assert seconds(frames, before.info) == seconds(same, after.info)


def test_subtitles_survive_an_interruption(talking_clip, tmp_path):
    target = tmp_path / "a.aic"
    interrupt(talking_clip, target, 2)
    aic.encode(talking_clip, target, **FAST, resume=True)
    aic.decode(target, tmp_path / "b.mkv")
    (before, _, packets), (after, _, kept) = load(talking_clip), load(tmp_path / "b.mkv")
    for track, (one, other) in enumerate(zip(before.tracks, after.tracks, strict=True)):
        assert (one.kind, one.codec) == (other.kind, other.codec)
        assert one.metadata.get("language") == other.metadata.get("language")
        assert [(p.pts, p.data) for p in packets if p.track == track] == [
            (p.pts, p.data) for p in kept if p.track == track
        ]


@pytest.mark.parametrize("kind", ["mkv", "mp4"])
def test_uneven_times_survive(tmp_path, kind):
    times = [0, 40, 50, 500, 510, 1700, 1733, 1790, 2400, 2401]
    clip = write_video(tmp_path / "a.mkv", yuv_frames(moving_shots(1, 10)), pts=times, time_base=Fraction(1, 1000))
    aic.encode(clip, tmp_path / "a.aic", **FAST, segment_seconds=0.1)
    with aic.open(tmp_path / "a.aic") as reader:
        np.testing.assert_allclose(reader.timestamps * 1000, times, atol=1e-6)
        assert reader.index_at(1.0) == 4
    aic.decode(tmp_path / "a.aic", tmp_path / f"b.{kind}")
    source, frames, _ = load(tmp_path / f"b.{kind}")
    assert [frame.pts * source.info.time_base * 1000 for frame in frames] == times


def test_rotation_colour_and_tags_survive(tmp_path):
    def tag(stream):
        stream.codec_context.color_primaries, stream.codec_context.color_trc = 9, 16
        stream.codec_context.colorspace, stream.codec_context.color_range = 9, 2
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(-90)
        stream.container.metadata["title"] = "Über"

    frames = yuv_frames(moving_shots(1, 4))
    for frame in frames:
        frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = 9, 16, 9, 2
    clip = write_video(tmp_path / "a.mp4", frames, "libx264", setup=tag)
    with Source(clip) as source:
        before = source.info
    assert (before.rotation, before.colour.primaries, before.colour.full_range) == (90, 9, True)
    aic.encode(clip, tmp_path / "a.aic", **FAST)
    for name in ("b.mp4", "b.mkv"):
        aic.decode(tmp_path / "a.aic", tmp_path / name)
        with Source(tmp_path / name) as source:
            after = source.info
        assert (after.colour, after.rotation, after.sar) == (before.colour, before.rotation, before.sar)
        assert after.metadata.get("title") == "Über"


# Outputs that cannot be.


def test_outputs_that_cannot_be(talking_clip, tmp_path, monkeypatch):
    existing = tmp_path / "existing.aic"
    existing.write_bytes(b"precious")
    monkeypatch.chdir(tmp_path)
    for target, words in [
        (existing, "exists already; use --overwrite"),
        (tmp_path, "is a folder"),
        (tmp_path / "no" / "a.aic", "the folder .* does not exist"),
        ("-", "cannot be written to a pipe"),
    ]:
        with pytest.raises(aic.OutputError, match=words):
            aic.encode(talking_clip, target, **FAST)
    with pytest.raises(aic.OutputError, match="is the input"):
        aic.encode(talking_clip, talking_clip, **FAST, overwrite=True)
    assert existing.read_bytes() == b"precious"
    assert os.listdir(tmp_path) == ["existing.aic"]


def test_an_output_is_replaced_only_when_the_new_one_is_whole(talking_clip, tmp_path, reference):
    target = tmp_path / "a.aic"
    target.write_bytes(b"precious")
    interrupt(talking_clip, target, overwrite=True)
    assert target.read_bytes() == b"precious"
    aic.encode(talking_clip, target, **FAST, overwrite=True, resume=True)
    assert target.read_bytes() == reference


def test_a_bad_source_leaves_nothing(tmp_path):
    (tmp_path / "text.mkv").write_text("no video")
    (tmp_path / "empty.mkv").write_bytes(b"")
    for name in ("text.mkv", "empty.mkv", "missing.mkv"):
        with pytest.raises(aic.InputError, match=name):
            aic.encode(tmp_path / name, tmp_path / "a.aic")
    assert sorted(os.listdir(tmp_path)) == ["empty.mkv", "text.mkv"]


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 0}, {"quality": 101}, {"quality": float("nan")}, {"quality": "high"}, {"quality": "lossless~"},
        {"crf": 0}, {"crf": 64}, {"crf": 30.1}, {"crf": float("nan")}, {"crf": 30, "quality": 50},
        {"target": ("vmaf", 90)}, {"target": ("psnr", float("nan"))}, {"target": ("psnr", 40), "crf": 20},
        {"preset": "veryslow"}, {"workers": -1}, {"segment_seconds": 0}, {"segment_seconds": float("nan")},
        {"start": -1}, {"start": float("nan")}, {"duration": 0}, {"duration": float("inf")}, {"fps": 25},
    ],
)  # fmt: skip
def test_options_that_make_no_sense(talking_clip, tmp_path, options):
    with pytest.raises(aic.OptionError):
        aic.encode(talking_clip, tmp_path / "a.aic", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A folder with room for 64 kB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small disk takes root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_keeps_what_fits(talking_clip, small_disk, tmp_path, reference):
    target = small_disk / "a.aic"
    (small_disk / "ballast").write_bytes(bytes((64 << 10) - (8 << 10)))
    with pytest.raises(aic.OutputError, match=r"a\.aic: cannot be written: no space left"):
        aic.encode(talking_clip, target, **FAST, workers=1)
    assert not target.exists()
    (small_disk / "ballast").unlink()
    aic.encode(talking_clip, target, **FAST, resume=True)
    assert target.read_bytes() == reference
    with pytest.raises(aic.OutputError, match="the disk is full"):
        aic.decode(target, small_disk / "b.mkv")
    assert os.listdir(small_disk) == ["a.aic"]


# Worker processes.


def _die(times, marker):
    """A stand-in for the worker's main: dies before its first answers, `times` of them in all."""
    return (
        "import sys, os; sys.path[:] = sys.argv[1:]\n"
        f"marker = {str(marker)!r}\n"
        "deaths = len(os.listdir(marker))\n"
        f"if deaths < {times}:\n"
        "    open(os.path.join(marker, str(deaths)), 'w').close()\n"
        "    sys.stdin.buffer.read(10)\n"
        "    os.kill(os.getpid(), 9)\n"
        "from aicodec_native.workers import main; main()"
    )


@pytest.mark.parametrize("deaths", [1, 2])
def test_workers_that_die(talking_clip, tmp_path, reference, monkeypatch, deaths, capfd):
    marker = tmp_path / "deaths"
    marker.mkdir()
    monkeypatch.setattr(workers, "_START", _die(deaths, marker))
    target = tmp_path / "a.aic"
    if deaths == 1:
        aic.encode(talking_clip, target, **FAST, workers=1)
        assert target.read_bytes() == reference
    else:
        with pytest.raises(aic.EncodeError, match=r"died twice .*killed by signal 9.*memory"):
            aic.encode(talking_clip, target, **FAST, workers=1)
        assert os.listdir(tmp_path) == ["deaths"]
    assert capfd.readouterr().err == ""


def test_an_error_inside_a_worker_arrives_here(talking_clip, tmp_path, monkeypatch):
    start = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "from aicodec_native import segment_encoder, workers\n"
        "def fail(*_): raise ZeroDivisionError('of a test')\n"
        "segment_encoder.SegmentJob.run = fail\n"
        "workers.main()"
    )
    monkeypatch.setattr(workers, "_START", start)
    with pytest.raises(aic.EncodeError, match="ZeroDivisionError: of a test"):
        aic.encode(talking_clip, tmp_path / "a.aic", **FAST)
    assert list(tmp_path.iterdir()) == []


def test_an_error_here_leaves_no_worker_behind(talking_clip, tmp_path):
    before = children()
    interrupt(talking_clip, tmp_path / "a.aic", 1)
    assert children() <= before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("aicodec")]


def children():
    with open(f"/proc/{os.getpid()}/task/{os.getpid()}/children") as file:
        return set(file.read().split())


def test_workers_do_not_look_into_the_working_directory(talking_clip, tmp_path, reference, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise SystemExit('a file of the user')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    aic.encode(talking_clip, "a.aic", **FAST)
    assert (tmp_path / "a.aic").read_bytes() == reference


def test_a_single_segment_needs_no_process(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_START", "raise SystemExit(1)")
    assert aic.encode(moving_shots(1, 20), tmp_path / "a.aic", **FAST).frames == 20


def test_encoding_from_two_threads(talking_clip, tmp_path, reference):
    threads = [
        threading.Thread(target=aic.encode, args=(talking_clip, tmp_path / f"{n}.aic"), kwargs=FAST) for n in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(tmp_path / f"{n}.aic").read_bytes() == reference for n in range(2)] == [True, True]


def test_progress_callbacks_may_raise_in_a_single_segment(tmp_path):
    def told(_):
        raise StopError

    with pytest.raises(StopError):
        aic.encode(moving_shots(1, 20), tmp_path / "a.aic", **FAST, progress=told)
    assert list(tmp_path.iterdir()) == []
