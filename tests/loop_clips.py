"""Clips for the loop's tests: small, drawn by programs, so that a right answer is known."""

from __future__ import annotations

import aicodec_native as aic
from aicodec_native.loop.ledger_reader import LedgerReader

WAVES = """def color(x, y, t):
    k = 0.5 + 0.5 * sin(x / 7.0 + t * 3.0)
    return rgb(k, y / height, 0.25)
"""
WRONG = "def color(x, y, t):\n    return rgb(x / width, 0.5, 0.5)\n"
BROKEN = "def color(x, y, t):\n    return rgb(blur(x), 0, 0)\n"


def write_waves(folder, *, frames=8, fps=8, size=(64, 48), program=WAVES):
    """What the program draws, as a lossless video."""
    aic.shade(program, folder / "waves.aic", size=size, fps=fps, duration=frames / fps)
    aic.decode(folder / "waves.aic", folder / "waves.mkv")
    return folder / "waves.mkv"


def experiments(ledger):
    with LedgerReader(ledger) as reader:
        return reader.experiments()
