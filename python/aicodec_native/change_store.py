"""Raw frames of a long segment, outside the process's heap: only what changed from frame to frame is kept."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from aicodec_native import _native
from aicodec_native.frame_store import FrameStore

# Frames are compared and kept in pieces of this many bytes.
_PIECE = 1 << 16

Table = npt.NDArray[np.int64]


class ChangeStore(FrameStore):
    """A FrameStore for frames that are alike: a piece of a frame which is as it was in the frame before is not stored
    again. `table` (frames, pieces) says where in the file each piece lies; `stored` counts bytes.
    """

    def __init__(self, format_name: str, width: int, height: int) -> None:
        super().__init__(format_name, width, height)
        self.stored = 0
        self._last = bytearray(self.frame_size)  # the frame before
        self._rows: list[Table] = []

    @property
    def table(self) -> Table:
        return np.stack(self._rows)

    def append(self, picture: _native.Picture) -> None:
        picture.pack_into(self._packed)
        count = -(-self.frame_size // _PIECE)
        changed = _changed(self._packed, self._last) if self._rows else np.arange(count)
        row = self._rows[-1].copy() if self._rows else np.zeros(count, np.int64)
        for piece in changed.tolist():
            data = memoryview(self._packed)[piece * _PIECE : (piece + 1) * _PIECE]
            self._write(data, self.stored)
            row[piece] = self.stored
            self.stored += len(data)
        self._rows.append(row)
        self._packed, self._last = self._last, self._packed
        self.count += 1

    def split(self, count: int) -> FrameStore:
        raise NotImplementedError("segments of it are cut behind the last frame")


def _changed(packed: bytearray, last_packed: bytearray) -> npt.NDArray[np.intp]:
    """The numbers of the pieces that differ."""
    samples, last = (np.frombuffer(frame, np.uint8) for frame in (packed, last_packed))
    whole = len(samples) // _PIECE * _PIECE
    one, other = (part[:whole].view(np.uint64).reshape(-1, _PIECE // 8) for part in (samples, last))
    differ = list((one != other).any(axis=1))
    if whole < len(samples):
        differ.append(not np.array_equal(samples[whole:], last[whole:]))
    return np.flatnonzero(differ)


class ChangeReader:
    """The frames behind a ChangeStore's path and table, as a sequence of pictures; in order it is fastest."""

    def __init__(self, path: str, shape: tuple[str, int, int], table: Table) -> None:
        self.shape = shape
        self._table = table
        self._packed = bytearray(_native.Picture(*shape).packed_size)
        self._row = np.full(table.shape[1], -1, np.int64)  # of the frame in _packed
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._stored = memoryview(self._map)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, index: int) -> _native.Picture:
        if not 0 <= index < len(self):
            raise IndexError(index)
        packed = memoryview(self._packed)  # a bytearray would copy what it is given twice
        for piece in np.flatnonzero(self._table[index] != self._row).tolist():
            start, at = piece * _PIECE, int(self._table[index, piece])
            size = min(_PIECE, len(self._packed) - start)
            packed[start : start + size] = self._stored[at : at + size]
        self._row = self._table[index]
        picture = _native.Picture(*self.shape)
        picture.unpack_from(self._packed)
        return picture

    def __iter__(self) -> Iterator[_native.Picture]:
        return (self[index] for index in range(len(self)))

    def __enter__(self) -> ChangeReader:
        return self

    def __exit__(self, *_: Any) -> None:
        self._stored.release()
        self._map.close()
