"""Worker processes for segment jobs.

Each is a Python of its own that runs main() below, fed with pickled jobs over its standard input. Unlike
multiprocessing this never imports the caller's main module, and a process can be killed at any moment.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

from aicodec_native.candidate import Told
from aicodec_native.errors import AicodecError, EncodeError

# With the caller's own search path: `-m` would look into the working directory first. Imports leave no garbage:
# without looking for any the first job begins a seventh sooner.
_START = "import gc, sys; gc.disable(); sys.path[:] = sys.argv[1:]; from aicodec_native.workers import main; main()"

_ENVIRONMENT = {
    # NumPy's linear algebra would start a thread per core in every worker, and they would wait for each other.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # What an encoder frees the next one takes: given back to the system it would be zeroed page by page in between.
    "GLIBC_TUNABLES": f"glibc.malloc.mmap_threshold={1 << 26}:glibc.malloc.trim_threshold={1 << 30}",
}


class WorkerPool:
    """Runs segment jobs on `count` processes, which start when they are first needed.

    `job` objects are SegmentJob or LosslessJob (segment_encoder.py, lossless_encoder.py), results what their run()
    gives. close() kills what still runs.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="aicodec-worker")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def submit(self, job: Any, report: Told) -> Future[Any]:
        return self._threads.submit(self._run, job, report)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for process in self._processes:
                process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._processes:
            process.wait()

    def _run(self, job: Any, report: Told) -> Any:
        """One job on this thread's process; a process that died gets one successor."""
        for _ in range(2):
            process = self._process()
            try:
                return self._converse(process, job, report)
            except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                code = self._drop(process, 0.5)  # one that ended by itself has a code that tells why
                if self._closed:
                    break
            except BaseException:
                self._drop(process)  # in the midst of a job
                raise
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        raise EncodeError(
            f"a worker process died twice on the same segment ({how}); is there enough memory? (try --workers 1)"
        )

    def _drop(self, process: subprocess.Popen[bytes], patience: float = 0.0) -> int:
        """Ends this thread's process, if it has not ended after `patience` seconds, and returns its exit code."""
        self._own.process = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what could not be sent before cannot be now
                if pipe:
                    pipe.close()
        return process.wait()

    def _process(self) -> subprocess.Popen[bytes]:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None:
            with self._lock:
                if self._closed:
                    raise EncodeError("stopped")
                # Its own session: Ctrl-C in the terminal is for this process, which then kills the workers.
                try:
                    process = subprocess.Popen(
                        [sys.executable, "-c", _START, *sys.path],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        start_new_session=True,
                        env=_ENVIRONMENT | os.environ,
                    )
                except OSError as error:
                    raise EncodeError(f"a worker process cannot be started: {error.strerror}") from None
                self._processes.append(process)
            self._own.process = process
        return process

    @staticmethod
    def _converse(process: subprocess.Popen[bytes], job: Any, report: Told) -> Any:
        assert process.stdin is not None
        assert process.stdout is not None
        pickle.dump(job, process.stdin)
        process.stdin.flush()
        while True:
            kind, *content = pickle.load(process.stdout)
            if kind == "progress":
                report(*content)
            elif kind == "error":
                raise content[0]
            else:
                return content[0]


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Do jobs until the other end closes. A job brings its own module with it: no other need be imported."""

    def send(*message: Any) -> None:
        pickle.dump(message, answers)
        answers.flush()

    while True:
        try:
            job = pickle.load(requests)
        except EOFError:
            return
        gc.enable()
        try:
            send("done", job.run(lambda share, note: send("progress", share, note)))
        except AicodecError as error:
            send("error", error)
        except Exception as error:
            send("error", EncodeError(f"{type(error).__name__}: {error}"))


def main() -> None:
    """A worker process's whole life."""
    # Whatever else prints to standard output must not get between the answers.
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)
        try:
            _serve(sys.stdin.buffer, channel)
        except BrokenPipeError:
            os._exit(1)
