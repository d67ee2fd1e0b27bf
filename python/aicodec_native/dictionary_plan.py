"""Chooses the pictures of a file's dictionary, so that what comes back in a later segment is stored once.

The first frame of a segment joins when much of it is in no picture so far; a segment lists those pictures that hold
blocks of its frames. Only the frames decide, in order: the same source gives the same dictionary.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from aicodec_native import _native
from aicodec_native.change_store import ChangeReader
from aicodec_native.errors import EncodeError
from aicodec_native.frame_store import FrameStore
from aicodec_native.headers import frame_rate_of

# A first frame joins when more than this share of its blocks is new.
_NEW_SHARE = 0.2
# And when copying it back costs at most this share of its bytes: else it is no use to any segment.
_COPY_SHARE = 0.25
# A picture is listed when it holds at least this share of a segment's blocks that no picture listed before does.
_LISTED_SHARE = 0.02
# Frames a second that are looked at.
_LOOKS = 2
# The format's limits on what one segment lists (docs/bitstream.md, section 4.3).
_MAX_LISTED = 16
_MAX_PIXELS = 1 << 27


@dataclass(frozen=True, slots=True)
class DictionaryUse:
    """`pictures`: the numbers that a segment lists. `payload`: the picture that joins with it, coded, if one does."""

    pictures: list[int]
    payload: bytes | None = None


class DictionaryPlan:
    """Call add() with the frames of each segment in turn. `store` holds the pictures as a decoder draws them."""

    def __init__(self, header: _native.StreamHeader, preset: str, near: int, threads: int) -> None:
        self._header = header
        self._preset = preset
        self._near = near
        self._threads = threads
        self._blocks = _native.RecurringBlocks()
        self._step = max(1, round(float(frame_rate_of(header)) / _LOOKS))
        self._most = min(_MAX_LISTED, _MAX_PIXELS // (header.width * header.height))
        self._refused = 0
        self.store = FrameStore(header.format, header.width, header.height)

    def add(self, frames: ChangeReader) -> DictionaryUse:
        first = frames[0]
        payload: bytes | None = None
        listed: list[int] = []
        if self._joins(first):
            payload = self._join(first)
        if payload is not None:
            listed.append(len(self._blocks) - 1)
        counts: Counter[int] = Counter()
        for index in range(0, len(frames), self._step):
            counts.update(self._blocks.find(frames[index]))
        return DictionaryUse(self._listed(counts, listed), payload)

    def close(self) -> None:
        self.store.close()

    def _joins(self, picture: _native.Picture) -> bool:
        if len(self._blocks) + self._refused >= _native.RecurringBlocks.max_pictures or not self._most:
            return False
        counts = self._blocks.find(picture)
        return counts.get(0, 0) > _NEW_SHARE * sum(counts.values())

    def _join(self, picture: _native.Picture) -> bytes | None:
        """The coded picture, unless it turns out to be of no use."""
        header = self._header
        payload = self._coded(picture, [])
        drawn = _native.draw_dictionary_picture(payload, header, self._threads)
        if _native.greatest_error(picture, drawn) > self._near:
            raise EncodeError("a dictionary picture decodes to another one than was coded")
        if len(self._coded(picture, [drawn])) > _COPY_SHARE * len(payload):
            self._refused += 1
            return None
        self._blocks.add(picture)
        self.store.append(drawn)
        return payload

    def _coded(self, picture: _native.Picture, dictionary: list[_native.Picture]) -> bytes:
        shape = (self._header.format, self._header.width, self._header.height)
        encoder = _native.ScreenEncoder(*shape, preset=self._preset, near=self._near, dictionary=dictionary)
        encoder.add(picture)
        return encoder.finish()

    def _listed(self, counts: Counter[int], listed: list[int]) -> list[int]:
        """`listed` and whatever holds many blocks that those before it do not, the best first."""
        needed = max(1.0, _LISTED_SHARE * sum(counts.values()))
        while len(listed) < self._most:
            have = sum(1 << number for number in listed)
            gains = Counter(
                {
                    number: sum(count for held, count in counts.items() if held >> number & 1 and not held & have)
                    for number in range(len(self._blocks))
                    if number not in listed
                }
            )
            best = max(gains, key=lambda number: (gains[number], -number), default=None)
            if best is None or gains[best] < needed:
                break
            listed.append(best)
        return listed
