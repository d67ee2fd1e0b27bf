"""Encodes a source into an `.aic` file: reads and cuts it here, codes its segments in worker processes, and writes
them in order."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np

from aicodec_native import __version__, _native
from aicodec_native.candidate import Goal
from aicodec_native.change_store import ChangeReader, ChangeStore
from aicodec_native.cluster import ClusterPool
from aicodec_native.dictionary_plan import DictionaryPlan, DictionaryUse
from aicodec_native.encode_options import Bounds, check_bounds, check_numbers, goal_of
from aicodec_native.errors import OptionError
from aicodec_native.file_choice import Room, chosen_points, redrawn
from aicodec_native.headers import header_of, stored_packet, stored_track
from aicodec_native.inputs import SourceLike, can_be_read_again, checked_output, identity_of, open_source
from aicodec_native.lossless_encoder import GREATEST_ERROR, LosslessJob, LosslessSegment
from aicodec_native.media import BaseSource, TrackPacket
from aicodec_native.part_file import PartFile
from aicodec_native.segment_encoder import CodedSegment, SegmentJob
from aicodec_native.segmenter import MAX_SECONDS, Cuts, LongSegmenter, Segmenter, SourceSegment
from aicodec_native.size_search import Fill, SizeSearch, WrongSizeError
from aicodec_native.video_layer import CODEC_VERSION, SVT_PRESETS
from aicodec_native.workers import WorkerPool


@dataclass(frozen=True, slots=True)
class Progress:
    """Told while encoding: frames read and coded so far, the total if it is known, a few words on what goes on."""

    frames_read: int
    frames_coded: float
    frames_total: int | None
    note: str


@dataclass(slots=True)
class EncodeResult:
    """What an encode did. `score` is the mean of `metric` over the frames measured, `score_p5` their 5th percentile;
    `reached` tells whether every segment reached `target`. For a lossless encode `metric` is "max_error": `score` is
    the greatest difference of any sample, 0 if all are equal, and `score_p5` what 95% of the frames do not exceed.
    Times are in seconds, sizes in bytes; `input_bytes` is None where it is not known or only a part of the input was
    asked for."""

    path: str
    frames: int
    duration: float
    bytes: int
    input_bytes: int | None
    metric: str
    target: float | None
    score: float
    score_p5: float
    frames_measured: int
    reached: bool
    elapsed: float
    segments: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def encode(
    source: SourceLike,
    path: str | os.PathLike[str],
    *,
    quality: float | str | None = None,
    target: tuple[str, float] | None = None,
    crf: float | None = None,
    max_size: int | None = None,
    max_bitrate: float | None = None,
    preset: str = "medium",
    workers: int = 0,
    cluster: str | None = None,
    start: float | None = None,
    duration: float | None = None,
    fps: float | Fraction | None = None,
    segment_seconds: float = MAX_SECONDS,
    digests: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> EncodeResult:
    """Encode a video.

    `source`: a path, "-" for standard input, a binary file, an image pattern ("frames/%04d.png"), or frames: an array
    (n, height, width, 3) or an iterable of (height, width, 3) arrays, uint8 or uint16 in 0..1023, with `fps`.
    `quality`: the SSIMULACRA2 score to reach (90 is visually lossless, 80, the default, very high); or "lossless", or
    "lossless~2": every sample within 2 of the source (1 to 64). `target`: another metric and its value instead, such as
    ("psnr", 45); one of quality.METRICS. `crf`: a fixed quantiser instead, 1 to 63 in quarter steps. `max_size` (bytes)
    and `max_bitrate` (kbit/s) bound the file: what is asked for is reached where it fits, or else the best that does,
    with a run over the source for each time that it had to be lowered. `preset`: "fast", "medium" or "slow".
    `workers`: processes (0: one per core). `cluster`: the address of a Dask scheduler ("tcp://host:8786"), to whose
    workers the segments go instead; the file is the same. `start`, `duration`: seconds of the source.
    `segment_seconds`: the longest distance between seek points, at the nominal frame rate. `digests`: store a hash of
    every segment's frames, so that `verify` can check them.

    While it is being written the file has the name path + ".part", and an encode that is interrupted leaves its
    finished segments there. `resume`: go on with them; the arguments must be the same, and so is the file that comes
    out. `overwrite`: replace an existing file, or what an interrupted encode left.

    `progress` is called from several threads; what it raises ends the encode.

    Raises InputError, OutputError, OptionError, EncodeError.
    """
    goal = goal_of(quality, target, crf)
    if preset not in SVT_PRESETS:
        raise OptionError(f"unknown preset {preset!r}: choose one of {', '.join(SVT_PRESETS)}")
    check_numbers(workers=workers, start=start, duration=duration, segment_seconds=segment_seconds)
    output = checked_output(path, source, overwrite)
    if resume and (not isinstance(source, (str, os.PathLike)) or os.fspath(source) == "-"):
        raise OptionError("only an encode of a file can be resumed")
    bounds = Bounds(max_size, max_bitrate)
    check_bounds(bounds, goal, resume, is_array_or_file=can_be_read_again(source))
    asked = goal.target
    search = SizeSearch(goal.metric, asked)
    while True:
        with open_source(source, start, duration, fps, exact=goal.metric == GREATEST_ERROR) as opened:
            identity = {
                "version": [__version__, CODEC_VERSION],
                "source": [*identity_of(source), opened.byte_size],
                "options": [asdict(goal), preset, start, duration, str(fps), segment_seconds, digests],
            }
            count = workers or _default_workers()
            run = _Run(opened, goal, preset, count, segment_seconds, digests, progress, bounds, cluster, search.fill)
            try:
                result = run.write(PartFile(output, identity, resume=resume, discard=overwrite or bool(search.tried)))
            except WrongSizeError as found:
                search.adjust(found)
                goal = replace(goal, target=search.target)
                continue
        result.target = asked if goal.crf is None else None
        if start is not None or duration is not None:
            result.input_bytes = None
        return result


class _Run:
    """One encode, from an open source into a part file."""

    def __init__(
        self,
        source: BaseSource,
        goal: Goal,
        preset: str,
        workers: int,
        segment_seconds: float,
        digests: bool,
        progress: Callable[[Progress], None] | None,
        bounds: Bounds,
        cluster: str | None,
        fill: Fill,
    ) -> None:
        self._bounds = bounds
        self._fill = fill
        self._source = source
        self._goal = goal
        self._preset = preset
        self._workers = workers
        self._segment_seconds = segment_seconds
        self._digests = digests
        self._progress = progress or (lambda progress: None)
        self._cluster = cluster
        self._pool: WorkerPool | ClusterPool | None = None
        self._waiting: deque[tuple[SourceSegment, Future[CodedSegment | LosslessSegment]]] = deque()
        self._lossless = goal.metric == GREATEST_ERROR
        self._dictionary: DictionaryPlan | None = None
        self._uses: dict[int, DictionaryUse] = {}  # by segment that is not written yet
        self._shares: dict[int, float] = {}  # by segment under way: frames coded, about
        self._header: _native.StreamHeader | None = None
        self._times = [0, 0]
        self._is_alone = False

    def write(self, part: PartFile) -> EncodeResult:
        started = time.monotonic()
        self._part = part
        try:
            if self._cluster is not None:
                self._pool = ClusterPool(self._cluster)
                self._workers = self._pool.count
            self._encode_all()
            part.finish(self._chosen(), self._redrawn)
        except WrongSizeError:
            part.discard()
            raise
        except BaseException as error:
            kept = part.abandon()
            if kept:
                error.add_note(kept)
            raise
        finally:
            for segment, _ in self._waiting:
                segment.close()
            if self._pool:
                self._pool.close()
            if self._dictionary:
                self._dictionary.close()
        return self._result(time.monotonic() - started)

    def _encode_all(self) -> None:
        self._segmenter = self._new_segmenter()
        for segment, is_last in _with_last(iter(self._segmenter)):
            self._begin(segment)
            is_alone = self._is_alone = is_last and segment.number == 0
            if self._lossless and not is_alone:
                self._use_dictionary(segment)
            if segment.first_frame < self._part.frames_done:
                self._uses.pop(segment.number, None)
                segment.close()
                continue
            if is_alone:
                self._code_here(segment)
                break
            while len(self._waiting) >= 2 * self._workers:
                self._write_next()
            self._submit(segment)
        while self._waiting:
            self._write_next()
        self._write_packets(self._segmenter.trailing)

    def _new_segmenter(self) -> Segmenter:
        info = self._source.info
        rate = info.frame_rate or Fraction(25)
        if self._lossless:
            return LongSegmenter(self._source, rate, self._segment_seconds)
        frame_size = _native.Picture(info.format, info.width, info.height).packed_size
        cuts = Cuts.for_video(rate, frame_size, self._segment_seconds)
        return Segmenter(self._source, cuts, skip=self._part.frames_done)

    def _use_dictionary(self, segment: SourceSegment) -> None:
        """Also for segments that an earlier run has finished: the following ones may need their pictures."""
        assert self._header is not None
        near = int(self._goal.target)
        self._dictionary = self._dictionary or DictionaryPlan(self._header, self._preset, near, os.cpu_count() or 1)
        with _reader(segment) as frames:
            self._uses[segment.number] = self._dictionary.add(frames)

    def _begin(self, segment: SourceSegment) -> None:
        """With the first segment: header, tracks and tags. With each: the overall time span."""
        if self._header is None:
            first, second = segment.times[:2]
            self._header = header_of(self._source.info, first, second - first)
            tags = list(self._source.info.metadata.items())
            self._part.begin(self._header, [stored_track(track) for track in self._source.tracks], tags)
            self._times[0] = first
        self._times[1] = segment.times[-1]

    def _job(self, segment: SourceSegment, threads: int) -> SegmentJob | LosslessJob:
        assert self._header is not None
        assert segment.frames is not None
        if isinstance(segment.frames, ChangeStore):
            return self._lossless_job(segment, segment.frames, threads)
        return SegmentJob(
            header=self._header,
            first_frame=segment.first_frame,
            times=segment.times,
            frames_path=segment.frames.path,
            shape=segment.frames.shape,
            goal=self._goal,
            preset=self._preset,
            threads=threads,
            digest=self._digests,
            keep_points=self._goal.crf is None and (not self._is_alone or self._bounds.any),
        )

    def _lossless_job(self, segment: SourceSegment, frames: ChangeStore, threads: int) -> LosslessJob:
        assert self._header is not None
        job = LosslessJob(
            header=self._header,
            first_frame=segment.first_frame,
            times=segment.times,
            frames_path=frames.path,
            shape=frames.shape,
            table=frames.table,
            near=int(self._goal.target),
            preset=self._preset,
            threads=threads,
            digest=self._digests,
        )
        if self._dictionary is None:
            return job
        store = self._dictionary.store
        pictures = self._uses[segment.number].pictures
        return replace(job, pictures=pictures, dictionary_path=store.path, dictionary_size=store.count)

    def _code_here(self, segment: SourceSegment) -> None:
        """A video of one segment: all cores work on it, and no process need be started."""
        coded = self._job(segment, os.cpu_count() or 1).run(self._reporter(segment))
        self._write_segment(segment, coded)

    def _submit(self, segment: SourceSegment) -> None:
        self._pool = self._pool or WorkerPool(self._workers)
        threads = max(1, (os.cpu_count() or 1) // self._workers)
        future = self._pool.submit(self._job(segment, threads), self._reporter(segment))
        self._waiting.append((segment, future))

    def _write_next(self) -> None:
        segment, future = self._waiting[0]
        coded = future.result()
        self._waiting.popleft()
        self._write_segment(segment, coded)

    def _write_segment(self, segment: SourceSegment, coded: CodedSegment | LosslessSegment) -> None:
        self._write_packets(segment.packets)
        use = self._uses.pop(segment.number, None)
        if use is not None and use.payload is not None:
            self._part.add_dictionary_picture(use.payload)
        points = coded.points if isinstance(coded, CodedSegment) else []
        report = asdict(replace(coded, points=[]) if isinstance(coded, CodedSegment) else coded)
        report.pop("points", None)
        report["bytes"] = len(report.pop("payload"))
        report["first_frame"] = segment.first_frame
        self._part.add_segment(coded.payload, coded.frames, report, points)
        segment.close()
        self._shares.pop(segment.number, None)
        self._tell("")

    def _chosen(self) -> dict[int, dict[str, Any]]:
        """The segments that the whole file would rather have in another way, and which."""
        alone = len(self._part.reports) < 2 and not self._bounds.any
        if self._lossless or self._goal.crf is not None or alone:
            return {}
        assert self._header is not None
        seconds = float((self._times[1] - self._times[0]) * Fraction(*self._header.time_base))
        room = Room(self._bounds.limit(seconds), self._part.size, self._fill) if self._bounds.any else None
        return chosen_points(self._part.reports, self._goal, room)

    def _redrawn(self, payload: bytes, header: _native.StreamHeader, layers: list[tuple[int, bytes]]) -> bytes:
        return redrawn(payload, header, layers, digests=self._digests)

    def _write_packets(self, packets: list[TrackPacket]) -> None:
        for track in range(len(self._source.tracks)):
            mine = [stored_packet(packet) for packet in packets if packet.track == track]
            self._part.add_packets(track, mine)

    def _reporter(self, segment: SourceSegment) -> Callable[[float, str], None]:
        frames = len(segment.times) - 1

        def report(share: float, note: str) -> None:
            self._shares[segment.number] = share * frames
            self._tell(f"segment {segment.number + 1}: {note}")

        return report

    def _tell(self, note: str) -> None:
        coded = self._part.frames_done + sum(list(self._shares.values()))
        self._progress(Progress(self._segmenter.frames_read, coded, self._source.frame_count_hint, note))

    def _reached(self, reports: list[dict[str, Any]]) -> bool:
        """A segment below the target is none that misses it where the file as a whole wanted it so."""
        return all(report["reached"] or report.get("by_choice", False) for report in reports)

    def _result(self, elapsed: float) -> EncodeResult:
        assert self._header is not None
        reports = [{k: v for k, v in r.items() if k != "points"} for r in self._part.reports]
        scores = [score for report in reports for score in report["scores"]]
        weights = np.array([report["frames"] for report in reports], dtype=np.float64)
        values = [report["score"] for report in reports]
        score = max(values) if self._lossless else float(np.average(values, weights=weights))
        return EncodeResult(
            path=str(self._part.target),
            frames=self._part.frames_done,
            duration=float((self._times[1] - self._times[0]) * Fraction(*self._header.time_base)),
            bytes=self._part.target.stat().st_size,
            input_bytes=self._source.byte_size,
            metric=self._goal.metric,
            target=self._goal.target if self._goal.crf is None else None,
            score=score,
            score_p5=float(np.percentile(scores, 95 if self._lossless else 5)),
            frames_measured=len(scores),
            reached=self._reached(reports),
            elapsed=elapsed,
            segments=reports,
            warnings=list(self._source.warnings),
        )


def _reader(segment: SourceSegment) -> ChangeReader:
    assert isinstance(segment.frames, ChangeStore)
    return ChangeReader(segment.frames.path, segment.frames.shape, segment.frames.table)


def _with_last(items: Iterator[SourceSegment]) -> Iterator[tuple[SourceSegment, bool]]:
    """Each item with whether it is the last."""
    held: SourceSegment | None = None
    for item in items:
        if held is not None:
            yield held, False
        held = item
    if held is not None:
        yield held, True


def _default_workers() -> int:
    """One per core, as far as memory goes: a worker holds two segments of frames and its encoder's own."""
    cores = os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return cores
    return max(1, min(cores, memory // (3 << 30)))
