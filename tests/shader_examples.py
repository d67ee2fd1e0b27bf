"""The worked examples of docs/shader.md, by their titles."""

from __future__ import annotations

import re
from pathlib import Path

_TEXT = (Path(__file__).parents[1] / "docs" / "shader.md").read_text()
EXAMPLES: dict[str, str] = dict(re.findall(r"### (\d+\. [^\n]+)\n\n```python\n(.*?)```", _TEXT, re.DOTALL))
