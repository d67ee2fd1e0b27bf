"""Where a segment's frames show photographs or footage, and the frames with nothing but those left in them: what the
video layer codes where a screen layer draws the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from aicodec_native import _native
from aicodec_native.frame_store import FrameReader

# A picture of which at least so much has no surprises at all is no camera's: those have below 0.08, also where they are
# out of focus. Windows, slides and pages have above 0.4.
_LEAST_PLAIN = 0.15
# A smaller part is not worth a second layer.
_LEAST_PHOTO = 0.02


def is_mixed(pictures: list[_native.Picture]) -> bool:
    """Whether some of these frames show photographs beside what a computer drew."""
    plain = [np.mean(_numbers(_native.surprise_map(picture)) == 0) for picture in pictures]
    photo = [np.mean(_numbers(_native.photo_map(picture))) for picture in pictures]
    return bool(np.mean(plain) >= _LEAST_PLAIN and np.mean(photo) >= _LEAST_PHOTO)


def _numbers(cells: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(cells, np.uint8)


class PhotoBlocks:
    """The blocks (16x16) of every frame of a segment that are parts of photographs: `maps` has a map for each frame.
    `coded` counts those that are not as in the frame before.
    """

    def __init__(self, frames: FrameReader) -> None:
        found: list[NDArray[np.uint8]] = []
        self.coded = 0
        before: _native.Picture | None = None
        for picture in frames:
            cells = _numbers(_native.photo_map(picture))
            moved = np.ones(len(cells), np.bool_)
            if before is not None:
                # What does not move does not change its layer either.
                moved = _numbers(_native.equal_blocks(before, picture)) == 0
                cells = np.where(moved, cells, found[-1])
            self.coded += int(np.count_nonzero(cells[moved]))
            found.append(cells)
            before = picture
        self.maps = [cells.tobytes() for cells in _steady(found)]


def _steady(maps: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """Each block as in most of three frames: what shows for one frame alone is dear for AV1, which codes it badly."""
    around = [maps[0], *maps, maps[-1]]
    triples = zip(around, around[1:], around[2:], strict=False)
    return [((a & b) | (b & c) | (a & c)).astype(np.uint8) for a, b, c in triples]


class VideoInput:
    """Frames with nothing but their photographs, in order, as often as wanted: what a video layer is to draw.

    Elsewhere they show the ground under letters and lines. But what comes back as it was, as behind a window that
    moves, goes on being shown, so that AV1 codes it once.
    """

    def __init__(self, frames: FrameReader, maps: list[bytes]) -> None:
        self.shape = frames.shape
        self._frames = frames
        self._maps = [_numbers(cells) for cells in maps]
        self._held = self._out_of_sight()

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[_native.Picture]:
        shown = self._frames[0]
        for picture, cells, held in zip(self._frames, self._maps, self._held, strict=True):
            shown = _native.with_blocks(shown, picture, cells.tobytes())
            ground = _native.filled(picture, cells.tobytes())
            yield _native.with_blocks(ground, shown, (cells | held).tobytes())

    def _out_of_sight(self) -> list[NDArray[np.uint8]]:
        """For each frame the blocks that are hidden between two times at which they show the same."""
        held = [np.zeros_like(cells) for cells in self._maps]
        last = np.full(len(self._maps[0]), -1)  # the frame that showed a block last
        shown = self._frames[0]
        for number, cells in enumerate(self._maps):
            back = (cells != 0) & (last >= 0) & (last < number - 1)
            picture = self._frames[number]
            if back.any():
                back &= _numbers(_native.equal_blocks(shown, picture)) != 0
                for block in np.flatnonzero(back):
                    for hidden in held[last[block] + 1 : number]:
                        hidden[block] = 1
            shown = _native.with_blocks(shown, picture, cells.tobytes())
            last[cells != 0] = number
        return held
