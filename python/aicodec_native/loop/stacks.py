"""Codes a segment as a strategy says: the job of a candidate's first process.

What quality it has is for judge.py to say, in another process, from the bytes alone.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from aicodec_native import _native, tracks
from aicodec_native.candidate import Goal
from aicodec_native.change_store import ChangeReader, Table
from aicodec_native.crf_prior import TOLERANCES, TYPICAL_CRF, CrfPrior, crf_prior
from aicodec_native.crf_search import STEPS_PER_CRF, SearchPlan, search
from aicodec_native.errors import CorruptError, FormatError, OptionError, ProgramError
from aicodec_native.frame_store import FrameReader
from aicodec_native.headers import frame_rate_of
from aicodec_native.loop.sandbox import TaskError
from aicodec_native.loop.strategy import Strategy
from aicodec_native.lossless_encoder import GREATEST_ERROR
from aicodec_native.scorer import Scorer
from aicodec_native.shader_source import compile_source
from aicodec_native.stack import draw_in_order
from aicodec_native.video import libaom
from aicodec_native.video.encoder import encode_pictures
from aicodec_native.video.frame import RGB_COLOUR
from aicodec_native.video.settings import AOM_PRESETS, SVT_PARAMETERS, SVT_PRESETS, VideoSettings

KINDS = {"video": _native.LAYER_VIDEO, "shader": _native.LAYER_SHADER, "screen": _native.LAYER_SCREEN}

# What a search for a quantiser accepts above the target, of what `encode` does.
_TOLERANCE_SHARE = 0.5
_MAX_PROBES = 5


@dataclass(frozen=True, slots=True)
class SegmentTask:
    """A segment as both processes get it; picklable. `frames_path`, `shape` and `table` are ChangeReader's arguments.

    `pictures` are the numbers of the dictionary pictures that it may copy from, behind `dictionary_path` in that
    order; `usable` counts those that stand before it in the file. `judged` are the frames that quality is measured on.
    """

    header: _native.StreamHeader
    first_frame: int
    times: list[int]
    frames_path: str
    shape: tuple[str, int, int]
    table: Table
    goal: Goal
    preset: str
    judged: list[int]
    pictures: list[int] = field(default_factory=list)
    dictionary_path: str = ""
    usable: int = 0

    @property
    def frame_rate(self) -> float:
        return float(frame_rate_of(self.header))

    def frames(self) -> ChangeReader:
        return ChangeReader(self.frames_path, self.shape, self.table)

    def dictionary(self) -> dict[int, _native.Picture]:
        if not self.pictures:
            return {}
        stored = FrameReader(self.dictionary_path, self.shape, len(self.pictures))
        try:
            return {number: stored[place] for place, number in enumerate(self.pictures)}
        finally:
            stored.close()

    def segment(self, payload: bytes, pictures: dict[int, _native.Picture]) -> _native.Segment:
        """As the decoder sees it. Raises FormatError."""
        return _native.Segment(payload, self.header, _native.Dictionary(pictures), self.usable)

    def serialised(self, layers: list[tuple[int, bytes]], digest: int | None = None) -> bytes:
        return _native.build_segment(
            header=self.header, first_frame=self.first_frame, times=self.times, digest=digest, layers=layers
        )

    def scorer(self, frames: ChangeReader) -> Scorer:
        """For the goal's metric on the judged frames."""
        return Scorer(self.goal.metric, frames, self.header.colour, self.frame_rate, self.preset, 1, self.judged)


@dataclass(frozen=True, slots=True)
class BuildTask:
    """`bar` is the score to reach; `guess` a CRF near which it is expected, if one is known."""

    segment: SegmentTask
    strategy: Strategy
    program: str | None
    bar: float
    guess: float | None


@dataclass(frozen=True, slots=True)
class Built:
    """A segment without digest; `crf` of its video layer, if it has one; processor seconds."""

    payload: bytes
    crf: float | None
    encode_seconds: float


def build(task: BuildTask) -> Built:
    """Raises TaskError for a program or strategy that does not work; deterministic."""
    started = _processor_seconds()
    try:
        with task.segment.frames() as frames:
            payload, crf = _Builder(task, frames).run()
    except ProgramError as error:
        # Text and code that the verifier refuses come as one class of exception.
        refused = isinstance(error.__context__, CorruptError)
        raise TaskError("refused" if refused else "invalid_program", str(error)) from None
    except OptionError as error:
        raise TaskError("invalid_strategy", str(error)) from None
    except FormatError as error:
        raise TaskError("refused", str(error)) from None
    return Built(payload, crf, _processor_seconds() - started)


def _processor_seconds() -> float:
    """Of this process and of the programs that it has run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class _Builder:
    def __init__(self, task: BuildTask, frames: ChangeReader) -> None:
        self._task = task
        self._segment = task.segment
        self._strategy = task.strategy
        self._frames = frames
        self._dictionary = task.segment.dictionary()
        self._program: _native.ShaderProgram | None = None
        self._shader = self._shader_layer() if "shader" in task.strategy.layers else b""

    def run(self) -> tuple[bytes, float | None]:
        strategy, task = self._strategy, self._task
        if "video" not in strategy.layers:
            return self._stack(0.0), None
        if strategy.crf is not None:
            return self._stack(strategy.crf), strategy.crf
        aom = strategy.encoder == "libaom"
        guess = self._usual_crf() if task.guess is None else task.guess
        guess = float(round(guess)) if aom else guess
        if "screen" in strategy.layers or self._is_exact:
            return self._stack(guess), guess
        payloads: dict[int, bytes] = {}

        def probe(step: int) -> float:
            payloads[step] = self._stack(step / STEPS_PER_CRF)
            return self._score(payloads[step])

        prior = self._prior()
        plan = SearchPlan(
            task.bar,
            round(guess * STEPS_PER_CRF),
            prior.slope,
            _TOLERANCE_SHARE * TOLERANCES[self._segment.goal.metric],
            max_probes=_MAX_PROBES,
            grid=STEPS_PER_CRF if aom else 1,
        )
        found = search(plan, probe)
        return payloads[found.step], found.step / STEPS_PER_CRF

    def _usual_crf(self) -> float:
        if self._is_exact:
            return TYPICAL_CRF[self._strategy.encoder, self._strategy.screen_tools]
        return self._prior().guess / STEPS_PER_CRF

    def _prior(self) -> CrfPrior:
        strategy, segment = self._strategy, self._segment
        return crf_prior(strategy.encoder, strategy.screen_tools, segment.goal, segment.preset)

    @property
    def _is_exact(self) -> bool:
        """Whether the goal is a greatest error in place of a score."""
        return self._segment.goal.metric == GREATEST_ERROR

    def _stack(self, crf: float) -> bytes:
        layers: list[tuple[int, bytes]] = []
        for kind in self._strategy.layers:
            if kind == "video":
                layer = self._video_layer(crf)
            elif kind == "shader":
                layer = self._shader
            elif not layers and self._strategy.stills:
                layer = self._stills_layer()
            else:
                layer = self._screen_layer(layers)
            layers.append((KINDS[kind], layer))
        return self._segment.serialised(layers)

    def _video_layer(self, crf: float) -> bytes:
        header, strategy = self._segment.header, self._strategy
        settings = self._libaom(crf) if strategy.encoder == "libaom" else self._svtav1(crf)
        video = encode_pictures(self._frames, header.colour, frame_rate_of(header), settings)
        return _native.build_video_layer(
            format=video.format,
            colour=RGB_COLOUR,
            rgb_canvas=header.format.startswith("rgb"),
            packets=video.packets,
        )

    def _svtav1(self, crf: float) -> VideoSettings:
        strategy = self._strategy
        preset = SVT_PRESETS[self._segment.preset] if strategy.svt_preset is None else strategy.svt_preset
        return VideoSettings(crf, preset, strategy.bit_depth, 1, parameters=self._svt_parameters())

    def _libaom(self, crf: float) -> VideoSettings:
        strategy = self._strategy
        if libaom.version() is None:
            raise TaskError("invalid_strategy", "there is no ffmpeg program with libaom on this machine")
        usual = AOM_PRESETS.get(self._segment.preset, AOM_PRESETS["medium"])
        return VideoSettings(
            crf,
            usual if strategy.cpu_used is None else strategy.cpu_used,
            strategy.bit_depth,
            1,
            drawn=strategy.screen_tools,
            encoder="libaom",
            chroma=strategy.chroma,
        )

    def _svt_parameters(self) -> str:
        """The usual ones, changed as the strategy says."""
        chosen = dict(part.split("=") for part in SVT_PARAMETERS.split(":"))
        chosen |= {name: str(value) for name, value in self._strategy.svt.items()}
        return ":".join(f"{name}={value}" for name, value in chosen.items())

    def _shader_layer(self) -> bytes:
        if self._task.program is None:
            raise TaskError("invalid_strategy", "a shader layer wants a program")
        program = self._program = compile_source(self._task.program)
        columns = self._strategy.track
        frames = len(self._segment.times) - 1
        if any(len(column) != frames for column in columns):
            raise TaskError("invalid_strategy", f"a column of the track has one number for each of {frames} frames")
        if program.parameters > len(columns):
            raise TaskError("invalid_strategy", f"param({program.parameters - 1}) has no column in the track")
        table = (
            tracks.pack({f"p{number}": _numbers(column) for number, column in enumerate(columns)}) if columns else b""
        )
        return _native.build_shader_layer(program=program.write(), track=table)

    def _stills_layer(self) -> bytes:
        """What a program reads below it: frames of the segment, exactly."""
        stills = self._strategy.stills
        if len(stills) != len(self._frames) or max(stills) >= len(self._frames):
            raise TaskError("invalid_strategy", f"stills are numbers below {len(self._frames)}, as many as that")
        encoder = self._screen_encoder(near=0, edge=0, has_below=False)
        for still in stills:
            encoder.add(self._frames[still])
        return _native.build_screen_layer(pictures=self._segment.pictures, coded=encoder.finish())

    def _screen_encoder(self, *, near: int, edge: int, has_below: bool) -> _native.ScreenEncoder:
        return _native.ScreenEncoder(
            *self._segment.shape,
            preset=self._strategy.screen_preset or self._segment.preset,
            near=near,
            edge=edge << (self._frames[0].bit_depth - 8),
            has_below=has_below,
            dictionary=list(self._dictionary.values()),
        )

    def _screen_layer(self, below: list[tuple[int, bytes]]) -> bytes:
        strategy, segment = self._strategy, self._segment
        goal = segment.goal
        if self._is_exact and strategy.near > goal.target:
            raise TaskError("invalid_strategy", f"samples may be off by {goal.target:g}, not by near={strategy.near}")
        if self._is_exact and strategy.edge:
            raise TaskError("invalid_strategy", "no edge may be off here: edge is for scores")
        encoder = self._screen_encoder(near=strategy.near, edge=strategy.edge, has_below=bool(below))
        if below:
            reads_prev = self._program is not None and self._program.reads_prev
            under_it = self._drawn_from_sources(below) if reads_prev else self._drawn(segment.serialised(below))
            for source, under in zip(self._frames, under_it, strict=True):
                encoder.add(source, under)
        else:
            for source in self._frames:
                encoder.add(source)
        return _native.build_screen_layer(pictures=segment.pictures, coded=encoder.finish())

    def _drawn_from_sources(self, layers: list[tuple[int, bytes]]) -> Iterator[_native.Picture]:
        """What a program at the top of `layers` draws if an exact layer over it makes `prev` the source's frame."""
        if self._strategy.near or self._strategy.edge:
            raise TaskError("invalid_strategy", "a program that reads prev wants an exact screen layer over it")
        program, header = self._program, self._segment.header
        assert program is not None
        rgb = "rgb30" if self._frames[0].bit_depth == 10 else "rgb24"

        def in_rgb(picture: _native.Picture) -> _native.Picture:
            return picture if picture.format == rgb else picture.convert(rgb, header.colour)

        under = self._drawn(self._segment.serialised(layers[:-1])) if layers[:-1] else None
        prev: _native.Picture | None = None
        for number, source in enumerate(self._frames):
            frame = self._segment.first_frame + number
            drawn = program.draw(
                format=rgb,
                width=header.width,
                height=header.height,
                t=frame / self._segment.frame_rate,
                frame=frame,
                step=number,
                parameters=[column[number] for column in self._strategy.track],
                below=in_rgb(next(under)) if under else None,
                prev=prev,
            )
            yield drawn if header.format == rgb else drawn.convert(header.format, header.colour)
            prev = in_rgb(source)

    def _drawn(self, payload: bytes) -> Iterator[_native.Picture]:
        found = self._segment.segment(payload, self._dictionary)
        return draw_in_order(lambda _: found, range(1), self._segment.header, 1)

    def _score(self, payload: bytes) -> float:
        scorer = self._segment.scorer(self._frames)
        wanted = set(scorer.frames)
        for number, picture in enumerate(self._drawn(payload)):
            if number in wanted:
                scorer.add(number, picture)
        return scorer.result()[0]


def _numbers(column: tuple[float, ...]) -> list[int] | list[float]:
    """Whole numbers as such where all are: they take fewer bytes."""
    return [int(number) for number in column] if all(map(float.is_integer, column)) else list(column)
