"""A point that moves on a circle, such as one that turns with the picture about its middle."""

from __future__ import annotations

import numpy as np

from aicodec_native.recognise.clip import Floats
from aicodec_native.recognise.series import number

# Pixels: what is this near to a round number is meant to be one.
_ROUND = 0.06
_MIN_FRAMES = 8
_MIN_TURN = 0.1


def circle_text(times: Floats, places: Floats, tolerance: float, fineness: float) -> tuple[str, str, str] | None:
    """A line that computes an angle `a`, and x and y as expressions of it, for places (frames, 2) within the tolerance
    in pixels; None where they lie on no circle, or are passed at no steady pace.
    """
    if len(times) < _MIN_FRAMES or np.ptp(places, axis=0).max() < 1:
        return None
    # x^2 + y^2 = 2 x cx + 2 y cy + const
    basis = np.concatenate([2 * places, np.ones((len(places), 1))], axis=1)
    found = np.linalg.lstsq(basis, (places**2).sum(axis=1), rcond=None)[0]
    middle = _rounded(found[:2], 2)
    angles = np.unwrap(np.arctan2(*(places - middle).T[::-1]))
    if np.ptp(angles) < _MIN_TURN:
        return None
    rate, phase = np.polyfit(times, angles, 1)
    radius = float(np.hypot(*(places - middle).T).mean())
    first = middle + radius * np.array([np.cos(phase), np.sin(phase)])
    start = _rounded(first, 1)
    if (start != first).all():  # a start on a pixel settles radius and phase, and the pace is what is left
        radius, phase = float(np.hypot(*(start - middle))), float(np.arctan2(*(start - middle)[::-1]))
        phase += 2 * np.pi * round((angles[0] - rate * times[0] - phase) / (2 * np.pi))
        rate = float(times @ (angles - phase) / max(float(times @ times), 1e-9))
    fine = tolerance / (4 * fineness)
    reach = max(float(np.abs(times).max()), 1.0)
    texts = [number(float(v), fine) for v in (middle[0], middle[1], radius)]
    turns = number(float(rate), fine / radius / reach), number(float(phase), fine / radius)
    x, y, size, pace, ahead = (float(text.strip("()")) for text in (*texts, *turns))
    drawn = np.stack([x + size * np.cos(pace * times + ahead), y + size * np.sin(pace * times + ahead)], axis=1)
    if np.abs(drawn - places).max() > tolerance:
        return None
    line = f"    a = {turns[0]} * t + {turns[1]}"
    return line, f"({texts[0]} + {texts[2]} * cos(a))", f"({texts[1]} + {texts[2]} * sin(a))"


def _rounded(point: Floats, parts: int) -> Floats:
    """To halves or wholes of a pixel, where both coordinates are near to one."""
    near = np.round(point * parts) / parts
    return near if np.abs(near - point).max() < _ROUND else point
