"""AV1 packets as encoders give them and as the video layer keeps them: temporal units without their delimiter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_OBU_TEMPORAL_DELIMITER = 2
_OBU_FRAME_HEADER = 3
_OBU_FRAME = 6


@dataclass(frozen=True, slots=True)
class CodedPacket:
    """What codes one shown frame. `droppable`: other frames can do without it. `referred`: what of it they need, which
    shows no frame where it is neither empty nor all of `data`."""

    data: bytes
    droppable: bool
    referred: bytes


def coded_packet(data: bytes, *, disposable: bool) -> CodedPacket:
    """The temporal unit without its delimiter. `disposable`: the encoder says that nothing refers to the frame shown.

    A hidden reference frame often travels with such a frame, which is the packet's last.
    """
    units = [unit for unit in _obu_types(data) if unit[0] != _OBU_TEMPORAL_DELIMITER]
    frames = [place for place, (kind, _, _) in enumerate(units) if kind in (_OBU_FRAME, _OBU_FRAME_HEADER)]
    kept = b"".join(data[start:end] for _, start, end in units)
    if not disposable:
        return CodedPacket(kept, False, kept)
    if len(frames) == 1:
        return CodedPacket(kept, True, b"")
    return CodedPacket(kept, False, b"".join(data[start:end] for _, start, end in units[: frames[-1]]))


def _obu_types(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(type, start, end) of each OBU of a temporal unit (AV1 specification, section 5.3)."""
    position = 0
    while position < len(data):
        start, header = position, data[position]
        position += 2 if header & 4 else 1
        size = len(data) - position
        if header & 2:
            size, shift = 0, 0
            while True:
                byte = data[position]
                position += 1
                size |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    break
        position += size
        yield header >> 3 & 15, start, position
