"""Scalar fields whose value alone decides a gradient's colour: along a line, by distance, by angle.

A field has three numbers for each frame, `p`: linear u = p0 x + p1 y + p2; radial u = p2 |(x, y) - (p0, p1)|; conic
u = the angle about (p0, p1) in turns plus p2, from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aicodec_native.recognise.clip import Floats

KINDS = ("linear", "radial", "conic")
# Above this share of the gradients' energy across the field's own direction a field explains nothing.
_MAX_ACROSS = 0.12
# Of the points where colours change, at least so many are the gradient's own.
_OPEN_SHARE = 0.3
# In squares: what is steeper than so many times those is something else's.
_STEEPEST = 100


@dataclass(frozen=True)
class Slopes:
    """Where colours change and which way, at points (n): x, y, and for each channel (n, 3) the change over x and y."""

    x: Floats
    y: Floats
    along_x: Floats
    along_y: Floats

    @property
    def energy(self) -> float:
        return float((self.along_x**2 + self.along_y**2).sum())


def slopes(x: Floats, y: Floats, values: Floats, reach: int) -> Slopes:
    """From a grid's points (rows, columns) and colours (rows, columns, 3), over `reach` points to each side."""
    inner = slice(reach, -reach)
    along_x = values[inner, 2 * reach :] - values[inner, : -2 * reach]
    along_y = values[2 * reach :, inner] - values[: -2 * reach, inner]
    counts = (np.abs(along_x).sum(-1) + np.abs(along_y).sum(-1)) > 0
    along_x, along_y = along_x[counts], along_y[counts]
    # Edges of what lies over a gradient are far steeper than it: they shall not outweigh it, though text be everywhere.
    energy = (along_x**2 + along_y**2).sum(axis=1)
    if len(energy):
        usual = np.quantile(energy, _OPEN_SHARE)
        share = np.sqrt(np.minimum(1.0, 9 * usual / energy) * (energy <= _STEEPEST * usual))[:, None]
        along_x, along_y = along_x * share, along_y * share
    return Slopes(x[inner, inner][counts], y[inner, inner][counts], along_x, along_y)


def first_guess(kind: str, found: Slopes) -> tuple[Floats, float]:
    """(p, the share of energy across the field) in closed form; linear fields have unit slope and no offset."""
    gx, gy = found.along_x, found.along_y
    if kind == "linear":
        xx, yy, xy = (gx**2).sum(), (gy**2).sum(), (gx * gy).sum()
        angle = 0.5 * np.arctan2(2 * xy, xx - yy)
        p = np.array([np.cos(angle), np.sin(angle), 0.0])
        return p, _across(found, np.full_like(found.x, p[0]), np.full_like(found.x, p[1]))
    # Each gradient (conic: each normal to one) is a line that ought to meet the middle.
    nx, ny = (-gy, gx) if kind == "radial" else (gx, gy)
    weight = (nx**2).sum(), (ny**2).sum(), (nx * ny).sum()
    at = nx * found.x[:, None] + ny * found.y[:, None]
    matrix = np.array([[weight[0], weight[2]], [weight[2], weight[1]]])
    right = np.array([(nx * at).sum(), (ny * at).sum()])
    middle = np.linalg.lstsq(matrix, right, rcond=None)[0]
    dx, dy = found.x - middle[0], found.y - middle[1]
    if kind == "conic":
        dx, dy = -dy, dx
    return np.array([middle[0], middle[1], 1.0 if kind == "radial" else 0.0]), _across(found, dx, dy)


def _across(found: Slopes, dx: Floats, dy: Floats) -> float:
    length = np.maximum(np.hypot(dx, dy), 1e-9)
    across = found.along_y * (dx / length)[:, None] - found.along_x * (dy / length)[:, None]
    return float((across**2).sum() / max(found.energy, 1e-9))


def kind_of(samples: list[Slopes]) -> str | None:
    """The kind that explains all frames best, or None."""
    shares = {}
    for kind in KINDS:
        energies = np.array([found.energy for found in samples])
        across = np.array([first_guess(kind, found)[1] if found.energy else 0.0 for found in samples])
        shares[kind] = float((across * energies).sum() / max(energies.sum(), 1e-9))
    best = min(shares, key=lambda kind: shares[kind])
    # A far middle looks like a line: the simpler field has it unless the other is much nearer.
    if shares["linear"] < 2 * shares[best] + 0.001:
        best = "linear"
    return best if shares[best] < _MAX_ACROSS else None


def value(kind: str, p: Floats, x: Floats, y: Floats) -> Floats:
    if kind == "linear":
        along: Floats = p[0] * x + p[1] * y + p[2]
        return along
    dx, dy = x - p[0], y - p[1]
    if kind == "radial":
        distance: Floats = p[2] * np.hypot(dx, dy)
        return distance
    turns: Floats = np.arctan2(dy, dx) / (2 * np.pi) + p[2]
    turns -= np.floor(turns)
    return turns


def jacobian(kind: str, p: Floats, x: Floats, y: Floats) -> Floats:
    """The change of `value` with p, (n, 3)."""
    if kind == "linear":
        return np.stack([x, y, np.ones_like(x)], axis=1)
    dx, dy = x - p[0], y - p[1]
    length = np.maximum(np.hypot(dx, dy), 0.5)
    if kind == "radial":
        return np.stack([-p[2] * dx / length, -p[2] * dy / length, length], axis=1)
    square = 2 * np.pi * length**2
    return np.stack([dy / square, -dx / square, np.ones_like(x)], axis=1)
