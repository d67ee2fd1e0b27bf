"""How a segment is to be coded: which layers, and the knobs of each. What proposers propose."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aicodec_native.errors import OptionError
from aicodec_native.lossless_encoder import MAX_ERROR
from aicodec_native.video.settings import SVT_PRESETS, Encoder

# Bottom first. `encode` stands for whatever `aicodec-native encode` makes; only the first experiment has it.
STACKS = (
    "video", "screen", "shader", "shader+screen", "video+screen", "video+shader", "video+shader+screen",
    "screen+shader", "screen+shader+screen",
)  # fmt: skip
ENCODE = "encode"

# SVT-AV1's parameters that may be set, with their ranges.
SVT_KNOBS = {
    "tune": (0, 2),
    "enable-variance-boost": (0, 1),
    "variance-boost-strength": (1, 4),
    "variance-octile": (1, 8),
    "enable-qm": (0, 1),
    "qm-min": (0, 15),
    "sharpness": (-7, 7),
    "scm": (0, 2),
    "enable-cdef": (0, 1),
    "enable-restoration": (0, 1),
    "enable-tf": (0, 2),
    "enable-overlays": (0, 1),
    "hierarchical-levels": (3, 5),
}
SVT_PRESET_RANGE = (0, 10)
ENCODERS = ("svtav1", "libaom")
CPU_USED_RANGE = (0, 8)
# Of a screen layer's samples at edges, in 8-bit code values.
MAX_EDGE = 128
CRF_RANGE = (1.0, 63.0)
SCREEN_PRESETS = tuple(SVT_PRESETS)


@dataclass(frozen=True, slots=True)
class Strategy:
    """`stack` is one of STACKS. Of a video layer: `crf`, or None for the coarsest that reaches the goal; bit depth;
    `encoder`, with SVT-AV1's preset (None: that of the run's) and parameters, or with libaom's `cpu_used` (None: as
    well), `chroma` ("420" or "444") and whether it uses its `screen_tools`. Of a screen layer: its preset (None: the
    run's), and `near`, by which its samples may be off, or `edge`, by which those at edges may be. Of a shader layer:
    `track`, its param(0), param(1), ...: columns of a number a frame. Of a screen layer under it: `stills`, for each
    frame the frame of the segment that it shows.

    Raises OptionError for values out of range.
    """

    stack: str
    crf: float | None = None
    svt_preset: int | None = None
    bit_depth: int = 10
    encoder: Encoder = "svtav1"
    svt: Mapping[str, int] = field(default_factory=dict)
    cpu_used: int | None = None
    chroma: Literal["420", "444"] = "420"
    screen_tools: bool = False
    screen_preset: str | None = None
    near: int = 0
    edge: int = 0
    track: tuple[tuple[float, ...], ...] = ()
    stills: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.stack not in (*STACKS, ENCODE):
            raise OptionError(f"no stack {self.stack!r}: choose one of {', '.join(STACKS)}")
        if self.crf is not None:
            _check_range("crf", self.crf, CRF_RANGE)
            if self.crf * 4 != int(self.crf * 4):
                raise OptionError("crf goes in steps of 0.25")
        if self.svt_preset is not None:
            _check_whole("svt_preset", self.svt_preset, SVT_PRESET_RANGE)
        if self.bit_depth not in (8, 10):
            raise OptionError("bit_depth is 8 or 10")
        for name, value in self.svt.items():
            if name not in SVT_KNOBS:
                raise OptionError(f"no parameter {name!r} of SVT-AV1: there are {', '.join(SVT_KNOBS)}")
            _check_whole(name, value, SVT_KNOBS[name])
        self._check_libaom()
        if self.screen_preset is not None and self.screen_preset not in SCREEN_PRESETS:
            raise OptionError(f"screen_preset is one of {', '.join(SCREEN_PRESETS)}")
        _check_whole("near", self.near, (0, MAX_ERROR))
        _check_whole("edge", self.edge, (0, MAX_EDGE))
        if self.near and self.edge:
            raise OptionError("near and edge exclude each other")
        if any(not math.isfinite(number) for column in self.track for number in column):
            raise OptionError("a track holds finite numbers")
        for still in self.stills:
            _check_whole("a still", still, (0, 1 << 20))
        if bool(self.stills) != self.stack.startswith("screen+"):
            raise OptionError("stills are for a screen layer under a shader, which wants them")

    def _check_libaom(self) -> None:
        if self.encoder not in ENCODERS:
            raise OptionError(f"encoder is one of {', '.join(ENCODERS)}")
        if self.cpu_used is not None:
            _check_whole("cpu_used", self.cpu_used, CPU_USED_RANGE)
        if self.chroma not in ("420", "444"):
            raise OptionError('chroma is "420" or "444"')
        if type(self.screen_tools) is not bool:
            raise OptionError("screen_tools is true or false")
        if self.encoder == "svtav1" and (self.cpu_used is not None or self.chroma != "420" or self.screen_tools):
            raise OptionError("cpu_used, chroma 444 and screen_tools are for encoder libaom")
        if self.encoder == "libaom" and (self.svt_preset is not None or self.svt):
            raise OptionError("svt_preset and svt are for encoder svtav1")
        if self.encoder == "libaom" and self.crf is not None and self.crf != int(self.crf):
            raise OptionError("libaom knows whole numbers of crf alone")
        if self.encoder == "libaom" and "video" not in self.layers and self.stack != ENCODE:
            raise OptionError("an encoder is for a stack with video")

    @property
    def layers(self) -> list[str]:
        """Bottom first."""
        return self.stack.split("+")

    def to_json(self) -> dict[str, Any]:
        """Only what differs from the defaults, and the stack."""
        plain = Strategy("video")
        values: dict[str, Any] = {"stack": self.stack}
        for name in self.__dataclass_fields__:
            if name != "stack" and getattr(self, name) != getattr(plain, name):
                values[name] = getattr(self, name)
        if self.svt:
            values["svt"] = dict(self.svt)
        if self.track:
            values["track"] = [list(column) for column in self.track]
        if self.stills:
            values["stills"] = list(self.stills)
        return values


def strategy_of(values: Any) -> Strategy:
    """A strategy from JSON. Raises OptionError for whatever is wrong with it."""
    if not isinstance(values, Mapping):
        raise OptionError("a strategy is an object")
    known = {name: value for name, value in values.items() if value is not None}
    unknown = sorted(set(map(str, known)) - set(Strategy.__dataclass_fields__))
    if unknown:
        raise OptionError(f"no knob {unknown[0]!r}: there are {', '.join(Strategy.__dataclass_fields__)}")
    if "stack" not in known:
        raise OptionError("a strategy names its stack")
    if not isinstance(known.get("svt", {}), Mapping):
        raise OptionError("svt is an object: a number for each parameter")
    known["svt"] = dict(known.get("svt", {}))
    try:
        known["track"] = tuple(tuple(float(number) for number in column) for column in known.get("track", ()))
        known["stills"] = tuple(known.get("stills", ()))
        if "crf" in known:
            known["crf"] = float(known["crf"])
    except (TypeError, ValueError):
        raise OptionError("crf is a number, track a list of columns of numbers, stills of whole numbers") from None
    return Strategy(**known)


def _check_whole(name: str, value: Any, limits: tuple[int, int]) -> None:
    if type(value) is not int:
        raise OptionError(f"{name} is a whole number")
    _check_range(name, value, limits)


def _check_range(name: str, value: float, limits: tuple[float, float]) -> None:
    if not limits[0] <= value <= limits[1]:
        raise OptionError(f"{name} goes from {limits[0]:g} to {limits[1]:g}, not {value:g}")
