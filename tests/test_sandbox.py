"""Child processes with limits: what sleeps, spins or eats memory is killed, and so is what it began."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from aicodec_native.errors import EncodeError
from aicodec_native.loop.sandbox import Limits, Sandbox

GENEROUS = Limits(60, 8 << 30)


@pytest.fixture(scope="module")
def sandbox():
    sandbox = Sandbox(1)
    yield sandbox
    sandbox.close()


def test_what_a_task_gives(sandbox):
    ending = sandbox.run(sorted, [3, 1, 2], GENEROUS)
    assert (ending.value, ending.error_class) == ([1, 2, 3], "")


def test_a_task_that_sleeps(sandbox):
    started = time.monotonic()
    ending = sandbox.run(time.sleep, 60, Limits(0.3, 8 << 30))
    assert ending.error_class == "timeout"
    assert time.monotonic() - started < 20


def test_a_task_that_eats_memory(sandbox):
    ending = sandbox.run(bytearray, 4 << 30, Limits(60, 2 << 30))
    assert ending.error_class == "memory"
    assert sandbox.run(bytearray, 1 << 20, Limits(60, 2 << 30)).error_class == ""


def test_a_task_that_dies(sandbox):
    assert sandbox.run(os._exit, 7, GENEROUS).message == "its process died: exit code 7"
    ending = sandbox.run(exec, "import os\nos.abort()", GENEROUS)
    assert (ending.error_class, ending.message) == ("crashed", "its process died: killed by signal 6")


def test_a_task_that_raises(sandbox):
    ending = sandbox.run(int, "x", GENEROUS)
    assert (ending.error_class, ending.message.split(":")[0]) == ("crashed", "ValueError")
    raising = "from aicodec_native.loop.sandbox import TaskError\nraise TaskError('refused', 'no')"
    ending = sandbox.run(exec, raising, GENEROUS)
    assert (ending.error_class, ending.message) == ("refused", "no")


@pytest.mark.parametrize("own", ["", "os.setsid()"])
def test_what_a_task_began_dies_with_it(sandbox, tmp_path, own):
    late = str(tmp_path / "late")
    child = f"{own or 0}\n    time.sleep(1.5)\n    open({late!r}, 'w')"
    script = f"import os, time\nif os.fork() == 0:\n    {child}\ntime.sleep(60)"
    assert sandbox.run(exec, script, Limits(0.3, 8 << 30)).error_class == "timeout"
    time.sleep(2)
    assert not (tmp_path / "late").exists()


def test_standard_output_is_not_in_the_way(sandbox):
    assert sandbox.run(print, "noise", GENEROUS).error_class == ""
    assert sandbox.run(subprocess.call, ["echo", "more noise"], GENEROUS).value == 0


def test_a_closed_sandbox():
    sandbox = Sandbox(1)
    sandbox.run(len, "abc", GENEROUS)
    sandbox.close()
    with pytest.raises(EncodeError, match="stopped"):
        sandbox.run(len, "abc", GENEROUS)
