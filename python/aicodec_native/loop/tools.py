"""The tools that a model answers with, and what becomes of its calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aicodec_native import _native
from aicodec_native.errors import OptionError, ProgramError
from aicodec_native.loop.proposals import Proposal
from aicodec_native.loop.strategy import ENCODERS, SCREEN_PRESETS, STACKS, SVT_KNOBS, strategy_of
from aicodec_native.shader_source import compile_source

_WITH_PROGRAM = [stack for stack in STACKS if "shader" in stack and not stack.startswith("screen")]
_WITHOUT = [stack for stack in STACKS if "shader" not in stack]
# What one frame of a program may cost (docs/shader.md, "Limits").
_MAX_FRAME_WORK = 1 << 37


def _maybe(kind: str, text: str) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": text}


_COMMON: dict[str, Any] = {
    "hypothesis": {"type": "string", "description": "In a sentence: what this tries and why it may be smaller."},
    "parent": _maybe("integer", "The experiment that it is derived from."),
    "near": _maybe("integer", "Of a screen layer: by how much samples may be off; 0 to 64."),
    "edge": _maybe(
        "integer", "Of a screen layer, in place of near: by how much samples at edges may be off; 0 to 128."
    ),
    "crf": _maybe("number", "Of a video layer: its quantiser, 1 to 63; null finds the coarsest that is good enough."),
}


def _tool(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {"name": name, "description": description, "strict": True, "input_schema": schema}


TOOLS = [
    _tool(
        "submit_program",
        "An experiment with a shader program. A program that does not compile comes back with its error.",
        {
            "program": {"type": "string", "description": "The program's text: def color(x, y, t): ..."},
            "stack": {"type": "string", "enum": _WITH_PROGRAM, "description": "The layers, bottom first."},
            **_COMMON,
        },
    ),
    _tool(
        "submit_strategy",
        "An experiment with other settings of the encoder, without a program.",
        {
            "stack": {"type": "string", "enum": _WITHOUT, "description": "The layers, bottom first."},
            "svt_preset": _maybe("integer", "Of SVT-AV1: 0 (slowest, smallest) to 10."),
            "bit_depth": _maybe("integer", "Of the video layer: 8 or 10."),
            "encoder": {
                "anyOf": [{"type": "string", "enum": list(ENCODERS)}, {"type": "null"}],
                "description": "Of the video layer. libaom is slower, codes chroma in full size and drawings in fewer"
                " bytes; svt_preset and svt are not for it.",
            },
            "cpu_used": _maybe("integer", "Of libaom: 0 (slowest, smallest) to 8."),
            "chroma": {
                "anyOf": [{"type": "string", "enum": ["420", "444"]}, {"type": "null"}],
                "description": "444 with libaom alone.",
            },
            "screen_tools": _maybe("boolean", "Of libaom: its tools for what a computer drew."),
            "svt": {
                "type": "array",
                "description": "Parameters of SVT-AV1.",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "enum": list(SVT_KNOBS)},
                        "value": {"type": "integer"},
                    },
                    "required": ["name", "value"],
                    "additionalProperties": False,
                },
            },
            "screen_preset": {"anyOf": [{"type": "string", "enum": list(SCREEN_PRESETS)}, {"type": "null"}]},
            **_COMMON,
        },
    ),
    _tool(
        "note_hypothesis",
        "Something to remember in later rounds, such as what does not work and why.",
        {"text": {"type": "string"}},
    ),
]


def proposal_of(name: str, values: Any, header: _native.StreamHeader) -> Proposal:
    """The proposal of a call of submit_program or submit_strategy. Raises OptionError or ProgramError, with what the
    model should be told."""
    if not isinstance(values, Mapping):
        raise OptionError("the input is no object")
    knobs = {key: values[key] for key in values if key not in ("program", "hypothesis", "parent", "svt")}
    if values.get("svt"):
        try:
            knobs["svt"] = {item["name"]: item["value"] for item in values["svt"]}
        except (TypeError, KeyError):
            raise OptionError("svt is a list of objects with name and value") from None
    strategy = strategy_of(knobs)
    program = values.get("program") if name == "submit_program" else None
    if "shader" in strategy.layers:
        if not isinstance(program, str):
            raise OptionError("a stack with a shader layer wants a program")
        check_program(program, strategy.layers[0] == "shader", header)
    hypothesis, parent = values.get("hypothesis", ""), values.get("parent")
    return Proposal(
        strategy.to_json(),
        program,
        hypothesis if isinstance(hypothesis, str) else "",
        parent if type(parent) is int else None,
    )


def check_program(text: str, is_lowest: bool, header: _native.StreamHeader) -> None:
    """Raises ProgramError for what the decoder would refuse."""
    program = compile_source(text)
    if is_lowest and program.reads_below:
        raise ProgramError("the lowest layer must not use below")
    if program.parameters:
        raise ProgramError("there is no track here: param() is not for use")
    if program.work * header.width * header.height > _MAX_FRAME_WORK:
        raise ProgramError(f"a frame of {header.width} x {header.height} would be over the limit of work (2^37)")
