"""Numbers that change from frame to frame, as program text: a closed form of t, or a column of the track."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aicodec_native import tracks
from aicodec_native.recognise.clip import Floats

# What an operation with its operands and a constant's digit cost about, in bits: enough to choose by.
_OPERATION_BITS = 12
_CONSTANT_BITS = 8
_DIGIT_BITS = 3.4
# A track's own bytes, which its first column pays for.
_COLUMN_BITS = 40
_RATES = 80


def number(value: float, tolerance: float) -> str:
    """The shortest decimal within the tolerance, as program text that can stand in any expression."""
    if abs(value) <= tolerance:
        return "0.0"
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if abs(float(text) - value) <= tolerance:
            break
    text = repr(float(text))
    return f"({text})" if value < 0 else text


class Track:
    """The columns that a program reads; `expression` adds them as they are needed."""

    def __init__(self, times: Floats, *, fineness: float = 1.0) -> None:
        """`fineness` says how many times more exact than the tolerance the constants of closed forms are written: the
        values may be noisy measurements of what a formula has drawn.
        """
        self.columns: dict[str, npt.NDArray[np.int64]] = {}
        self._times = times
        self._fineness = fineness

    def expression(self, values: Floats, tolerance: float) -> str:
        """Text that gives each frame its value within the tolerance, in as few bits as the forms tried give.

        `values` has a number for each frame. The text is one expression of t, or of a new parameter.
        """
        forms = [_polynomial(self._times, values, degree, tolerance, self._fineness) for degree in range(4)]
        forms.append(_sinusoid(self._times, values, tolerance, self._fineness))
        found = [form for form in forms if form is not None]
        text = min(found, key=_cost) if found else None
        if text is not None and (len(values) < 4 or _cost(text) <= _OPERATION_BITS * 4):
            return text
        # A power of two costs fewest bits as a constant.
        step = float(2.0 ** np.floor(np.log2(2 * tolerance)))
        column = np.round(values / step).astype(np.int64)
        bits = 8 * len(tracks.pack({"a": column})) + (0 if self.columns else _COLUMN_BITS)
        if text is not None and _cost(text) <= bits:
            return text
        name = chr(ord("a") + len(self.columns) % 26) * (1 + len(self.columns) // 26)
        self.columns[name] = column
        return f"param({len(self.columns) - 1}) * {step!r}" if step != 1 else f"param({len(self.columns) - 1})"


def _cost(text: str) -> float:
    """An expression's bits, about."""
    digits = sum(character.isdigit() for character in text)
    constants = len([part for part in text.replace("(", " ").split() if any(c.isdigit() for c in part)])
    operations = text.count(" * ") + text.count(" + ") + text.count("sin(")
    return _OPERATION_BITS * operations + _CONSTANT_BITS * constants + _DIGIT_BITS * digits


def _polynomial(times: Floats, values: Floats, degree: int, tolerance: float, fineness: float) -> str | None:
    """Horner's form, rounded from the highest power down, the lower ones making up for it."""
    if degree >= len(values):
        return None
    rest = values.astype(np.float64)
    powers = [times**k for k in range(degree + 1)]
    texts: list[str] = []
    for k in range(degree, -1, -1):
        basis = np.stack(powers[: k + 1], axis=1)
        found = np.linalg.lstsq(basis, rest, rcond=None)[0]
        spread = float(np.ptp(times**k)) if k else 1.0
        text = number(float(found[k]), tolerance / (2 * fineness * (degree + 1)) / max(spread, 1e-9))
        texts.append(text)
        rest = rest - float(text.strip("()")) * powers[k]
    if float(np.abs(rest).max()) > tolerance:
        return None
    text = texts[0]
    for lower in texts[1:]:
        text = f"({text} * t)" if lower == "0.0" else f"({text} * t + {lower})"
    return text


def fit_sinusoid(times: Floats, values: Floats, *, rate: float | None = None) -> tuple[float, float, float, float]:
    """(offset, amplitude, rate, phase) of offset + amplitude sin(rate t + phase), by least squares; rate is per
    second, and searched from a tenth of a turn in all to a fifth of the frame rate unless it is given.
    """
    if rate is None:
        rate = _rate_of(times, values)
    basis = np.stack([np.ones_like(times), np.sin(rate * times), np.cos(rate * times)], axis=1)
    offset, sine, cosine = np.linalg.lstsq(basis, values, rcond=None)[0]
    return float(offset), float(np.hypot(sine, cosine)), rate, float(np.arctan2(cosine, sine))


def _rate_of(times: Floats, values: Floats) -> float:
    span = float(times[-1] - times[0])
    rates = np.geomspace(0.2 / span, 0.4 * np.pi * (len(times) - 1) / span, _RATES)
    for _ in range(6):
        errors = [_residual(times, values, rate) for rate in rates]
        best = int(np.argmin(errors))
        rates = np.linspace(rates[max(best - 1, 0)], rates[min(best + 1, len(rates) - 1)], 13)
    return float(rates[int(np.argmin([_residual(times, values, rate) for rate in rates]))])


def _residual(times: Floats, values: Floats, rate: float) -> float:
    basis = np.stack([np.ones_like(times), np.sin(rate * times), np.cos(rate * times)], axis=1)
    return float(np.sum((values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]) ** 2))


def _sinusoid(times: Floats, values: Floats, tolerance: float, fineness: float) -> str | None:
    """Rounded one after the other, what follows making up for it."""
    if len(values) < 8:
        return None
    _, amplitude, rate, _ = fit_sinusoid(times, values)
    reach = float(np.abs(times).max()) * amplitude
    fine = tolerance / (4 * fineness)
    rate_text = number(rate, fine / max(reach, 1e-9))
    rate = float(rate_text)
    _, amplitude, _, phase = fit_sinusoid(times, values, rate=rate)
    phase_text = number(phase, fine / max(amplitude, 1e-9))
    wave = np.sin(rate * times + float(phase_text.strip("()")))
    basis = np.stack([np.ones_like(times), wave], axis=1)
    amplitude_text = number(float(np.linalg.lstsq(basis, values, rcond=None)[0][1]), fine / 2)
    rest = values - float(amplitude_text.strip("()")) * wave
    offset_text = number(float(rest.mean()), fine)
    rest = rest - float(offset_text.strip("()"))
    if float(np.abs(rest).max()) > tolerance:
        return None
    return f"({offset_text} + {amplitude_text} * sin({rate_text} * t + {phase_text}))"
