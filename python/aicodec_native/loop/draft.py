"""The file that `encode` made: what a run begins with, and what it hands out again with smaller segments in it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from aicodec_native import _native
from aicodec_native.change_store import ChangeStore
from aicodec_native.decoder import verify
from aicodec_native.errors import EncodeError, InputError, OutputError
from aicodec_native.frame_store import FrameStore
from aicodec_native.media import BaseSource

# Changed pieces of the source's frames that are held at a time, in bytes; one segment may take more.
_WINDOW_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class DraftSegment:
    """A segment as `encode` made it. `pictures` are the dictionary pictures that it lists, `usable` counts those before
    it in the file."""

    number: int
    first_frame: int
    times: list[int]
    payload: bytes
    pictures: list[int]
    usable: int

    @property
    def frames(self) -> int:
        return len(self.times) - 1


class Draft:
    """An `.aic` file, whole and closed. What its encoder measured is left out: the ledger knows better. Raises
    FormatError where it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._file = _native.FileReader(str(path))
        self.header = self._file.header
        self.segments: list[DraftSegment] = []
        dictionary = _native.Dictionary.of_file(self._file)
        self._dictionary = [self._file.payload(entry) for entry in self._file.entries if entry.kind == "dictionary"]
        usable = 0
        for entry in self._file.entries:
            usable += entry.kind == "dictionary"
            if entry.kind == "segment":
                payload = self._file.payload(entry)
                found = _native.Segment(payload, self.header, dictionary, usable)
                number = len(self.segments)
                self.segments.append(
                    DraftSegment(number, found.first_frame, found.times, payload, found.dictionary, usable)
                )
        self.bytes = self._size()

    @property
    def frames(self) -> int:
        return sum(segment.frames for segment in self.segments)

    def dictionary_store(self, pictures: list[int]) -> FrameStore | None:
        """Pictures of the dictionary as the decoder draws them, for other processes; None where there are none."""
        if not pictures:
            return None
        store = FrameStore(self.header.format, self.header.width, self.header.height)
        for number in pictures:
            store.append(_native.draw_dictionary_picture(self._dictionary[number], self.header))
        return store

    def file_of(self, segment: DraftSegment, payload: bytes) -> bytes:
        """An `.aic` file of one segment alone, with the pictures that it needs."""
        writer = _native.Writer()
        data = writer.begin(self.header)
        for picture in self._dictionary[: segment.usable]:
            data += writer.dictionary(picture)
        return data + writer.segment(payload, segment.frames) + writer.finish()

    def write(self, target: Path, payloads: Mapping[int, bytes]) -> int:
        """Write the file with other payloads for some segments, by number; its size. It is decoded and compared with
        its digests before it gets its name."""
        part = target.with_name(target.name + ".evolved")
        try:
            with part.open("wb") as file:
                for data in self._chunks(payloads):
                    file.write(data)
                file.flush()
                os.fsync(file.fileno())
            report = verify(part)
            if not report.ok:
                raise EncodeError(f"the file does not decode to what was measured: {'; '.join(report.problems)}")
            size = part.stat().st_size
            part.replace(target)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from None
        finally:
            part.unlink(missing_ok=True)
        return size

    def _size(self) -> int:
        """Of what `write` makes with all payloads as they are: of the same chunks but what the encoder measured, which
        is the only other one behind the first segment."""
        writer, is_media = _native.Writer(), False
        size = len(writer.begin(self.header))
        for entry in self._file.entries:
            is_media |= entry.kind != "other"
            if entry.kind != "other" or not is_media:
                writer.adopt(entry)
                size += entry.size
        return size + len(writer.finish())

    def _chunks(self, payloads: Mapping[int, bytes]) -> Iterator[bytes]:
        file, writer = self._file, _native.Writer()
        yield writer.begin(file.header)
        for track in file.tracks:
            yield writer.track(track)
        yield writer.tags(file.tags)
        number = 0
        for entry in file.entries:
            if entry.kind == "dictionary":
                yield writer.dictionary(file.payload(entry))
            elif entry.kind == "packets":
                yield writer.packets(*file.packets(entry))
            elif entry.kind == "segment":
                yield writer.segment(payloads.get(number, self.segments[number].payload), entry.detail)
                number += 1
        yield writer.finish()


def windows(draft: Draft, source: BaseSource) -> Iterator[list[tuple[DraftSegment, ChangeStore]]]:
    """The draft's segments with their source frames, as many at a time as memory allows. Whoever takes a window closes
    its stores. Raises InputError where the source has other frames than the draft."""
    shape = (draft.header.format, draft.header.width, draft.header.height)
    window: list[tuple[DraftSegment, ChangeStore]] = []
    frames = source.frames()
    for segment in draft.segments:
        store = ChangeStore(*shape)
        for _ in range(segment.frames):
            frame = next(frames, None)
            if frame is None or (frame.picture.format, frame.picture.width, frame.picture.height) != shape:
                raise InputError("the source is not the one that was encoded")
            store.append(frame.picture)
        window.append((segment, store))
        if sum(held.stored for _, held in window) >= _WINDOW_BYTES:
            yield window
            window = []
    if window:
        yield window
