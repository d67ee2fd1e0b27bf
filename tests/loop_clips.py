"""Clips for the loop's tests: small, drawn by programs, so that a right answer is known."""

from __future__ import annotations

from contextlib import contextmanager

import aicodec_native as aic
from aicodec_native.change_store import ChangeReader, ChangeStore
from aicodec_native.headers import header_of
from aicodec_native.loop.ledger_reader import LedgerReader
from aicodec_native.loop.proposals import Allowance, Attempt, Context
from aicodec_native.media import Source

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


@contextmanager
def context_of(clip, attempts=(), **changes):
    """What a proposer is given for a clip of one segment, with video of 1000 bytes as the first experiment."""
    with Source(clip) as source:
        frames = list(source.frames())
        info = source.info
    header = header_of(info, frames[0].pts, frames[0].duration)
    store = ChangeStore(info.format, info.width, info.height)
    for frame in frames:
        store.append(frame.picture)
    first = Attempt(
        1, 0, None, "encode", "what encode makes", {"stack": "encode"}, None, "kept",
        measurements={"bytes": 1000.0, "bytes.video": 990.0, "score": 80.5, "crf": 40.0}, scores=(80.0, 81.0),
    )  # fmt: skip
    with ChangeReader(store.path, store.shape, store.table) as reader:
        values = {
            "run": 1, "segment": 0, "first_frame": 0, "start": 0.0, "seconds": len(frames) / float(info.frame_rate),
            "fps": float(info.frame_rate), "header": header, "metric": "ssimulacra2", "target": 80.0, "bar": 80.0,
            "preset": "fast", "round": 1, "seed": 0, "allowance": Allowance(), "attempts": (first, *attempts),
            "frames": reader, "draw_best": lambda numbers: {number: reader[number] for number in numbers},
            "diagnostics": {}, "notes": (),
        }  # fmt: skip
        yield Context(**values | changes)
    store.close()


def experiments(ledger):
    with LedgerReader(ledger) as reader:
        return reader.experiments()
