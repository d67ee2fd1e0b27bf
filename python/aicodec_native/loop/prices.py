"""What a model's tokens cost: prices.json, or another file of that form."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from aicodec_native.errors import InputError, OptionError

_MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Price:
    """USD for a million tokens of each kind."""

    input: float
    output: float
    cache_write: float
    cache_read: float

    def of(self, *, input: float = 0, output: float = 0, cache_write: float = 0, cache_read: float = 0) -> float:
        """USD for so many tokens."""
        spent = input * self.input + output * self.output
        return (spent + cache_write * self.cache_write + cache_read * self.cache_read) / _MILLION


def price_of(model: str | None, path: str | None = None) -> tuple[str, Price]:
    """The model (None: the table's first) and its price. Raises OptionError where the table does not have it,
    InputError where `path` is no such table."""
    place = path or "prices.json"
    try:
        text = Path(path).read_text() if path else files(__package__).joinpath("prices.json").read_text()
        table = {
            name: Price(**{k: float(v) for k, v in row.items()}) for name, row in json.loads(text)["models"].items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"{place}: is no table of prices: {error}") from None
    if any(not 0 <= value < float("inf") for price in table.values() for value in _values(price)):
        raise InputError(f"{place}: a price is a number of 0 or more")
    name = model or next(iter(table), "")
    if name not in table:
        raise OptionError(
            f"no price is known for {name!r}, so no budget could hold: name one of {', '.join(table)}, or give its "
            "price with --prices"
        )
    return name, table[name]


def _values(price: Price) -> tuple[float, ...]:
    return price.input, price.output, price.cache_write, price.cache_read
