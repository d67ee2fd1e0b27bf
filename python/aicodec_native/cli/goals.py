"""How commands are told which quality to reach."""

from __future__ import annotations

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


QUALITY = _Quality()
TARGET = _Target()
