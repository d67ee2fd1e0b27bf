"""What pages share, a comparison's report and the dashboard alike: style, plots, the frame viewer. No page asks another
host for anything."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

STYLES = ("style.css",)
SCRIPTS = ("plot.js", "viewer.js", "table.js")


def asset(name: str) -> str:
    """The text of a style sheet or script of this folder."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def json_for_script(value: Any) -> str:
    """JSON that may stand in a <script type="application/json">, whatever text is in it."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
