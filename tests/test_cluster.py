"""Segments on a Dask cluster: a scheduler and two workers, real processes on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

import aicodec_native as aic

distributed = pytest.importorskip("distributed")

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(module, *arguments):
    return subprocess.Popen([sys.executable, "-m", f"distributed.cli.{module}", *arguments], **QUIET)


@pytest.fixture
def scheduler():
    address = f"tcp://127.0.0.1:{free_port()}"
    process = start("dask_scheduler", "--host", address, "--no-dashboard", "--no-show")
    until(lambda: connects(address), process)
    yield address
    process.kill()
    process.wait()


@pytest.fixture
def workers(scheduler):
    processes = [start("dask_worker", scheduler, "--no-nanny", "--nthreads", "1", "--no-dashboard") for _ in range(2)]
    with distributed.Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def until(condition, process):
    for _ in range(600):
        if condition():
            return
        assert process.poll() is None
        time.sleep(0.1)
    pytest.fail("the scheduler did not start")


def connects(address):
    host, port = address.removeprefix("tcp://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


OPTIONS = {"preset": "fast", "quality": 60, "segment_seconds": 0.5}


@pytest.fixture(scope="module")
def reference(talking_clip, tmp_path_factory):
    path = tmp_path_factory.mktemp("reference") / "a.aic"
    aic.encode(talking_clip, path, workers=1, **OPTIONS)
    return path.read_bytes()


def test_a_worker_that_dies_midway_changes_nothing(talking_clip, tmp_path, reference, scheduler, workers):
    def kill_one(progress):
        if progress.frames_coded > 0 and workers[0].poll() is None:
            os.kill(workers[0].pid, signal.SIGKILL)
            workers[0].wait()

    result = aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler, progress=kill_one, **OPTIONS)
    assert workers[0].returncode == -signal.SIGKILL
    assert len(result.segments) >= 6
    assert (tmp_path / "a.aic").read_bytes() == reference


def test_an_interrupted_encode_goes_on_with_the_cluster(talking_clip, tmp_path, reference, scheduler, workers):
    def stop(progress):
        if progress.frames_coded >= 24:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler, progress=stop, **OPTIONS)
    aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler, resume=True, **OPTIONS)
    assert (tmp_path / "a.aic").read_bytes() == reference


def test_lossless_segments(talking_clip, tmp_path, scheduler, workers):
    options = {"preset": "fast", "quality": "lossless", "segment_seconds": 1, "duration": 2}
    aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler, **options)
    aic.encode(talking_clip, tmp_path / "b.aic", **options)
    assert (tmp_path / "a.aic").read_bytes() == (tmp_path / "b.aic").read_bytes()


def test_a_scheduler_without_workers(talking_clip, tmp_path, scheduler):
    with pytest.raises(aic.OptionError, match="has no workers"):
        aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler)
    assert list(tmp_path.iterdir()) == []


def test_no_scheduler(talking_clip, tmp_path, monkeypatch):
    monkeypatch.setattr("aicodec_native.cluster._PATIENCE", "1s")
    with pytest.raises(aic.OptionError, match="no Dask scheduler at"):
        aic.encode(talking_clip, tmp_path / "a.aic", cluster=f"tcp://127.0.0.1:{free_port()}")


def test_another_version(talking_clip, tmp_path, monkeypatch, scheduler, workers):
    monkeypatch.setattr("aicodec_native.cluster.__version__", "9.9")
    with pytest.raises(aic.OptionError, match=r"has aicodec-native .* this is 9\.9"):
        aic.encode(talking_clip, tmp_path / "a.aic", cluster=scheduler)


def test_without_the_extra(talking_clip, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(aic.OptionError, match=r"aicodec-native\[cluster\]"):
        aic.encode(talking_clip, tmp_path / "a.aic", cluster="tcp://127.0.0.1:1")
