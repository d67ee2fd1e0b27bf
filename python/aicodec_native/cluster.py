"""Segment jobs on the workers of a Dask cluster: the one file that imports `distributed` (extra `cluster`).

A job travels with its segment's frames. When a worker dies, the scheduler gives its jobs to another one.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from aicodec_native import __version__
from aicodec_native.candidate import Told
from aicodec_native.errors import AicodecError, EncodeError, OptionError
from aicodec_native.video.encoder import codec_version

_PATIENCE = "10s"
# Fields of a job that name files.
_FILES = ("frames_path", "dictionary_path")


class ClusterPool:
    """Runs segment jobs on the cluster whose scheduler is at `address`; used as a WorkerPool is.

    `count` is how many jobs it runs at once. Raises OptionError where there is no scheduler, it has no workers, they
    have another version, or the extra is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            import distributed
        except ImportError:
            raise OptionError("a cluster needs the extra: pip install 'aicodec-native[cluster]'") from None
        client: Any = distributed.Client
        try:
            self._client: Any = client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise OptionError(f"there is no Dask scheduler at {address} ({error})") from None
        self._futures: set[Any] = set()
        try:
            self.count = self._checked_workers(address)
        except BaseException:
            self._client.close()
            raise

    def submit(self, job: Any, report: Told) -> Future[Any]:
        """The job's frames are read now: the segment may be closed."""
        result: Future[Any] = Future()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a graph with frames in it is large
            theirs = self._client.submit(_run, _versions(), *_packed(job), pure=False, retries=2)
        self._futures.add(theirs)

        def done(future: Any) -> None:
            self._futures.discard(future)
            try:
                result.set_result(future.result())
            except AicodecError as error:
                result.set_exception(error)
            except BaseException as error:
                result.set_exception(EncodeError(f"the cluster gave up on a segment: {type(error).__name__}: {error}"))

        theirs.add_done_callback(done)
        report(0.0, "sent to the cluster")
        return result

    def close(self) -> None:
        """Cancels what still runs."""
        for future in list(self._futures):
            future.cancel()
        self._client.close()

    def _checked_workers(self, address: str) -> int:
        try:
            found = self._client.run(_versions)
        except Exception as error:
            raise OptionError(f"the workers of {address} do not have aicodec-native {__version__}: {error}") from None
        if not found:
            raise OptionError(f"the scheduler at {address} has no workers")
        for worker, versions in found.items():
            _check_versions(versions, f"the worker {worker}")
        return sum(int(info["nthreads"]) for info in self._client.scheduler_info(n_workers=-1)["workers"].values())


def _versions() -> list[str]:
    """Where they differ, so may the bytes of a segment."""
    return [__version__, codec_version()]


def _check_versions(theirs: list[str], name: str) -> None:
    if theirs != _versions():
        raise OptionError(f"{name} has aicodec-native {' with '.join(theirs)}, this is {' with '.join(_versions())}")


def _packed(job: Any) -> tuple[Any, dict[str, bytes]]:
    """The job without its files, and what is in them."""
    content: dict[str, bytes] = {}
    for name in _FILES:
        if path := getattr(job, name, ""):
            with open(path, "rb") as file:
                content[name] = file.read()
    return replace(job, **dict.fromkeys(content, "")), content


def _run(versions: list[str], job: Any, content: dict[str, bytes]) -> Any:
    """On a worker, which may have come since the cluster was looked at."""
    _check_versions(versions, "the encoder")
    with tempfile.TemporaryDirectory(prefix="aicodec-") as folder:
        paths = {name: os.path.join(folder, name) for name in content}
        for name, path in paths.items():
            with open(path, "wb") as file:
                file.write(content[name])
        content.clear()
        return replace(job, **paths).run()
