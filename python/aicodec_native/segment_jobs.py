"""What of a segment goes to whoever codes it: its frames, what is asked, and for lossless ones the dictionary."""

from __future__ import annotations

import os
from dataclasses import replace

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader, ChangeStore
from aicodec_native.dictionary_plan import DictionaryPlan, DictionaryUse
from aicodec_native.encode_options import Plan
from aicodec_native.lossless_encoder import LosslessJob
from aicodec_native.segment_encoder import SegmentJob
from aicodec_native.segmenter import SourceSegment


class SegmentJobs:
    """Of one file. `is_alone`: it has one segment, so that nothing is shared or chosen among several."""

    def __init__(self, header: _native.StreamHeader, plan: Plan, *, is_alone: bool) -> None:
        self._header = header
        self._plan = plan
        self._is_alone = is_alone
        self._dictionary: DictionaryPlan | None = None
        self._uses: dict[int, DictionaryUse] = {}  # by segment that is not written yet

    def add(self, segment: SourceSegment) -> None:
        """Call with every segment in order, also those that an earlier run has finished: the following ones may need
        their pictures."""
        if not self._plan.is_lossless or self._is_alone:
            return
        near, preset = int(self._plan.goal.target), self._plan.preset
        self._dictionary = self._dictionary or DictionaryPlan(self._header, preset, near, os.cpu_count() or 1)
        assert isinstance(segment.frames, ChangeStore)
        with ChangeReader(segment.frames.path, segment.frames.shape, segment.frames.table) as frames:
            self._uses[segment.number] = self._dictionary.add(frames)

    def new_picture(self, segment: SourceSegment) -> bytes | None:
        """The dictionary picture that stands in the file before the segment, which needs no job any more."""
        use = self._uses.pop(segment.number, None)
        return use.payload if use is not None else None

    def job(self, segment: SourceSegment, threads: int) -> SegmentJob | LosslessJob:
        assert segment.frames is not None
        if isinstance(segment.frames, ChangeStore):
            return self._lossless(segment, segment.frames, threads)
        goal = self._plan.goal
        return SegmentJob(
            header=self._header,
            first_frame=segment.first_frame,
            times=segment.times,
            frames_path=segment.frames.path,
            shape=segment.frames.shape,
            goal=goal,
            preset=self._plan.preset,
            threads=threads,
            digest=self._plan.digests,
            keep_points=goal.crf is None and (not self._is_alone or self._plan.bounds.any),
        )

    def close(self) -> None:
        if self._dictionary:
            self._dictionary.close()

    def _lossless(self, segment: SourceSegment, frames: ChangeStore, threads: int) -> LosslessJob:
        job = LosslessJob(
            header=self._header,
            first_frame=segment.first_frame,
            times=segment.times,
            frames_path=frames.path,
            shape=frames.shape,
            table=frames.table,
            near=int(self._plan.goal.target),
            preset=self._plan.preset,
            threads=threads,
            digest=self._plan.digests,
        )
        if self._dictionary is None:
            return job
        store = self._dictionary.store
        pictures = self._uses[segment.number].pictures
        return replace(job, pictures=pictures, dictionary_path=store.path, dictionary_size=store.count)
