"""Segments that are being coded, in worker processes or on a cluster: few at a time, and they come back in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future

from aicodec_native.candidate import Told
from aicodec_native.cluster import ClusterPool
from aicodec_native.lossless_encoder import LosslessJob, LosslessSegment
from aicodec_native.segment_encoder import CodedSegment, SegmentJob
from aicodec_native.segmenter import SourceSegment
from aicodec_native.workers import WorkerPool

Coded = CodedSegment | LosslessSegment


class SegmentQueue:
    """`workers` are the processes here, or with `cluster` (a scheduler's address) replaced by the cluster's count.

    Raw frames are what takes memory: each worker has a segment under way and another one that waits, of which one is
    still being read. Raises OptionError where the cluster cannot be used.
    """

    def __init__(self, workers: int, cluster: str | None) -> None:
        self._pool: WorkerPool | ClusterPool | None = None if cluster is None else ClusterPool(cluster)
        self.workers = workers if self._pool is None else self._pool.count
        self._waiting: deque[tuple[SourceSegment, Future[Coded]]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= 2 * self.workers - 1

    def submit(self, segment: SourceSegment, job: SegmentJob | LosslessJob, report: Told) -> None:
        self._pool = self._pool or WorkerPool(self.workers)
        self._waiting.append((segment, self._pool.submit(job, report)))
        if isinstance(self._pool, ClusterPool):
            segment.close()  # its frames have been sent

    def take(self) -> tuple[SourceSegment, Coded]:
        """The segment that was submitted first, when it is coded."""
        coded = self._waiting[0][1].result()
        return self._waiting.popleft()[0], coded

    def close(self) -> None:
        """Ends what still runs."""
        for segment, _ in self._waiting:
            segment.close()
        if self._pool:
            self._pool.close()
