"""The pages of a ledger by their names. The server and the static export give the same ones, under the same names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from aicodec_native import __version__
from aicodec_native.dashboard import content
from aicodec_native.dashboard.previews import Previews
from aicodec_native.errors import InputError
from aicodec_native.loop.ledger_reader import LedgerReader
from aicodec_native.web import SCRIPTS, STYLES, asset, json_for_script

_PAGE = re.compile(r"(run|experiment|writeup)-(\d{1,12})\.html")
_FRAME = re.compile(r"experiment-(\d{1,12})-(\d{1,9})\.png")
_VIDEO = re.compile(r"experiment-(\d{1,12})\.mp4")
STATIC = (*STYLES, *SCRIPTS, "dashboard.js")


class Site:
    """Every method raises InputError for a name that there is not. `live` pages ask for news."""

    def __init__(self, reader: LedgerReader, previews: Previews, *, live: bool) -> None:
        self._reader = reader
        self._previews = previews
        self._live = live
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("aicodec_native.dashboard"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "bytes": _bytes,
            "for_script": json_for_script,
            "median": content.median,
            "name": _name,
            "number": _number,
            "shown": _shown,
            "percent": _percent,
            "time": _time,
        }

    def page(self, name: str) -> str:
        """The HTML of index.html, run-N.html, experiment-N.html or writeup-N.html."""
        if name == "index.html":
            return self._render("index.html", lines=self.runs())
        found = _PAGE.fullmatch(name)
        if found is None:
            raise InputError(f"there is no page {name}")
        kind, number = found[1], int(found[2])
        if kind == "run":
            return self._render("run.html", **content.run_page(self._reader, number))
        if kind == "experiment":
            return self._render("experiment.html", **content.experiment_page(self._reader, number))
        if not self._reader.run(number)["improvements"]:
            raise InputError(f"run {number} has improved nothing: there is nothing to write up")
        return self._render("writeup.html", **content.writeup_page(self._reader, number))

    def runs(self) -> list[dict[str, Any]]:
        return [content.run_line(row) for row in self._reader.runs()]

    def run(self, number: int) -> dict[str, Any]:
        """News of a run: what a page of it asks for again and again."""
        return content.run_data(self._reader, number)

    def static(self, name: str) -> str:
        """A script or style sheet."""
        if name not in STATIC:
            raise InputError(f"there is no {name}")
        if name == "dashboard.js":
            return files(__package__).joinpath(name).read_text(encoding="utf-8")
        return asset(name)

    def file(self, name: str) -> Path:
        """A file of the ledger."""
        return self._reader.file(name)

    def media(self, name: str) -> Path:
        """A frame or a video of an experiment that was kept, decoded now if it was not before."""
        if found := _FRAME.fullmatch(name):
            return self._previews.frame(self._aic(int(found[1])), int(found[2]))
        if found := _VIDEO.fullmatch(name):
            return self._previews.video(self._aic(int(found[1])))
        raise InputError(f"there is no {name}")

    def names(self) -> Iterator[str]:
        """Every page's name."""
        yield "index.html"
        for run in self._reader.runs():
            yield f"run-{run['id']}.html"
            if run["improvements"]:
                yield f"writeup-{run['id']}.html"
            for experiment in self._reader.experiments(run["id"]):
                yield f"experiment-{experiment['id']}.html"

    def _aic(self, experiment: int) -> Path:
        name = content.aic_of(self._reader.experiment(experiment))
        if name is None:
            raise InputError(f"experiment {experiment} has no file")
        return self._reader.file(name)

    def _render(self, template: str, **content: Any) -> str:
        shared = {"live": self._live, "ledger": self._reader.path.name, "version": __version__}
        return self._templates.get_template(template).render(**content, **shared)


def _name(path: str) -> str:
    return Path(path).name or path


def _bytes(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def _shown(value: Any) -> Any:
    """What a reader wants to see of a value out of JSON: whole numbers whole, others to four places."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else round(value, 4)
    if isinstance(value, dict):
        return {key: _shown(part) for key, part in value.items()}
    return [_shown(part) for part in value] if isinstance(value, list) else value


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}%"


def _time(seconds: float | None) -> str:
    return "–" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
