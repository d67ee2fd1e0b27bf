"""Raw frames of a segment, outside the process's heap, so that a worker process can read them without a copy."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from typing import Protocol

from aicodec_native import _native
from aicodec_native.errors import EncodeError

# Mapping page by page when they are read takes longer; every frame will be.
_ALL_AT_ONCE = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)


class Pictures(Protocol):
    """The frames to code: a FrameReader, or what stands in for it."""

    shape: tuple[str, int, int]

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_native.Picture]: ...


class FrameStore:
    """Frames of one format and size: appended by the process that reads the source, mapped by the one that codes.

    On Linux the memory belongs to no file system (memfd): nothing is left behind however a process ends, and the
    small /dev/shm of containers does not matter. Elsewhere it is a temporary file.
    """

    def __init__(self, format_name: str, width: int, height: int) -> None:
        self.shape = (format_name, width, height)
        self.frame_size = _native.Picture(format_name, width, height).packed_size
        self.count = 0
        self._packed = bytearray(self.frame_size)  # of one frame: memory that is new every time costs more
        self._file = None if hasattr(os, "memfd_create") else tempfile.NamedTemporaryFile()  # noqa: SIM115
        self._descriptor = self._file.fileno() if self._file else os.memfd_create("aicodec-frames")

    @property
    def path(self) -> str:
        """Where another process of this user opens the frames while this store is open."""
        return self._file.name if self._file else f"/proc/{os.getpid()}/fd/{self._descriptor}"

    def append(self, picture: _native.Picture) -> None:
        picture.pack_into(self._packed)
        self._write(memoryview(self._packed), self.count * self.frame_size)
        self.count += 1

    def _write(self, view: memoryview, offset: int) -> None:
        try:
            while view:
                written = os.pwrite(self._descriptor, view, offset)
                view, offset = view[written:], offset + written
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise EncodeError(
                f"there is no room for the frames of a segment ({reason}); try shorter ones (--segment-seconds)"
            ) from None

    def split(self, count: int) -> FrameStore:
        """Keep the first `count` frames and return a new store with the others."""
        rest = FrameStore(*self.shape)
        frames = FrameReader(self.path, self.shape, self.count)
        for index in range(count, self.count):
            rest.append(frames[index])
        frames.close()
        os.ftruncate(self._descriptor, count * self.frame_size)
        self.count = count
        return rest

    def close(self) -> None:
        if self._file:
            self._file.close()
        else:
            os.close(self._descriptor)


class FrameReader:
    """The frames behind FrameStore.path, as a sequence of pictures."""

    def __init__(self, path: str, shape: tuple[str, int, int], count: int) -> None:
        self.shape = shape
        self._count = count
        self._size = _native.Picture(*shape).packed_size
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), count * self._size, _ALL_AT_ONCE, mmap.PROT_READ)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> _native.Picture:
        if not 0 <= index < self._count:
            raise IndexError(index)
        picture = _native.Picture(*self.shape)
        picture.unpack_from(self._map, index * self._size)
        return picture

    def __iter__(self) -> Iterator[_native.Picture]:
        return (self[index] for index in range(self._count))

    def close(self) -> None:
        self._map.close()
