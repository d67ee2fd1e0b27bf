"""aicodec_native: a codec for video that a computer drew.

    import aicodec_native as aic

    aic.encode("in.mp4", "out.aic", quality=80)
    with aic.open("out.aic") as reader:
        frame = reader[100]         # (height, width, 3), uint8

Importing the package needs numpy alone; PyAV is imported with the first function that uses it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from aicodec_native._native import __version__
from aicodec_native.errors import (
    AicodecError,
    CorruptError,
    EncodeError,
    FormatError,
    InputError,
    NotAicError,
    OptionError,
    OutputError,
    ProgramError,
    TruncatedError,
    UnsupportedError,
)

if TYPE_CHECKING:
    from aicodec_native.authoring import ShadeResult, shade
    from aicodec_native.decoder import DecodeResult, VerifyReport, decode, verify
    from aicodec_native.encode_result import EncodeResult, Progress
    from aicodec_native.encoder import encode
    from aicodec_native.fitting import FitResult, fit
    from aicodec_native.loop.evolve import evolve
    from aicodec_native.loop.job import EvolveProgress, EvolveResult
    from aicodec_native.quality import Quality, measure
    from aicodec_native.reader import Reader, open

__all__ = [
    "AicodecError",
    "CorruptError",
    "DecodeResult",
    "EncodeError",
    "EncodeResult",
    "EvolveProgress",
    "EvolveResult",
    "FitResult",
    "FormatError",
    "InputError",
    "NotAicError",
    "OptionError",
    "OutputError",
    "ProgramError",
    "Progress",
    "Quality",
    "Reader",
    "ShadeResult",
    "TruncatedError",
    "UnsupportedError",
    "VerifyReport",
    "__version__",
    "decode",
    "encode",
    "evolve",
    "fit",
    "measure",
    "open",
    "shade",
    "verify",
]

_LAZY = {
    "DecodeResult": "decoder",
    "EncodeResult": "encode_result",
    "EvolveProgress": "loop.job",
    "EvolveResult": "loop.job",
    "FitResult": "fitting",
    "Progress": "encode_result",
    "Quality": "quality",
    "Reader": "reader",
    "ShadeResult": "authoring",
    "VerifyReport": "decoder",
    "decode": "decoder",
    "encode": "encoder",
    "evolve": "loop.evolve",
    "fit": "fitting",
    "measure": "quality",
    "open": "reader",
    "shade": "authoring",
    "verify": "decoder",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f"aicodec_native.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
