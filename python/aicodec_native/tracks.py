"""Tables of numeric time series in few bytes, without loss: what drives a file's programs, or anything else.

data = tracks.pack([{"frame": i, "time": i / 30} for i in range(300)])
assert tracks.unpack(data) == [{"frame": i, "time": i / 30} for i in range(300)]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodec_native import _native
from aicodec_native.errors import OptionError

Columns = Mapping[str, Any]
Records = Sequence[Mapping[str, Any]]
_Decimal = tuple[int, int]


def pack(table: Columns | Records) -> bytes:
    """The bytes of a table: columns by name (arrays or sequences of one length), or a list of records.

    Whole numbers are stored as int64 and floats as float64, bit for bit. Raises OptionError for anything else, and over
    2^20 rows, 256 columns, 2^22 numbers or 255 bytes of a name.
    """
    by_rows = not isinstance(table, Mapping)
    columns = _columns_of(table) if by_rows else dict(table)  # type: ignore[arg-type]
    words, guesses, lengths = [], [], set()
    for name, values in columns.items():
        array = _numbers(name, values)
        lengths.add(len(array))
        is_float = array.dtype == np.float64
        words.append((name, is_float, array.view(np.int64)))
        guesses.append(list(_guesses(array)) if is_float else [])
    if len(lengths) > 1:
        raise OptionError("the columns differ in length")
    rows = lengths.pop() if lengths else len(table) if by_rows else 0
    try:
        return _native.pack_table(rows=rows, by_rows=by_rows, columns=words, guesses=guesses)
    except ValueError as error:
        raise OptionError(str(error)) from None


def unpack(data: bytes) -> dict[str, npt.NDArray[Any]] | list[dict[str, int | float]]:
    """What `pack` was given: columns as int64 or float64 arrays, or a list of records.

    Raises CorruptError and TruncatedError.
    """
    rows, by_rows, stored = _native.unpack_table(data)
    columns = {name: words.view(np.float64) if is_float else words for name, is_float, words in stored}
    if not by_rows:
        return columns
    lists = {name: array.tolist() for name, array in columns.items()}
    return [{name: values[i] for name, values in lists.items()} for i in range(rows)]


def _columns_of(records: Any) -> dict[str, list[Any]]:
    names = list(records[0]) if len(records) else []
    if any(list(record) != names for record in records):
        raise OptionError("the records differ in their names")
    return {name: [record[name] for record in records] for name in names}


def _numbers(name: str, values: Any) -> npt.NDArray[Any]:
    if not isinstance(name, str):
        raise OptionError("a column's name is text")
    if isinstance(values, np.ndarray):
        whole = np.issubdtype(values.dtype, np.integer)
        fits = whole or values.dtype in (np.float32, np.float64)
    else:
        whole = all(type(v) is int for v in values)
        fits = whole or all(type(v) is float for v in values)
    if not fits or np.ndim(values) != 1:
        raise OptionError(f"column {name!r} is no series of whole numbers or of floats")
    try:
        return np.ascontiguousarray(values, dtype=np.int64 if whole else np.float64)
    except OverflowError:
        raise OptionError(f"column {name!r} has a number over 64 bits") from None


def _guesses(values: npt.NDArray[np.float64]) -> Iterator[tuple[Any, ...]]:
    """Formulas that the numbers might come from, for the core to try."""
    if len(values) < 4 or not np.isfinite(values).all() or np.abs(values).max() > 1e15:
        return
    span = float(np.ptp(values))
    if span == 0 or not np.isfinite(span):
        yield ("steps", _decimal(float(values[0]), 17), (1, 0))
        return
    changes = np.abs(np.diff(values))
    smallest = float(changes[changes > 0].min())
    for digits in (1, 2, 3, 6, 17):
        yield ("steps", (0, 0), _decimal(smallest, digits))
        yield ("steps", _decimal(float(values[0]), 17), _decimal(smallest, digits))
    found = _sinusoid(values)
    if found is None:
        return
    for places in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15):
        rounded = [round(number, places) for number in found]
        yield ("sinusoid", *(_decimal(number, 17) for number in rounded))


def _decimal(number: float, digits: int) -> _Decimal:
    """(mantissa, exponent) of the number with at most so many digits."""
    text = f"{number:.{digits - 1}e}" if digits < 17 else repr(float(f"{number:.15e}") if number else 0.0)
    head, _, power = text.partition("e")
    whole, _, fraction = head.partition(".")
    mantissa, exponent = int(whole + fraction), int(power or 0) - len(fraction)
    while mantissa and mantissa % 10 == 0:
        mantissa, exponent = mantissa // 10, exponent + 1
    if abs(mantissa) > 1 << 53 or abs(exponent) > 22:
        return (0, 0)
    return (mantissa, exponent) if mantissa else (0, 0)


def _sinusoid(values: npt.NDArray[np.float64]) -> tuple[float, float, float, float] | None:
    """(offset, amplitude, rate, phase) of the sinusoid nearest to the values, by least squares; None if far off."""
    n = len(values)
    if n < 8:
        return None
    rows = np.arange(n)
    spectrum = np.abs(np.fft.rfft((values - values.mean()) * np.hanning(n), 8 * n))
    rate = float(np.argmax(spectrum[4:]) + 4) * 2 * np.pi / (8 * n)
    for _ in range(40):
        sine, cosine = np.sin(rate * rows), np.cos(rate * rows)
        basis = np.stack([np.ones(n), sine, cosine], axis=1)
        (offset, a, b), *_ = np.linalg.lstsq(basis, values, rcond=None)
        slope = rows * (a * cosine - b * sine)
        step = np.linalg.lstsq(
            np.concatenate([basis, slope[:, None]], axis=1), values - basis @ [offset, a, b], rcond=None
        )[0][3]
        rate += float(step)
        if abs(step) < 1e-16:
            break
    residual = values - basis @ [offset, a, b]
    if not np.isfinite(rate) or np.abs(residual).max() > 1e-3 * np.ptp(values):
        return None
    amplitude, phase = float(np.hypot(a, b)), float(np.arctan2(b, a))
    if abs(phase) > np.pi / 2:
        amplitude, phase = -amplitude, phase - np.copysign(np.pi, phase)
    return float(offset), amplitude, rate, phase
