"""The dashboard as a folder of files that any web host, or a browser without one, can show."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from aicodec_native.dashboard.previews import Previews
from aicodec_native.dashboard.site import STATIC, Site
from aicodec_native.errors import OutputError
from aicodec_native.loop.ledger_reader import LedgerReader

# What pages refer to besides each other. Between plain quotes: in text from a model they are escaped, in HTML and JSON.
_REFERRED = re.compile(r'"(files/[0-9a-f]+\.\w+|media/experiment-[\d-]+\.(?:png|mp4))"')


def export(ledger: Path, folder: Path, progress: Callable[[int, int], None]) -> int:
    """Writes every page with the files and media that it shows; how many pages. `progress` gets pages done and all.

    Raises InputError for what is no ledger, OutputError where `folder` holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: exists already and is not empty")
    with LedgerReader(ledger) as reader, tempfile.TemporaryDirectory(prefix="aicodec-dashboard-") as made:
        site = Site(reader, Previews(Path(made)), live=False)
        try:
            for name in ("static", "files", "media"):
                (folder / name).mkdir(parents=True)
            for name in STATIC:
                (folder / "static" / name).write_text(site.static(name), encoding="utf-8")
            names = list(site.names())
            for done, name in enumerate(names, 1):
                page = site.page(name)
                (folder / name).write_text(page, encoding="utf-8")
                _copy_referred(site, page, folder)
                progress(done, len(names))
        except OSError as error:
            raise OutputError(f"{folder}: {error.strerror or error}") from None
    return len(names)


def _copy_referred(site: Site, page: str, folder: Path) -> None:
    for address in sorted(set(_REFERRED.findall(page))):
        target = folder / address
        if not target.exists():
            kind, name = address.split("/")
            shutil.copyfile(site.file(name) if kind == "files" else site.media(name), target)
