"""aicodec-native dashboard"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import click

from aicodec_native.cli.output import frame_bar
from aicodec_native.errors import InputError, OptionError


@click.command("dashboard")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path),
    help="The ledger of `evolve`. [default: the only *.ledger in this folder]",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8750, show_default=True, help="0 takes any free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Others than this machine's may then look, too.")
@click.option(
    "--export", "folder", type=click.Path(path_type=Path), help="Write a static site into this folder, and stop."
)
def command(ledger: Path | None, port: int, host: str, folder: Path | None) -> None:
    """Look at the experiments of a ledger in a browser, also while a run goes on.

    Needs the extra 'dashboard' (pip install 'aicodec-native[dashboard]'). The ledger is only read.
    """
    try:
        from aicodec_native.dashboard import export, server
    except ImportError as error:
        raise OptionError(
            f"the dashboard needs the package {error.name}: pip install 'aicodec-native[dashboard]'"
        ) from None
    path = ledger or _only_ledger()
    if folder is None:
        # Else a server that is told to end leaves its folder of previews.
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
        try:
            server.serve(path, host, port, lambda address: click.echo(f"{path}: {address} (Ctrl-C ends it)", err=True))
        except KeyboardInterrupt:
            return
    else:
        with frame_bar("pages", None) as bar:
            count = export.export(path, folder, lambda done, total: bar.update(done, total))
        click.echo(f"{folder}: {count} pages, begin with index.html")


def _only_ledger() -> Path:
    found = sorted(Path().glob("*.ledger"))
    if len(found) != 1:
        said = "there is no *.ledger here" if not found else f"there are {len(found)} ledgers here"
        raise InputError(f"{said}: say with --ledger which to show")
    return found[0]
