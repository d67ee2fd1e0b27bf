"""Files that must not become larger than asked: the best that fits."""

import contextlib
import json
import subprocess
import sys
import time

import click
import numpy as np
import pytest

import aicodec_native as aic
from aicodec_native.cli.goals import SIZE
from clips import moving_shots, yuv_frames
from media_inputs import write_video


def noisy():
    clip = moving_shots(2).astype(float)
    return np.clip(clip + np.random.default_rng(1).normal(0, 5, clip.shape), 0, 255).astype(np.uint8)


def test_the_best_that_fits(tmp_path):
    clip = noisy()
    free = aic.encode(clip, tmp_path / "free.aic", preset="fast", quality=80, fps=24)
    limit = free.bytes * 2 // 3
    bound = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=80, fps=24, max_size=limit)
    assert 0.75 * limit < bound.bytes <= limit
    assert (tmp_path / "a.aic").stat().st_size == bound.bytes
    assert bound.score < free.score
    rate = limit * 8 / 1000 / free.duration
    by_rate = aic.encode(clip, tmp_path / "b.aic", preset="fast", quality=80, fps=24, max_bitrate=rate)
    assert by_rate.bytes <= limit
    with aic.open(tmp_path / "a.aic") as reader:
        assert len(list(reader)) == len(clip)


@pytest.fixture(scope="module")
def bounded(tmp_path_factory):
    """A clip of three shots, a size that takes several runs to reach, the file that has it, and how many."""
    path = tmp_path_factory.mktemp("bounded") / "clip.mkv"
    clip = moving_shots(3, frames=12, height=96, width=160).astype(float)
    clip = np.clip(clip + np.random.default_rng(1).normal(0, 12, clip.shape), 0, 255).astype(np.uint8)
    write_video(path, yuv_frames(clip), "ffv1", rate=24)
    options = {"preset": "fast", "quality": 70, "workers": 1, "overwrite": True}
    limit = aic.encode(path, path.with_suffix(".aic"), **options).bytes // 2
    seen = []
    aic.encode(path, path.with_suffix(".aic"), max_size=limit, progress=seen.append, **options)
    return path, limit, path.with_suffix(".aic").read_bytes(), ended(seen)


def ended(seen):
    """Runs over the source, from what an encode told of its progress."""
    return sum(told.frames_coded == 36 and not told.note for told in seen)


def notes_of(target):
    """Of an encode that is under way: runs that are over, and segments of the present one."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        lines = target.with_name(target.name + ".part.jsonl").read_text().splitlines()
        return len(json.loads(lines[0])["runs"]), len(lines) - 1
    return 0, 0


@pytest.mark.parametrize("runs", [0, 1])
def test_a_bounded_encode_that_was_killed_goes_on(tmp_path, bounded, runs):
    clip, limit, whole, _ = bounded
    arguments = ["encode", clip, "a.aic", "-p", "fast", "-q", "70", "--workers", "1", "--max-size"]
    command = [sys.executable, "-m", "aicodec_native", *map(str, arguments)]
    process = subprocess.Popen([*command, str(limit)], cwd=tmp_path, stderr=subprocess.DEVNULL)
    while notes_of(tmp_path / "a.aic") < (runs, 1):
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.wait()
    refused = subprocess.run([*command, str(limit)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "of an interrupted encode: go on with --resume" in refused.stderr
    other = subprocess.run([*command, str(limit + 1), "--resume"], cwd=tmp_path, capture_output=True, check=False)
    assert b"from another input or other options" in other.stderr
    kept = notes_of(tmp_path / "a.aic")
    assert kept[0] == runs
    subprocess.run([*command, str(limit), "--resume"], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "a.aic").read_bytes() == whole
    assert len(whole) <= limit
    assert [path.name for path in tmp_path.iterdir()] == ["a.aic"]


def test_a_run_that_is_over_is_not_done_again(tmp_path, bounded):
    clip, limit, whole, usual_runs = bounded
    options = {"preset": "fast", "quality": 70, "max_size": limit, "workers": 2}

    def stop(progress):
        if notes_of(tmp_path / "a.aic")[0] > 0:
            raise InterruptedError

    with pytest.raises(InterruptedError) as caught:
        aic.encode(clip, tmp_path / "a.aic", progress=stop, **options)
    assert caught.value.__notes__ == ["1 finished run is kept: go on with --resume"]
    seen = []
    aic.encode(clip, tmp_path / "a.aic", resume=True, progress=seen.append, **options)
    assert (tmp_path / "a.aic").read_bytes() == whole
    assert ended(seen) == usual_runs - 1


def test_what_fits_anyway_is_as_without_a_bound(tmp_path):
    clip = noisy()
    free = aic.encode(clip, tmp_path / "free.aic", preset="fast", quality=60, fps=24)
    bound = aic.encode(clip, tmp_path / "a.aic", preset="fast", quality=60, fps=24, max_size=2 * free.bytes)
    assert bound.reached
    assert bound.bytes == free.bytes


def test_a_bound_that_nothing_reaches(tmp_path):
    with pytest.raises(aic.EncodeError, match="cannot be made as small"):
        aic.encode(noisy()[:6], tmp_path / "a.aic", preset="fast", quality=30, max_size=100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [{"max_size": 0}, {"max_bitrate": -1.0}, {"max_size": 10, "crf": 30}, {"max_size": 10, "quality": "lossless"}],
)
def test_bounds_that_make_no_sense(tmp_path, options):
    with pytest.raises(aic.OptionError):
        aic.encode(noisy()[:2], tmp_path / "a.aic", **options)


def test_sizes():
    assert [SIZE.convert(text, None, None) for text in ("500", "800k", "10M", "1.5GB")] == [500, 800e3, 10e6, 15e8]
    for text in ("10X", "ten", "-5", ""):
        with pytest.raises(click.BadParameter):
            SIZE.convert(text, None, None)
