"""The command `aicodec-native`: one file for each subcommand, each only parses, calls and prints."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from aicodec_native import __version__, _native
from aicodec_native.errors import AicodecError

_COMMANDS = {
    "encode": "Encode a video into an .aic file.",
    "decode": "Decode an .aic file into a video or images.",
    "info": "Say what an .aic file holds.",
    "verify": "Check that an .aic file decodes to what was encoded.",
    "shade": "Make an .aic file from a shader program alone.",
    "fit": "Change the constants of a shader program until it draws a video.",
    "show": "Print the programs and layers of an .aic file.",
    "evolve": "Encode, then make the file smaller by experiments.",
    "ledger": "List, show or export the experiments of a ledger.",
    "dashboard": "Look at the experiments of a ledger in a browser.",
    "metrics": "Measure how close one video is to another.",
    "compare": "Rate-distortion curves of .aic and other codecs on a clip.",
    "bench": "Measure the codec's hot paths on this machine.",
    "demo": "Encode a clip, check it, and compare with x265 and SVT-AV1.",
}


class _LazyGroup(click.Group):
    """Imports a subcommand when it is used: `--help` and `--version` then answer at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"aicodec_native.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            raise click.UsageError(f"no command {args[0]!r}; there are {', '.join(_COMMANDS)}", ctx) from None

    def invoke(self, ctx: click.Context) -> Any:
        """Past click, which has answers of its own to Ctrl-C and to a closed pipe."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, BrokenPipeError) as error:
            raise _PastClick(error) from error


class _PastClick(Exception):  # noqa: N818
    """Carries an exception that click would take for itself."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message=f"aicodec-native %(version)s (kernels: {_native.isa})")
def group() -> None:
    """Store video that a computer drew as what draws it; camera footage as AV1."""


def main() -> Any:
    """Entry point. Exit codes: 0 done, 1 a check failed, 2 bad input or options, 130 interrupted."""
    try:
        code = group.main(prog_name="aicodec-native", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except _PastClick as carrier:
        _fail(carrier.error)
    except (Exception, KeyboardInterrupt) as error:
        _fail(error)


def _fail(error: BaseException) -> None:
    """End with one line on standard error, and the traceback only of what nobody foresaw."""
    match error:
        case KeyboardInterrupt() | click.Abort():
            text, code = "interrupted", 130
        case click.UsageError() if error.ctx and not error.message.startswith("Usage:"):
            text, code = f"{_lower(error.format_message())} (see {error.ctx.command_path} --help)", 2
        case click.ClickException():  # no command at all: its message is the help
            error.show()
            sys.exit(2)
        case AicodecError():
            text, code = str(error), 2
        case BrokenPipeError():
            # The program that reads our output has ended. Python would complain again when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(2)
        case OSError():
            name = f"{error.filename}: " if error.filename else ""
            text, code = f"{name}{_lower(error.strerror or str(error))}", 2
        case MemoryError():
            text, code = "there is not enough memory", 2
        case _:
            raise error
    notes = getattr(error, "__notes__", [])
    click.echo(f"aicodec-native: {'; '.join([text, *notes])}", err=True)
    sys.exit(code)


def _lower(text: str) -> str:
    """A sentence of another library's, to go into a line of ours."""
    words = " ".join(text.split()).removesuffix(".")
    return words[:1].lower() + words[1:]
