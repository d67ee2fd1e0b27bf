"""Encodes a source into an `.aic` file: reads and cuts it here, codes its segments in worker processes, and writes
them in order."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from fractions import Fraction
from typing import Any

from aicodec_native import __version__, _native
from aicodec_native.encode_options import Bounds, Plan, check_bounds, check_numbers, decode_rate_of, goal_of
from aicodec_native.encode_result import EncodeResult, Progress, has_reached, measured_file, measured_segment
from aicodec_native.errors import EncodeError, OptionError
from aicodec_native.file_choice import Room, chosen_points, redrawn
from aicodec_native.headers import header_of, stored_packet, stored_track
from aicodec_native.inputs import SourceLike, can_be_read_again, checked_output, identity_of, open_source
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.media import BaseSource, TrackPacket
from aicodec_native.part_file import PartFile
from aicodec_native.quality import STORED_METRICS
from aicodec_native.segment_encoder import CodedSegment
from aicodec_native.segment_jobs import SegmentJobs
from aicodec_native.segment_queue import Coded, SegmentQueue
from aicodec_native.segmenter import MAX_SECONDS, Cuts, LongSegmenter, Segmenter, SourceSegment
from aicodec_native.size_search import Fill, SizeSearch, WrongSizeError
from aicodec_native.tried_note import LARGEST_SHARE, OVERHEAD, tried_notes
from aicodec_native.video.encoder import codec_version
from aicodec_native.video.settings import SVT_PRESETS


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
    decode_rate: float | None = None,
    workers: int = 0,
    cluster: str | None = None,
    start: float | None = None,
    duration: float | None = None,
    fps: float | Fraction | None = None,
    segment_seconds: float = MAX_SECONDS,
    digests: bool = True,
    notes: bool | None = None,
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
    `decode_rate`: what would decode at fewer frames a second than that, at 1920x1080 on two cores, loses to what does
    not, however small it is; 0 for the fewest bytes alone; 30 by default, 0 with "slow".
    `workers`: processes (0: one per core). `cluster`: the address of a Dask scheduler ("tcp://host:8786"), to whose
    workers the segments go instead; the file is the same. `start`, `duration`: seconds of the source.
    `segment_seconds`: the longest distance between seek points, at the nominal frame rate. `digests`: store a hash of
    every segment's frames, so that `verify` can check them. `notes`: store what was tried for each segment, which
    `info --layers` tells; by default where that takes at most a thousandth of the file and no bound is given,
    and never where it would exceed a bound.

    While it is being written the file has the name path + ".part", and an encode that is interrupted leaves its
    finished segments there. `resume`: go on with them; the arguments must be the same, and so is the file that comes
    out. `overwrite`: replace an existing file, or what an interrupted encode left.

    `progress` is called from several threads; what it raises ends the encode.

    Raises InputError, OutputError, OptionError, EncodeError.
    """
    goal = replace(goal_of(quality, target, crf), decode_rate=decode_rate_of(decode_rate, preset))
    if preset not in SVT_PRESETS:
        raise OptionError(f"unknown preset {preset!r}: choose one of {', '.join(SVT_PRESETS)}")
    check_numbers(workers=workers, start=start, duration=duration, segment_seconds=segment_seconds)
    output = checked_output(path, source, overwrite)
    if resume and (not isinstance(source, (str, os.PathLike)) or os.fspath(source) == "-"):
        raise OptionError("only an encode of a file can be resumed")
    bounds = Bounds(max_size, max_bitrate)
    check_bounds(bounds, goal, is_array_or_file=can_be_read_again(source))
    plan = Plan(
        goal,
        preset,
        workers or _default_workers(),
        cluster,
        segment_seconds,
        digests,
        notes,
        bounds,
        progress or _tell_nobody,
    )
    search = SizeSearch(goal.metric, goal.target)
    part: PartFile | None = None
    while True:
        with open_source(source, start, duration, fps, exact=goal.metric == GREATEST_ERROR) as opened:
            if part is None:
                identity = {
                    "version": [__version__, codec_version()],
                    "source": [*identity_of(source), opened.byte_size],
                    "options": [asdict(goal), preset, start, duration, str(fps), segment_seconds, digests, notes],
                    "bounds": asdict(bounds),
                }
                part = PartFile(output, identity, resume=resume, discard=overwrite)
                for size, limit in part.runs:
                    search.adjust(WrongSizeError(size, limit))
            lowered = replace(plan, goal=replace(goal, target=search.target))
            try:
                result = _Run(opened, lowered, part, search.fill).write()
            except WrongSizeError as found:
                _lower(search, found, part)
                continue
        result.target = goal.target if goal.crf is None else None
        if start is not None or duration is not None:
            result.input_bytes = None
        return result


def _lower(search: SizeSearch, found: WrongSizeError, part: PartFile) -> None:
    """Ask for less, and begin the part file again."""
    try:
        search.adjust(found)
    except EncodeError:
        part.discard()
        raise
    part.restart([*part.runs, (found.size, found.limit)])


def _tell_nobody(progress: Progress) -> None:
    pass


class _Run:
    """One encode, from an open source into a part file. `fill`: which files are too small for a bound."""

    def __init__(self, source: BaseSource, plan: Plan, part: PartFile, fill: Fill) -> None:
        self._source = source
        self._plan = plan
        self._goal = plan.goal
        self._part = part
        self._fill = fill
        self._queue: SegmentQueue | None = None
        self._jobs: SegmentJobs | None = None
        self._shares: dict[int, float] = {}  # by segment under way: frames coded, about
        self._header: _native.StreamHeader | None = None
        self._times = [0, 0]
        self._segmenter = self._new_segmenter()

    def write(self) -> EncodeResult:
        started = time.monotonic()
        try:
            self._queue = SegmentQueue(self._plan.workers, self._plan.cluster)
            self._encode_all(self._queue)
            self._part.finish(self._quality_rows, self._notes, self._chosen(), self._redrawn)
        except WrongSizeError:
            raise
        except BaseException as error:
            kept = self._part.abandon()
            if kept:
                error.add_note(kept)
            raise
        finally:
            if self._queue is not None:
                self._queue.close()
            if self._jobs is not None:
                self._jobs.close()
        return self._result(time.monotonic() - started)

    def _encode_all(self, queue: SegmentQueue) -> None:
        segments = iter(self._segmenter)
        two = list(itertools.islice(segments, 2))  # to know whether there are several
        is_alone = len(two) == 1
        jobs = self._jobs = SegmentJobs(self._begin(two[0]), self._plan, is_alone=is_alone)
        for segment in itertools.chain(_emptied(two), segments):
            self._times[1] = segment.times[-1]
            jobs.add(segment)
            if segment.first_frame < self._part.frames_done:
                jobs.new_picture(segment)
                segment.close()
                continue
            if is_alone:  # all cores work on it, and no process need be started
                coded = jobs.job(segment, os.cpu_count() or 1).run(self._reporter(segment))
                self._write_segment(segment, coded)
                break
            while queue.is_full:
                self._write_segment(*queue.take())
            threads = max(1, (os.cpu_count() or 1) // queue.workers)
            queue.submit(segment, jobs.job(segment, threads), self._reporter(segment))
        while len(queue):
            self._write_segment(*queue.take())
        self._write_packets(self._segmenter.trailing)

    def _new_segmenter(self) -> Segmenter:
        info = self._source.info
        rate = info.frame_rate or Fraction(25)
        if self._plan.is_lossless:
            return LongSegmenter(self._source, rate, self._plan.segment_seconds)
        frame_size = _native.Picture(info.format, info.width, info.height).packed_size
        cuts = Cuts.for_video(rate, frame_size, self._plan.segment_seconds)
        return Segmenter(self._source, cuts, skip=self._part.frames_done)

    def _begin(self, segment: SourceSegment) -> _native.StreamHeader:
        """With the first segment: header, tracks and tags."""
        first, second = segment.times[:2]
        self._header = header_of(self._source.info, first, second - first)
        tags = list(self._source.info.metadata.items())
        self._part.begin(self._header, [stored_track(track) for track in self._source.tracks], tags)
        self._times[0] = first
        return self._header

    @property
    def _seconds(self) -> float:
        assert self._header is not None
        return float((self._times[1] - self._times[0]) * Fraction(*self._header.time_base))

    def _write_segment(self, segment: SourceSegment, coded: Coded) -> None:
        self._write_packets(segment.packets)
        assert self._jobs is not None
        picture = self._jobs.new_picture(segment)
        if picture is not None:
            self._part.add_dictionary_picture(picture)
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
        alone = len(self._part.reports) < 2 and not self._plan.bounds.any
        if self._plan.is_lossless or self._goal.crf is not None or alone:
            return {}
        room = (
            Room(self._plan.bounds.limit(self._seconds), self._part.size, self._fill) if self._plan.bounds.any else None
        )
        return chosen_points(self._part.reports, self._goal, room)

    def _redrawn(self, payload: bytes, header: _native.StreamHeader, layers: list[tuple[int, bytes]]) -> bytes:
        return redrawn(payload, header, layers, digests=self._plan.digests)

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
        self._plan.progress(Progress(self._segmenter.frames_read, coded, self._source.frame_count_hint, note))

    def _quality_rows(self) -> tuple[int, list[tuple[int, float, float]]] | None:
        """What the file keeps of it: its own row, then one for each of several segments."""
        if self._plan.is_lossless:
            return None
        reports, metric = self._part.reports, self._goal.metric
        rows = [measured_file(reports, metric)]
        rows += [measured_segment(report, metric) for report in reports] if len(reports) > 1 else []
        return STORED_METRICS.index(metric), [(row.frames, row.score, row.score_p5) for row in rows]

    def _notes(self, size: int) -> list[tuple[str, str]]:
        """What was tried for each segment, where a file of that size keeps it: no bound is exceeded for it."""
        bounds = self._plan.bounds
        wanted = not bounds.any if self._plan.notes is None else self._plan.notes
        notes = tried_notes(self._part.reports, self._goal.metric) if wanted else []
        text_bytes = sum(len(text) for note in notes for text in note)
        if bounds.any and size + text_bytes + OVERHEAD > bounds.limit(self._seconds):
            return []
        return notes if self._plan.notes or text_bytes <= LARGEST_SHARE * size else []

    def _result(self, elapsed: float) -> EncodeResult:
        reports = [{k: v for k, v in r.items() if k != "points"} for r in self._part.reports]
        for report in reports:
            report["score_p5"] = measured_segment(report, self._goal.metric).score_p5
        whole = measured_file(reports, self._goal.metric)
        return EncodeResult(
            path=str(self._part.target),
            frames=self._part.frames_done,
            duration=self._seconds,
            bytes=self._part.target.stat().st_size,
            input_bytes=self._source.byte_size,
            metric=self._goal.metric,
            target=self._goal.target if self._goal.crf is None else None,
            score=whole.score,
            score_p5=whole.score_p5,
            frames_measured=whole.frames,
            reached=has_reached(reports),
            elapsed=elapsed,
            segments=reports,
            warnings=list(self._source.warnings),
        )


def _emptied(segments: list[SourceSegment]) -> Iterator[SourceSegment]:
    """Each in turn, and nothing here holds it any longer."""
    while segments:
        yield segments.pop(0)


def _default_workers() -> int:
    """One per core, as far as memory goes: a worker holds two segments of frames and its encoder's own."""
    cores = os.cpu_count() or 1
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return cores
    return max(1, min(cores, memory // (3 << 30)))
