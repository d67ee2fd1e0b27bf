"""The command `aicodec-native`: one file for each subcommand, each only parses, calls and prints."""

from __future__ import annotations

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
    "metrics": "Measure how close one video is to another.",
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
            raise click.UsageError(
                f"no command {args[0]!r}; there are {', '.join(_COMMANDS)} (see --help)", ctx
            ) from None


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", message=f"aicodec-native %(version)s (kernels: {_native.isa})")
def group() -> None:
    """Store video that a computer drew as what draws it; camera footage as AV1."""


def main() -> Any:
    """Entry point. Exit codes: 0 done, 1 a check failed, 2 bad input or options, 130 interrupted."""
    try:
        code = group.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt) as error:
        _fail("interrupted", error, 130)
    except AicodecError as error:
        _fail(str(error), error, 2)
    except BrokenPipeError:
        # The program that reads our output has ended. Python would complain again when it flushes at exit.
        sys.stderr.close()
        sys.exit(2)
    except MemoryError:
        _fail("there is not enough memory", None, 2)


def _fail(text: str, error: BaseException | None, code: int) -> None:
    notes = getattr(error, "__notes__", [])
    click.echo(f"aicodec-native: {'; '.join([text, *notes])}", err=True)
    sys.exit(code)
