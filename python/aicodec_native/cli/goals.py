"""How commands are told which quality to reach."""

from __future__ import annotations

import re
from typing import Any

import click


class _Quality(click.ParamType[Any]):
    name = "N|lossless|lossless~N"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if str(value).startswith("lossless"):
            return value
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor 'lossless' nor 'lossless~N'", param, ctx)


class _Target(click.ParamType[Any]):
    name = "METRIC=VALUE"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        metric, _, number = value.partition("=")
        try:
            return metric, float(number)
        except ValueError:
            self.fail(f"{value!r} is not METRIC=VALUE, such as psnr=45", param, ctx)


class _Size(click.ParamType[Any]):
    name = "BYTES"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([kMG]?)B?", value)
        if not found:
            self.fail(f"{value!r} is no size, such as 500000, 800k, 10M or 1.5G", param, ctx)
        return int(float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]])


QUALITY = _Quality()
SIZE = _Size()
TARGET = _Target()
