"""Runs functions in child processes with hard limits of time and memory.

Each slot has a nursery: a Python that has imported everything and forks a child for each task within milliseconds.
The child limits itself (RLIMIT_AS, RLIMIT_CPU), runs and exits; the nursery kills it and all its descendants when its
time is over, or when the process that asked for it is gone.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import resource
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from aicodec_native.errors import AicodecError, EncodeError

# With the caller's own search path: `-m` would look into the working directory first.
_START = "import sys; sys.path[:] = sys.argv[1:]; from aicodec_native.loop.sandbox import main; main()"
# What a process may use before the limits of its task apply: libraries that it imports when it needs them.
_WARM = ("aicodec_native.loop.stacks", "aicodec_native.loop.judge")
# Processor seconds beyond the limit of time on every thread, so that it is the clock that ends a task.
_SPARE_SECONDS = 5
_PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
# The exit code of a child that has not even the memory to say so.
_NO_MEMORY = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` by the clock; `memory` in bytes of address space."""

    seconds: float
    memory: int


class TaskError(Exception):
    """What a task raises for an expected failure; `error_class` is one of docs/ledger.md's."""

    def __init__(self, error_class: str, message: str) -> None:
        super().__init__(error_class, message)
        self.error_class = error_class
        self.message = message


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ended: its `value`, or an `error_class` ("" for none) and a message. `seconds` by the clock."""

    value: Any = None
    error_class: str = ""
    message: str = ""
    seconds: float = 0.0


class Sandbox:
    """`slots` tasks at once; run() waits for a free one. close() kills what runs. Safe to share between threads."""

    def __init__(self, slots: int) -> None:
        self._lock = threading.Lock()
        self._closed = False
        self._nurseries: list[_Nursery] = []
        self._free: SimpleQueue[_Nursery] = SimpleQueue()
        for _ in range(slots):
            self._free.put(_Nursery())

    def run(self, function: Callable[[Any], Any], argument: Any, limits: Limits) -> Ending:
        """`function(argument)` in a child process; both are pickled, and so is what comes back."""
        nursery = self._free.get()
        try:
            with self._lock:
                if self._closed:
                    raise EncodeError("stopped")
                nursery.start()
                if nursery not in self._nurseries:
                    self._nurseries.append(nursery)
            ending = nursery.run(function, argument, limits)
            if self._closed:
                raise EncodeError("stopped")
            return ending
        finally:
            self._free.put(nursery)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for nursery in self._nurseries:
                nursery.kill()


class _Nursery:
    """This side of one nursery process."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in the terminal is for the caller
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # a process with threads is not forked
        )

    def run(self, function: Callable[[Any], Any], argument: Any, limits: Limits) -> Ending:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            # What the child unpickles must not run in the nursery: it gets bytes.
            pickle.dump((pickle.dumps((function, argument)), limits), process.stdin)
            process.stdin.flush()
            ending: Ending = pickle.load(process.stdout)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self.kill()
            return Ending(error_class="crashed", message="the process that starts candidates has died")
        return ending

    def kill(self) -> None:
        """The nursery's end of input makes it kill its child; then it is waited for."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    """A nursery process's whole life."""
    for module in _WARM:
        __import__(module)
    _adopt_orphans()
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)  # whatever prints to standard output must not get between the answers
        while True:
            try:
                task, limits = pickle.load(sys.stdin.buffer)
            except EOFError:
                return
            try:
                pickle.dump(_see_through(task, limits, channel), channel)
                channel.flush()
            except BrokenPipeError:
                os._exit(1)


def _see_through(task: bytes, limits: Limits, channel: IO[bytes]) -> Ending:
    """Fork a child for the task and wait for its end."""
    started = time.monotonic()
    with tempfile.TemporaryFile() as answer:
        child = os.fork()
        if child == 0:
            os.close(sys.stdin.fileno())
            os.close(channel.fileno())  # else the caller would not notice that the nursery has died
            _live(task, limits, answer)
        in_time = _watch(child, started + limits.seconds)
        _, status = os.waitpid(child, 0)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # descendants, if there are any
        _kill_orphans()
        seconds = time.monotonic() - started
        if not in_time:
            return Ending(error_class="timeout", message=f"killed after {limits.seconds:.3g} s", seconds=seconds)
        code = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        if code == 0:
            value, error_class, message = pickle.load(answer)
            return Ending(value, error_class, message, seconds)
    if code == -signal.SIGXCPU:
        return Ending(error_class="timeout", message="killed at its limit of processor time", seconds=seconds)
    if code in (-signal.SIGKILL, _NO_MEMORY):
        return Ending(error_class="memory", message="it needed more memory than there is", seconds=seconds)
    how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
    return Ending(error_class="crashed", message=f"its process died: {how}", seconds=seconds)


def _watch(child: int, deadline: float) -> bool:
    """Waits for the child's end; whether it came in time. Kills it at the deadline, or when nobody waits any more."""
    descriptor = os.pidfd_open(child)
    try:
        watched = [descriptor, sys.stdin.fileno()]
        while True:
            ready, _, _ = select.select(watched, [], [], max(0.0, deadline - time.monotonic()))
            if descriptor in ready:
                return True
            # The caller sends nothing while a task runs: what can be read is the end.
            _kill(child)
            if not ready:
                return False
            watched.remove(sys.stdin.fileno())
    finally:
        os.close(descriptor)


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)


def _adopt_orphans() -> None:
    """Descendants in sessions of their own, such as the ffmpeg program, become this one's when their parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_orphans() -> None:
    while True:
        try:
            children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        except OSError:
            return  # a kernel that does not tell
        if not children:
            return
        for process in map(int, children):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _live(task: bytes, limits: Limits, answer: IO[bytes]) -> None:
    """The child: does the task, writes (value, error class, message), and never returns."""
    code = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
        processor = (int(limits.seconds) + _SPARE_SECONDS) * (os.cpu_count() or 1)
        resource.setrlimit(resource.RLIMIT_CPU, (processor, processor))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pickle.dump(_outcome(task), answer)
        answer.flush()
        code = 0
    except MemoryError:
        code = _NO_MEMORY
    finally:
        os._exit(code)


def _outcome(task: bytes) -> tuple[Any, str, str]:
    try:
        function, argument = pickle.loads(task)
        return function(argument), "", ""
    except TaskError as error:
        return None, error.error_class, error.message
    except MemoryError:
        return None, "memory", "it needed more memory than it may have"
    except AicodecError as error:
        return None, "crashed", str(error)
    except Exception as error:
        return None, "crashed", f"{type(error).__name__}: {error}"
